//! What the bytes of a socket address mean, by offset, wherever they lie.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SIN_ADDR: usize = 4; // of `struct sockaddr_in`
const SIN6_ADDR: usize = 8; // of `struct sockaddr_in6`
const SIN6_SCOPE_ID: usize = 24;

/// The bytes of a socket address, zero beyond its length.
#[derive(Clone, Copy)]
pub(crate) struct Sockaddr {
    family: c_int,
    bytes: [u8; Self::CAPACITY],
}

impl Sockaddr {
    /// Holds a `sockaddr_dl` with the longest name and hardware address.
    pub(crate) const CAPACITY: usize = 64;

    pub(crate) const fn new(family: c_int, bytes: [u8; Self::CAPACITY]) -> Self {
        Self { family, bytes }
    }

    #[cfg_attr(
        all(target_os = "illumos", not(test)),
        expect(dead_code, reason = "this system lists no links")
    )]
    pub(crate) const fn bytes(&self) -> &[u8; Self::CAPACITY] {
        &self.bytes
    }

    #[cfg_attr(
        all(target_os = "illumos", not(test)),
        expect(dead_code, reason = "this system lists no links")
    )]
    pub(crate) const fn family(&self) -> c_int {
        self.family
    }

    /// The IP address and scope id, if it is one.
    pub(crate) fn ip(&self) -> Option<(IpAddr, u32)> {
        match self.family {
            libc::AF_INET => Some((Ipv4Addr::from(self.v4_bytes()).into(), 0)),
            libc::AF_INET6 => {
                let scope_id = u32::from_ne_bytes(self.array(SIN6_SCOPE_ID));
                Some(take_embedded_scope(self.v6_bytes(), scope_id))
            }
            _ => None,
        }
    }

    /// Reads a netmask for `address`.
    ///
    /// The mask's own family is not looked at: the BSDs leave it 0 and cut
    /// trailing zero bytes off the mask.
    pub(crate) fn prefix_len(&self, address: IpAddr) -> u8 {
        let ones = match address {
            IpAddr::V4(_) => u32::from_be_bytes(self.v4_bytes()).leading_ones(),
            IpAddr::V6(_) => u128::from_be_bytes(self.v6_bytes()).leading_ones(),
        };
        u8::try_from(ones).unwrap_or(u8::MAX)
    }

    fn v4_bytes(&self) -> [u8; 4] {
        self.array(SIN_ADDR)
    }

    fn v6_bytes(&self) -> [u8; 16] {
        self.array(SIN6_ADDR)
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.bytes[at + i])
    }
}

/// KAME-derived kernels keep the scope id of a link-local address in its
/// second 16 bits, where it is no part of the address.
fn take_embedded_scope(mut bytes: [u8; 16], scope_id: u32) -> (IpAddr, u32) {
    let embedded = u16::from_be_bytes([bytes[2], bytes[3]]);
    let scope_id = match (Ipv6Addr::from(bytes).is_unicast_link_local(), embedded) {
        (false, _) => scope_id,
        (true, 0) => scope_id,
        (true, embedded) => {
            [bytes[2], bytes[3]] = [0, 0];
            if scope_id == 0 {
                u32::from(embedded)
            } else {
                scope_id
            }
        }
    };
    (Ipv6Addr::from(bytes).into(), scope_id)
}

#[cfg(test)]
ifcast_abi::claims! {
    "offsetof(struct sockaddr_in, sin_addr)" => SIN_ADDR,
    "offsetof(struct sockaddr_in6, sin6_addr)" => SIN6_ADDR,
    "offsetof(struct sockaddr_in6, sin6_scope_id)" => SIN6_SCOPE_ID,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(bytes: &[u8]) -> Sockaddr {
        let mut all = [0; Sockaddr::CAPACITY];
        all[..bytes.len()].copy_from_slice(bytes);
        Sockaddr::new(libc::AF_UNSPEC, all)
    }

    #[test]
    fn a_netmask_cut_short_by_the_system_still_has_its_prefix() {
        let v4 = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(mask(&[0]).prefix_len(v4), 0); // sa_len 0: the default route
        assert_eq!(mask(&[5, 0, 0, 0, 255]).prefix_len(v4), 8);
        assert_eq!(mask(&[7, 0, 0, 0, 255, 255, 252]).prefix_len(v4), 22);
        assert_eq!(mask(&[8, 0, 0, 0, 255, 255, 255, 255]).prefix_len(v4), 32);
        let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
        assert_eq!(mask(&[255; 16]).prefix_len(v6), 64); // 8 bytes of mask
        assert_eq!(mask(&[255; 24]).prefix_len(v6), 128);
    }

    #[test]
    fn a_scope_inside_a_link_local_address_is_taken_out() {
        let bytes = "fe80:4::1".parse::<Ipv6Addr>().unwrap().octets();
        let plain = IpAddr::V6("fe80::1".parse().unwrap());
        assert_eq!(take_embedded_scope(bytes, 0), (plain, 4));
        assert_eq!(take_embedded_scope(bytes, 9), (plain, 9));
        let global = "2001:db8::1".parse::<Ipv6Addr>().unwrap();
        assert_eq!(take_embedded_scope(global.octets(), 0), (global.into(), 0));
    }
}
