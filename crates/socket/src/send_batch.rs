//! Sending many datagrams at once.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;

use crate::bound::BoundSocket;
use crate::delivery::{self, Delivery};
use crate::error::Error;
use crate::packet_info::PacketInfo;
use crate::sender::Sender;
use crate::sys;
use crate::sys::control::Way;
use crate::sys::outgoing::{Filling, Orders, Outgoing, Segment};

/// One datagram to send.
///
/// See [`BoundSocket::send_batch`] for an example.
#[derive(Clone, Copy, Debug)]
pub struct ToSend<'a> {
    /// What it carries; may be empty.
    pub payload: &'a [u8],
    /// Where it goes.
    pub destination: SocketAddr,
}

/// Room for what the kernel is told of a batch of datagrams, used again and
/// again; one serves any number of sockets, in turn. Payloads are not copied.
///
/// ```
/// use ifcast_socket::SendBatch;
///
/// let batch = SendBatch::new();
/// let careful = SendBatch::new().max_burst(16); // for receivers with little room
/// # let _ = (batch, careful);
/// ```
#[derive(Debug)]
pub struct SendBatch {
    pub(crate) room: Outgoing,
    max_burst: usize,
    pub(crate) ranges: Vec<Range<usize>>, // of each message, which datagrams
}

impl SendBatch {
    const MESSAGES: usize = 64;
    const VECTORS: usize = 1024;
    /// What kernels of any age take (`UDP_MAX_SEGMENTS`).
    const LONGEST_BURST: usize = 64;

    /// Room for what one system call takes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            room: Outgoing::new(Self::MESSAGES, Self::VECTORS),
            max_burst: Self::LONGEST_BURST,
            ranges: Vec::with_capacity(Self::MESSAGES),
        }
    }

    /// Sets how many datagrams to one destination may leave at once, 1 to 64; 64
    /// unless set.
    ///
    /// Where the kernel can split one large message into datagrams it takes a
    /// fraction of the time, and they arrive so close together that a receiver
    /// with a small buffer loses some. 1 never does that.
    ///
    /// # Platform
    /// Linux, Android: `UDP_SEGMENT`, since 4.18. Elsewhere datagrams leave one by
    /// one.
    #[must_use]
    pub fn max_burst(mut self, datagrams: usize) -> Self {
        self.max_burst = datagrams.clamp(1, Self::LONGEST_BURST);
        self
    }
}

impl Default for SendBatch {
    fn default() -> Self {
        Self::new()
    }
}

/// What became of a batch of datagrams.
///
/// See [`BoundSocket::send_batch`] for an example.
#[derive(Debug)]
#[must_use = "some datagrams may not have been sent"]
pub struct SentBatch {
    attempted: usize,
    total: usize,
    failures: Vec<(usize, Error)>,
}

impl SentBatch {
    /// How many were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.attempted - self.failures.len()
    }

    /// Those that could not be sent, by their place in the batch, and why not.
    /// The others were sent all the same.
    #[must_use]
    pub fn failures(&self) -> &[(usize, Error)] {
        &self.failures
    }

    /// The same, to take the errors out.
    #[must_use]
    pub fn into_failures(self) -> Vec<(usize, Error)> {
        self.failures
    }

    /// Those that were not tried, because the send buffer was full: all from some
    /// place on. Send them again when the socket has become writable.
    #[must_use]
    pub const fn unsent(&self) -> Range<usize> {
        self.attempted..self.total
    }

    /// Whether all were sent.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.sent() == self.total
    }
}

impl SentBatch {
    pub(crate) const fn none_of(total: usize) -> Self {
        Self {
            attempted: 0,
            total,
            failures: Vec::new(),
        }
    }

    /// Takes note of what became of some more of which these had been `refused`;
    /// whether there is room in the send buffer still.
    pub(crate) fn take(&mut self, delivery: Delivery, mut refused: Vec<(usize, Error)>) -> bool {
        self.attempted = delivery.attempted;
        refused.retain(|(place, _)| *place < delivery.attempted);
        let are_mixed = !refused.is_empty() && !delivery.failures.is_empty();
        refused.extend(delivery.failures);
        if are_mixed {
            refused.sort_by_key(|(place, _)| *place);
        }
        self.failures.append(&mut refused);
        delivery.has_room
    }
}

impl fmt::Display for SentBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} datagrams sent", self.sent(), self.total)
    }
}

