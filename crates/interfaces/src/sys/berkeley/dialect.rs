//! Socket addresses that say how long they are.

use std::ffi::c_int;
use std::ptr::NonNull;

use crate::sys::ifaddrs::Dialect;

/// The socket addresses of 4.4BSD: length (1 byte), family (1), the rest. The
/// length may be less than the family's type has, and even 0.
#[derive(Clone)]
pub(crate) struct Berkeley;

impl Dialect for Berkeley {
    unsafe fn len(sockaddr: NonNull<libc::sockaddr>) -> usize {
        // SAFETY: the caller vouches for the length, which every address begins with.
        usize::from(unsafe { sockaddr.cast::<u8>().read() })
    }

    fn family(bytes: &[u8]) -> c_int {
        bytes.get(1).copied().map_or(libc::AF_UNSPEC, c_int::from)
    }
}

/// The family of `struct sockaddr_dl`, the same on all of these systems.
pub(crate) const AF_LINK: c_int = 18;

#[cfg(all(test, not(any(target_os = "linux", target_os = "android"))))]
ifcast_abi::same!(AF_LINK);

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use crate::sys::berkeley::fixture;

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    fn prefix_len(mask: &[u8], address: IpAddr) -> u8 {
        fixture::read(mask).prefix_len(address)
    }

    #[test]
    fn an_ipv4_netmask_of_any_length_has_the_prefix_that_is_left_of_it() {
        for (len, prefix) in [(0, 0), (4, 0), (5, 8), (6, 16), (7, 24), (8, 30), (16, 30)] {
            let mask = fixture::mask(len, 4, &[255, 255, 255, 252]);
            assert_eq!(prefix_len(&mask, V4), prefix);
        }
    }

    #[test]
    fn an_ipv6_netmask_of_any_length_has_the_prefix_that_is_left_of_it() {
        for len in 0..=28u8 {
            let mask = fixture::mask(len, 8, &[255; 16]);
            let left = len.saturating_sub(8).min(16);
            assert_eq!(prefix_len(&mask, V6), 8 * left);
            let mask = fixture::mask(len, 8, &[255; 8]);
            assert_eq!(prefix_len(&mask, V6), 8 * left.min(8));
        }
    }

    #[test]
    fn the_family_of_a_netmask_is_of_no_account() {
        for family in [0, 2, 30, 255] {
            let mut mask = fixture::mask(7, 4, &[255, 255, 255]);
            mask[1] = family;
            assert_eq!(prefix_len(&mask, V4), 24);
        }
    }

    #[test]
    fn an_address_without_a_length_is_of_no_family() {
        for bytes in [&[0][..], &[1], &[2, 0]] {
            let sockaddr = fixture::read(bytes);
            assert_eq!(sockaddr.family(), libc::AF_UNSPEC);
            assert_eq!(sockaddr.ip(), None);
        }
    }

    #[test]
    fn a_scope_inside_an_address_is_read_as_its_scope() {
        let plain: IpAddr = "fe80::1".parse().unwrap();
        for (listed, scope_id, scope) in [
            ("fe80:4::1", 0, 4),
            ("fe80:4::1", 4, 4),
            ("fe80::1", 4, 4),
            ("fe80::1", 0, 0),
        ] {
            let sockaddr = fixture::read(&fixture::v6(listed, scope_id));
            assert_eq!(sockaddr.ip(), Some((plain, scope)));
        }
    }
}
