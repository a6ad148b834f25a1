//! The membership calls of RFC 3678, section 5, and all unsafe code.
//!
//! A platform file provides:
//! - `CALLS: Calls`: the socket options, and how their values are laid out;
//! - `set_filter(BorrowedFd, interface: u32, IpAddr, Mode, &[IpAddr]) -> io::Result<()>`
//!   and `filter(BorrowedFd, interface: u32, IpAddr) -> io::Result<(Mode, Vec<IpAddr>)>`:
//!   all sources of a membership at once; [`io::ErrorKind::Unsupported`] where the system
//!   knows of none;
//! - `OTHERS_CAN_KEEP: bool`: whether a socket can receive groups that only others
//!   have joined;
//! - `MOST_OF_ITS_OWN: usize`: how many memberships a socket that also sends is to have;
//! - `tells_interfaces_apart(Family) -> bool`: whether a socket that has joined a group
//!   on two interfaces may have another filter on each;
//! - `namespace(BorrowedFd) -> Option<u64>`: which network namespace a socket is in, if
//!   there are any and the system tells.

#![allow(unsafe_code, reason = "the only place for it in this crate")]

mod option;
mod request;

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod platform;

#[cfg(target_vendor = "apple")]
#[path = "apple.rs"]
mod platform;

#[cfg(target_os = "freebsd")]
#[path = "freebsd.rs"]
mod platform;

#[cfg(target_os = "illumos")]
#[path = "illumos.rs"]
mod platform;

#[cfg(target_os = "netbsd")]
#[path = "netbsd.rs"]
mod platform;

#[cfg(target_os = "openbsd")]
#[path = "openbsd.rs"]
mod platform;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "netbsd",
    target_os = "openbsd"
)))]
compile_error!("ifcast-multicast does not know this system yet: see PLATFORM.md");

#[cfg(any(target_os = "netbsd", target_os = "openbsd"))]
mod no_sources;
#[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "illumos"))]
mod source_filters;

use std::io;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use ifcast_interfaces::InterfaceIndex;

use crate::group::Group;
use crate::source_filter::SourceFilter;

pub(crate) use self::platform::{
    MOST_OF_ITS_OWN, OTHERS_CAN_KEEP, namespace, tells_interfaces_apart,
};

/// What can be done with a membership by one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'f> {
    /// `MCAST_JOIN_GROUP`.
    Join,
    /// `MCAST_LEAVE_GROUP`.
    Leave,
    /// `MCAST_JOIN_SOURCE_GROUP`: the first source that is included, or one more.
    JoinSource(IpAddr),
    /// `MCAST_LEAVE_SOURCE_GROUP`.
    LeaveSource(IpAddr),
    /// `MCAST_BLOCK_SOURCE`.
    Block(IpAddr),
    /// `MCAST_UNBLOCK_SOURCE`.
    Unblock(IpAddr),
    /// `MCAST_MSFILTER`, `setsourcefilter(3)`: all sources and the mode at once, of
    /// what has been joined.
    Set(&'f SourceFilter),
}

/// Makes a change.
pub(crate) fn change(
    socket: BorrowedFd<'_>,
    interface: InterfaceIndex,
    group: Group,
    change: Change<'_>,
) -> io::Result<()> {
    let (index, group) = (interface.get(), group.address());
    if let Change::Set(filter) = change {
        let sources: Vec<IpAddr> = filter.sources().iter().copied().collect();
        return platform::set_filter(socket, index, group, filter.mode(), &sources);
    }
    let (option, value) = request::encode_change(platform::CALLS, index, group, change)?;
    option::set(socket, option::level(group), option, &value)
}

/// The filter of the socket's membership; an error if there is none.
pub(crate) fn filter(
    socket: BorrowedFd<'_>,
    interface: InterfaceIndex,
    group: Group,
) -> io::Result<SourceFilter> {
    let (mode, sources) = platform::filter(socket, interface.get(), group.address())?;
    Ok(SourceFilter::new(mode, sources))
}

/// Whether the socket has as many memberships as it may have: IPv4 counts them, and
/// both take memory of which there is so much for each socket. Of sources there may
/// be so many in a filter.
pub(crate) fn is_limit(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOBUFS | libc::ENOMEM))
}
