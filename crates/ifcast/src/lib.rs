//! UDP broadcast and multicast on the interfaces you mean.
//!
//! A [`Lan`] is every interface that a [`Selector`] chooses, with one socket for
//! each interface and [`Family`], behind one event loop: it receives from all of
//! them and sends by all of them, with a result for each. No datagram leaves by
//! an interface that was not chosen, and each one received says where it
//! arrived.
//!
//! ```
//! use std::time::Duration;
//!
//! use ifcast::{Event, Lan, Selector, To};
//!
//! # fn run() -> Result<(), ifcast::Error> {
//! let mut lan = Lan::builder()
//!     .interfaces(Selector::lan())
//!     .port(2222)
//!     .join("239.255.7.7".parse().expect("a group"))
//!     .build()?;
//! println!("{}", lan.send(b"who is there?", To::AllHosts));
//! loop {
//!     lan.poll(Some(Duration::from_secs(1)), |event| match event {
//!         Event::Datagram(datagram) => {
//!             println!("{} on {}", datagram.source(), datagram.interface());
//!         }
//!         Event::Failed { scope, error } => eprintln!("{scope}: {error}"),
//!         _ => {}
//!     })?;
//! }
//! # }
//! ```
//!
//! An [`EventLoop`] does the same for a set of sockets of one's own. The parts
//! are crates of their own, re-exported here: [`interfaces`], [`socket`],
//! [`broadcast`], [`multicast`].
//!
//! A [`Lan`] follows what becomes of the interfaces: it opens what appears, closes
//! what vanishes, and joins again what is lost, and says so with an [`Event`].
//!
//! # Features
//! None is on unless asked for, and none changes what there is without it.
//! - `serde`: [`Status`] can be serialised.
//! - `tokio`: `AsyncLan`, the same LAN for programs that run on tokio.
//! - `tracing`: what happens is told to `tracing`; never a payload.

#[cfg(feature = "tokio")]
mod async_lan;
mod builder;
mod dispatch;
mod error;
mod event;
mod event_loop;
mod fan_out;
mod following;
mod holdings;
mod lan;
mod lan_socket;
mod namespace;
mod reconciler;
mod screening;
#[cfg(feature = "serde")]
mod serialize;
mod status;
mod to;
mod trace;
mod waiting;
mod waker;
mod wanted;

pub use ifcast_broadcast as broadcast;
pub use ifcast_interfaces as interfaces;
pub use ifcast_multicast as multicast;
pub use ifcast_socket as socket;

pub use ifcast_interfaces::{Interface, InterfaceId, Kind, Selector, Snapshot, Subnet};
pub use ifcast_multicast::{Group, SourceFilter, State};
pub use ifcast_socket::{
    Attempt, Cast, Class, Counters, Datagram, Explained, Family, Metadata, PayloadPool, Pinning,
    RecvBatch, Scope, Sharing,
};

#[cfg(feature = "tokio")]
pub use crate::async_lan::{AsyncLan, Change, Changes, Message, Messages};
pub use crate::builder::LanBuilder;
pub use crate::error::Error;
pub use crate::event::{Event, Incoming};
pub use crate::event_loop::{EventLoop, SocketId};
pub use crate::fan_out::{FanOut, Outcome, Skip};
pub use crate::lan::Lan;
pub use crate::lan_socket::Sockets;
pub use crate::reconciler::Departure;
pub use crate::screening::{Deduplication, RateLimit, Screened};
pub use crate::status::{InterfaceStatus, MembershipStatus, SocketStatus, Status, Trouble};
pub use crate::to::{Addressed, To};
pub use crate::waiting::Waiting;
pub use crate::waker::Waker;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
