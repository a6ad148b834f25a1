//! illumos (ip(4P), ip6(4P), `<netinet/in.h>`).

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use ifcast_interfaces::Interface;
use socket2::Socket;

use crate::diagnosis::System;
use crate::family::Family;
use crate::metadata::Metadata;
use crate::pinning::Pinning;
use crate::sys::control::{Constants, HeaderFields, Layout, Telling, Timestamp};
use crate::sys::option::{self, HeaderOptions};
use crate::sys::{Refusal, one_by_one};

pub(crate) use crate::sys::bound::{must_be_told, steer};
pub(crate) use crate::sys::lacking::{SEGMENT, coalesce, kernel_drops, receive_all_groups, splits};
pub(super) use crate::sys::one_by_one::{Header, send};

pub(crate) const SYSTEM: System = System::Other;

/// Unlike with Linux's devices, a port is shared only if its sockets say so.
pub(crate) const DEVICE_OWNS_PORT: bool = false;

pub(super) const CONTROL: Constants = Constants {
    layout: Layout {
        len_bytes: size_of::<libc::socklen_t>(),
        align: size_of::<c_int>(),
    },
    ipv4_telling: Telling::Whole,
    ipv4: HeaderFields {
        packet_info: (libc::IPPROTO_IP, libc::IP_PKTINFO),
        hops: (libc::IPPROTO_IP, IP_RECVTTL),
        traffic_class: None,
        are_sent: false,
    },
    ipv6: HeaderFields {
        packet_info: (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO),
        hops: (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT),
        traffic_class: Some((libc::IPPROTO_IPV6, libc::IPV6_TCLASS)),
        are_sent: true,
    },
    timestamp: Timestamp {
        kind: (libc::SOL_SOCKET, libc::SCM_TIMESTAMP),
        fraction_bytes: size_of::<libc::suseconds_t>(),
        unit: Duration::from_micros(1),
    },
    drops: None,
    segment: None,
};

/// As `setsockopt(2)` takes the numbers of `IP_MULTICAST_TTL` and `IP_MULTICAST_LOOP`.
pub(super) type MulticastNumber = u8;

/// `IP_BROADCAST_TTL`, without which broadcasts make as many hops as the system likes.
pub(super) const BROADCAST_HOPS: Option<c_int> = Some(0x43);

pub(super) const IPV4_HEADER: HeaderOptions = HeaderOptions {
    hops: (IP_RECVTTL, "IP_RECVTTL"),
    traffic_class: None,
};

pub(super) const IPV6_HEADER: HeaderOptions = HeaderOptions {
    hops: (IPV6_RECVHOPLIMIT, "IPV6_RECVHOPLIMIT"),
    traffic_class: Some((libc::IPV6_RECVTCLASS, "IPV6_RECVTCLASS")),
};

/// `<netinet/in.h>`; libc does not have them.
const IP_RECVTTL: c_int = 0xb;
const IPV6_RECVHOPLIMIT: c_int = 0x13;

/// `IP_BOUND_IF` decides where everything leaves, and what is received. Multicasts follow
/// it as long as `IP_MULTICAST_IF`, which takes an address only, is left alone.
pub(crate) fn pin(
    socket: &Socket,
    interface: &Interface,
    family: Family,
    pinning: Pinning,
) -> Result<Pinning, Refusal> {
    if pinning == Pinning::AddressFree {
        return Err(Refusal::Cannot {
            what: "tie a socket address-free",
            why: "it knows only IP_BOUND_IF, which Pinning::Device stands for",
        });
    }
    let fd = socket.as_fd();
    let index = interface.index().get();
    match family {
        Family::V4 => option::set(fd, libc::IPPROTO_IP, libc::IP_BOUND_IF, index),
        Family::V6 => option::set(fd, libc::IPPROTO_IPV6, libc::IPV6_BOUND_IF, index),
    }?;
    Ok(Pinning::Device)
}

/// `SO_REUSEADDR` alone, which lets broadcasts and multicasts reach all.
pub(crate) fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

pub(crate) fn configure(
    socket: &Socket,
    family: Family,
    fragments: bool,
) -> Result<(), (&'static str, io::Error)> {
    let socket = socket.as_fd();
    let set = |level, (option, name): (c_int, &'static str), value: c_int| {
        option::set(socket, level, option, value).map_err(|error| (name, error))
    };
    let dont_fragment = c_int::from(!fragments);
    match family {
        Family::V4 => {
            let level = libc::IPPROTO_IP;
            set(level, (libc::IP_PKTINFO, "IP_RECVPKTINFO"), 1)?; // the same number
            set(level, (libc::IP_DONTFRAG, "IP_DONTFRAG"), dont_fragment)
        }
        Family::V6 => {
            let level = libc::IPPROTO_IPV6;
            set(level, (libc::IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO"), 1)?;
            set(level, (libc::IPV6_DONTFRAG, "IPV6_DONTFRAG"), dont_fragment)
        }
    }
}

pub(crate) const fn refuses_fragments(_: Family) -> bool {
    true
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

/// What the kernel says of a receive buffer for which it granted what was asked:
/// just that.
pub(crate) const fn receive_buffer_of(asked: usize) -> usize {
    asked
}

/// What a datagram takes of a receive buffer: its payload, and source and control messages
/// in front of it. An estimate.
pub(crate) const fn packet_charge(family: Family, payload: usize) -> usize {
    let around = match family {
        Family::V4 => 24 + 16 + 24, // T_unitdata_ind, sockaddr_in, in_pktinfo
        Family::V6 => 24 + 32 + 32, // and sockaddr_in6, in6_pktinfo
    };
    payload + around
}

/// What a socket address begins with: its family.
pub(super) fn address_head(family: c_int, _len: usize) -> [u8; 2] {
    libc::sa_family_t::try_from(family)
        .unwrap_or_default()
        .to_ne_bytes()
}

/// Receives, see [`one_by_one::receive`].
///
/// # Safety
/// As there.
pub(super) unsafe fn receive(
    socket: BorrowedFd<'_>,
    headers: *mut Header,
    count: usize,
) -> io::Result<(usize, bool)> {
    // SAFETY: as the caller vouches.
    unsafe { one_by_one::receive(socket, headers, count, |_| {}) }
}
