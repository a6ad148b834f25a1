//! NetBSD: whatever is sent leaves by the interface that is told with it (`IP_PKTINFO`, of
//! which older systems than 9.0 may know nothing), or not at all.

use std::ffi::c_int;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;

use ifcast_interfaces::{Interface, InterfaceIndex};
use socket2::Socket;

use crate::sys::Refusal;
use crate::sys::control::{Constants, HeaderFields, Telling};
use crate::sys::gather::GATHERED;
use crate::sys::option::{self, HeaderOptions};
use crate::sys::platform::{IPV6_FIELDS, LAYOUT, TIMESTAMP};

pub(super) const CONTROL: Constants = Constants {
    layout: LAYOUT,
    ipv4_telling: Telling::Apart {
        interface: (libc::IPPROTO_IP, libc::IP_RECVIF),
        address: (libc::IPPROTO_IP, libc::IP_RECVDSTADDR),
        way: Some((libc::IPPROTO_IP, libc::IP_PKTINFO)),
    },
    ipv4: HeaderFields {
        packet_info: GATHERED,
        hops: (libc::IPPROTO_IP, IP_RECVTTL),
        traffic_class: None,
        are_sent: false,
    },
    ipv6: IPV6_FIELDS,
    timestamp: TIMESTAMP,
    drops: None,
    segment: None,
};

/// There is no such option.
pub(super) const DONT_FRAGMENT: Option<(c_int, &str)> = None;

pub(super) const IPV4_HEADER: HeaderOptions = HeaderOptions {
    hops: (IP_RECVTTL, "IP_RECVTTL"),
    traffic_class: None,
};

/// `<netinet/in.h>`; libc does not have it.
const IP_RECVTTL: c_int = 23;

/// An address in 0.0.0.0/8 is an index (RFC 1724, section 3.3).
pub(super) fn set_ipv4_multicast_interface(
    socket: &Socket,
    interface: InterfaceIndex,
) -> io::Result<()> {
    let index = interface.get();
    if index >> 24 != 0 {
        return Err(io::ErrorKind::InvalidInput.into()); // nobody has so many
    }
    let index = index.to_be();
    option::set(
        socket.as_fd(),
        libc::IPPROTO_IP,
        libc::IP_MULTICAST_IF,
        index,
    )
}

/// Always: `IP_MULTICAST_IF` steers multicasts and 255.255.255.255 only.
pub(super) const fn must_be_told_ipv4(_is_pinned: bool) -> bool {
    true
}

/// There is nothing to refuse.
pub(super) const fn steer_ipv4(_: &Interface, _: bool, _: Ipv4Addr) -> Result<(), Refusal> {
    Ok(())
}

#[cfg(test)]
ifcast_abi::same!(IP_RECVTTL);
