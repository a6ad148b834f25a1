//! Socket addresses as the bytes that the kernel reads and writes.

#![forbid(unsafe_code)]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::family::Family;
use crate::sys::platform;

/// `sizeof(struct sockaddr_in6)`, the longer of the two: 28, or more where something
/// follows that is 0.
pub(super) const LEN: usize = size_of::<libc::sockaddr_in6>();
const IPV4_LEN: usize = 16; // `sizeof(struct sockaddr_in)`

/// `struct sockaddr_in6`, or the shorter `sockaddr_in`, as bytes.
#[derive(Clone, Copy)]
#[repr(C, align(4))]
pub(super) struct Name(pub(super) [u8; LEN]);

/// Encodes for `sendmsg(2)`; returns the length.
pub(super) fn encode(address: SocketAddr, name: &mut Name) -> usize {
    let bytes = &mut name.0;
    bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
    match address {
        SocketAddr::V4(address) => {
            bytes[4..8].copy_from_slice(&address.ip().octets());
            bytes[8..IPV4_LEN].fill(0);
            bytes[..2].copy_from_slice(&platform::address_head(libc::AF_INET, IPV4_LEN));
            IPV4_LEN
        }
        SocketAddr::V6(address) => {
            bytes[4..8].copy_from_slice(&address.flowinfo().to_be_bytes());
            bytes[8..24].copy_from_slice(&address.ip().octets());
            bytes[24..28].copy_from_slice(&address.scope_id().to_ne_bytes());
            bytes[28..].fill(0);
            bytes[..2].copy_from_slice(&platform::address_head(libc::AF_INET6, LEN));
            LEN
        }
    }
}

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
ifcast_abi::claims! {
    "sizeof(struct sockaddr_in)" => IPV4_LEN,
    "offsetof(struct sockaddr_in, sin_port)" => 2,
    "offsetof(struct sockaddr_in, sin_addr)" => 4,
    "sizeof(struct sockaddr_in6)" => LEN,
    "offsetof(struct sockaddr_in6, sin6_port)" => 2,
    "offsetof(struct sockaddr_in6, sin6_flowinfo)" => 4,
    "offsetof(struct sockaddr_in6, sin6_addr)" => 8,
    "offsetof(struct sockaddr_in6, sin6_scope_id)" => 24,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_what_the_system_expects_and_is_decoded_again() {
        for (text, family, len) in [
            ("10.71.0.1:2222", Family::V4, IPV4_LEN),
            ("[fe80::1%7]:2222", Family::V6, LEN),
            ("[ff02::fb%9]:5353", Family::V6, LEN),
        ] {
            let address: SocketAddr = text.parse().unwrap();
            let mut name = Name([0xff; LEN]);
            assert_eq!(encode(address, &mut name), len);
            assert_eq!(decode(&name.0, family), address);
            let expected = socket2::SockAddr::from(address);
            assert_eq!(usize::try_from(expected.len()), Ok(len));
            let head = platform::address_head(i32::from(expected.family()), len);
            assert_eq!(name.0[..2], head);
        }
    }

    #[test]
    fn both_families_are_decoded() {
        let mut v4 = [0; LEN];
        v4[2..8].copy_from_slice(&[0x08, 0xae, 10, 71, 0, 1]);
        assert_eq!(decode(&v4, Family::V4), "10.71.0.1:2222".parse().unwrap());

        let mut v6 = [0; LEN];
        v6[2..4].copy_from_slice(&[0x08, 0xae]);
        v6[8..24].copy_from_slice(&"fe80::1".parse::<Ipv6Addr>().unwrap().octets());
        v6[24..28].copy_from_slice(&7u32.to_ne_bytes());
        let expected = SocketAddrV6::new("fe80::1".parse().unwrap(), 2222, 0, 7);
        assert_eq!(decode(&v6, Family::V6), SocketAddr::V6(expected));
    }
}
