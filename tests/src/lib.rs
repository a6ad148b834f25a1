//! What the tests on the private LAN share: how to look at an interface of a
//! host, how to listen with ifcast, how to listen with plain sockets as a
//! neutral judge, and how to run a program on a host.

#![cfg(target_os = "linux")]
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test stops where its equipment fails"
)]

mod activity;
mod ear;
mod home;
mod installed;
mod join;
mod judge;
mod ledger;
mod occupant;
mod pinnings;
mod program;
mod star;
mod wait;

use std::net::IpAddr;

use ifcast::socket::BoundSocket;
use ifcast::{Family, Interface, Snapshot};
use ifcast_netlab::Nic;

pub use crate::activity::activity;
pub use crate::ear::{Ear, Heard};
pub use crate::home::Home;
pub use crate::installed::{is_installed, skip};
pub use crate::judge::Judge;
pub use crate::ledger::{Ledger, joined, open_sockets};
pub use crate::occupant::occupy;
pub use crate::pinnings::{pinnings, tightest};
pub use crate::program::Program;
pub use crate::star::Star;
pub use crate::wait::wait_until;

/// The interface behind a network card, as its own host sees it now.
#[must_use]
pub fn interface(nic: &Nic) -> Interface {
    let index = ifcast::interfaces::InterfaceIndex::new(nic.index()).unwrap();
    nic.host()
        .run(|| Snapshot::capture().unwrap().by_index(index).cloned())
        .unwrap()
}

/// A socket on a network card, with a port of its own.
#[must_use]
pub fn socket_on(nic: &Nic, family: Family) -> BoundSocket {
    let interface = interface(nic);
    nic.host()
        .run(|| BoundSocket::builder(&interface, family).bind())
        .unwrap()
}

/// Parses an address that a test states.
#[must_use]
pub fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}
