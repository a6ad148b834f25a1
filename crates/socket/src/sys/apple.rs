//! macOS, iOS, tvOS, watchOS, visionOS (ip(4), ip6(4), `<netinet/in.h>`).

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
use crate::sys::{Refusal, berkeley, multicast_interface, one_by_one};

pub(super) use crate::sys::berkeley::address_head;
pub(crate) use crate::sys::berkeley::{receive_buffer_of, share_port};
pub(crate) use crate::sys::bound::{must_be_told, steer};
pub(crate) use crate::sys::lacking::{SEGMENT, coalesce, kernel_drops, receive_all_groups, splits};
pub(super) use crate::sys::one_by_one::{Header, send};

pub(crate) const SYSTEM: System = System::Apple;

/// `IP_BOUND_IF` takes no part in the port conflict check.
pub(crate) const DEVICE_OWNS_PORT: bool = false;

pub(super) const CONTROL: Constants = Constants {
    layout: Layout {
        len_bytes: 4,
        align: 4,
    },
    ipv4_telling: Telling::Whole,
    ipv4: HeaderFields {
        packet_info: (libc::IPPROTO_IP, libc::IP_PKTINFO),
        hops: (libc::IPPROTO_IP, libc::IP_RECVTTL),
        traffic_class: Some((libc::IPPROTO_IP, libc::IP_RECVTOS)),
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
pub(super) type MulticastNumber = c_int;

pub(super) const BROADCAST_HOPS: Option<c_int> = None;

pub(super) const IPV4_HEADER: HeaderOptions = HeaderOptions {
    hops: (libc::IP_RECVTTL, "IP_RECVTTL"),
    traffic_class: Some((libc::IP_RECVTOS, "IP_RECVTOS")),
};

pub(super) const IPV6_HEADER: HeaderOptions = HeaderOptions {
    hops: (libc::IPV6_RECVHOPLIMIT, "IPV6_RECVHOPLIMIT"),
    traffic_class: Some((libc::IPV6_RECVTCLASS, "IPV6_RECVTCLASS")),
};

pub(crate) const fn refuses_fragments(_: Family) -> bool {
    true
}

/// `IP_BOUND_IF` decides where everything leaves. It does not filter what
/// broadcasts and multicasts are received.
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
    multicast_interface::set(socket, interface.index(), family)?;
    Ok(Pinning::Device)
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

/// What a datagram of one packet takes of a receive buffer, see [`berkeley::mbuf_charge`].
pub(crate) fn packet_charge(family: Family, payload: usize) -> usize {
    let around = match family {
        Family::V4 => 16 + 12 + 12, // sockaddr_in, cmsghdr, in_pktinfo
        Family::V6 => 28 + 12 + 20, // sockaddr_in6, cmsghdr, in6_pktinfo
    };
    berkeley::mbuf_charge(around, payload)
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
