//! Everything that depends on the system, and all unsafe code.
//!
//! A platform file provides:
//! - `SYSTEM: System`: whose errors they are;
//! - `pin(&Socket, &Interface, Family, Pinning) -> Result<Pinning, Refusal>`: ties a
//!   socket to an interface before it is bound, and says which way it took;
//! - `DEVICE_OWNS_PORT: bool`: whether sockets tied to different interfaces can
//!   share a port without further ado;
//! - `must_be_told(Family, is_pinned: bool) -> bool`: whether the interface that a
//!   datagram leaves by has to be told with it;
//! - `steer(&Interface, is_pinned: bool, IpAddr) -> Result<(), Refusal>`: refuses a
//!   destination to which the system might send by another interface, whatever it is
//!   told;
//! - `share_port(&Socket) -> io::Result<()>`: lets other sockets bind the port;
//! - `configure(&Socket, Family, fragments: bool) -> Result<(), (option, io::Error)>`:
//!   packet info on receive, no others' groups, fragments or not;
//! - `refuses_fragments(Family) -> bool`: whether the system then refuses what is too
//!   long for one packet;
//! - `receive_all_groups(&Socket, Family, on: bool) -> Result<(), (option, io::Error)>`:
//!   others' groups too, or not;
//! - `receive_metadata(&Socket, Family, Metadata) -> Result<(), (option, io::Error)>`:
//!   more on receive; `IPV4_HEADER` and `IPV6_HEADER`, of type `HeaderOptions`, are
//!   what has the system say what is in the IP header;
//! - `BROADCAST_HOPS: Option<option>`: what limits the hops of IPv4 broadcasts, unless
//!   `IP_TTL` or `IP_MULTICAST_TTL` does; a byte;
//! - `MulticastNumber`: the C type of `IP_MULTICAST_TTL` and `IP_MULTICAST_LOOP`;
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
//!
//! Of the BSDs, which share most of that, each file provides:
//! - `DONT_FRAGMENT: Option<(option, name)>`: what has it refuse to fragment IPv4;
//! - `set_ipv4_multicast_interface(&Socket, InterfaceIndex) -> io::Result<()>`: where
//!   IPv4 multicasts leave;
//! - `must_be_told_ipv4(is_pinned: bool) -> bool` and `steer_ipv4(&Interface,
//!   is_pinned: bool, Ipv4Addr) -> Result<(), Refusal>`, as above;
//! - `CONTROL` and `IPV4_HEADER`, as above.

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

#[cfg(any(target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"))]
#[path = "bsd/mod.rs"]
mod platform;

#[cfg(target_os = "illumos")]
#[path = "illumos.rs"]
mod platform;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "illumos"
)))]
compile_error!("ifcast-socket does not know this system yet: see PLATFORM.md");

#[cfg(target_os = "freebsd")]
#[path = "bsd/freebsd.rs"]
mod dialect;
#[cfg(target_os = "netbsd")]
#[path = "bsd/netbsd.rs"]
mod dialect;
#[cfg(target_os = "openbsd")]
#[path = "bsd/openbsd.rs"]
mod dialect;

#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd"
))]
mod berkeley;
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "illumos"
))]
mod bound;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod lacking;
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "openbsd"
))]
mod multicast_interface;

// What only decodes or decides, or can be tried with any socket, is tested everywhere.
#[cfg(any(
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    test,
    fuzzing
))]
mod gather;
#[cfg(any(not(any(target_os = "linux", target_os = "android")), test))]
mod one_by_one;
#[cfg(any(target_os = "freebsd", target_os = "openbsd", test))]
mod routed;

use std::io;

// What moves datagrams; a test on Linux can have it fail.
#[cfg(all(test, target_os = "linux"))]
mod faults;
#[cfg(all(test, target_os = "linux"))]
use self::faults as calls;
#[cfg(not(all(test, target_os = "linux")))]
use libc as calls;

#[cfg(fuzzing)]
pub use self::control::fuzzing;
pub(crate) use self::option::{
    Ipv4Multicast, set_broadcast_hops, set_ipv4_multicast, set_traffic_class,
};
pub(crate) use self::platform::{
    DEVICE_OWNS_PORT, SEGMENT, SYSTEM, coalesce, configure, kernel_drops, must_be_told,
    packet_charge, pin, receive_all_groups, receive_buffer_of, receive_metadata, refuses_fragments,
    share_port, splits, steer,
};

/// Why a system does not do what is asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is not made for that.
    #[cfg_attr(
        all(not(test), any(target_os = "linux", target_os = "android")),
        expect(dead_code, reason = "Linux can do everything")
    )]
    Cannot {
        /// What was asked for, as one asks for it.
        what: &'static str,
        /// What is so instead, and what else one could ask for.
        why: &'static str,
    },
    /// It could, but this time it failed.
    Failed(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}
