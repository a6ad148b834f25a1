//! A snapshot says of interfaces what the kernel knows, whatever is done to them.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod addresses;
mod churn;
mod identity;
mod links;
mod owners;
mod selection;

use std::io::{Write, stderr};
use std::net::Ipv4Addr;

use ifcast::interfaces::{InterfaceIndex, InterfaceName};
use ifcast::{Interface, Snapshot};
use ifcast_netlab::{Host, Lab, Nic};

/// A host with one network card, plugged in.
fn host_with_card(addresses: &[&str]) -> (Host, Nic) {
    let lab = Lab::new();
    let host = lab.host("host");
    let nic = lab.segment().attach(&host, "lan0", addresses);
    (host, nic)
}

/// What the host sees now.
fn snapshot(host: &Host) -> Snapshot {
    host.run(|| Snapshot::capture().unwrap())
}

/// The interface of the host with this name.
#[track_caller]
fn named(host: &Host, called: &str) -> Interface {
    snapshot(host).by_name(name(called)).cloned().unwrap()
}

fn names<'a>(interfaces: impl IntoIterator<Item = &'a Interface>) -> Vec<String> {
    let names = interfaces.into_iter().map(Interface::name);
    names.map(|name| name.to_string()).collect()
}

/// The one address that is listed.
#[track_caller]
fn only<T: Clone + std::fmt::Debug>(addresses: &[T]) -> T {
    assert_eq!(addresses.len(), 1, "{addresses:?}");
    addresses[0].clone()
}

fn name(name: &str) -> InterfaceName {
    name.parse().unwrap()
}

fn index(index: u32) -> InterfaceIndex {
    InterfaceIndex::new(index).unwrap()
}

/// Makes a tunnel, or says aloud that what it would show goes untested.
fn tunnel(host: &Host, name: &str, local: Ipv4Addr, peer: Ipv4Addr) -> Option<u32> {
    let refused = match host.try_add_tun(name, local, peer) {
        Ok(index) => return Some(index),
        Err(error) => error,
    };
    // Unlike `eprintln`, this shows although the test passes.
    let _ = writeln!(stderr(), "NOT TESTED, for want of a tunnel: {refused}");
    None
}
