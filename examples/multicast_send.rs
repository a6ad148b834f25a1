//! `cargo run --example multicast_send -- --group 239.255.7.7 --port 2222 hello`
//!
//! Sends a line of text to a group on every interface of the LAN, or on those
//! named, and says for each what came of it.

use std::process::ExitCode;

use clap::Parser;
use ifcast::{Error, Group, Lan, Selector, To};

/// Sends to a multicast group on each interface.
#[derive(Parser)]
struct Arguments {
    /// What to send.
    text: String,
    /// The group, IPv4 or IPv6.
    #[arg(long)]
    group: Group,
    /// The UDP port to send to.
    #[arg(long)]
    port: u16,
    /// Where: `lan`, `all`, an index, an address, a subnet, a name or a pattern
    /// such as `en*`.
    #[arg(long, default_value = "lan")]
    interface: Selector,
    /// How many hops it may make; 1 stays on the link.
    #[arg(long, default_value_t = 1)]
    hops: u8,
}

fn main() -> ExitCode {
    run(Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let mut lan = Lan::builder()
        .interfaces(arguments.interface)
        .families(&[arguments.group.family()])
        .hops(arguments.hops)
        .build()?;
    for failure in lan.failures() {
        eprintln!("{failure}");
    }
    let to = To::Group(arguments.group);
    let report = lan.send(arguments.text.as_bytes(), to.port(arguments.port));
    for (interface, outcome) in report.iter() {
        println!("{interface}: {outcome}");
    }
    Ok(if report.sent() > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
