//! Socket addresses that begin with a family and do not say how long they are.

use std::ffi::c_int;
use std::ptr::NonNull;

use crate::sys::ifaddrs::Dialect;

/// The IP addresses among them, as illumos lists them.
pub(crate) struct FamilyFirst;

impl Dialect for FamilyFirst {
    unsafe fn len(sockaddr: NonNull<libc::sockaddr>) -> usize {
        // SAFETY: the caller vouches for a whole address, which begins with this.
        let family = unsafe { sockaddr.cast::<libc::sa_family_t>().read_unaligned() };
        match c_int::from(family) {
            libc::AF_INET => size_of::<libc::sockaddr_in>(),
            libc::AF_INET6 => size_of::<libc::sockaddr_in6>(),
            _ => size_of::<libc::sa_family_t>(),
        }
    }

    fn family(bytes: &[u8]) -> c_int {
        let family = bytes.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes));
        family.map_or(libc::AF_UNSPEC, c_int::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::ifaddrs;

    /// What is read of an address that begins with this family, in room for the longest.
    fn read(family: c_int, rest: &[u8]) -> Option<(std::net::IpAddr, u32)> {
        let mut room = [0xff_u8; 32];
        let family = u16::try_from(family).unwrap().to_ne_bytes();
        room[..2].copy_from_slice(&family);
        room[2..2 + rest.len()].copy_from_slice(rest);
        let sockaddr: *const libc::sockaddr = room.as_ptr().cast();
        // SAFETY: it has room for a whole address of any family.
        unsafe { ifaddrs::read::<FamilyFirst>(sockaddr) }?.ip()
    }

    #[test]
    fn ip_addresses_are_read_by_their_family_and_others_are_none() {
        let v4 = [0, 0, 10, 71, 0, 1]; // port, address
        assert_eq!(read(libc::AF_INET, &v4), Some(([10, 71, 0, 1].into(), 0)));
        let mut v6 = vec![0; 6]; // port, flow information
        v6.extend("fe80::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        v6.extend(7u32.to_ne_bytes());
        assert_eq!(
            read(libc::AF_INET6, &v6),
            Some(("fe80::1".parse().unwrap(), 7))
        );
        assert_eq!(read(libc::AF_UNSPEC, &v4), None);
        assert_eq!(read(99, &v6), None);
    }
}
