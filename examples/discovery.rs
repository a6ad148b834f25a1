//! `cargo run --example discovery -- --name kitchen`
//!
//! Finds everybody on the LAN who runs this too: says who it is on every interface, and
//! again when one joins; answers those who say who they are; and prints who comes and
//! who goes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use ifcast::{Error, Event, Family, InterfaceId, Lan, Selector, Sharing, To};

/// Finds others on the LAN.
#[derive(Parser)]
struct Arguments {
    /// Who this is; unlike the others.
    #[arg(long)]
    name: String,
    /// The UDP port of everybody.
    #[arg(long, default_value_t = 2222)]
    port: u16,
    /// Where: `lan`, `all`, an index, an address, a subnet, a name or a pattern
    /// such as `en*`.
    #[arg(long, default_value = "lan")]
    interface: Selector,
    /// Seconds from one announcement to the next; who is silent for three is gone.
    #[arg(long, default_value_t = 5.0)]
    interval: f64,
    /// Stop when so many are there.
    #[arg(long)]
    count: Option<usize>,
}

/// Who is there, on which interface, and when that was last heard.
type Neighbours = BTreeMap<(String, SocketAddr), (InterfaceId, Instant)>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run(&arguments).map_or_else(
        |error| {
            eprintln!("{error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut lan = Lan::builder()
        .interfaces(arguments.interface.clone())
        .families(&[Family::V4])
        .port(arguments.port)
        .sharing(Sharing::WithOthers)
        .build()?;
    let (hello, here) = (
        format!("hello {}", arguments.name),
        format!("here {}", arguments.name),
    );
    let interval = Duration::from_secs_f64(arguments.interval.clamp(0.1, 3600.0));
    let mut neighbours = Neighbours::new();
    let mut next = Instant::now();
    while arguments.count.is_none_or(|count| neighbours.len() < count) {
        let now = Instant::now();
        if next <= now {
            lan.send(hello.as_bytes(), To::AllHosts);
            next = now + interval;
        }
        lan.poll(Some(next - now), |event| match event {
            Event::Datagram(heard) => {
                let said = String::from_utf8_lossy(heard.payload());
                let Some((word @ ("hello" | "here"), name)) = said.split_once(' ') else {
                    return; // somebody else's
                };
                if name == arguments.name {
                    return; // own broadcasts come back
                }
                let who = (name.escape_debug().to_string(), heard.source());
                let seen = (heard.interface(), Instant::now());
                if neighbours.insert(who.clone(), seen).is_none() {
                    println!("+ {} at {} on {}", who.0, who.1, seen.0.name());
                }
                if word == "hello" {
                    if let Err(error) = heard.reply(here.as_bytes()) {
                        eprintln!("{error}");
                    }
                }
            }
            Event::InterfaceJoined { .. } => next = Instant::now(),
            other => eprintln!("{other:?}"),
        })?;
        neighbours.retain(|(name, address), (interface, seen)| {
            let is_there = seen.elapsed() < 3 * interval;
            if !is_there {
                println!("- {name} at {address} on {}", interface.name());
            }
            is_there
        });
    }
    Ok(())
}