impl BoundSocket {
    /// Sends datagrams in their order, to one destination or to many, in as few
    /// system calls as the system can. What is wrong with one does not stop the
    /// others.
    ///
    /// Payloads that lie side by side in memory cost least.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use ifcast_socket::{BoundSocket, SendBatch, ToSend};
    ///
    /// fn send_frame(socket: &BoundSocket, batch: &mut SendBatch, frame: &[u8], to: SocketAddr) {
    ///     let chunks = frame.chunks(1200);
    ///     let chunks: Vec<_> = chunks
    ///         .map(|payload| ToSend { payload, destination: to })
    ///         .collect();
    ///     let sent = socket.send_batch(batch, &chunks);
    ///     for (place, error) in sent.failures() {
    ///         eprintln!("chunk {place}: {error}");
    ///     }
    ///     if !sent.unsent().is_empty() {
    ///         eprintln!("{} chunks have to wait", sent.unsent().len());
    ///     }
    /// }
    /// ```
    ///
    /// # Platform
    /// - Linux, Android: `sendmmsg(2)`, and `UDP_SEGMENT` for datagrams of one size
    ///   to one destination, see [`SendBatch::max_burst`]; where the kernel or the
    ///   network card refuses that, they leave one by one.
    /// - Elsewhere: `sendmsg(2)` in a loop.
    pub fn send_batch(&self, batch: &mut SendBatch, datagrams: &[ToSend<'_>]) -> SentBatch {
        self.sender().send_batch(batch, datagrams)
    }
}

impl Sender<'_> {
    /// Sends datagrams in their order by the one interface; see
    /// [`BoundSocket::send_batch`].
    ///
    /// ```
    /// use ifcast_socket::{SendBatch, Sender, ToSend};
    ///
    /// fn send_all(sender: Sender<'_>, datagrams: &[ToSend<'_>]) -> bool {
    ///     sender.send_batch(&mut SendBatch::new(), datagrams).is_complete()
    /// }
    /// ```
    pub fn send_batch(self, batch: &mut SendBatch, datagrams: &[ToSend<'_>]) -> SentBatch {
        let way = (!self.endpoint.is_tied()).then_some(Way {
            interface: self.interface.index().get(),
            source: self.family().unspecified(),
            hops: None,
            traffic_class: None,
        });
        self.send_all(batch, datagrams, way)
    }

    /// Sends datagrams likewise, all of them with this packet info, such as the source
    /// of a directed broadcast.
    ///
    /// ```
    /// use ifcast_socket::{Course, Error, PacketInfo, SendBatch, Sender, SentBatch, ToSend};
    ///
    /// fn send(sender: Sender<'_>, payloads: &[&[u8]], course: Course) -> Result<SentBatch, Error> {
    ///     let destination = course.destination;
    ///     let datagrams = payloads.iter().map(|payload| ToSend { payload, destination });
    ///     let datagrams: Vec<_> = datagrams.collect();
    ///     let info = PacketInfo { source: course.source, ..PacketInfo::default() };
    ///     sender.send_batch_with(&mut SendBatch::new(), &datagrams, info)
    /// }
    /// ```
    ///
    /// # Errors
    /// What is wrong with `info`, as [`send_with`](Self::send_with) says; nothing is sent
    /// then.
    pub fn send_batch_with(
        self,
        batch: &mut SendBatch,
        datagrams: &[ToSend<'_>],
        info: PacketInfo,
    ) -> Result<SentBatch, Error> {
        if info == PacketInfo::default() {
            return Ok(self.send_batch(batch, datagrams));
        }
        let way = self.way(info)?;
        Ok(self.send_all(batch, datagrams, Some(way)))
    }

    fn send_all(
        self,
        batch: &mut SendBatch,
        datagrams: &[ToSend<'_>],
        way: Option<Way>,
    ) -> SentBatch {
        let mut sent = SentBatch::none_of(datagrams.len());
        while sent.attempted < datagrams.len() {
            let before = sent.attempted;
            if !self.send_some(batch, datagrams, way, &mut sent) {
                break;
            }
            debug_assert!(sent.attempted > before, "each call gets on");
        }
        sent
    }

    /// Sends as many as there is room for; whether there is room in the send
    /// buffer still.
    fn send_some<'a>(
        self,
        batch: &mut SendBatch,
        datagrams: &[ToSend<'a>],
        way: Option<Way>,
        sent: &mut SentBatch,
    ) -> bool {
        batch.ranges.clear();
        let endpoint = self.endpoint;
        let splits = endpoint.splits().load(Ordering::Relaxed);
        let max_burst = if splits { batch.max_burst } else { 1 };
        let max_payload = self.packet_payload().unwrap_or(0);
        let mut messages = batch.room.fill();
        let mut refused: Vec<(usize, Error)> = Vec::new();
        let mut next = sent.attempted;
        while let Some(datagram) = datagrams.get(next) {
            match self.check(datagram.payload, datagram.destination) {
                Err(error) => {
                    refused.push((next, error));
                    next += 1;
                }
                Ok(destination) => {
                    let range = next..next + burst(&datagrams[next..], max_burst, max_payload);
                    if !push(&mut messages, destination, way, &datagrams[range.clone()]) {
                        break;
                    }
                    next = range.end;
                    batch.ranges.push(range);
                }
            }
        }
        let delivery = delivery::deliver(
            &batch.ranges,
            next,
            |from| messages.send(endpoint.as_fd(), from),
            |place| self.send_alone(datagrams[place], way),
            |place, error| {
                let datagram = &datagrams[place];
                self.send_error(datagram.payload, datagram.destination, error)
            },
        );
        if delivery.is_splitting_refused {
            endpoint.splits().store(false, Ordering::Relaxed);
        }
        sent.take(delivery, refused)
    }
}

/// How many of the next datagrams can leave as one message: they go to one
/// destination, and are of one size but for the last, which may be shorter.
fn burst(datagrams: &[ToSend<'_>], max_burst: usize, max_payload: usize) -> usize {
    let Some(first) = datagrams.first() else {
        return 0;
    };
    let size = first.payload.len();
    if size == 0 || size > max_payload {
        return 1;
    }
    let longest = max_burst.min(LONGEST_MESSAGE / size);
    let mut count = 1;
    for datagram in datagrams.iter().take(longest).skip(1) {
        let len = datagram.payload.len();
        if len == 0 || len > size || datagram.destination != first.destination {
            break;
        }
        count += 1;
        if len < size {
            break;
        }
    }
    count
}

fn push<'a>(
    messages: &mut Filling<'a>,
    destination: SocketAddr,
    way: Option<Way>,
    datagrams: &[ToSend<'a>],
) -> bool {
    let payloads = datagrams.iter().map(|datagram| datagram.payload);
    let len = datagrams
        .first()
        .and_then(|first| u16::try_from(first.payload.len()).ok());
    let segment = sys::SEGMENT.zip(len).filter(|_| datagrams.len() > 1);
    let segment = segment.map(|(kind, len)| Segment { kind, len });
    messages.push(destination, payloads, Orders { way, segment })
}

/// What fits into one datagram of either family, which is what a message is to
/// the kernel until it splits it.
const LONGEST_MESSAGE: usize = 65_507;

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of the messages that datagrams of these sizes leave in.
    fn bursts(sizes: &[usize], max_burst: usize, max_payload: usize) -> Vec<usize> {
        let payload = [0; 70_000];
        let destination = "239.255.7.7:2222".parse().unwrap();
        let datagrams: Vec<_> = sizes
            .iter()
            .map(|size| ToSend {
                payload: &payload[..*size],
                destination,
            })
            .collect();
        let (mut rest, mut bursts) = (&datagrams[..], Vec::new());
        while !rest.is_empty() {
            let count = burst(rest, max_burst, max_payload);
            bursts.push(count);
            rest = &rest[count..];
        }
        bursts
    }

    #[test]
    fn datagrams_of_one_size_and_a_shorter_last_one_leave_together() {
        assert_eq!(bursts(&[10, 10, 10, 4], 64, 1472), [4]);
        assert_eq!(bursts(&[10, 10, 4, 10, 10], 64, 1472), [3, 2]);
        assert_eq!(bursts(&[10, 11, 11], 64, 1472), [1, 2]);
        assert_eq!(bursts(&[0, 0, 10, 0, 10], 64, 1472), [1, 1, 1, 1, 1]);
        assert_eq!(bursts(&[10; 5], 2, 1472), [2, 2, 1]);
        assert_eq!(bursts(&[10; 3], 1, 1472), [1, 1, 1]);
    }

    #[test]
    fn what_needs_fragments_or_is_too_much_for_one_message_leaves_alone() {
        assert_eq!(bursts(&[1473, 1473], 64, 1472), [1, 1]);
        assert_eq!(bursts(&[1472; 50], 64, 1472), [44, 6]); // 65507 / 1472
        assert_eq!(bursts(&[10, 10], 64, 0), [1, 1]); // of an unknown MTU
        assert_eq!(bursts(&[40_000, 40_000], 64, 65_507), [1, 1]);
    }

    #[test]
    fn another_destination_begins_another_message() {
        let [one, other] = ["239.255.7.7:1", "239.255.7.7:2"].map(|text| text.parse().unwrap());
        let to = |destination| ToSend {
            payload: b"x",
            destination,
        };
        assert_eq!(burst(&[to(one), to(one), to(other)], 64, 1472), 2);
    }
}
