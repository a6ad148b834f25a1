//! UDP multicast groups on the interface you name.
//!
//! A [`MulticastSocket`] belongs to one interface and one family. It joins
//! groups there by the interface's index, which stays when addresses change,
//! sends to groups there, and receives of multicasts only those of groups that it
//! has joined itself: not what other programs on this host have asked for, and not
//! what arrives on other interfaces. Unicasts and broadcasts to its port arrive too.
//! A [`SharedMulticastSocket`] does the same on many interfaces at once.
//!
//! A membership is any-source, for whatever is sent to a group, or source-specific,
//! with one [`SourceFilter`] on IPv4 and IPv6; its [`State`] says whether it is in
//! force.
//!
//! ```no_run
//! use ifcast_interfaces::{Selector, Snapshot};
//! use ifcast_multicast::{Family, Group, MulticastSocket};
//!
//! let group: Group = "239.255.7.7".parse()?;
//! let snapshot = Snapshot::capture()?;
//! for interface in snapshot.select(Selector::lan()) {
//!     let mut socket = MulticastSocket::bind(interface, Family::V4, 2222)?;
//!     socket.join(group)?;
//!     println!("listening to {group} on {}", interface.id());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod group;
mod holders;
mod keeper;
mod membership;
mod memberships;
mod request;
mod send;
mod shared;
mod socket;
mod source_filter;
mod sys;
mod transition;

pub use ifcast_socket::{Class, Family};

pub use crate::error::Error;
pub use crate::group::{Group, GroupScope, NotAGroup};
pub use crate::membership::{Loss, Membership, State};
pub use crate::send::send;
pub use crate::shared::SharedMulticastSocket;
pub use crate::socket::MulticastSocket;
pub use crate::source_filter::SourceFilter;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
