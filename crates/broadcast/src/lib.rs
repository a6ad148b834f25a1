//! Limited and directed UDP broadcast on the interface you name.
//!
//! A limited broadcast goes to 255.255.255.255, a directed one to the broadcast
//! address of each IPv4 subnet of the interface. Both leave by that interface,
//! whatever the routing table says, and from its own address. There is no
//! broadcast in IPv6; its groups are for `ifcast-multicast`.
//!
//! Own broadcasts come back: every socket on this host that is bound to the port
//! receives them, the sender included.
//!
//! ```no_run
//! use ifcast_broadcast::{BroadcastSocket, Target};
//! use ifcast_interfaces::Snapshot;
//!
//! let snapshot = Snapshot::capture()?;
//! for interface in snapshot.interfaces() {
//!     if let Err(why) = interface.usable_for_broadcast() {
//!         println!("not on {}: {why}", interface.id());
//!         continue;
//!     }
//!     let socket = BroadcastSocket::bind(interface, 2222)?;
//!     socket.send(b"who is there?", Target::Limited)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod socket;
mod target;

pub use ifcast_socket::Class;

pub use crate::error::Error;
pub use crate::socket::BroadcastSocket;
pub use crate::target::{Target, courses, send};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
