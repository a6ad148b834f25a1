//! `setsockopt(2)` with a typed value, and options that systems have in common.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;

use socket2::Socket;

use crate::family::Family;
use crate::metadata::Metadata;
use crate::sys::platform::{BROADCAST_HOPS, IPV4_HEADER, IPV6_HEADER, MulticastNumber};

/// Sets an option whose value is a plain C type of the size the kernel expects.
pub(super) fn set<T: Copy>(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: T,
) -> io::Result<()> {
    let len = libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)?;
    let (fd, value) = (socket.as_raw_fd(), ptr::from_ref(&value).cast());
    // SAFETY: `value` is valid for reads of `len` bytes.
    match unsafe { libc::setsockopt(fd, level, option, value, len) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether the kernel knows an option of a plain C type (`getsockopt(2)`).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn is_known(socket: BorrowedFd<'_>, level: c_int, option: c_int) -> bool {
    let mut value: c_int = 0;
    let Ok(mut len) = libc::socklen_t::try_from(size_of_val(&value)) else {
        return false;
    };
    let (fd, value) = (socket.as_raw_fd(), (&raw mut value).cast());
    // SAFETY: `value` is valid for writes of `len` bytes.
    unsafe { libc::getsockopt(fd, level, option, value, &raw mut len) == 0 }
}

/// An option of IPv4 multicasts, which some systems take as a byte only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ipv4Multicast {
    /// `IP_MULTICAST_TTL`.
    Hops,
    /// `IP_MULTICAST_LOOP`.
    Loopback,
}

pub(crate) fn set_ipv4_multicast(
    socket: &Socket,
    option: Ipv4Multicast,
    value: u8,
) -> io::Result<()> {
    let option = match option {
        Ipv4Multicast::Hops => libc::IP_MULTICAST_TTL,
        Ipv4Multicast::Loopback => libc::IP_MULTICAST_LOOP,
    };
    let value: MulticastNumber = number(value);
    set(socket.as_fd(), libc::IPPROTO_IP, option, value)
}

/// Sets how many hops IPv4 broadcasts may make, where that is not `IP_TTL`.
pub(crate) fn set_broadcast_hops(socket: &Socket, hops: u8) -> io::Result<()> {
    BROADCAST_HOPS.map_or(Ok(()), |option| {
        set(socket.as_fd(), libc::IPPROTO_IP, option, hops)
    })
}

fn number<N: From<u8>>(value: u8) -> N {
    value.into()
}

/// `IP_TOS` or `IPV6_TCLASS`, which socket2 does not set on all of Apple's systems.
pub(crate) fn set_traffic_class(
    socket: &Socket,
    family: Family,
    traffic_class: u8,
) -> Result<(), (&'static str, io::Error)> {
    let (level, option, name) = match family {
        Family::V4 => (libc::IPPROTO_IP, libc::IP_TOS, "IP_TOS"),
        Family::V6 => (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, "IPV6_TCLASS"),
    };
    set(socket.as_fd(), level, option, c_int::from(traffic_class)).map_err(|error| (name, error))
}

/// What has the kernel say of each datagram what comes from the IP header; none where
/// it does not say that.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderOptions {
    pub(super) hops: (c_int, &'static str),
    pub(super) traffic_class: Option<(c_int, &'static str)>,
}

/// Has the kernel say of each datagram what comes from the IP header.
pub(super) fn receive_header_fields(
    socket: BorrowedFd<'_>,
    family: Family,
    metadata: Metadata,
) -> Result<(), (&'static str, io::Error)> {
    let (level, options, traffic_class) = match family {
        Family::V4 => (libc::IPPROTO_IP, IPV4_HEADER, "IP_RECVTOS"),
        Family::V6 => (libc::IPPROTO_IPV6, IPV6_HEADER, "IPV6_RECVTCLASS"),
    };
    turn_on(socket, level, options.hops, metadata.hops)?;
    match options.traffic_class {
        Some(option) => turn_on(socket, level, option, metadata.traffic_class),
        None if metadata.traffic_class => Err((traffic_class, io::ErrorKind::Unsupported.into())),
        None => Ok(()),
    }
}

/// Turns an option on if it is asked for.
pub(super) fn turn_on(
    socket: BorrowedFd<'_>,
    level: c_int,
    (option, name): (c_int, &'static str),
    is_asked_for: bool,
) -> Result<(), (&'static str, io::Error)> {
    let on: c_int = 1;
    if !is_asked_for {
        return Ok(());
    }
    set(socket, level, option, on).map_err(|error| (name, error))
}
