//! `cargo run --example broadcast_listen -- --port 2222`
//!
//! Prints every broadcast and unicast that arrives on a port, on every interface
//! of the LAN, or on those named.

use std::process::ExitCode;

use clap::Parser;
use ifcast::{Error, Event, Family, Lan, Selector, Sharing};

/// Listens for broadcasts on each interface.
#[derive(Parser)]
struct Arguments {
    /// The UDP port to listen on.
    #[arg(long)]
    port: u16,
    /// Where: `lan`, `all`, an index, an address, a subnet, a name or a pattern
    /// such as `en*`.
    #[arg(long, default_value = "lan")]
    interface: Selector,
    /// Stop after so many datagrams.
    #[arg(long)]
    count: Option<usize>,
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
        .port(arguments.port)
        .sharing(Sharing::WithOthers)
        .build()?;
    for failure in lan.failures() {
        eprintln!("{failure}");
    }
    for socket in lan.sockets() {
        println!("listening on {}, port {}", socket.scope(), socket.port());
    }
    let mut left = arguments.count.unwrap_or(usize::MAX);
    while left > 0 {
        let heard = lan.poll(None, |event| match event {
            Event::Datagram(datagram) => println!(
                "{} from {}: {} on {}: {}",
                datagram.cast(),
                datagram.source(),
                datagram.destination(),
                datagram.interface(),
                datagram.payload().escape_ascii(),
            ),
            Event::Dropped { scope, count } => eprintln!("{scope}: {count} lost"),
            Event::Failed { scope, error } => eprintln!("{scope}: {error}"),
            _ => {}
        })?;
        left = left.saturating_sub(heard);
    }
    Ok(ExitCode::SUCCESS)
}
