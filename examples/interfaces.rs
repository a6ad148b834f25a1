//! `cargo run --example interfaces`
//!
//! Lists all interfaces, what they are, and whether they can broadcast and
//! multicast.

use std::process::ExitCode;

use clap::Parser;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use ifcast::{Interface, Selector, Snapshot};

/// Lists network interfaces.
#[derive(Parser)]
struct Arguments {
    /// Which: `all`, `lan`, a name or an index.
    #[arg(long, default_value = "all")]
    interface: Selector,
}

fn main() -> ExitCode {
    run(Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: Arguments) -> Result<ExitCode, ifcast::interfaces::Error> {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header([
        "index",
        "name",
        "kind",
        "mtu",
        "addresses",
        "broadcast",
        "multicast",
    ]);
    for interface in Snapshot::capture()?.select(arguments.interface) {
        table.add_row([
            interface.index().to_string(),
            interface.name().to_string(),
            interface.kind().to_string(),
            interface
                .mtu()
                .map_or("?".to_owned(), |mtu| mtu.to_string()),
            addresses(interface).join("\n"),
            verdict(interface.usable_for_broadcast()),
            verdict(interface.usable_for_multicast()),
        ]);
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

fn addresses(interface: &Interface) -> Vec<String> {
    let v4 = interface.ipv4().iter().map(ToString::to_string);
    let v6 = interface.ipv6().iter().map(ToString::to_string);
    v4.chain(v6).collect()
}

fn verdict(usable: Result<(), ifcast::interfaces::Unusable>) -> String {
    usable.map_or_else(|why| format!("no: {why}"), |()| "yes".to_owned())
}
