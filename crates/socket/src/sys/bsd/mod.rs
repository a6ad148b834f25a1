//! FreeBSD, NetBSD, OpenBSD (ip(4), ip6(4), `<netinet/in.h>`): no socket can be tied to an
//! interface, so it is said of each datagram, as far as the system listens.

use std::ffi::c_int;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use ifcast_interfaces::Interface;
use socket2::Socket;

use crate::diagnosis::System;
use crate::family::Family;
use crate::metadata::Metadata;
use crate::pinning::Pinning;
use crate::sys::control::{Buffer, HeaderFields, Layout, Timestamp};
use crate::sys::option::{self, HeaderOptions};
use crate::sys::{Refusal, berkeley, dialect, gather, len, one_by_one};

pub(super) use crate::sys::berkeley::address_head;
pub(crate) use crate::sys::berkeley::{receive_buffer_of, share_port};
pub(super) use crate::sys::dialect::{CONTROL, IPV4_HEADER};
pub(crate) use crate::sys::lacking::{SEGMENT, coalesce, kernel_drops, receive_all_groups, splits};
pub(super) use crate::sys::one_by_one::{Header, send};

pub(crate) const SYSTEM: System = System::Other;

/// Interfaces take no part in the port conflict check.
pub(crate) const DEVICE_OWNS_PORT: bool = false;

/// How control messages are laid out: a header, aligned as the machine likes, then data.
pub(super) const LAYOUT: Layout = Layout {
    len_bytes: size_of::<libc::socklen_t>(),
    // SAFETY: it only computes.
    align: (unsafe { libc::CMSG_SPACE(1) } - SPACE_OF_NOTHING) as usize,
};

// SAFETY: it only computes.
const SPACE_OF_NOTHING: libc::c_uint = unsafe { libc::CMSG_SPACE(0) };

/// RFC 3542.
pub(super) const IPV6_FIELDS: HeaderFields = HeaderFields {
    packet_info: (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO),
    hops: (libc::IPPROTO_IPV6, IPV6_HOPLIMIT),
    traffic_class: Some((libc::IPPROTO_IPV6, libc::IPV6_TCLASS)),
    are_sent: true,
};

pub(super) const IPV6_HEADER: HeaderOptions = HeaderOptions {
    hops: (IPV6_RECVHOPLIMIT, "IPV6_RECVHOPLIMIT"),
    traffic_class: Some((libc::IPV6_RECVTCLASS, "IPV6_RECVTCLASS")),
};

/// `<netinet6/in6.h>`, the same on all of them; libc does not have them of all.
const IPV6_RECVHOPLIMIT: c_int = 37;
const IPV6_HOPLIMIT: c_int = 47;

/// A `timeval`, of whose halves the second has a type of its own.
pub(super) const TIMESTAMP: Timestamp = Timestamp {
    kind: (libc::SOL_SOCKET, libc::SCM_TIMESTAMP),
    fraction_bytes: size_of::<libc::suseconds_t>(),
    unit: Duration::from_micros(1),
};

/// What has it say where an IPv4 datagram arrived and to whom. NetBSD's `IP_RECVPKTINFO`
/// would tell the source before 8.0.
const IPV4_TELLING: &[(c_int, &str)] = &[
    (libc::IP_RECVIF, "IP_RECVIF"),
    (libc::IP_RECVDSTADDR, "IP_RECVDSTADDR"),
];

/// As `setsockopt(2)` takes the numbers of `IP_MULTICAST_TTL` and `IP_MULTICAST_LOOP`:
/// OpenBSD refuses longer ones.
pub(super) type MulticastNumber = u8;

pub(super) const BROADCAST_HOPS: Option<c_int> = None;

/// What is sent leaves as [`must_be_told`] and [`steer`] say; nothing filters what
/// arrives.
pub(crate) fn pin(
    socket: &Socket,
    interface: &Interface,
    family: Family,
    pinning: Pinning,
) -> Result<Pinning, Refusal> {
    if pinning == Pinning::Device {
        return Err(Refusal::Cannot {
            what: "tie a socket to the device",
            why: "sockets cannot be bound to interfaces: use Pinning::AddressFree",
        });
    }
    // Others cannot be chosen, and so nothing is sent that would need it.
    if interface.flags().is_multicast() {
        match family {
            Family::V4 => dialect::set_ipv4_multicast_interface(socket, interface.index())?,
            Family::V6 => socket.set_multicast_if_v6(interface.index().get())?,
        }
    }
    Ok(Pinning::AddressFree)
}

