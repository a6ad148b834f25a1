//! OpenBSD: multicasts and 255.255.255.255 leave by a socket's interface, all else
//! where routes lead.

use std::ffi::c_int;
use std::io;
use std::net::Ipv4Addr;

use ifcast_interfaces::{Interface, InterfaceIndex};
use socket2::Socket;

use crate::family::Family;
use crate::sys::control::{Constants, HeaderFields, Telling};
use crate::sys::gather::GATHERED;
use crate::sys::option::HeaderOptions;
use crate::sys::platform::{IPV6_FIELDS, LAYOUT, TIMESTAMP};
use crate::sys::{Refusal, multicast_interface, routed};

pub(super) const CONTROL: Constants = Constants {
    layout: LAYOUT,
    ipv4_telling: Telling::Apart {
        interface: (libc::IPPROTO_IP, libc::IP_RECVIF),
        address: (libc::IPPROTO_IP, libc::IP_RECVDSTADDR), // and IP_SENDSRCADDR
        way: None,
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
const IP_RECVTTL: c_int = 31;

pub(super) fn set_ipv4_multicast_interface(
    socket: &Socket,
    interface: InterfaceIndex,
) -> io::Result<()> {
    multicast_interface::set(socket, interface, Family::V4)
}

/// There is nothing to tell it but the source.
pub(super) const fn must_be_told_ipv4(_is_pinned: bool) -> bool {
    false
}

/// `ip_output` sends both where `IP_MULTICAST_IF` says.
pub(super) fn steer_ipv4(
    interface: &Interface,
    is_pinned: bool,
    destination: Ipv4Addr,
) -> Result<(), Refusal> {
    if destination.is_multicast() || destination.is_broadcast() {
        return routed::by_multicast_interface(interface, is_pinned);
    }
    routed::by_route(interface, destination)
}

#[cfg(test)]
ifcast_abi::same!(IP_RECVTTL);
