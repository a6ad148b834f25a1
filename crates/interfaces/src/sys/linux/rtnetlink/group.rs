//! The rtnetlink messages that tell of joined multicast groups: of IPv6 since
//! Linux 2.6, of IPv4 since 6.15.

use std::net::IpAddr;

use crate::id::InterfaceIndex;
use crate::sys::linux::nlmsg::{Request, attributes, u32_at};
use crate::sys::linux::rtnetlink::address::{AF_INET, AF_INET6, ip};

/// Asks for the groups of one family that were joined on an interface, or on
/// all; `EOPNOTSUPP` where the kernel does not tell.
pub(crate) fn joined(family: Family, index: Option<InterfaceIndex>) -> Request {
    let mut header = [0; HEADER_LEN];
    header[0] = match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    let index = index.map_or(0, InterfaceIndex::get);
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    // The kernel answers with the type of the request.
    Request::dump(RTM_GETMULTICAST, RTM_GETMULTICAST, &header)
}

/// Which groups are asked for: a request tells of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

/// Decodes the payload: an interface and a group that was joined on it.
pub(crate) fn decode(payload: &[u8]) -> Option<(InterfaceIndex, IpAddr)> {
    let family = *payload.first()?;
    let index = InterfaceIndex::new(u32_at(payload, 4)?)?;
    let group = attributes(payload.get(HEADER_LEN..)?)
        .find(|(attribute, _)| *attribute == IFA_MULTICAST)
        .and_then(|(_, value)| ip(family, value))?;
    Some((index, group))
}

const HEADER_LEN: usize = 8; // struct ifaddrmsg
pub(crate) const RTM_NEWMULTICAST: u16 = 56;
pub(crate) const RTM_DELMULTICAST: u16 = 57;
pub(crate) const RTM_GETMULTICAST: u16 = 58;
const IFA_MULTICAST: u16 = 7;

#[cfg(test)]
ifcast_abi::same!(
    RTM_NEWMULTICAST,
    RTM_DELMULTICAST,
    RTM_GETMULTICAST,
    IFA_MULTICAST
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::linux::nlmsg::fixture::attribute;

    fn message(family: u8, group: &[u8]) -> Vec<u8> {
        let mut payload = vec![family, 32, 0x80, 0];
        payload.extend(7u32.to_ne_bytes());
        payload.extend(attribute(IFA_MULTICAST, group));
        payload.extend(attribute(6, &[0xff; 16])); // IFA_CACHEINFO
        payload
    }

    #[test]
    fn a_group_of_either_family_comes_with_its_interface() {
        for group in ["224.0.0.251", "ff02::fb"] {
            let group: IpAddr = group.parse().unwrap();
            let payload = match group {
                IpAddr::V4(group) => message(AF_INET, &group.octets()),
                IpAddr::V6(group) => message(AF_INET6, &group.octets()),
            };
            let joined = InterfaceIndex::new(7).map(|index| (index, group));
            assert_eq!(decode(&payload), joined);
            for len in 0..payload.len() {
                let cut = decode(&payload[..len]);
                assert!(cut.is_none() || cut == joined);
            }
        }
        assert_eq!(decode(&message(AF_INET, &[224, 0])), None);
    }
}
