//! `ifcast interfaces`

use std::fmt::Display;

use comfy_table::Table;
use ifcast::Interface;
use ifcast::interfaces::{AssignedAddress, Enumerator, Verdict};
use serde_json::{Value, json};

use crate::arguments::Choice;
use crate::commands::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::{record, text};

/// List interfaces: what they are, their addresses, and the groups joined on them.
///
/// Those that are chosen: without `--interface`, those of the LAN.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// Also those that are not chosen.
    #[arg(long, short)]
    all: bool,
    /// Say of each interface why it is chosen or not.
    #[arg(long, short)]
    explain: bool,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome, Failure> {
    let snapshot = Enumerator::new()?.groups(true).capture()?;
    let selector = arguments.choice.selector();
    let are_all_shown = arguments.all || arguments.explain;
    let mut table = if arguments.explain {
        text::table(["index", "name", "kind", "state", "addresses", "chosen"], 9)
    } else {
        text::table(HEADER, 9)
    };
    let mut has_any = false;
    for (interface, verdict) in snapshot.explain(&selector) {
        has_any |= verdict.is_chosen();
        if !are_all_shown && !verdict.is_chosen() {
            continue;
        }
        if output.is_json() {
            output.result("", || record(interface, verdict))?;
        } else {
            add_row(&mut table, interface, verdict, arguments.explain);
        }
    }
    if !output.is_json() && !table.is_empty() {
        output.result(text::lines(&table), || Value::Null)?;
    }
    if !has_any {
        output.flush()?;
        let error = ifcast::Error::NoInterface { selector };
        return Err(Failure::of_opening(error));
    }
    Ok(Outcome::Fine)
}

const HEADER: [&str; 8] = [
    "index",
    "name",
    "kind",
    "state",
    "MTU",
    "addresses",
    "broadcast",
    "groups",
];

fn add_row(table: &mut Table, interface: &Interface, verdict: Verdict<'_>, explain: bool) {
    let mut row = vec![
        interface.index().to_string(),
        interface.name().to_string(),
        kind(interface),
        state(interface),
    ];
    let addresses = interface.addresses();
    let addresses: Vec<_> = addresses.map(|address| address.to_string()).collect();
    if explain {
        row.extend([addresses.join("\n"), verdict.to_string()]);
    } else {
        let broadcasts = interface.ipv4().iter().map(|own| {
            let broadcast = own.broadcast();
            or_dash(broadcast.map(|broadcast| broadcast.address()))
        });
        let broadcasts: Vec<_> = broadcasts.collect();
        let groups = interface.groups().unwrap_or_default().iter();
        let groups: Vec<_> = groups.map(ToString::to_string).collect();
        row.extend([
            or_dash(interface.mtu()),
            addresses.join("\n"),
            broadcasts.join("\n"),
            groups.join("\n"),
        ]);
    }
    table.add_row(row);
}

fn kind(interface: &Interface) -> String {
    match interface.link_kind() {
        Some(link_kind) => format!("{} ({link_kind})", interface.kind()),
        None => interface.kind().to_string(),
    }
}

/// What keeps it from passing packets, or that nothing does.
fn state(interface: &Interface) -> String {
    if interface.is_operational() {
        "up".to_owned()
    } else if !interface.flags().is_up() {
        "down".to_owned()
    } else if interface.carrier() == Some(false) {
        "no carrier".to_owned()
    } else {
        or_dash(interface.operational_state())
    }
}

fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn record(interface: &Interface, verdict: Verdict<'_>) -> Value {
    let names = interface.alternative_names();
    json!({
        "type": "interface",
        "interface": record::interface(interface.id()),
        "alternative_names": names.map(|name| name.to_string()).collect::<Vec<_>>(),
        "kind": interface.kind().to_string(),
        "link_kind": interface.link_kind().map(|kind| kind.to_string()),
        "up": interface.flags().is_up(),
        "carrier": interface.carrier(),
        "operational": interface.is_operational(),
        "state": state(interface),
        "mtu": interface.mtu(),
        "hardware_address": interface.hardware_address().map(|address| address.to_string()),
        "master": interface.master().map(|master| master.get()),
        "addresses": interface.addresses().map(address).collect::<Vec<_>>(),
        "groups": interface.groups().map(|groups| {
            groups.iter().map(ToString::to_string).collect::<Vec<_>>()
        }),
        "chosen": verdict.is_chosen(),
        "why": verdict.reason().to_string(),
    })
}

fn address(address: AssignedAddress<'_>) -> Value {
    match address {
        AssignedAddress::V4(own) => json!({
            "address": own.address().to_string(),
            "prefix_length": own.prefix_len(),
            "broadcast": own.broadcast().map(|broadcast| broadcast.address().to_string()),
        }),
        AssignedAddress::V6(own) => json!({
            "address": own.address().to_string(),
            "prefix_length": own.prefix_len(),
            "broadcast": null,
        }),
    }
}
