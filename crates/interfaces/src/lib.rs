//! What network interfaces are there, what are they, can they broadcast or
//! multicast, and what changes?
//!
//! One [`Snapshot`] holds every interface of the calling thread's network
//! namespace at one moment: index, name, flags, [`Kind`], MTU, hardware address,
//! IPv4 and IPv6 addresses. A [`Selector`] chooses among them by what they are,
//! and [`Snapshot::explain`] says why. An [`Enumerator`] asks again and again, and
//! a [`Watcher`] follows what changes. This crate opens no socket that sends, and
//! never guesses: what the system does not tell is `None`.
//!
//! ```
//! use ifcast_interfaces::{Selector, Snapshot};
//!
//! let snapshot = Snapshot::capture()?;
//! for interface in snapshot.select(Selector::lan()) {
//!     println!("{} is {}", interface.id(), interface.kind());
//!     for address in interface.ipv4() {
//!         println!("  {address} broadcast {:?}", address.broadcast());
//!     }
//! }
//! # Ok::<(), ifcast_interfaces::Error>(())
//! ```
//!
//! # Platform
//! - Linux, Android: rtnetlink; where that is refused, as to apps on Android,
//!   `getifaddrs(3)`, which knows less and lists fewer interfaces.
//! - macOS, iOS, tvOS, watchOS, visionOS: `getifaddrs(3)`, and the kernel's answers
//!   about kind, carrier and the state of IPv6 addresses.
//! - FreeBSD, NetBSD, OpenBSD, DragonFly: `getifaddrs(3)` alone, which knows neither
//!   Wi-Fi nor carriers nor the state of IPv6 addresses.
//! - illumos: `getifaddrs(3SOCKET)` alone, which knows only what is up and has an
//!   address, and neither hardware addresses nor MTUs.
//! - Elsewhere: does not compile.

mod address_record;
mod address_state;
mod assigned_address;
mod enumerator;
mod error;
mod flags;
mod hardware;
mod holdings;
mod id;
mod interface;
mod ipv4;
mod ipv6;
mod kind;
mod link;
mod link_kind;
mod name;
mod once;
mod operational_state;
mod route;
mod selection;
mod snapshot;
mod sys;
mod table;
mod usable;
mod watching;

pub use crate::address_state::AddressState;
pub use crate::assigned_address::AssignedAddress;
pub use crate::enumerator::Enumerator;
pub use crate::error::Error;
pub use crate::flags::Flags;
pub use crate::hardware::HardwareAddress;
pub use crate::id::{Generation, InterfaceId, InterfaceIndex};
pub use crate::interface::Interface;
pub use crate::ipv4::{AssignedIpv4, Broadcast, BroadcastOrigin};
pub use crate::ipv6::{AssignedIpv6, Scope};
pub use crate::kind::{Kind, KindSource};
pub use crate::link_kind::LinkKind;
pub use crate::name::{AlternativeName, InterfaceName, InvalidName};
pub use crate::operational_state::OperationalState;
pub use crate::route::Route;
pub use crate::selection::{
    Criterion, InvalidSelector, InvalidSubnet, Reason, Selector, Subnet, Verdict,
};
pub use crate::snapshot::Snapshot;
pub use crate::usable::Unusable;
pub use crate::watching::{Change, Difference, Watcher, WatcherBuilder};

#[cfg(fuzzing)]
#[doc(hidden)]
pub use crate::sys::fuzzing;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
