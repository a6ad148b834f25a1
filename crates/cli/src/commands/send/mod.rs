//! `ifcast send`

mod pace;
mod payload;
mod streams;
mod target;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use ifcast::{Event, Lan};

use crate::arguments::{self, Choice, HexBytes, Rate};
use crate::commands::Outcome;
use crate::commands::send::pace::Pace;
use crate::commands::send::payload::Source;
use crate::commands::send::streams::Streams;
use crate::commands::send::target::{Target, TargetArguments};
use crate::failure::Failure;
use crate::news;
use crate::output::{Output, Progress, complain};
use crate::stop::Stop;

/// Send datagrams by all chosen interfaces, and say for each what came of it.
///
/// One, unless a count, a time, a rate or an interval is given; then one a second, unless
/// that is. All of these are for each interface.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The UDP port to send to.
    #[arg(long, short, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    payload: PayloadArguments,
    /// End after so many datagrams on each interface.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = arguments::duration)]
    time: Option<Duration>,
    /// How many a second, such as 1000/s, 50k/s, 6/m; `max` is as fast as it goes.
    #[arg(long, short, conflicts_with = "interval")]
    rate: Option<Rate>,
    /// How long from one to the next, such as 10ms.
    #[arg(long, value_name = "TIME", value_parser = arguments::interval)]
    interval: Option<Duration>,
    /// How many hops they may make; one, if to a group, unless told.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..))]
    hops: Option<u8>,
    /// Begin each with a header of 32 bytes: a number, and when it was sent, from which
    /// `ifcast listen --stats` tells what is lost and how long it took.
    #[arg(long)]
    sequence: bool,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct PayloadArguments {
    /// Send this text.
    #[arg(long, value_name = "TEXT")]
    payload: Option<String>,
    /// Send these bytes, in hexadecimal digits.
    #[arg(long, value_name = "DIGITS")]
    hex: Option<HexBytes>,
    /// Send what is in this file.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Send each line of standard input, without its end, as it comes.
    #[arg(long)]
    stdin: bool,
    /// Send so many bytes, the header of `--sequence` included.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16))]
    size: Option<u16>,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome, Failure> {
    let target = Target::of(&arguments.target, &arguments.choice)?;
    let mut builder = Lan::builder()
        .interfaces(target.interfaces.clone())
        .families(&[target.family()]);
    if let Some(hops) = arguments.hops {
        builder = builder.hops(hops);
    }
    let mut lan = builder.build().map_err(Failure::of_opening)?;
    for failure in lan.failures() {
        complain(failure);
    }
    let mut is_fine = lan.failures().is_empty();
    let waker = lan.waker()?;
    let mut source = Source::new(&arguments.payload, arguments.sequence, waker.clone())?;
    let stop = Stop::on_signals(move || drop(waker.wake())).map_err(Failure::Signals)?;
    let mut streams = Streams::new(target, arguments.port);
    streams.plan(&lan);

    let (count, mut pace) = plan(arguments);
    let end = arguments
        .time
        .and_then(|time| Instant::now().checked_add(time));
    let mut progress = Progress::new(output);
    let mut next_progress = Instant::now() + PROGRESS;
    let mut next_look = Instant::now() + LOOK;
    let mut issued = 0;
    while issued < count && !stop.is_told() {
        let now = Instant::now();
        if end.is_some_and(|end| now >= end) {
            break;
        }
        let due = pace.due(now).min(count - issued);
        let mut sent = 0;
        if due > 0 {
            let Some(payload) = source.next(&mut lan, &stop, &mut streams)? else {
                break;
            };
            sent = streams.send(&lan, payload, due);
            pace.took(sent);
            issued += sent;
        }
        if now >= next_progress {
            next_progress = now + PROGRESS;
            progress.show(streams.in_short());
        }
        let mut wait = Duration::ZERO;
        if sent == due && issued < count {
            wait = pace.wait(Instant::now());
        }
        let left = end.map(|end| end.saturating_duration_since(now));
        let left = left.into_iter().chain([next_progress - now]).min();
        wait = left.map_or(wait, |left| wait.min(left));
        if wait > SHORT || now >= next_look {
            // The system prolongs a wait to whole milliseconds.
            let wait = wait.saturating_sub(SHORT);
            next_look = now + LOOK;
            is_fine &= follow(&mut lan, wait, &mut streams, &mut progress, output)?;
        } else if !wait.is_zero() {
            thread::sleep(wait);
        }
    }
    progress.clear();
    is_fine &= streams.tell(&lan, output)?;
    Ok(Outcome::fine_if(is_fine))
}

/// How many, and how fast.
fn plan(arguments: &Arguments) -> (u64, Pace) {
    let is_repeated = arguments.rate.is_some()
        || arguments.interval.is_some()
        || arguments.time.is_some()
        || arguments.payload.stdin;
    let count = arguments
        .count
        .unwrap_or(if is_repeated { u64::MAX } else { 1 });
    let rate = match (arguments.rate, arguments.interval) {
        (Some(rate), _) => rate,
        (None, Some(interval)) => Rate::PerSecond(interval.as_secs_f64().recip()),
        (None, None) if arguments.payload.stdin => Rate::Highest, // as the lines come
        (None, None) => Rate::PerSecond(1.0),
    };
    (count, Pace::new(rate, Instant::now()))
}

/// Waits, and follows what becomes of the interfaces; whether all is well.
fn follow(
    lan: &mut Lan,
    wait: Duration,
    streams: &mut Streams,
    progress: &mut Progress,
    output: &mut Output,
) -> Result<bool, Failure> {
    let (mut said, mut has_changed, mut is_fine) = (Ok(()), false, true);
    lan.poll(Some(wait), |event| match event {
        Event::Datagram(_) | Event::Dropped { .. } => {} // nobody asked for them
        event => {
            has_changed = true;
            is_fine &= !matches!(event, Event::Failed { .. });
            progress.clear();
            if said.is_ok() {
                said = news::tell(&event, output);
            }
        }
    })?;
    said?;
    if has_changed {
        streams.plan(lan);
        output.flush()?;
    }
    Ok(is_fine)
}

/// How often progress is shown.
const PROGRESS: Duration = Duration::from_millis(500);
/// How often to look what has become of the interfaces, if there is no time to wait.
const LOOK: Duration = Duration::from_millis(20);
/// Below that it does not pay to wait for events.
const SHORT: Duration = Duration::from_millis(2);
