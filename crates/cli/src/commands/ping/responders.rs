//! Who has answered, how often and how fast.

use std::net::SocketAddr;
use std::time::Duration;

use ifcast::InterfaceId;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::record;
use crate::statistics::{Sequence, Spread};
use crate::text::{self, Nanoseconds};

/// All who have answered, and how many questions went out.
#[derive(Debug, Default)]
pub(crate) struct Responders {
    asked: Vec<(InterfaceId, u64)>,
    responders: Vec<Responder>,
}

/// One who has answered, as he is heard on one interface.
#[derive(Debug)]
struct Responder {
    interface: InterfaceId,
    source: SocketAddr,
    numbers: Sequence,
    times: Spread,
}

impl Responders {
    /// Takes note of a question that has gone out by an interface.
    pub(crate) fn asked(&mut self, interface: InterfaceId) {
        match self.asked.iter_mut().find(|(id, _)| *id == interface) {
            Some((_, count)) => *count += 1,
            None => self.asked.push((interface, 1)),
        }
    }

    /// Takes note of an answer; whether it is the first of this host to that question.
    pub(crate) fn answered(
        &mut self,
        interface: InterfaceId,
        source: SocketAddr,
        number: u64,
        time: Duration,
    ) -> bool {
        let mut known = self.responders.iter_mut();
        let known = known.find(|one| (one.interface, one.source) == (interface, source));
        if let Some(responder) = known {
            let before = responder.numbers.received();
            responder.numbers.take(number);
            let is_first = responder.numbers.received() > before;
            if is_first {
                responder.times.take(time);
            }
            return is_first;
        }
        if self.responders.len() < MOST {
            let mut times = Spread::default();
            times.take(time);
            self.responders.push(Responder {
                interface,
                source,
                numbers: Sequence::new(number),
                times,
            });
        }
        true
    }

    pub(crate) fn has_any(&self) -> bool {
        !self.responders.is_empty()
    }

    /// Says who there is, and how well he is heard.
    pub(crate) fn tell(&self, output: &mut Output) -> Result<(), Failure> {
        let mut table = text::table(
            [
                "interface",
                "responder",
                "asked",
                "answered",
                "twice",
                "least",
                "average",
                "most",
                "99 %",
            ],
            2,
        );
        for responder in &self.responders {
            let asked = self.asked_on(responder.interface);
            let times = &responder.times;
            if output.is_json() {
                output.summary("", || responder.record(asked))?;
                continue;
            }
            let time = |time| Nanoseconds::from(time).to_string();
            table.add_row(vec![
                responder.interface.name().to_string(),
                responder.source.to_string(),
                asked.to_string(),
                times.count().to_string(),
                responder.numbers.duplicates().to_string(),
                time(times.least()),
                time(times.average()),
                time(times.most()),
                time(times.percentile(99)),
            ]);
        }
        if self.has_any() && !output.is_json() {
            output.summary(text::lines(&table), || Value::Null)?;
        }
        let asked: u64 = self.asked.iter().map(|(_, count)| count).sum();
        let lost: u64 = self.responders.iter().map(|one| one.lost(self)).sum();
        let responders = self.responders.len();
        let who = match responders {
            0 => "nobody answered".to_owned(),
            1 => "1 responder".to_owned(),
            several => format!("{several} responders"),
        };
        let questions = text::count(asked, "question");
        output.summary(
            format_args!(
                "{questions}, {who}, {} missing",
                text::count(lost, "answer")
            ),
            || {
                json!({
                    "type": "summary",
                    "asked": asked,
                    "responders": responders,
                    "lost": lost,
                })
            },
        )?;
        output.flush()
    }

    fn asked_on(&self, interface: InterfaceId) -> u64 {
        let mut asked = self.asked.iter();
        asked
            .find(|(id, _)| *id == interface)
            .map_or(0, |(_, count)| *count)
    }
}

impl Responder {
    fn lost(&self, all: &Responders) -> u64 {
        let asked = all.asked_on(self.interface);
        asked.saturating_sub(self.times.count())
    }

    fn record(&self, asked: u64) -> Value {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        json!({
            "type": "responder",
            "interface": record::interface(self.interface),
            "source": record::address(self.source),
            "source_port": self.source.port(),
            "asked": asked,
            "answered": self.times.count(),
            "lost": asked.saturating_sub(self.times.count()),
            "duplicates": self.numbers.duplicates(),
            "round_trip_ns": {
                "least": nanoseconds(self.times.least()),
                "average": nanoseconds(self.times.average()),
                "most": nanoseconds(self.times.most()),
                "p99": nanoseconds(self.times.percentile(99)),
            },
        })
    }
}

/// How many there is room for, so that whoever invents sources takes no memory.
const MOST: usize = 4096;
