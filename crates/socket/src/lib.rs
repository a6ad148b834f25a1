//! One UDP socket tied to one network interface, or shared by many.
//!
//! A [`BoundSocket`] belongs to an (interface, [`Family`]) pair. It is bound to
//! the interface, not to an address, so it survives a change of address. It
//! never sends by another interface: whoever asks for that gets an error. Each
//! [`Datagram`] it receives says where it came from, what it was sent to, where
//! it arrived and as what [`Cast`]; what arrived elsewhere, or without saying
//! where, is dropped and counted in [`Counters`]. A [`SharedSocket`] does the same
//! for many interfaces at once.
//!
//! It does not join groups (`ifcast-multicast` does) and does not choose
//! interfaces (`ifcast-interfaces` does). It never blocks.
//!
//! ```no_run
//! use ifcast_interfaces::{Selector, Snapshot};
//! use ifcast_socket::{BoundSocket, Family, RecvBatch};
//!
//! let snapshot = Snapshot::capture()?;
//! for interface in snapshot.select(Selector::lan()) {
//!     let socket = BoundSocket::builder(interface, Family::V4).port(2222).bind()?;
//!     match socket.recv_batch(&mut RecvBatch::new()) {
//!         Ok(received) => {
//!             for datagram in received {
//!                 println!("{} from {}", datagram.cast(), datagram.source());
//!             }
//!         }
//!         Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
//!         Err(error) => return Err(error.into()),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Platform
//! - Linux, Android: `SO_BINDTOIFINDEX` since Linux 5.1 (without privilege since
//!   5.7), else `SO_BINDTODEVICE`, else `IP_UNICAST_IF` and `IP_MULTICAST_IF`.
//! - macOS, iOS, tvOS, watchOS, visionOS, illumos: `IP_BOUND_IF`, `IPV6_BOUND_IF`.
//! - NetBSD: `IP_PKTINFO` (since 9.0) and `IPV6_PKTINFO` with each datagram.
//! - FreeBSD, OpenBSD: `IP_MULTICAST_IF`, `IPV6_PKTINFO` with each datagram; what the
//!   system's routes would send by another interface is refused, and on FreeBSD what
//!   goes to 255.255.255.255 ([`Error::Unsupported`]).
//! - Elsewhere: does not compile.

mod attempt;
mod batch;
mod bound;
mod builder;
mod cast;
mod class;
mod counters;
mod datagram;
mod delivery;
mod diagnosis;
mod drop_watch;
mod endpoint;
mod envelope;
mod error;
mod family;
mod fan_out;
mod kernel_drops;
mod metadata;
mod packet_info;
mod payload_pool;
mod pinning;
mod receive;
mod receive_buffer;
mod send_batch;
mod sender;
mod served;
mod shared;
mod sharing;
mod source;
mod sys;

pub use crate::attempt::{Attempt, Explained};
pub use crate::batch::{Received, RecvBatch};
pub use crate::bound::BoundSocket;
pub use crate::builder::{Builder, Unbound};
pub use crate::cast::Cast;
pub use crate::class::Class;
pub use crate::counters::Counters;
pub use crate::datagram::Datagram;
pub use crate::drop_watch::{DropWatch, Taken};
pub use crate::endpoint::Endpoint;
pub use crate::envelope::{Envelope, Unwanted};
pub use crate::error::{Error, Scope};
pub use crate::family::Family;
pub use crate::fan_out::Course;
pub use crate::kernel_drops::KernelDrops;
pub use crate::metadata::Metadata;
pub use crate::packet_info::PacketInfo;
pub use crate::payload_pool::PayloadPool;
pub use crate::pinning::Pinning;
pub use crate::receive::Receive;
pub use crate::receive_buffer::ReceiveBuffer;
pub use crate::send_batch::{SendBatch, SentBatch, ToSend};
pub use crate::sender::Sender;
pub use crate::shared::SharedSocket;
pub use crate::sharing::Sharing;

#[cfg(fuzzing)]
#[doc(hidden)]
pub use crate::sys::fuzzing;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
