//! `ifcast pong`

use std::time::{Duration, Instant, SystemTime};

use ifcast::{Event, Group, Lan, RateLimit, Sharing};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::arguments::{self, Choice};
use crate::commands::Outcome;
use crate::commands::ping::PORT;
use crate::failure::Failure;
use crate::header::{Header, Purpose};
use crate::output::{Output, complain};
use crate::stop::Stop;
use crate::text::TimeOfDay;
use crate::{news, record};

/// Answer those who `ifcast ping`
///
/// An answer goes to who asked, by the interface where he was heard, and is as long as the
/// question. At most 1000 a second are given to each.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The UDP port to listen on.
    #[arg(long, short, default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// A group to listen to as well; may be given several times.
    #[arg(long, short)]
    group: Vec<Group>,
    #[command(flatten)]
    choice: Choice,
    /// End after so many answers.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = arguments::duration)]
    time: Option<Duration>,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome, Failure> {
    let mut builder = Lan::builder()
        .interfaces(arguments.choice.selector())
        .port(arguments.port)
        .sharing(Sharing::WithOthers)
        .rate_limit(RateLimit::per_second(1000));
    for group in &arguments.group {
        builder = builder.join(*group);
    }
    let mut lan = builder.build().map_err(Failure::of_opening)?;
    let waker = lan.waker()?;
    let stop = Stop::on_signals(move || drop(waker.wake())).map_err(Failure::Signals)?;
    let mut is_fine = lan.failures().is_empty();
    for failure in lan.failures() {
        complain(failure);
    }
    for interface in lan.interfaces() {
        let port = arguments.port;
        output.note(
            format_args!("answering on {interface}, port {port}"),
            || {
                json!({
                    "type": "listening",
                    "interface": record::interface(interface),
                    "port": port,
                })
            },
        )?;
    }
    output.flush()?;

    let zone = TimeZone::system();
    let end = arguments
        .time
        .and_then(|time| Instant::now().checked_add(time));
    let mut left = arguments.count.unwrap_or(u64::MAX);
    let mut answer = Vec::new();
    while left > 0 && !stop.is_told() && end.is_none_or(|end| Instant::now() < end) {
        let timeout = end.map(|end| end.saturating_duration_since(Instant::now()));
        let mut said = Ok(());
        lan.poll(timeout, |event| {
            let datagram = match event {
                Event::Datagram(datagram) if left > 0 => datagram,
                Event::Datagram(_) => return,
                other => {
                    is_fine &= !matches!(other, Event::Failed { .. });
                    if said.is_ok() {
                        said = news::tell(&other, output);
                    }
                    return;
                }
            };
            let header = Header::decode(datagram.payload());
            let Some(header) = header.filter(|header| header.purpose == Purpose::Request) else {
                return; // somebody else's, or an answer
            };
            answer.clear();
            answer.extend_from_slice(datagram.payload());
            let purpose = Purpose::Answer;
            answer[..Header::LEN].copy_from_slice(&Header { purpose, ..header }.encode());
            if let Err(error) = datagram.reply(&answer) {
                is_fine = false;
                complain(error);
                return;
            }
            left -= 1;
            if output.is_quiet() || said.is_err() {
                return;
            }
            let at = SystemTime::now();
            let (interface, source, number) =
                (datagram.interface(), datagram.source(), header.sequence);
            let time = TimeOfDay { at, zone: &zone };
            let name = interface.name();
            let text = format_args!("{time} answered {source} on {name}, number {number}");
            said = output.result(text, || {
                json!({
                    "type": "answered",
                    "time": record::time(at),
                    "interface": record::interface(interface),
                    "source": record::address(source),
                    "source_port": source.port(),
                    "destination": datagram.destination().to_string(),
                    "cast": record::cast(datagram.cast()),
                    "number": number,
                })
            });
        })?;
        said?;
        output.flush()?;
    }
    is_fine &= !news::is_in_trouble(&lan);
    let is_complete = arguments.count.is_none() || left == 0 || stop.is_told();
    Ok(Outcome::fine_if(is_fine && is_complete))
}
