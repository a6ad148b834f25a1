//! macOS, iOS, tvOS, watchOS, visionOS (ip(4), ip6(4), `<netinet/in.h>`).

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use ifcast_interfaces::Interface;
use socket2::Socket;

use crate::diagnosis::System;
use crate::family::Family;
use crate::metadata::Metadata;
use crate::pinning::Pinning;
use crate::sys::control::{Constants, HeaderFields, Layout, Telling, Timestamp};
use crate::sys::option;

/// A message and its length, as Linux's `struct mmsghdr`; there is no public
/// call that receives several.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) msg_hdr: libc::msghdr,
    pub(super) msg_len: libc::c_uint,
}

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

/// `IP_BOUND_IF` decides where everything leaves. It does not filter what
/// broadcasts and multicasts are received.
pub(crate) fn pin(
    socket: &Socket,
    interface: &Interface,
    family: Family,
    pinning: Pinning,
) -> io::Result<Pinning> {
    if pinning == Pinning::AddressFree {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let fd = socket.as_fd();
    let index = interface.index().get();
    match family {
        Family::V4 => option::set(fd, libc::IPPROTO_IP, libc::IP_BOUND_IF, index),
        Family::V6 => option::set(fd, libc::IPPROTO_IPV6, libc::IPV6_BOUND_IF, index),
    }?;
    option::set_multicast_interface(socket, interface.index(), family)?;
    Ok(Pinning::Device)
}

/// Both options: a port is shared only if all of its sockets set
/// `SO_REUSEPORT`, and multicasts reach all only with either.
pub(crate) fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)
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

/// This system hands over only what the socket itself has joined.
pub(crate) fn receive_all_groups(
    _: &Socket,
    _: Family,
    on: bool,
) -> Result<(), (&'static str, io::Error)> {
    if on {
        return Err(("IP_MULTICAST_ALL", io::ErrorKind::Unsupported.into()));
    }
    Ok(())
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

/// This system hands datagrams over one by one.
pub(crate) fn coalesce(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What the kernel says of a receive buffer for which it granted what was asked:
/// just that.
pub(crate) const fn receive_buffer_of(asked: usize) -> usize {
    asked
}

/// What a datagram of one packet takes of a receive buffer, by xnu's `sbspace`
/// and `sbappendaddr`: it counts payload, source and control messages against the
/// buffer's size, and what they lie in against eight times that
/// (`sb_efficiency`). Read, not measured.
pub(crate) fn packet_charge(family: Family, payload: usize) -> usize {
    const MBUF: usize = 256; // for each of source, control messages and payload
    const CLUSTER: usize = 2048; // where drivers put what they receive
    const EFFICIENCY: usize = 8;
    let around = match family {
        Family::V4 => 16 + 12 + 12, // sockaddr_in, cmsghdr, in_pktinfo
        Family::V6 => 28 + 12 + 20, // sockaddr_in6, cmsghdr, in6_pktinfo
    };
    let memory = 3 * MBUF + payload.div_ceil(CLUSTER).max(1) * CLUSTER;
    (payload + around).max(memory / EFFICIENCY)
}

/// This system counts them for all sockets together only.
pub(crate) fn kernel_drops(_: BorrowedFd<'_>) -> io::Result<u32> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Receives into up to `count` headers, one `recvmsg(2)` each; returns how many
/// it filled and whether the kernel had nothing left. Retries when a signal
/// interrupts. An error after a datagram ends the batch early, but not drained.
///
/// # Safety
/// `headers` points to `count` headers, each of which describes memory that is
/// valid for writes and that nothing else uses during the call.
pub(super) unsafe fn receive(
    socket: BorrowedFd<'_>,
    headers: *mut Header,
    count: usize,
) -> io::Result<(usize, bool)> {
    let mut received = 0;
    while received < count {
        // SAFETY: in bounds, as the caller vouches.
        let header = unsafe { headers.add(received) };
        // SAFETY: as above, and the header is ours during the call.
        let header = unsafe { &mut *header };
        // SAFETY: as the caller vouches; the kernel writes no further than the
        // lengths in the header say.
        let len = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header.msg_hdr, 0) };
        if let Ok(len) = libc::c_uint::try_from(len) {
            header.msg_len = len;
            received += 1;
            continue;
        }
        let error = io::Error::last_os_error();
        match error.kind() {
            io::ErrorKind::Interrupted => {}
            kind if received > 0 => return Ok((received, kind == io::ErrorKind::WouldBlock)),
            _ => return Err(error),
        }
    }
    Ok((received, false))
}

/// What a socket address begins with: its length and family.
pub(super) fn address_head(family: c_int, len: usize) -> [u8; 2] {
    [len, usize::try_from(family).unwrap_or_default()].map(|n| u8::try_from(n).unwrap_or_default())
}

/// Sends up to `count` messages, one `sendmsg(2)` each; returns how many it took,
/// at least one. Retries when a signal interrupts.
///
/// # Safety
/// `headers` points to `count` headers, each of which describes memory that is
/// valid for reads.
pub(super) unsafe fn send(
    socket: BorrowedFd<'_>,
    headers: *mut Header,
    count: usize,
) -> io::Result<usize> {
    let mut sent = 0;
    while sent < count {
        // SAFETY: in bounds, as the caller vouches.
        let header = unsafe { headers.add(sent) };
        // SAFETY: as above, and nobody writes to it during the call.
        let header = unsafe { &*header };
        // SAFETY: as the caller vouches; the kernel writes nothing.
        let outcome = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header.msg_hdr, 0) };
        if outcome >= 0 {
            sent += 1;
            continue;
        }
        let error = io::Error::last_os_error();
        match error.kind() {
            io::ErrorKind::Interrupted => {}
            _ if sent > 0 => break, // the next call says so
            _ => return Err(error),
        }
    }
    Ok(sent)
}

/// This system cannot split what is sent into datagrams.
pub(crate) const SEGMENT: Option<(c_int, c_int)> = None;

/// This system does not.
pub(crate) const fn splits(_: &Socket) -> bool {
    false
}
