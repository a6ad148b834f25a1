//! Socket addresses as the bytes that the kernel reads and writes.

#![forbid(unsafe_code)]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::family::Family;

/// `sizeof(struct sockaddr_in6)`, the longer of the two.
pub(super) const LEN: usize = 28;

/// Decodes what `recvmsg(2)` wrote; the family is the socket's, because the
/// bytes tell it differently on different systems.
pub(super) fn decode(bytes: &[u8; LEN], family: Family) -> SocketAddr {
    let port = u16::from_be_bytes(array(bytes, 2));
    match family {
        Family::V4 => {
            let address = Ipv4Addr::from(array::<4>(bytes, 4));
            SocketAddrV4::new(address, port).into()
        }
        Family::V6 => {
            let flow_info = u32::from_be_bytes(array(bytes, 4));
            let address = Ipv6Addr::from(array::<16>(bytes, 8));
            let scope_id = u32::from_ne_bytes(array(bytes, 24));
            SocketAddrV6::new(address, port, flow_info, scope_id).into()
        }
    }
}

fn array<const N: usize>(bytes: &[u8; LEN], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_are_decoded() {
        let mut v4 = [0; LEN];
        v4[2..8].copy_from_slice(&[0x08, 0xae, 10, 71, 0, 1]);
        assert_eq!(decode(&v4, Family::V4), "10.71.0.1:2222".parse().unwrap());

        let mut v6 = [0; LEN];
        v6[2..4].copy_from_slice(&[0x08, 0xae]);
        v6[8..24].copy_from_slice(&"fe80::1".parse::<Ipv6Addr>().unwrap().octets());
        v6[24..].copy_from_slice(&7u32.to_ne_bytes());
        let expected = SocketAddrV6::new("fe80::1".parse().unwrap(), 2222, 0, 7);
        assert_eq!(decode(&v6, Family::V6), SocketAddr::V6(expected));
    }
}
