//! `cargo run --example broadcast_send -- --port 2222 "who is there?"`
//!
//! Broadcasts a line of text on every interface of the LAN, or on those named,
//! and says for each what came of it.

use std::process::ExitCode;

use clap::Parser;
use ifcast::{Error, Family, Lan, Selector, To};

/// Sends a broadcast on each interface.
#[derive(Parser)]
struct Arguments {
    /// What to send.
    text: String,
    /// The UDP port to send to.
    #[arg(long)]
    port: u16,
    /// Where: `lan`, `all`, an index, an address, a subnet, a name or a pattern
    /// such as `en*`.
    #[arg(long, default_value = "lan")]
    interface: Selector,
    /// To each subnet's broadcast address, not to 255.255.255.255.
    #[arg(long)]
    directed: bool,
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
        .families(&[Family::V4])
        .build()?;
    for failure in lan.failures() {
        eprintln!("{failure}");
    }
    let to = if arguments.directed {
        To::Subnets
    } else {
        To::AllHosts
    };
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
