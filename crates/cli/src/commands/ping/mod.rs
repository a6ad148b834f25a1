//! `ifcast ping`

mod responders;

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ifcast::{Event, Group, Incoming, InterfaceId, Lan, Outcome as Fate, To};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::arguments::{self, Choice};
use crate::commands::Outcome;
use crate::commands::ping::responders::Responders;
use crate::failure::Failure;
use crate::header::{Header, Purpose};
use crate::output::{Output, complain};
use crate::stop::Stop;
use crate::text::{Nanoseconds, TimeOfDay};
use crate::{news, record};

/// Ask who is there, by broadcast or multicast: whoever runs `ifcast pong` answers.
///
/// It asks by all chosen interfaces and tells who answered on which, and how long that
/// took. It fails if nobody has answered.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The UDP port of those who answer.
    #[arg(long, short, default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    choice: Choice,
    /// Ask so often; until it is interrupted, unless told.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// How long from one question to the next.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = arguments::interval)]
    interval: Duration,
    /// How long to wait for answers to the last question.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = arguments::duration)]
    wait: Duration,
}

#[derive(Clone, Copy, Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// Ask every host on the link.
    #[arg(long)]
    broadcast: bool,
    /// Ask the members of a group.
    #[arg(long, short)]
    group: Option<Group>,
}

/// Where `pong` listens unless told.
pub(crate) const PORT: u16 = 47_474;

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome, Failure> {
    let to = arguments.whom.group.map_or(To::AllHosts, To::Group);
    let family = arguments
        .whom
        .group
        .map_or(ifcast::Family::V4, Group::family);
    let mut lan = Lan::builder()
        .interfaces(arguments.choice.selector())
        .families(&[family])
        .build()
        .map_err(Failure::of_opening)?;
    let waker = lan.waker()?;
    let stop = Stop::on_signals(move || drop(waker.wake())).map_err(Failure::Signals)?;
    for failure in lan.failures() {
        complain(failure);
    }
    let mut conversation = Conversation::new();
    let most = arguments.count.unwrap_or(u64::MAX);
    let mut next = Instant::now();
    loop {
        let now = Instant::now();
        if now >= next {
            if conversation.asked >= most {
                break;
            }
            conversation.ask(&mut lan, to, arguments.port, output)?;
            // The time of the first question counts, lest the others come ever later.
            next = (next + arguments.interval).max(now);
            if conversation.asked >= most {
                next = now + arguments.wait;
            }
        }
        let timeout = next.saturating_duration_since(Instant::now());
        let mut said = Ok(());
        lan.poll(Some(timeout), |event| {
            if said.is_err() {
                return;
            }
            said = match event {
                Event::Datagram(datagram) => conversation.hear(&datagram, output),
                other => news::tell(&other, output),
            };
        })?;
        said?;
        output.flush()?;
        if stop.is_told() {
            break;
        }
    }
    conversation.responders.tell(output)?;
    let is_fine = lan.failures().is_empty() && conversation.failed == 0;
    Ok(Outcome::fine_if(
        is_fine && conversation.responders.has_any(),
    ))
}

/// What was asked and answered.
#[derive(Debug)]
struct Conversation {
    id: u64,
    asked: u64,
    failed: u64,
    /// When the last questions were asked, by their numbers.
    times: VecDeque<(u64, Instant)>,
    responders: Responders,
    zone: TimeZone,
}

impl Conversation {
    fn new() -> Self {
        Self {
            id: fastrand::u64(..),
            asked: 0,
            failed: 0,
            times: VecDeque::new(),
            responders: Responders::default(),
            zone: TimeZone::system(),
        }
    }

    fn ask(
        &mut self,
        lan: &mut Lan,
        to: To,
        port: u16,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let header = Header {
            purpose: Purpose::Request,
            stream: self.id,
            sequence: self.asked,
            sent: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        };
        if self.times.len() >= REMEMBERED {
            self.times.pop_front();
        }
        self.times.push_back((self.asked, Instant::now()));
        let report = lan.send(&header.encode(), to.port(port));
        for (interface, fate) in report.iter() {
            match fate {
                Fate::Sent { .. } => self.responders.asked(interface),
                Fate::Failed(error) => {
                    self.failed += 1;
                    complain(error);
                }
                fate if self.asked == 0 => {
                    output.note(format_args!("{interface}: {fate}"), || {
                        json!({
                            "type": "skipped",
                            "interface": record::interface(interface),
                            "why": fate.to_string(),
                        })
                    })?;
                }
                _ => {}
            }
        }
        self.asked += 1;
        output.flush()
    }

    fn hear(&mut self, datagram: &Incoming<'_>, output: &mut Output) -> Result<(), Failure> {
        let now = Instant::now();
        let Some(header) = Header::decode(datagram.payload()) else {
            return Ok(());
        };
        if header.purpose != Purpose::Answer || header.stream != self.id {
            return Ok(()); // an answer to somebody else, or to one who ran before
        }
        let asked = self
            .times
            .iter()
            .find(|(number, _)| *number == header.sequence);
        let Some((number, asked)) = asked else {
            return Ok(()); // too long ago
        };
        let (number, time) = (*number, now.duration_since(*asked));
        let (interface, source): (InterfaceId, _) = (datagram.interface(), datagram.source());
        let is_first = self.responders.answered(interface, source, number, time);
        if output.is_quiet() {
            return Ok(());
        }
        let at = SystemTime::now();
        let again = if is_first { "" } else { ", again" };
        output.result(
            format_args!(
                "{} {source} on {}: number {number}, {}{again}",
                TimeOfDay {
                    at,
                    zone: &self.zone
                },
                interface.name(),
                Nanoseconds::from(time),
            ),
            || {
                json!({
                    "type": "answer",
                    "time": record::time(at),
                    "interface": record::interface(interface),
                    "source": record::address(source),
                    "source_port": source.port(),
                    "number": number,
                    "round_trip_ns": u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
                    "again": !is_first,
                })
            },
        )
    }
}

/// How many questions are remembered, so that late answers are known.
const REMEMBERED: usize = 10_000;
