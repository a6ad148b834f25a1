//! Every datagram arrives exactly once, as it was sent and with what is known of
//! it, or is reported, whatever the system calls do.

#![forbid(unsafe_code)]

use std::net::{IpAddr, SocketAddr};
use std::{io, mem};

use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{prop_assert, prop_assert_eq};

use crate::batch::RecvBatch;
use crate::bound::BoundSocket;
use crate::cast::Cast;
use crate::error::Error;
use crate::fan_out::Course;
use crate::packet_info::PacketInfo;
use crate::send_batch::{SendBatch, SentBatch, ToSend};
use crate::sender::Sender;
use crate::shared::SharedSocket;
use crate::sys::faults;
use crate::sys::faults::lan::{self, Destination, Lan};
use crate::sys::faults::receiver::{Known, Receiver};
use crate::sys::faults::scenario::{DESTINATIONS, Link, Scenario, Shape, Turn, Way, scenarios};

#[test]
#[cfg_attr(miri, ignore = "Miri knows no sockets of this kind")]
fn every_datagram_arrives_exactly_once_or_is_reported() {
    let (cable, segment) = (Lan::new(Link::Cable), Lan::new(Link::Segment));
    let config = Config {
        failure_persistence: None, // a failure says all that it takes
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&scenarios(), |scenario| {
            let lan = match scenario.link {
                Link::Cable => &cable,
                Link::Segment => &segment,
            };
            Run::new(lan, &scenario).run()
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// A scenario as it happens.
struct Run<'a> {
    lan: &'a Lan,
    scenario: &'a Scenario,
    destinations: [Destination; DESTINATIONS],
    bound: BoundSocket,
    shared: SharedSocket,
    receivers: [Receiver; 2],
    batch: SendBatch,
    rooms: Vec<RecvBatch>,
    numbers: u64,
}

/// What became of datagrams: those up to some place were sent, but for those that
/// failed.
struct Outcome {
    attempted: usize,
    failures: Vec<usize>,
}

impl<'a> Run<'a> {
    fn new(lan: &'a Lan, scenario: &'a Scenario) -> Self {
        let rooms = scenario.rooms.iter();
        Self {
            lan,
            scenario,
            destinations: lan::destinations(scenario.family),
            bound: lan.sender(scenario),
            shared: lan.shared_sender(scenario),
            receivers: scenario
                .options
                .map(|options| Receiver::new(lan.receiver(scenario, options), options)),
            batch: SendBatch::new(),
            rooms: rooms
                .map(|(slots, len)| RecvBatch::with_capacity(*slots, *len))
                .collect(),
            numbers: 0,
        }
    }

    fn run(mut self) -> Result<(), TestCaseError> {
        faults::begin(self.scenario.plan.clone());
        for turn in &self.scenario.turns {
            self.take(turn)?;
            self.rooms.rotate_left(1);
        }
        Ok(())
    }

    /// Sends what is to be sent in a turn, and again what had to wait.
    fn take(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
        let shapes = turn.shapes(lan::ROOM + lan::ROOM / 2);
        let mut payloads: Vec<_> = shapes.iter().map(|shape| self.payload(shape)).collect();
        if let (Way::FanOut { .. }, Some(first)) = (turn.way, payloads.first().cloned()) {
            payloads.fill(first);
        }
        let (joined, mut end) = (payloads.concat(), 0);
        let mut datagrams = Vec::new();
        for (shape, payload) in shapes.iter().zip(&payloads) {
            let start = end;
            end += payload.len();
            datagrams.push(ToSend {
                payload: if turn.side_by_side {
                    &joined[start..end]
                } else {
                    payload
                },
                destination: self.address(shape),
            });
        }
        let (mut done, mut tries) = (0, 0);
        while done < datagrams.len() {
            tries += 1;
            prop_assert!(tries < 1000, "stuck at {done}");
            let outcome = self.send(turn.way, &datagrams[done..])?;
            let log = faults::take_log();
            prop_assert!(log.longest_burst <= turn.way.longest_burst());
            let sent = (&shapes[done..], &datagrams[done..]);
            self.judge(turn.way, sent, &outcome, log.forbidden)?;
            done += outcome.attempted;
            self.lan.wait();
            let rooms = (0..self.rooms.len()).cycle();
            for (receiver, room) in self.receivers.iter_mut().zip(rooms) {
                receiver.receive(&mut self.rooms[room])?;
            }
        }
        Ok(())
    }

    /// A payload that no other is like, if there is room for that.
    fn payload(&mut self, shape: &Shape) -> Vec<u8> {
        self.numbers += 1;
        let number = self.numbers.to_le_bytes();
        let places = (0..shape.size).zip((0..=250).cycle());
        places
            .map(|(place, noise)| match number.get(place) {
                Some(byte) => *byte,
                None => number[place % 2] ^ noise,
            })
            .collect()
    }

    fn address(&self, shape: &Shape) -> SocketAddr {
        let port = self.receivers[shape.receiver].port();
        SocketAddr::new(self.destinations[shape.destination].to, port)
    }

    fn send(&mut self, way: Way, datagrams: &[ToSend<'_>]) -> Result<Outcome, TestCaseError> {
        let mut batch = mem::take(&mut self.batch);
        let sender = self.sender(way);
        let outcome = match way {
            Way::Batch { max_burst } => {
                batch = batch.max_burst(max_burst);
                batched(&sender.send_batch(&mut batch, datagrams), datagrams)?
            }
            Way::OneByOne => one_by_one(datagrams, |datagram| {
                sender.send(datagram.payload, datagram.destination)
            }),
            Way::FromChosenSource => one_by_one(datagrams, |datagram| {
                let info = PacketInfo {
                    source: self.source(datagram.destination),
                    ..PacketInfo::default()
                };
                sender.send_with(datagram.payload, datagram.destination, info)
            }),
            Way::FanOut { from_chosen_source } => {
                let courses: Vec<_> = datagrams
                    .iter()
                    .map(|datagram| Course {
                        interface: sender.interface().index(),
                        destination: datagram.destination,
                        source: self
                            .source(datagram.destination)
                            .filter(|_| from_chosen_source),
                    })
                    .collect();
                let payload = datagrams.first().map_or(&b""[..], |first| first.payload);
                batched(
                    &self.shared.fan_out(&mut batch, payload, &courses),
                    datagrams,
                )?
            }
        };
        self.batch = batch;
        Ok(outcome)
    }

    /// What sends in this way.
    #[expect(clippy::expect_used, reason = "a test stops where it fails")]
    fn sender(&self, way: Way) -> Sender<'_> {
        if self.scenario.sends_shared || matches!(way, Way::FanOut { .. }) {
            let interface = self.bound.interface().index();
            self.shared.sender(interface).expect("it was added")
        } else {
            self.bound.sender()
        }
    }

    fn source(&self, destination: SocketAddr) -> Option<IpAddr> {
        let mut all = self.destinations.iter();
        let same = all.find(|same| same.to == destination.ip())?;
        Some(same.source)
    }

    /// Judges what the sender says became of datagrams, and has the receivers expect
    /// those that it says were sent.
    fn judge(
        &mut self,
        way: Way,
        (shapes, datagrams): (&[Shape], &[ToSend<'_>]),
        outcome: &Outcome,
        forbidden: usize,
    ) -> Result<(), TestCaseError> {
        let failures = &outcome.failures;
        prop_assert!(failures.is_sorted_by(|one, next| one < next));
        prop_assert!(failures.iter().all(|place| *place < outcome.attempted));
        let mut unfounded = 0;
        for (place, shape) in shapes[..outcome.attempted].iter().enumerate() {
            let destination = self.destinations[shape.destination];
            let fits = shape.size <= self.sender(way).max_payload();
            match destination.cast.filter(|_| fits) {
                Some(_) if failures.contains(&place) => unfounded += 1,
                Some(cast) => {
                    let known = self.known(way, &datagrams[place], destination, cast);
                    self.receivers[shape.receiver].expect(known);
                }
                None => prop_assert!(failures.contains(&place), "{shape:?} was sent"),
            }
        }
        prop_assert!(unfounded <= forbidden, "{failures:?} of {forbidden}");
        prop_assert!(forbidden <= failures.len(), "{failures:?} of {forbidden}");
        Ok(())
    }

    fn known(
        &self,
        way: Way,
        datagram: &ToSend<'_>,
        destination: Destination,
        cast: Cast,
    ) -> Known {
        let customary = if cast == Cast::Multicast { 1 } else { 64 };
        Known {
            payload: datagram.payload.to_vec(),
            source: SocketAddr::new(destination.source, self.sender(way).endpoint().port()),
            destination: destination.to,
            cast,
            hops: self.scenario.hops.unwrap_or(customary),
        }
    }
}

fn batched(sent: &SentBatch, datagrams: &[ToSend<'_>]) -> Result<Outcome, TestCaseError> {
    let outcome = Outcome {
        attempted: sent.unsent().start,
        failures: sent.failures().iter().map(|(place, _)| *place).collect(),
    };
    prop_assert_eq!(sent.unsent().end, datagrams.len());
    prop_assert_eq!(sent.sent(), outcome.attempted - outcome.failures.len());
    Ok(outcome)
}

fn one_by_one(
    datagrams: &[ToSend<'_>],
    send: impl Fn(&ToSend<'_>) -> Result<(), Error>,
) -> Outcome {
    let mut failures = Vec::new();
    for (place, datagram) in datagrams.iter().enumerate() {
        match send(datagram) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Outcome {
                    attempted: place,
                    failures,
                };
            }
            Err(_) => failures.push(place),
        }
    }
    Outcome {
        attempted: datagrams.len(),
        failures,
    }
}
