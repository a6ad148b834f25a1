//! `cargo run --example multicast_listen -- --group 239.255.7.7 --port 2222`
//!
//! Joins groups on every interface of the LAN, or on those named, and prints
//! what arrives there.

use std::process::ExitCode;

use clap::Parser;
use ifcast::{Error, Event, Group, Lan, Selector, Sharing};

/// Listens to multicast groups on each interface.
#[derive(Parser)]
struct Arguments {
    /// A group to join, IPv4 or IPv6; may be given several times.
    #[arg(long, required = true)]
    group: Vec<Group>,
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
    let builder = Lan::builder()
        .interfaces(arguments.interface)
        .port(arguments.port)
        .sharing(Sharing::WithOthers);
    let groups = arguments.group.into_iter();
    let mut lan = groups.fold(builder, |lan, group| lan.join(group)).build()?;
    for failure in lan.failures() {
        eprintln!("{failure}");
    }
    for socket in lan.sockets() {
        println!("listening on {}, {}", socket.scope(), socket.family());
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
