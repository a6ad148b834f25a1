//! A snapshot says of interfaces what the kernel knows, whatever is done to them.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod addresses;
mod churn;
mod everything;
mod explain;
mod groups;
mod identity;
mod kinds;
mod links;
mod lookup;
mod names;
mod owners;
mod portable;
mod routes;
mod selection;
mod states;

use std::io::{Write, stderr};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use ifcast::interfaces::{Enumerator, Error, InterfaceIndex, InterfaceName};
use ifcast::{Interface, Snapshot};
use ifcast_netlab::{Host, Lab, Nic};

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Both ways of asking.
const WAYS: [fn() -> Result<Enumerator, Error>; 2] = [Enumerator::new, Enumerator::portable];

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

/// The interface as soon as the kernel, which takes its time for carriers, has
/// made `condition` true.
#[track_caller]
fn when(host: &Host, name: &str, condition: impl Fn(&Interface) -> bool) -> Interface {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let interface = named(host, name);
        if condition(&interface) {
            return interface;
        }
        assert!(Instant::now() < deadline, "{interface:?}");
    }
}

/// Looks at a host while nothing changes there, joined groups included; returns
/// what was there and what was seen.
#[track_caller]
fn undisturbed<R: Send>(host: &Host, look: impl Fn() -> R + Sync) -> (Snapshot, R) {
    let with_groups = || Enumerator::new().unwrap().groups(true).capture().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let before = host.run(with_groups);
        let (there, seen) = (snapshot(host), host.run(&look));
        if host.run(with_groups).interfaces() == before.interfaces() {
            return (there, seen);
        }
        assert!(Instant::now() < deadline, "{before:?}");
    }
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
