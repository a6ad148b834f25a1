//! Everything that depends on the system, and all unsafe code.
//!
//! A platform file provides:
//! - `SYSTEM: System`: whose errors they are;
//! - `pin(&Socket, &Interface, Family, Pinning) -> io::Result<Pinning>`: ties a
//!   socket to an interface before it is bound, and says which way it took;
//!   [`io::ErrorKind::Unsupported`] where there is no such way;
//! - `DEVICE_OWNS_PORT: bool`: whether sockets tied to different interfaces can
//!   share a port without further ado;
//! - `share_port(&Socket) -> io::Result<()>`: lets other sockets bind the port;
//! - `configure(&Socket, Family, fragments: bool) -> Result<(), (option, io::Error)>`:
//!   packet info on receive, no others' groups, fragments or not;
//! - `receive_all_groups(&Socket, Family, on: bool) -> Result<(), (option, io::Error)>`:
//!   others' groups too, or not;
//! - `receive_metadata(&Socket, Family, Metadata) -> Result<(), (option, io::Error)>`:
//!   more on receive;
//! - `coalesce(&Socket) -> io::Result<()>`: several datagrams may come as one
//!   message; [`io::ErrorKind::Unsupported`] where they never do;
//! - `receive_buffer_of(asked: usize) -> usize`: the size that the kernel tells of a
//!   receive buffer if it granted what was asked;
//! - `packet_charge(Family, payload: usize) -> usize`: how much of a receive buffer
//!   a packet takes;
//! - `kernel_drops(BorrowedFd) -> io::Result<u32>`: how many datagrams the kernel
//!   dropped, which wraps; [`io::ErrorKind::Unsupported`] where it does not say;
//! - `receive(BorrowedFd, *mut Header, usize) -> io::Result<(usize, bool)>` and
//!   `Header`: a batch of datagrams, and whether none is left;
//! - `send(BorrowedFd, *mut Header, usize) -> io::Result<usize>`: a batch of
//!   messages, and how many of them went;
//! - `SEGMENT: Option<(level, type)>`: the control message by which the kernel
//!   splits a message into datagrams, if it can;
//! - `splits(&Socket) -> bool`: whether this kernel does so;
//! - `address_head(family, len) -> [u8; 2]`: how a socket address begins;
//! - `CONTROL: Constants`: layout, levels and types of control messages.

#![allow(unsafe_code, reason = "the only place for it in this crate")]

mod address;
pub(crate) mod control;
mod len;
pub(crate) mod messages;
mod option;
pub(crate) mod outgoing;
pub(crate) mod send;
mod slab;

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod platform;

#[cfg(target_vendor = "apple")]
#[path = "apple.rs"]
mod platform;

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
compile_error!("ifcast-socket does not know this system yet: see PLATFORM.md");

// What only decodes is tested everywhere.
#[cfg(any(test, fuzzing))]
mod gather;

// What moves datagrams; a test on Linux can have it fail.
#[cfg(all(test, target_os = "linux"))]
mod faults;
#[cfg(all(test, target_os = "linux"))]
use self::faults as calls;
#[cfg(not(all(test, target_os = "linux")))]
use libc as calls;

#[cfg(fuzzing)]
pub use self::control::fuzzing;
pub(crate) use self::option::set_traffic_class;
pub(crate) use self::platform::{
    DEVICE_OWNS_PORT, SEGMENT, SYSTEM, coalesce, configure, kernel_drops, packet_charge, pin,
    receive_all_groups, receive_buffer_of, receive_metadata, share_port, splits,
};
