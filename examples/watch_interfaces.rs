//! `cargo run --example watch_interfaces`
//!
//! Says what changes: pull out a cable, switch Wi-Fi off, start a VPN.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use ifcast::interfaces::Watcher;
use mio::{Events, Interest, Poll, Token};

/// Watches network interfaces.
#[derive(Parser)]
struct Arguments {
    /// How long, in seconds; without this, until interrupted.
    #[arg(long)]
    seconds: Option<u64>,
    /// Whether joined multicast groups are watched too.
    #[arg(long)]
    groups: bool,
}

fn main() -> ExitCode {
    run(&Arguments::parse()).map_or_else(
        |error| {
            eprintln!("{error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let end = arguments
        .seconds
        .map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut watcher = Watcher::builder().groups(arguments.groups).build()?;
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut watcher, Token(0), Interest::READABLE)?;
    let mut events = Events::with_capacity(1);

    let interfaces = watcher.snapshot().interfaces();
    println!("watching {} interfaces", interfaces.len());
    while end.is_none_or(|end| Instant::now() < end) {
        let until = [watcher.next_deadline(), end].into_iter().flatten().min();
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        poll.poll(&mut events, timeout)?;
        watcher.drain(|change| println!("{change}"))?;
    }
    Ok(())
}
