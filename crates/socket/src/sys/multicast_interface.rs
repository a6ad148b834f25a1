//! `IP_MULTICAST_IF` with a `struct ip_mreqn`, which not all systems have.

use std::ffi::c_int;
use std::io;
use std::os::fd::AsFd;

use ifcast_interfaces::InterfaceIndex;
use socket2::Socket;

use crate::family::Family;
use crate::sys::option;

/// `IP_MULTICAST_IF` or `IPV6_MULTICAST_IF`: where multicasts leave, by index.
pub(super) fn set(socket: &Socket, interface: InterfaceIndex, family: Family) -> io::Result<()> {
    let index = interface.get();
    match family {
        Family::V4 => {
            let request = libc::ip_mreqn {
                imr_multiaddr: libc::in_addr { s_addr: 0 },
                imr_address: libc::in_addr { s_addr: 0 },
                imr_ifindex: c_int::try_from(index).map_err(io::Error::other)?,
            };
            option::set(
                socket.as_fd(),
                libc::IPPROTO_IP,
                libc::IP_MULTICAST_IF,
                request,
            )
        }
        Family::V6 => socket.set_multicast_if_v6(index),
    }
}
