//! `cargo run --example discovery_tokio -- --name kitchen`
//!
//! Finds everybody on the LAN who runs this or `discovery`, as that does, on tokio: says
//! who it is on every interface, and again on one that joins; answers those who say who
//! they are; and prints who comes and who goes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use ifcast::{
    Addressed, AsyncLan, Change, Error, Family, InterfaceId, Lan, Message, Selector, Sharing, To,
};
use tokio::time::{self, MissedTickBehavior};

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

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run(&arguments).await.map_or_else(
        |error| {
            eprintln!("{error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

async fn run(arguments: &Arguments) -> Result<(), Error> {
    let lan = Lan::builder()
        .interfaces(arguments.interface.clone())
        .families(&[Family::V4])
        .port(arguments.port)
        .sharing(Sharing::WithOthers)
        .build_async()?;
    let interval = Duration::from_secs_f64(arguments.interval.clamp(0.1, 3600.0));
    let mut rounds = time::interval(interval); // the first is now
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut neighbours = Neighbours::new();
    while arguments.count.is_none_or(|count| neighbours.len() < count) {
        tokio::select! {
            _ = rounds.tick() => announce(&lan, &arguments.name, To::AllHosts.into()),
            heard = lan.recv() => hear(&lan, &arguments.name, &heard?, &mut neighbours),
            change = lan.next_change() => match change? {
                Change::InterfaceJoined { interface } => {
                    announce(&lan, &arguments.name, To::AllHosts.on(interface));
                }
                other => eprintln!("{other:?}"),
            },
        }
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

fn announce(lan: &AsyncLan, name: &str, to: Addressed) {
    let report = lan.send(format!("hello {name}").as_bytes(), to);
    for (interface, error) in report.failures() {
        eprintln!("{interface}: {error}");
    }
}

fn hear(lan: &AsyncLan, own_name: &str, heard: &Message, neighbours: &mut Neighbours) {
    let said = String::from_utf8_lossy(heard.payload());
    let Some((word @ ("hello" | "here"), name)) = said.split_once(' ') else {
        return; // somebody else's
    };
    if name == own_name {
        return; // own broadcasts come back
    }
    let who = (name.escape_debug().to_string(), heard.source());
    let seen = (heard.interface(), Instant::now());
    if neighbours.insert(who.clone(), seen).is_none() {
        println!("+ {} at {} on {}", who.0, who.1, seen.0.name());
    }
    if word == "hello" {
        if let Err(error) = lan.reply(heard, format!("here {own_name}").as_bytes()) {
            eprintln!("{error}");
        }
    }
}
