//! The membership calls of RFC 3678, section 5.1, and all unsafe code.
//!
//! A platform file provides:
//! - `sockaddr_header(len: u8, family: c_int) -> [u8; 2]`: what a socket address
//!   begins with;
//! - `OTHERS_CAN_KEEP: bool`: whether a socket can receive groups that only others
//!   have joined.

#![allow(unsafe_code, reason = "the only place for it in this crate")]

use std::ffi::c_int;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::{mem, ptr};

use ifcast_interfaces::InterfaceIndex;
use ifcast_socket::Family;

use crate::group::Group;

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod platform;

#[cfg(target_vendor = "apple")]
#[path = "apple.rs"]
mod platform;

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
compile_error!("ifcast-multicast does not know this system yet: see PLATFORM.md");

pub(crate) use self::platform::OTHERS_CAN_KEEP;

/// Whether the socket has as many memberships as it may have: IPv4 counts them, and
/// both take memory of which there is so much for each socket.
pub(crate) fn is_limit(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOBUFS | libc::ENOMEM))
}

/// `MCAST_JOIN_GROUP`.
pub(crate) fn join(
    socket: BorrowedFd<'_>,
    interface: InterfaceIndex,
    group: Group,
) -> io::Result<()> {
    request(socket, libc::MCAST_JOIN_GROUP, interface, group)
}

/// `MCAST_LEAVE_GROUP`.
pub(crate) fn leave(
    socket: BorrowedFd<'_>,
    interface: InterfaceIndex,
    group: Group,
) -> io::Result<()> {
    request(socket, libc::MCAST_LEAVE_GROUP, interface, group)
}

fn request(
    socket: BorrowedFd<'_>,
    option: c_int,
    interface: InterfaceIndex,
    group: Group,
) -> io::Result<()> {
    let level = match group.family() {
        Family::V4 => libc::IPPROTO_IP,
        Family::V6 => libc::IPPROTO_IPV6,
    };
    // SAFETY: all zeros is a request for no group; padding is zero too.
    let mut request: libc::group_req = unsafe { mem::zeroed() };
    request.gr_interface = interface.get();
    request.gr_group = sockaddr(group.address());
    let len = libc::socklen_t::try_from(size_of_val(&request)).map_err(io::Error::other)?;
    let (fd, value) = (socket.as_raw_fd(), ptr::from_ref(&request).cast());
    // SAFETY: `value` is valid for reads of `len` bytes.
    match unsafe { libc::setsockopt(fd, level, option, value, len) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `struct sockaddr_in` or `sockaddr_in6` without port.
fn sockaddr(address: IpAddr) -> libc::sockaddr_storage {
    let mut bytes = [0; size_of::<libc::sockaddr_storage>()];
    match address {
        IpAddr::V4(address) => {
            bytes[..2].copy_from_slice(&platform::sockaddr_header(16, libc::AF_INET));
            bytes[4..8].copy_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            bytes[..2].copy_from_slice(&platform::sockaddr_header(28, libc::AF_INET6));
            bytes[8..24].copy_from_slice(&address.octets());
        }
    }
    // SAFETY: the structure has that size and no bytes that it forbids.
    unsafe { mem::transmute::<[u8; size_of::<libc::sockaddr_storage>()], _>(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_where_c_declares_them() {
        // SAFETY: the longer of the two structures fits, and all bytes are set.
        let v6 = unsafe {
            ptr::from_ref(&sockaddr("ff02::1:3".parse().unwrap()))
                .cast::<libc::sockaddr_in6>()
                .read()
        };
        assert_eq!(c_int::from(v6.sin6_family), libc::AF_INET6);
        assert_eq!(v6.sin6_addr.s6_addr[..2], [0xff, 2]);

        // SAFETY: as above.
        let v4 = unsafe {
            ptr::from_ref(&sockaddr([239, 1, 2, 3].into()))
                .cast::<libc::sockaddr_in>()
                .read()
        };
        assert_eq!(c_int::from(v4.sin_family), libc::AF_INET);
        assert_eq!(v4.sin_addr.s_addr.to_ne_bytes(), [239, 1, 2, 3]);
    }
}
