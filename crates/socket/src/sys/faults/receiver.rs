//! A socket that receives, and the books that are kept of it.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};

use ifcast_interfaces::InterfaceId;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

use crate::batch::RecvBatch;
use crate::cast::Cast;
use crate::counters::Counters;
use crate::datagram::Datagram;
use crate::receive::Receive;
use crate::sys::faults::scenario::Options;
use crate::sys::faults::{self, Log};

/// A socket that receives, and what it still has to.
pub(super) struct Receiver {
    socket: Box<dyn Receive>,
    options: Options,
    expected: VecDeque<Known>,
    before: Counters,
}

/// All that is known of a datagram.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) payload: Vec<u8>,
    pub(super) source: SocketAddr,
    pub(super) destination: IpAddr,
    pub(super) cast: Cast,
    pub(super) hops: u8,
}

/// A datagram as it came.
#[derive(Debug)]
struct Heard {
    payload: Vec<u8>,
    source: SocketAddr,
    destination: IpAddr,
    cast: Cast,
    interface: InterfaceId,
    hops: Option<u8>,
    truncated: bool,
}

impl Receiver {
    pub(super) fn new(socket: Box<dyn Receive>, options: Options) -> Self {
        Self {
            socket,
            options,
            expected: VecDeque::new(),
            before: Counters::default(),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.socket.endpoint().port()
    }

    pub(super) fn expect(&mut self, known: Known) {
        self.expected.push_back(known);
    }

    /// Receives all that has come, which has to be all that was expected.
    pub(super) fn receive(&mut self, room: &mut RecvBatch) -> Result<(), TestCaseError> {
        let capacity = room.capacity();
        let (mut heard, mut refused, mut drained) = (Vec::new(), 0, false);
        loop {
            match self.socket.recv_batch(room) {
                Ok(received) => {
                    prop_assert!(!drained, "nothing was left, it said");
                    drained = received.is_drained();
                    prop_assert!(self.options.coalesce || received.len() <= capacity);
                    let all = heard.len() + received.len();
                    heard.extend(received.map(|datagram| Heard::new(&datagram)));
                    prop_assert_eq!(heard.len(), all);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => refused += 1,
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
        }
        let log = faults::take_log();
        prop_assert_eq!(refused, log.refused, "errors passed on");
        self.settle(&heard, room.datagram_capacity(), &log)
    }

    /// Checks what came, in its order, against what was expected, and what did not
    /// come against what was counted.
    fn settle(&mut self, heard: &[Heard], slot: usize, log: &Log) -> Result<(), TestCaseError> {
        let mut lost = Vec::new();
        for (place, heard) in heard.iter().enumerate() {
            loop {
                let Some(known) = self.expected.pop_front() else {
                    let what = heard.describe();
                    let why = "came twice, late, altered, or unsent";
                    return Err(TestCaseError::fail(format!("{place}: {what} {why}")));
                };
                if self.is(heard, &known, slot) {
                    break;
                }
                lost.push(known.payload.len());
            }
        }
        lost.extend(self.expected.drain(..).map(|known| known.payload.len()));

        let now = self.socket.endpoint().counters();
        let since = |count: fn(&Counters) -> u64| count(&now) - count(&self.before);
        let without_room = since(|count| count.without_room);
        let without_info = since(|count| count.without_packet_info);
        prop_assert_eq!(since(|count| count.received), heard.len() as u64);
        prop_assert_eq!(since(|count| count.foreign_interface), 0);
        prop_assert_eq!(since(|count| count.unwanted), 0);
        let truncated = heard.iter().filter(|heard| heard.truncated).count();
        prop_assert_eq!(since(|count| count.truncated), truncated as u64);

        let cut = log.cut.len() as u64;
        let reported = without_info + without_room;
        let may_be_several = |room: usize| self.options.coalesce && room < SEGMENT_SPACE;
        if log.cut.iter().any(|(_, room)| may_be_several(*room)) {
            // Without the segments' length nobody knows how many there were.
            prop_assert!(lost.len() as u64 >= reported, "{lost:?}, {now:?}");
            prop_assert!(without_info >= cut);
        } else {
            prop_assert_eq!(lost.len() as u64, reported, "lost {:?}, {:?}", lost, now);
        }
        if self.options.coalesce {
            prop_assert_eq!(cut == 0, without_info == 0);
        } else {
            prop_assert_eq!(cut, without_info);
        }
        if slot >= LONGEST || !self.options.coalesce {
            prop_assert_eq!(without_room, 0);
        }
        if slot >= LONGEST {
            // In smaller slots what differs may look the same.
            let cut: usize = log.cut.iter().map(|(len, _)| len).sum();
            prop_assert_eq!(lost.iter().sum::<usize>(), cut, "bytes lost");
        }
        self.before = now;
        Ok(())
    }

    fn is(&self, heard: &Heard, known: &Known, slot: usize) -> bool {
        let (len, full_len) = (heard.payload.len(), known.payload.len());
        // Where several may share a slot any of them may be cut off by its end.
        let is_whole = match self.options.coalesce && slot < LONGEST {
            true => len <= full_len.min(slot),
            false => len == full_len.min(slot),
        };
        is_whole
            && heard.truncated == (len < full_len)
            && heard.payload == known.payload[..len]
            && heard.source == self.as_seen_here(known.source)
            && heard.destination == known.destination
            && heard.cast == known.cast
            && heard.interface == self.interface()
            && heard.hops == Some(known.hops).filter(|_| self.options.receive_hops)
    }

    /// The one that it serves.
    fn interface(&self) -> InterfaceId {
        self.socket.endpoint().interfaces()[0].id()
    }

    /// A link-local source has the arrival interface as its scope id.
    fn as_seen_here(&self, mut source: SocketAddr) -> SocketAddr {
        if let SocketAddr::V6(source) = &mut source {
            if source.ip().is_unicast_link_local() {
                source.set_scope_id(self.interface().index().get());
            }
        }
        source
    }
}

impl Heard {
    fn new(datagram: &Datagram<'_>) -> Self {
        Self {
            payload: datagram.payload().to_vec(),
            source: datagram.source(),
            destination: datagram.destination(),
            cast: datagram.cast(),
            interface: datagram.interface(),
            hops: datagram.hops(),
            truncated: datagram.is_truncated(),
        }
    }

    fn describe(&self) -> String {
        let Self {
            source,
            destination,
            cast,
            hops,
            truncated,
            ..
        } = self;
        let len = self.payload.len();
        format!(
            "{len} bytes from {source} to {destination} ({cast}, hops {hops:?}, truncated: {truncated})"
        )
    }
}

/// What the control message takes that says how a message is to be split.
const SEGMENT_SPACE: usize = 24;

/// No UDP payload is longer.
const LONGEST: usize = 65_535;
