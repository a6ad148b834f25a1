//! Telling streams apart.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use ifcast::{Cast, InterfaceId};

use crate::header::Header;
use crate::statistics::delay::Delay;
use crate::statistics::sequence::Sequence;

/// All streams that are heard, each by itself.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    flows: Vec<Flow>,
    places: HashMap<FlowKey, usize>,
    /// Whose the last datagram was: most often the next one's too.
    last: usize,
    /// How many datagrams were of streams for which there was no room.
    others: u64,
}

/// What makes a stream: who sends what to whom, heard where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlowKey {
    pub(crate) interface: InterfaceId,
    pub(crate) source: SocketAddr,
    pub(crate) destination: IpAddr,
    /// Of who numbers his datagrams.
    pub(crate) stream: Option<u64>,
}

/// A datagram that has arrived, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) key: FlowKey,
    pub(crate) len: usize,
    pub(crate) header: Option<Header>,
    /// In nanoseconds since 1970.
    pub(crate) at: i64,
}

/// What is known of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) key: FlowKey,
    pub(crate) cast: Cast,
    pub(crate) datagrams: u64,
    pub(crate) bytes: u64,
    first: i64,
    last: i64,
    pub(crate) numbered: Option<Numbered>,
}

/// What is known besides of one whose datagrams are numbered.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) sequence: Sequence,
    pub(crate) delay: Delay,
}

impl Flows {
    /// Takes note of a datagram; `cast` is asked for of the first one of a stream.
    pub(crate) fn take(&mut self, arrival: &Arrival, cast: impl FnOnce() -> Cast) {
        let is_last = |flow: &Flow| flow.key == arrival.key;
        if !self.flows.get(self.last).is_some_and(is_last) {
            let Some(place) = self.find(arrival, cast) else {
                self.others += 1;
                return;
            };
            self.last = place;
        }
        self.flows[self.last].take(arrival);
    }

    #[cold]
    fn find(&mut self, arrival: &Arrival, cast: impl FnOnce() -> Cast) -> Option<usize> {
        let next = self.flows.len();
        if let Some(place) = self.places.get(&arrival.key) {
            return Some(*place);
        }
        if next >= MOST {
            return None;
        }
        self.places.insert(arrival.key, next);
        self.flows.push(Flow::new(arrival, cast()));
        Some(next)
    }

    /// All of them, in the order in which they were first heard.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Flow> {
        self.flows.iter()
    }

    /// How many datagrams were of further streams.
    pub(crate) const fn others(&self) -> u64 {
        self.others
    }
}

impl Flow {
    fn new(arrival: &Arrival, cast: Cast) -> Self {
        Self {
            key: arrival.key,
            cast,
            datagrams: 0,
            bytes: 0,
            first: arrival.at,
            last: arrival.at,
            numbered: None,
        }
    }

    fn take(&mut self, arrival: &Arrival) {
        self.datagrams += 1;
        self.bytes += u64::try_from(arrival.len).unwrap_or(u64::MAX);
        self.last = self.last.max(arrival.at);
        let Some(header) = arrival.header else {
            return;
        };
        let delay = arrival
            .at
            .saturating_sub(i64::try_from(header.sent).unwrap_or(i64::MAX));
        match &mut self.numbered {
            Some(numbered) => {
                numbered.sequence.take(header.sequence);
                numbered.delay.take(delay);
            }
            None => {
                let mut numbered = Numbered {
                    sequence: Sequence::new(header.sequence),
                    delay: Delay::default(),
                };
                numbered.delay.take(delay);
                self.numbered = Some(numbered);
            }
        }
    }

    /// From the first datagram to the last, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "it is shown with few digits")]
        let nanoseconds = self.last.saturating_sub(self.first) as f64;
        nanoseconds / 1e9
    }

    /// Datagrams a second; none of fewer than two.
    pub(crate) fn rate(&self) -> Option<f64> {
        let seconds = self.seconds();
        #[expect(clippy::cast_precision_loss, reason = "it is shown with few digits")]
        let gaps = self.datagrams.saturating_sub(1) as f64;
        (gaps > 0.0 && seconds > 0.0).then(|| gaps / seconds)
    }
}

/// How many streams there is room for, so that whoever invents sources takes no memory.
const MOST: usize = 1024;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ifcast::Snapshot;

    use super::*;
    use crate::header::Purpose;

    fn arrival(port: u16, stream: u64, sequence: u64, at: i64) -> Arrival {
        let snapshot = Snapshot::capture().unwrap();
        Arrival {
            key: FlowKey {
                interface: snapshot.interfaces()[0].id(),
                source: (Ipv4Addr::LOCALHOST, port).into(),
                destination: Ipv4Addr::BROADCAST.into(),
                stream: Some(stream),
            },
            len: 100,
            header: Some(Header {
                purpose: Purpose::Stream,
                stream,
                sequence,
                sent: 0,
            }),
            at,
        }
    }

    fn taken(arrivals: &[Arrival]) -> Flows {
        let mut flows = Flows::default();
        for arrival in arrivals {
            flows.take(arrival, || Cast::LimitedBroadcast);
        }
        flows
    }

    #[test]
    fn streams_that_are_mixed_are_told_apart() {
        let flows = taken(&[
            arrival(1, 7, 0, 0),
            arrival(2, 8, 5, 10),
            arrival(1, 7, 1, 20),
            arrival(1, 9, 0, 30), // the same program, started again
            arrival(2, 8, 7, 40),
        ]);
        let found: Vec<_> = flows
            .iter()
            .map(|flow| {
                let numbered = flow.numbered.as_ref().unwrap();
                (flow.datagrams, numbered.sequence.lost())
            })
            .collect();
        assert_eq!(found, [(2, 0), (2, 1), (1, 0)]);
        assert_eq!(flows.others(), 0);
    }

    #[test]
    fn the_rate_is_that_between_the_first_and_the_last() {
        let flows = taken(&[
            arrival(1, 7, 0, 0),
            arrival(1, 7, 1, 250_000_000),
            arrival(1, 7, 2, 500_000_000),
        ]);
        let flow = flows.iter().next().unwrap();
        assert_eq!(flow.rate(), Some(4.0));
        assert_eq!(flow.bytes, 300);
        let alone = taken(&[arrival(1, 7, 0, 0)]);
        assert_eq!(alone.iter().next().unwrap().rate(), None);
    }

    #[test]
    fn invented_streams_are_counted_together_from_some_number_on() {
        let all: Vec<_> = (0..1500).map(|stream| arrival(1, stream, 0, 0)).collect();
        let flows = taken(&all);
        assert_eq!((flows.iter().count(), flows.others()), (MOST, 476));
    }
}
