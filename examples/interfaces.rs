//! `cargo run --example interfaces`
//!
//! Lists all interfaces, what they are, and whether a program for a LAN would
//! use them, and why.

use std::fmt::Display;
use std::process::ExitCode;

use clap::Parser;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use ifcast::{Interface, Selector, Snapshot};

/// Lists network interfaces.
#[derive(Parser)]
struct Arguments {
    /// Which to explain: `lan`, `all`, an index, an address, a subnet, a name or
    /// a pattern such as `en*`.
    #[arg(long, default_value = "lan")]
    interface: Selector,
}

fn main() -> ExitCode {
    run(&Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: &Arguments) -> Result<ExitCode, ifcast::interfaces::Error> {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header([
        "index",
        "name",
        "kind",
        "mtu",
        "state",
        "addresses",
        "chosen",
    ]);
    for (interface, verdict) in Snapshot::capture()?.explain(&arguments.interface) {
        table.add_row([
            interface.index().to_string(),
            interface.name().to_string(),
            kind(interface),
            or_unknown(interface.mtu()),
            or_unknown(interface.operational_state()),
            addresses(interface).join("\n"),
            verdict.to_string(),
        ]);
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

fn kind(interface: &Interface) -> String {
    match interface.link_kind() {
        Some(link_kind) => format!("{} ({link_kind})", interface.kind()),
        None => interface.kind().to_string(),
    }
}

fn addresses(interface: &Interface) -> Vec<String> {
    let addresses = interface.addresses();
    addresses.map(|address| address.to_string()).collect()
}

fn or_unknown(value: Option<impl Display>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}
