//! What network interfaces are there, what are they, and can they broadcast or multicast?
//!
//! One [`Snapshot`] holds every interface of the calling thread's network
//! namespace at one moment: index, name, flags, [`Kind`], MTU, hardware address,
//! IPv4 and IPv6 addresses. A [`Selector`] chooses among them by what they are.
//! This crate opens no socket that sends, and never guesses: what the system
//! does not tell is `None`.
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
//! - macOS, iOS, tvOS, watchOS, visionOS: `getifaddrs(3)`, kind from
//!   `SIOCGIFFUNCTIONALTYPE`.
//! - Elsewhere: does not compile.

mod address;
mod address_state;
mod assemble;
mod error;
mod flags;
mod hardware;
mod id;
mod interface;
mod kind;
mod selector;
mod snapshot;
mod sys;
mod usable;

pub use crate::address::{AssignedIpv4, AssignedIpv6, Broadcast, BroadcastOrigin, Scope};
pub use crate::address_state::AddressState;
pub use crate::error::Error;
pub use crate::flags::Flags;
pub use crate::hardware::HardwareAddress;
pub use crate::id::{InterfaceId, InterfaceIndex, InterfaceName, InvalidName};
pub use crate::interface::Interface;
pub use crate::kind::Kind;
pub use crate::selector::Selector;
pub use crate::snapshot::Snapshot;
pub use crate::usable::Unusable;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
