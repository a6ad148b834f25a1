//! What was heard so far.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ifcast::{Incoming, InterfaceId, Lan};

use crate::header::{Header, Purpose};
use crate::statistics::{Arrival, FlowKey, Flows};

/// Counts what is heard on each interface, and measures each stream if that is wanted.
#[derive(Debug)]
pub(crate) struct Heard {
    since: Instant,
    until: Instant,
    datagrams: u64,
    bytes: u64,
    dropped: u64,
    truncated: u64,
    interfaces: Vec<(InterfaceId, u64)>,
    flows: Option<Flows>,
}

impl Heard {
    pub(crate) fn new(measures: bool) -> Self {
        let now = Instant::now();
        Self {
            since: now,
            until: now,
            datagrams: 0,
            bytes: 0,
            dropped: 0,
            truncated: 0,
            interfaces: Vec::new(),
            flows: measures.then(Flows::default),
        }
    }

    /// Takes note of a datagram.
    pub(crate) fn take(&mut self, datagram: &Incoming<'_>) {
        let (payload, interface) = (datagram.payload(), datagram.interface());
        self.datagrams += 1;
        self.bytes += u64::try_from(payload.len()).unwrap_or(u64::MAX);
        self.truncated += u64::from(datagram.is_truncated());
        match self.interfaces.iter_mut().find(|(id, _)| *id == interface) {
            Some((_, count)) => *count += 1,
            None => self.interfaces.push((interface, 1)),
        }
        let Some(flows) = &mut self.flows else {
            return;
        };
        let header = Header::decode(payload);
        let header = header.filter(|header| header.purpose == Purpose::Stream);
        let arrival = Arrival {
            key: FlowKey {
                interface,
                source: datagram.source(),
                destination: datagram.destination(),
                stream: header.map(|header| header.stream),
            },
            len: payload.len(),
            header,
            at: nanoseconds(datagram.timestamp()),
        };
        flows.take(&arrival, || datagram.cast());
    }

    /// Takes note of how many found no room in the kernel's buffers.
    pub(crate) fn drop(&mut self, count: u32) {
        self.dropped += u64::from(count);
    }

    /// Ends, and looks what else was dropped meanwhile.
    pub(crate) fn end(&mut self, lan: &Lan) {
        self.until = Instant::now();
        let status = lan.status();
        let own = status.interfaces.iter().flat_map(|one| &one.sockets);
        let drops = own.chain(&status.shared).filter_map(|one| one.kernel_drops);
        // Those of sockets that are closed are known from events only.
        self.dropped = self.dropped.max(drops.map(u64::from).sum());
    }

    pub(crate) const fn datagrams(&self) -> u64 {
        self.datagrams
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many found no room in the kernel's buffers, as far as it says.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many were too long to be received whole.
    pub(crate) const fn truncated(&self) -> u64 {
        self.truncated
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.until.duration_since(self.since).as_secs_f64()
    }

    /// How many on each interface, by its index.
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = (InterfaceId, u64)> {
        let by_index = self.interfaces.iter().enumerate();
        let by_index = by_index.map(|(place, (id, count))| ((id.index(), place), (*id, *count)));
        by_index.collect::<BTreeMap<_, _>>().into_values()
    }

    pub(crate) const fn flows(&self) -> Option<&Flows> {
        self.flows.as_ref()
    }
}

/// When something arrived; now, if the system did not say.
fn nanoseconds(at: Option<SystemTime>) -> i64 {
    let at = at.unwrap_or_else(SystemTime::now);
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
