//! `ifcast watch`

use std::time::{Duration, Instant, SystemTime};

use ifcast::interfaces::{Change, Difference, Watcher};
use jiff::tz::TimeZone;
use mio::{Events, Interest, Poll, Token, Waker};
use serde_json::{Value, json};

use crate::arguments;
use crate::commands::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::record;
use crate::stop::Stop;
use crate::text::TimeOfDay;

/// Tell what changes of the interfaces, as it happens.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Also which groups are joined and left.
    #[arg(long)]
    groups: bool,
    /// End after so many changes.
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    /// End after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = arguments::duration)]
    time: Option<Duration>,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome, Failure> {
    let mut poll = Poll::new().map_err(Failure::Wait)?;
    let waker = Waker::new(poll.registry(), WAKER).map_err(Failure::Wait)?;
    let stop = Stop::on_signals(move || drop(waker.wake())).map_err(Failure::Signals)?;
    let mut watcher = Watcher::builder().groups(arguments.groups).build()?;
    let registry = poll.registry();
    let registered = registry.register(&mut watcher, WATCHER, Interest::READABLE);
    registered.map_err(Failure::Wait)?;
    if arguments.groups && !watcher.follows_groups() {
        output.note(
            "this system does not tell when groups are joined or left",
            || json!({ "type": "note", "text": "groups are not followed" }),
        )?;
    }
    let count = watcher.snapshot().interfaces().len();
    output.note(
        format_args!("watching {count} interfaces"),
        || json!({ "type": "watching", "interfaces": count }),
    )?;
    output.flush()?;

    let zone = TimeZone::system();
    let end = arguments
        .time
        .and_then(|time| Instant::now().checked_add(time));
    let mut left = arguments.count.unwrap_or(u64::MAX);
    let mut events = Events::with_capacity(2);
    while left > 0 && !stop.is_told() && end.is_none_or(|end| Instant::now() < end) {
        let until = [watcher.next_deadline(), end].into_iter().flatten().min();
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        match poll.poll(&mut events, timeout) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(Failure::Wait(error));
            }
            _ => {}
        }
        let mut said = Ok(());
        watcher.drain(|change| {
            if left > 0 && said.is_ok() {
                left -= 1;
                let at = SystemTime::now();
                let time = TimeOfDay { at, zone: &zone };
                said = output.result(format_args!("{time} {change}"), || record(at, change));
            }
        })?;
        said?;
        output.flush()?;
    }
    let has_come = arguments.count.is_none() || left == 0 || stop.is_told();
    Ok(Outcome::fine_if(has_come))
}

const WATCHER: Token = Token(0);
const WAKER: Token = Token(1);

fn record(at: SystemTime, change: Change<'_>) -> Value {
    let what = match change {
        Change::Added(_) => "added",
        Change::Removed(_) => "removed",
        Change::Modified { difference, .. } => name(difference),
        Change::Resynced => "resynced",
        _ => "other",
    };
    json!({
        "type": "change",
        "time": record::time(at),
        "interface": change.interface().map(|interface| record::interface(interface.id())),
        "what": what,
        "text": change.to_string(),
    })
}

/// What a difference is called in records.
const fn name(difference: Difference<'_>) -> &'static str {
    match difference {
        Difference::Name { .. } => "name",
        Difference::AlternativeNames => "alternative_names",
        Difference::Up => "up",
        Difference::Down => "down",
        Difference::Carrier { .. } => "carrier",
        Difference::OperationalState { .. } => "operational_state",
        Difference::Flapped { .. } => "flapped",
        Difference::Flags { .. } => "flags",
        Difference::Kind { .. } => "kind",
        Difference::Mtu { .. } => "mtu",
        Difference::MtuDipped { .. } => "mtu_dipped",
        Difference::HardwareAddress { .. } => "hardware_address",
        Difference::Master { .. } => "master",
        Difference::Lower { .. } => "lower",
        Difference::AddressAdded(_) => "address_added",
        Difference::AddressRemoved(_) => "address_removed",
        Difference::AddressChanged { .. } => "address_changed",
        Difference::GroupJoined(_) => "group_joined",
        Difference::GroupLeft(_) => "group_left",
        _ => "other",
    }
}
