//! Room for received datagrams, used again and again.

use std::fmt;
use std::io;
use std::num::NonZeroU32;
use std::os::fd::BorrowedFd;
use std::slice;

use ifcast_interfaces::Interface;

use crate::counters::Tally;
use crate::datagram::Datagram;
use crate::drop_watch::Taken;
use crate::envelope::{Envelope, Unwanted};
use crate::family::Family;
use crate::served::Served;
use crate::sys::messages::{Message, Messages};

/// Room for a batch of datagrams; one serves any number of sockets, in turn.
///
/// Everything is allocated here, once: receiving allocates nothing.
///
/// ```
/// use ifcast_socket::RecvBatch;
///
/// let roomy = RecvBatch::new(); // never truncates
/// let small = RecvBatch::with_capacity(8, 1500);
/// assert_eq!((small.capacity(), small.datagram_capacity()), (8, 1500));
/// ```
pub struct RecvBatch {
    messages: Messages,
    accepted: Vec<Accepted>, // at most one for each message
}

/// A message that is handed to the program, as one datagram or as several.
#[derive(Clone, Copy, Debug)]
struct Accepted {
    slot: usize,
    /// Where the interface is among those that are served.
    interface: usize,
    parts: Parts,
    packet_info: u8,
    control_len: u8,
}

impl RecvBatch {
    const DATAGRAMS: usize = 32;
    const LONGEST: usize = 65_535; // no UDP payload is longer

    /// Room for 32 datagrams of any length. It takes 2 MiB of addresses, of
    /// which only what is written to becomes memory.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(Self::DATAGRAMS, Self::LONGEST)
    }

    /// Room for `datagrams` of `len` bytes each; longer ones are truncated and
    /// say so. Fewer than 1 count as 1, more than 1024 as 1024, which is what one
    /// call can receive, and more than 65 535 bytes as that many, which no datagram
    /// has.
    #[must_use]
    pub fn with_capacity(datagrams: usize, len: usize) -> Self {
        let datagrams = datagrams.clamp(1, 1024); // UIO_MAXIOV: recvmmsg(2) takes no more
        Self {
            messages: Messages::new(datagrams, len.min(Self::LONGEST)),
            accepted: Vec::with_capacity(datagrams),
        }
    }

    /// How many datagrams fit.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.messages.capacity()
    }

    /// How many bytes of each datagram fit.
    #[must_use]
    pub fn datagram_capacity(&self) -> usize {
        self.messages.payload_capacity()
    }

    /// Receives what is queued and keeps what arrived on one of `served`; counts the
    /// rest. Returns whether the kernel had nothing left.
    pub(crate) fn fill(
        &mut self,
        socket: BorrowedFd<'_>,
        served: &Served,
        family: Family,
        tally: &Tally,
    ) -> io::Result<bool> {
        self.accepted.clear();
        let (count, drained) = self.messages.receive(socket)?;
        for slot in 0..count {
            let message = self.messages.get(slot);
            let outline = message.outline(family);
            let parts = Parts::of(&message, outline.segment);
            let packet_info = outline.packet_info;
            let Some(packet_info) = packet_info.filter(|_| !message.is_metadata_truncated()) else {
                tally.without_packet_info.add(parts.sent());
                continue;
            };
            let index = message.written.interface(packet_info.get(), family);
            let Some(interface) = served.position(index) else {
                tally.foreign_interface.add(parts.sent());
                continue;
            };
            self.accepted.push(Accepted {
                slot,
                interface,
                parts,
                packet_info: packet_info.get(),
                control_len: message.control_len,
            });
        }
        Ok(drained)
    }

    /// Of what is there keeps only what is wanted, and counts the rest.
    #[inline]
    pub(crate) fn retain(
        &mut self,
        served: &Served,
        family: Family,
        tally: &Tally,
        mut judge: impl FnMut(&Envelope<'_>) -> Result<(), Unwanted>,
    ) {
        let (messages, served) = (&self.messages, served.interfaces());
        self.accepted.retain(|accepted| {
            let judgement = judge(&accepted.envelope(messages, served, family));
            match judgement {
                Ok(()) => {}
                Err(Unwanted::Destination) => tally.unwanted.add(accepted.parts.sent()),
                Err(Unwanted::Source) => tally.unwanted_source.add(accepted.parts.sent()),
            }
            judgement.is_ok()
        });
    }

    /// Hands over what is there, and counts it.
    #[inline]
    pub(crate) fn hand_over<'a>(
        &'a self,
        served: &'a Served,
        family: Family,
        tally: &Tally,
        drained: bool,
    ) -> Received<'a> {
        let mut left = 0;
        for Accepted { parts, .. } in &self.accepted {
            left += parts.kept();
            if parts.is_incomplete() {
                parts.count_losses(tally);
            }
        }
        tally.received.add(left);
        Received {
            messages: &self.messages,
            served: served.interfaces(),
            family,
            drained,
            left,
            accepted: self.accepted.iter(),
            current: None,
        }
    }
}

impl Accepted {
    #[inline]
    fn envelope<'batch>(
        &self,
        messages: &'batch Messages,
        served: &'batch [Interface],
        family: Family,
    ) -> Envelope<'batch> {
        Envelope {
            written: messages.written(self.slot),
            interface: &served[self.interface],
            family,
            packet_info: self.packet_info,
            control_len: self.control_len,
        }
    }
}

