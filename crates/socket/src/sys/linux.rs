//! Linux and Android (ip(7), ipv6(7), socket(7)).

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

use ifcast_interfaces::Interface;
use socket2::Socket;

use crate::diagnosis::System;
use crate::family::Family;
use crate::metadata::Metadata;
use crate::pinning::Pinning;
use crate::sys::calls;
use crate::sys::control::{Constants, HeaderFields, Layout, Telling, Timestamp};
use crate::sys::option::{self, HeaderOptions};
use crate::sys::{Refusal, multicast_interface};

pub(crate) use crate::sys::bound::{must_be_told, steer};
pub(super) use libc::mmsghdr as Header;

pub(crate) const SYSTEM: System = System::Linux;

/// The device is part of the port conflict check.
pub(crate) const DEVICE_OWNS_PORT: bool = true;

pub(super) const CONTROL: Constants = Constants {
    layout: Layout {
        len_bytes: size_of::<usize>(),
        align: size_of::<usize>(),
    },
    ipv4_telling: Telling::Whole,
    ipv4: HeaderFields {
        packet_info: (libc::IPPROTO_IP, libc::IP_PKTINFO),
        hops: (libc::IPPROTO_IP, libc::IP_TTL),
        traffic_class: Some((libc::IPPROTO_IP, libc::IP_TOS)),
        are_sent: true,
    },
    ipv6: HeaderFields {
        packet_info: (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO),
        hops: (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT),
        traffic_class: Some((libc::IPPROTO_IPV6, libc::IPV6_TCLASS)),
        are_sent: true,
    },
    timestamp: Timestamp {
        kind: (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS),
        fraction_bytes: 8, // also of 32-bit systems, unless all of it has 8 bytes
        unit: Duration::from_nanos(1),
    },
    drops: Some((libc::SOL_SOCKET, libc::SO_RXQ_OVFL)),
    segment: Some((libc::SOL_UDP, libc::UDP_GRO)),
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

pub(crate) fn pin(
    socket: &Socket,
    interface: &Interface,
    family: Family,
    pinning: Pinning,
) -> Result<Pinning, Refusal> {
    let taken = match pinning {
        Pinning::Device => pin_to_device(socket, interface).map(|()| Pinning::Device),
        Pinning::AddressFree => Ok(Pinning::AddressFree),
        Pinning::Automatic => match pin_to_device(socket, interface) {
            // Without privilege before Linux 5.7, or a sandbox.
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => Ok(Pinning::AddressFree),
            result => result.map(|()| Pinning::Device),
        },
    }?;
    if taken == Pinning::AddressFree {
        // Steers broadcasts and unicasts; multicasts follow the one below.
        let index = interface.index().get().to_be();
        match family {
            Family::V4 => {
                option::set(socket.as_fd(), libc::IPPROTO_IP, libc::IP_UNICAST_IF, index)?;
            }
            Family::V6 => {
                let level = libc::IPPROTO_IPV6;
                option::set(socket.as_fd(), level, libc::IPV6_UNICAST_IF, index)?;
            }
        }
    }
    multicast_interface::set(socket, interface.index(), family)?;
    Ok(taken)
}

fn pin_to_device(socket: &Socket, interface: &Interface) -> io::Result<()> {
    let index = interface.index().get();
    match option::set(
        socket.as_fd(),
        libc::SOL_SOCKET,
        libc::SO_BINDTOIFINDEX,
        index,
    ) {
        // Before Linux 5.1.
        Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => {
            socket.bind_device(Some(interface.name().as_bytes()))
        }
        result => result,
    }
}

/// `IP_MTU_DISCOVER`, `IPV6_MTU_DISCOVER`.
pub(crate) const fn refuses_fragments(_: Family) -> bool {
    true
}

/// `SO_REUSEADDR` alone: with `SO_REUSEPORT` a wildcard socket that is opened
/// later takes the unicasts of sockets bound to a device.
pub(crate) fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

pub(crate) fn configure(
    socket: &Socket,
    family: Family,
    fragments: bool,
) -> Result<(), (&'static str, io::Error)> {
    receive_all_groups(socket, family, false)?;
    let socket = socket.as_fd();
    let set = |level, (option, name): (c_int, &'static str), value: c_int| {
        option::set(socket, level, option, value).map_err(|error| (name, error))
    };
    match family {
        Family::V4 => {
            let level = libc::IPPROTO_IP;
            set(level, (libc::IP_PKTINFO, "IP_PKTINFO"), 1)?;
            // PROBE trusts the link's MTU and no ICMP; EMSGSIZE beyond it.
            let discover = if fragments {
                libc::IP_PMTUDISC_DONT
            } else {
                libc::IP_PMTUDISC_PROBE
            };
            set(level, (libc::IP_MTU_DISCOVER, "IP_MTU_DISCOVER"), discover)
        }
        Family::V6 => {
            let level = libc::IPPROTO_IPV6;
            set(level, (libc::IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO"), 1)?;
            let discover = if fragments {
                libc::IPV6_PMTUDISC_DONT
            } else {
                libc::IPV6_PMTUDISC_PROBE
            };
            set(
                level,
                (libc::IPV6_MTU_DISCOVER, "IPV6_MTU_DISCOVER"),
                discover,
            )
        }
    }
}

/// `IP_MULTICAST_ALL`, which is on by default.
pub(crate) fn receive_all_groups(
    socket: &Socket,
    family: Family,
    on: bool,
) -> Result<(), (&'static str, io::Error)> {
    let socket = socket.as_fd();
    let on = c_int::from(on);
    match family {
        Family::V4 => option::set(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_ALL, on)
            .map_err(|error| ("IP_MULTICAST_ALL", error)),
        Family::V6 => {
            match option::set(socket, libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_ALL, on) {
                // Before Linux 4.20 it is always on; who joined groups checks anyway.
                Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => Ok(()),
                result => result.map_err(|error| ("IPV6_MULTICAST_ALL", error)),
            }
        }
    }
}

/// Has the kernel say more of each datagram.
pub(crate) fn receive_metadata(
    socket: &Socket,
    family: Family,
    metadata: Metadata,
) -> Result<(), (&'static str, io::Error)> {
    let socket = socket.as_fd();
    option::receive_header_fields(socket, family, metadata)?;
    let timestamp = (libc::SO_TIMESTAMPNS, "SO_TIMESTAMPNS");
    option::turn_on(socket, libc::SOL_SOCKET, timestamp, metadata.timestamp)?;
    let drops = (libc::SO_RXQ_OVFL, "SO_RXQ_OVFL");
    option::turn_on(socket, libc::SOL_SOCKET, drops, metadata.drops)
}

/// Has the kernel hand over datagrams of one size and source as one message
/// (`UDP_GRO`, Linux 5.0).
pub(crate) fn coalesce(socket: &Socket) -> io::Result<()> {
    option::set(socket.as_fd(), libc::SOL_UDP, libc::UDP_GRO, 1)
}

/// What the kernel says of a receive buffer for which it granted what was asked:
/// the double (socket(7), `SO_RCVBUF`).
pub(crate) const fn receive_buffer_of(asked: usize) -> usize {
    asked.saturating_mul(2)
}

/// What a packet with so much payload takes of a receive buffer (`skb->truesize`)
/// if its data lie in one piece, as virtual Ethernet and loopback leave them: the
/// kernel's structures, and what its allocator gives for headers, payload and
/// `skb_shared_info`. Measured with Linux 6.18 on a 64-bit machine.
pub(crate) fn packet_charge(family: Family, payload: usize) -> usize {
    const SK_BUFF: usize = 256;
    const SMALL_HEAD: usize = 576; // `skb_small_head_cache`, since 6.3
    const LARGEST_HEAD: usize = 16_384; // what is longer continues in pages
    let around = match family {
        Family::V4 => 379,
        Family::V6 => 392,
    };
    let needed = payload + around;
    let head = if needed <= SMALL_HEAD {
        SMALL_HEAD
    } else if needed <= LARGEST_HEAD {
        needed.next_power_of_two()
    } else {
        SMALL_HEAD + payload
    };
    SK_BUFF + head
}

/// How many datagrams the kernel dropped of those that reached a socket, as a
/// number that wraps (`SO_MEMINFO`, `SK_MEMINFO_DROPS`, Linux 4.12).
pub(crate) fn kernel_drops(socket: BorrowedFd<'_>) -> io::Result<u32> {
    let mut words = [0_u32; SK_MEMINFO_DROPS + 1];
    let mut len = libc::socklen_t::try_from(size_of_val(&words)).map_err(io::Error::other)?;
    let (fd, level) = (socket.as_raw_fd(), libc::SOL_SOCKET);
    let value = words.as_mut_ptr().cast();
    // SAFETY: `value` is valid for writes of `len` bytes.
    if unsafe { libc::getsockopt(fd, level, SO_MEMINFO, value, &raw mut len) } != 0 {
        let error = io::Error::last_os_error();
        return Err(match error.raw_os_error() {
            Some(libc::ENOPROTOOPT) => io::ErrorKind::Unsupported.into(),
            _ => error,
        });
    }
    if usize::try_from(len).is_ok_and(|len| len == size_of_val(&words)) {
        Ok(words[SK_MEMINFO_DROPS])
    } else {
        Err(io::ErrorKind::Unsupported.into()) // as before the kernel counted drops there
    }
}

/// Receives into up to `count` headers with one `recvmmsg(2)`; returns how many
/// it filled and whether the kernel had nothing left. Retries when a signal
/// interrupts. The lengths in the headers are those that the datagrams were sent
/// with, even if there was less room (`MSG_TRUNC`).
///
/// A short batch means that nothing was left: an unconnected UDP socket without
/// `IP_RECVERR` has no error that could end one early.
///
/// # Safety
/// `headers` points to `count` headers, each of which describes memory that is
/// valid for writes and that nothing else uses during the call.
pub(super) unsafe fn receive(
    socket: BorrowedFd<'_>,
    headers: *mut Header,
    count: usize,
) -> io::Result<(usize, bool)> {
    let limit = libc::c_uint::try_from(count).unwrap_or(libc::c_uint::MAX);
    let fd = socket.as_raw_fd();
    loop {
        // SAFETY: as the caller vouches; the kernel writes no further than the
        // lengths in the headers say.
        let received = unsafe { calls::recvmmsg(fd, headers, limit, FULL_LENGTH, ptr::null_mut()) };
        if let Ok(received) = usize::try_from(received) {
            return Ok((received, received < count));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

const FULL_LENGTH: Flags = libc::MSG_TRUNC as Flags;

#[cfg(not(target_env = "musl"))]
pub(super) type Flags = c_int;
#[cfg(target_env = "musl")]
pub(super) type Flags = libc::c_uint;

/// What a socket address begins with: its family.
pub(super) fn address_head(family: c_int, _len: usize) -> [u8; 2] {
    libc::sa_family_t::try_from(family)
        .unwrap_or_default()
        .to_ne_bytes()
}

/// Sends up to `count` messages with one `sendmmsg(2)`; returns how many it took,
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
    let limit = libc::c_uint::try_from(count).unwrap_or(libc::c_uint::MAX);
    loop {
        // SAFETY: as the caller vouches; the kernel writes nothing but the length
        // that each header has room for.
        let sent = unsafe { calls::sendmmsg(socket.as_raw_fd(), headers, limit, 0) };
        if let Ok(sent) = usize::try_from(sent) {
            return Ok(sent);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Has the kernel split what is sent into datagrams of as many bytes as follow
/// (`UDP_SEGMENT`, Linux 4.18).
pub(crate) const SEGMENT: Option<(c_int, c_int)> = Some((libc::SOL_UDP, libc::UDP_SEGMENT));

/// Whether the kernel knows `UDP_SEGMENT`. One that does not takes no notice of
/// the control message, and sends what it was to split as one datagram.
pub(crate) fn splits(socket: &Socket) -> bool {
    option::is_known(socket.as_fd(), libc::SOL_UDP, libc::UDP_SEGMENT)
}

// <asm-generic/socket.h>, <linux/sock_diag.h>; libc lacks them for Android.
// Where the first is another number, what it asks for has another length.
const SO_MEMINFO: c_int = 55;
const SK_MEMINFO_DROPS: usize = 8;

#[cfg(test)]
ifcast_abi::same!(SO_MEMINFO, SK_MEMINFO_DROPS);

#[cfg(test)]
mod tests {
    use socket2::{Domain, Protocol, Type};

    use super::*;

    #[test]
    fn a_packet_takes_what_was_measured() {
        for (family, payload, charge) in [
            (Family::V4, 0, 832),
            (Family::V4, 197, 832),
            (Family::V4, 198, 1280),
            (Family::V4, 645, 1280),
            (Family::V4, 646, 2304),
            (Family::V4, 1472, 2304),
            (Family::V4, 1669, 2304),
            (Family::V4, 1670, 4352),
            (Family::V4, 3718, 8448),
            (Family::V4, 7814, 16_640),
            (Family::V4, 16_014, 16_846),
            (Family::V4, 60_000, 60_832),
            (Family::V6, 184, 832),
            (Family::V6, 185, 1280),
            (Family::V6, 633, 2304),
            (Family::V6, 1657, 4352),
            (Family::V6, 3705, 8448),
            (Family::V6, 7801, 16_640),
            (Family::V6, 60_000, 60_832),
        ] {
            assert_eq!(packet_charge(family, payload), charge, "{family} {payload}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no sockets of this kind")]
    fn what_does_not_know_the_option_does_not_split() {
        // TCP takes no notice of the control message, as Linux before 4.18 does.
        let open = |kind, protocol| Socket::new(Domain::IPV4, kind, Some(protocol)).unwrap();
        assert!(!splits(&open(Type::STREAM, Protocol::TCP)));
        assert!(splits(&open(Type::DGRAM, Protocol::UDP)));
    }
}