/// Over IPv6 always: what is told then leaves by that interface or not at all.
pub(crate) const fn must_be_told(family: Family, is_pinned: bool) -> bool {
    match family {
        Family::V4 => dialect::must_be_told_ipv4(is_pinned),
        Family::V6 => true,
    }
}

/// Over IPv6 there is nothing to refuse.
pub(crate) fn steer(
    interface: &Interface,
    is_pinned: bool,
    destination: IpAddr,
) -> Result<(), Refusal> {
    match destination {
        IpAddr::V4(destination) => dialect::steer_ipv4(interface, is_pinned, destination),
        IpAddr::V6(_) => Ok(()),
    }
}

pub(crate) fn configure(
    socket: &Socket,
    family: Family,
    fragments: bool,
) -> Result<(), (&'static str, io::Error)> {
    let socket = socket.as_fd();
    let dont_fragment = c_int::from(!fragments);
    let set = |level, (option, name): (c_int, &'static str), value: c_int| {
        option::set(socket, level, option, value).map_err(|error| (name, error))
    };
    match family {
        Family::V4 => {
            for option in IPV4_TELLING {
                set(libc::IPPROTO_IP, *option, 1)?;
            }
            dialect::DONT_FRAGMENT.map_or(Ok(()), |option| {
                set(libc::IPPROTO_IP, option, dont_fragment)
            })
        }
        Family::V6 => {
            let level = libc::IPPROTO_IPV6;
            set(level, (libc::IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO"), 1)?;
            set(level, (libc::IPV6_DONTFRAG, "IPV6_DONTFRAG"), dont_fragment)
        }
    }
}

pub(crate) const fn refuses_fragments(family: Family) -> bool {
    match family {
        Family::V4 => dialect::DONT_FRAGMENT.is_some(),
        Family::V6 => true,
    }
}

/// Has the kernel say more of each datagram.
pub(crate) fn receive_metadata(
    socket: &Socket,
    family: Family,
    metadata: Metadata,
) -> Result<(), (&'static str, io::Error)> {
    if metadata.drops {
        return Err(("SO_RXQ_OVFL", io::ErrorKind::Unsupported.into()));
    }
    let socket = socket.as_fd();
    option::receive_header_fields(socket, family, metadata)?;
    let timestamp = (libc::SO_TIMESTAMP, "SO_TIMESTAMP");
    option::turn_on(socket, libc::SOL_SOCKET, timestamp, metadata.timestamp)
}

/// What a datagram of one packet takes of a receive buffer, see
/// [`berkeley::mbuf_charge`].
pub(crate) fn packet_charge(family: Family, payload: usize) -> usize {
    let around = match family {
        Family::V4 => 16 + 72 + 24, // sockaddr_in; cmsghdr and sockaddr_dl, and in_addr
        Family::V6 => 28 + 16 + 24, // sockaddr_in6, cmsghdr, in6_pktinfo
    };
    berkeley::mbuf_charge(around, payload)
}

/// Receives, see [`one_by_one::receive`], and has packet info gathered.
///
/// # Safety
/// As there, and what is for control messages is a [`Buffer`].
pub(super) unsafe fn receive(
    socket: BorrowedFd<'_>,
    headers: *mut Header,
    count: usize,
) -> io::Result<(usize, bool)> {
    let gather = |header: &mut libc::msghdr| {
        let buffer = header.msg_control.cast::<Buffer>();
        // SAFETY: as the caller vouches, it is one, and nothing else uses it.
        let buffer = unsafe { &mut *buffer };
        let told = len::from_c(header.msg_controllen);
        header.msg_controllen = len::to_c(gather::gather(&CONTROL, buffer, told));
    };
    // SAFETY: as the caller vouches.
    unsafe { one_by_one::receive(socket, headers, count, gather) }
}

#[cfg(test)]
ifcast_abi::same!(IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT);