/// How a message is split into datagrams.
#[derive(Clone, Copy, Debug)]
struct Parts {
    /// Bytes that there are, and that were sent.
    len: u32,
    full_len: u32,
    /// Bytes of each but the last, unless there is but one.
    segment: Option<NonZeroU32>,
    /// Whether the end of the last that there is is missing.
    is_last_truncated: bool,
}

impl Parts {
    /// One, unless the kernel had joined several.
    #[inline]
    fn of(message: &Message<'_>, segment: Option<NonZeroU32>) -> Self {
        let Message { len, full_len, .. } = *message;
        let segment = segment.filter(|segment| segment.get() < full_len);
        let is_cut = match segment {
            Some(segment) => len < full_len && (len == 0 || len % segment != 0),
            None => message.is_truncated(),
        };
        Self {
            len,
            full_len,
            segment,
            is_last_truncated: is_cut,
        }
    }

    #[inline]
    const fn is_incomplete(self) -> bool {
        self.len < self.full_len || self.is_last_truncated
    }

    #[cold]
    fn count_losses(self, tally: &Tally) {
        tally.truncated.add(self.is_last_truncated.into());
        tally.without_room.add(self.sent() - self.kept());
    }

    /// How many were sent.
    #[inline]
    fn sent(self) -> u64 {
        self.count(self.full_len)
    }

    /// Of how many there was room for at least a part; the first counts anyway.
    #[inline]
    fn kept(self) -> u64 {
        self.count(self.len)
    }

    #[inline]
    fn count(self, len: u32) -> u64 {
        self.segment
            .map_or(1, |segment| len.div_ceil(segment.get()).max(1).into())
    }
}

impl Default for RecvBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RecvBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBatch")
            .field("capacity", &self.capacity())
            .field("datagram_capacity", &self.datagram_capacity())
            .finish_non_exhaustive()
    }
}

/// The datagrams of one batch that are this socket's, as an iterator.
///
/// It may be empty although the call succeeded: what arrived was not this
/// socket's.
///
/// ```
/// use ifcast_socket::{BoundSocket, RecvBatch};
///
/// fn print_all(socket: &BoundSocket, batch: &mut RecvBatch) -> std::io::Result<bool> {
///     let received = socket.recv_batch(batch)?;
///     let drained = received.is_drained();
///     for datagram in received {
///         println!("{:?} from {}", datagram.payload(), datagram.source());
///     }
///     Ok(drained)
/// }
/// ```
pub struct Received<'batch> {
    messages: &'batch Messages,
    served: &'batch [Interface],
    family: Family,
    drained: bool,
    left: u64,
    accepted: slice::Iter<'batch, Accepted>,
    current: Option<Split<'batch>>,
}

/// What is left of a message.
struct Split<'batch> {
    envelope: Envelope<'batch>,
    rest: &'batch [u8],
    len: usize,
    is_last_truncated: bool,
}

impl Received<'_> {
    /// Whether the kernel had nothing left, so that the next read would block.
    /// With edge-triggered readiness, go on reading until this is true.
    #[inline]
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.drained
    }

    /// How much of the receive buffer it can have taken, with what was dropped here.
    #[inline]
    #[must_use]
    pub fn taken(&self) -> Taken {
        Taken::of(self.messages.lens(), self.drained)
    }
}

impl<'batch> Received<'batch> {
    /// Opens the next message.
    #[inline]
    fn open(&mut self) -> Option<Split<'batch>> {
        let accepted = self.accepted.next()?;
        let parts = accepted.parts;
        let slot = accepted.slot;
        Some(Split {
            envelope: accepted.envelope(self.messages, self.served, self.family),
            rest: self.messages.payload(slot, parts.len as usize),
            len: parts.segment.map_or(usize::MAX, |len| len.get() as usize),
            is_last_truncated: parts.is_last_truncated,
        })
    }
}

impl<'batch> Iterator for Received<'batch> {
    type Item = Datagram<'batch>;

    #[inline]
    fn next(&mut self) -> Option<Datagram<'batch>> {
        let split = match self.current.take() {
            Some(split) => split,
            None => self.open()?,
        };
        self.left -= 1;
        if split.rest.len() <= split.len {
            return Some(Datagram {
                payload: split.rest,
                envelope: split.envelope,
                is_truncated: split.is_last_truncated,
            });
        }
        let (payload, rest) = split.rest.split_at(split.len);
        let envelope = split.envelope;
        self.current = Some(Split { rest, ..split });
        Some(Datagram {
            payload,
            envelope,
            is_truncated: false,
        })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Received<'_> {}

impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("left", &self.left)
            .field("drained", &self.drained)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_never_more_room_than_a_datagram_can_take() {
        for (datagrams, len) in [(0, 65_536), (1, usize::MAX), (2, usize::MAX / 2)] {
            let batch = RecvBatch::with_capacity(datagrams, len);
            assert_eq!(batch.capacity(), datagrams.max(1));
            assert_eq!(batch.datagram_capacity(), 65_535);
        }
    }

    #[test]
    fn a_joined_message_is_datagrams_of_one_length_and_a_rest() {
        for (len, full_len, sent, kept) in [
            (3000, 3000, 3, 3),
            (3001, 3001, 4, 4),
            (2500, 3001, 4, 3),
            (2000, 3001, 4, 2),
            (1, 3000, 3, 1),
            (0, 3000, 3, 1),
        ] {
            let parts = Parts {
                len,
                full_len,
                segment: NonZeroU32::new(1000),
                is_last_truncated: false,
            };
            assert_eq!((parts.sent(), parts.kept()), (sent, kept), "{len}");
        }
    }
}
