//! The rtnetlink messages that tell of routes.

use std::net::IpAddr;

use crate::id::InterfaceIndex;
use crate::route::Route;
use crate::sys::linux::nlmsg::{Request, attributes, u32_at};
use crate::sys::linux::rtnetlink::address::{AF_INET, AF_INET6, ip};

/// Asks for the route to one address.
pub(crate) fn to(destination: IpAddr) -> Request {
    let request = |family: u8, prefix_len: u8, address: &[u8]| {
        let mut header = [0; HEADER_LEN];
        header[..2].copy_from_slice(&[family, prefix_len]);
        Request::once(libc::RTM_GETROUTE, libc::RTM_NEWROUTE, &header)
            .attribute(libc::RTA_DST, address)
    };
    match destination {
        IpAddr::V4(address) => request(AF_INET, 32, &address.octets()),
        IpAddr::V6(address) => request(AF_INET6, 128, &address.octets()),
    }
}

/// Decodes the payload of `RTM_NEWROUTE`.
pub(crate) fn decode(payload: &[u8]) -> Option<Route> {
    let family = *payload.first()?;
    let (mut interface, mut source, mut gateway) = (None, None, None);
    for (attribute, value) in attributes(payload.get(HEADER_LEN..)?) {
        match attribute {
            libc::RTA_OIF => interface = u32_at(value, 0).and_then(InterfaceIndex::new),
            libc::RTA_PREFSRC => source = ip(family, value),
            libc::RTA_GATEWAY => gateway = ip(family, value),
            // An IPv4 route through an IPv6 gateway (struct rtvia).
            RTA_VIA => {
                let family = value
                    .first_chunk()
                    .map(|family| u16::from_ne_bytes(*family));
                let family = family.and_then(|family| u8::try_from(family).ok());
                gateway = family.zip(value.get(2..)).and_then(|(f, via)| ip(f, via));
            }
            _ => {}
        }
    }
    Some(Route {
        interface: interface?,
        source,
        gateway,
    })
}

const RTA_VIA: u16 = 18; // not in musl's headers
const HEADER_LEN: usize = 12; // struct rtmsg

#[cfg(test)]
ifcast_abi::same!(RTA_VIA);

#[cfg(test)]
ifcast_abi::claims! {
    "sizeof(struct rtmsg)" => HEADER_LEN,
    "offsetof(struct rtmsg, rtm_family)" => 0,
    "offsetof(struct rtmsg, rtm_dst_len)" => 1,
    "offsetof(struct rtvia, rtvia_addr)" => 2,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::linux::nlmsg::fixture::attribute;

    fn message(family: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut payload = vec![family, 32, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0];
        payload.extend(attribute(libc::RTA_OIF, &3u32.to_ne_bytes()));
        let more = attributes
            .iter()
            .map(|(kind, value)| attribute(*kind, value));
        payload.extend(more.flatten());
        payload
    }

    #[test]
    fn a_route_tells_its_interface_source_and_gateway() {
        let payload = message(
            AF_INET,
            &[
                (libc::RTA_PREFSRC, &[10, 71, 0, 1]),
                (libc::RTA_GATEWAY, &[10, 71, 0, 254]),
            ],
        );
        let route = decode(&payload).unwrap();
        assert_eq!(route.interface().get(), 3);
        assert_eq!(route.source(), Some([10, 71, 0, 1].into()));
        assert_eq!(route.gateway(), Some([10, 71, 0, 254].into()));
        for len in 0..payload.len() {
            decode(&payload[..len]);
        }
    }

    #[test]
    fn an_ipv4_route_may_go_through_an_ipv6_gateway() {
        let gateway: std::net::Ipv6Addr = "fe80::1".parse().unwrap();
        let via = [&10u16.to_ne_bytes()[..], &gateway.octets()].concat();
        let route = decode(&message(AF_INET, &[(RTA_VIA, &via)])).unwrap();
        assert_eq!(route.gateway(), Some(gateway.into()));
    }

    #[test]
    fn a_route_without_interface_is_none() {
        assert!(decode(&message(AF_INET, &[])[..HEADER_LEN]).is_none());
    }
}
