//! Linux's link types and info kinds, and what they make an interface.

#![forbid(unsafe_code)]

use crate::kind::{Kind, KindSource};

/// Decodes Linux's `ifi_type` (`ARPHRD_*` of `<linux/if_arp.h>`) and
/// `IFLA_INFO_KIND`, which only devices made of software have.
pub(crate) fn kind(link_type: u16, info_kind: Option<&[u8]>) -> (Kind, KindSource) {
    let of_link_kind = match info_kind {
        Some(b"bridge") => Some(Kind::Bridge),
        Some(b"vlan") => Some(Kind::Vlan),
        Some(b"bond" | b"team") => Some(Kind::Bond),
        Some(b"wwan" | b"rmnet") => Some(Kind::Cellular),
        Some(b"dsa") => Some(Kind::Wired), // a port of a switch chip
        Some(
            b"gretap" | b"ip6gretap" | b"erspan" | b"ip6erspan" | b"vxlan" | b"geneve" | b"l2tpeth"
            | b"batadv",
        ) => Some(Kind::Tunnel),
        _ => None,
    };
    match (of_link_kind, info_kind, link_type) {
        (_, _, ARPHRD_LOOPBACK) => (Kind::Loopback, KindSource::LinkType),
        (Some(kind), ..) => (kind, KindSource::LinkKind),
        (None, None, ARPHRD_RAWIP) => (Kind::Cellular, KindSource::LinkType),
        (
            None,
            _,
            ARPHRD_NONE | ARPHRD_PPP | ARPHRD_TUNNEL | ARPHRD_TUNNEL6 | ARPHRD_SIT | ARPHRD_IPGRE
            | ARPHRD_IP6GRE,
        ) => (Kind::Tunnel, KindSource::LinkType),
        (None, Some(_), _) => (Kind::Virtual, KindSource::LinkKind),
        (None, None, ARPHRD_ETHER | ARPHRD_IEEE1394 | ARPHRD_INFINIBAND) => {
            (Kind::Wired, KindSource::LinkType)
        }
        (None, None, _) => (Kind::Unknown, KindSource::Nothing),
    }
}

// <linux/if_arp.h>
const ARPHRD_ETHER: u16 = 1;
const ARPHRD_IEEE1394: u16 = 24;
const ARPHRD_INFINIBAND: u16 = 32;
const ARPHRD_PPP: u16 = 512;
const ARPHRD_RAWIP: u16 = 519;
const ARPHRD_TUNNEL: u16 = 768;
const ARPHRD_TUNNEL6: u16 = 769;
const ARPHRD_LOOPBACK: u16 = 772;
const ARPHRD_SIT: u16 = 776;
const ARPHRD_IPGRE: u16 = 778;
const ARPHRD_IP6GRE: u16 = 823;
const ARPHRD_NONE: u16 = 65534;

#[cfg(test)]
ifcast_abi::same!(
    ARPHRD_ETHER,
    ARPHRD_IEEE1394,
    ARPHRD_INFINIBAND,
    ARPHRD_PPP,
    ARPHRD_RAWIP,
    ARPHRD_TUNNEL,
    ARPHRD_TUNNEL6,
    ARPHRD_LOOPBACK,
    ARPHRD_SIT,
    ARPHRD_IPGRE,
    ARPHRD_IP6GRE,
    ARPHRD_NONE
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_link_types_and_info_kinds() {
        let of = |link_type, info_kind: &str| {
            let info_kind = Some(info_kind.as_bytes()).filter(|kind| !kind.is_empty());
            kind(link_type, info_kind).0
        };
        assert_eq!(of(772, ""), Kind::Loopback);
        assert_eq!(of(1, ""), Kind::Wired);
        assert_eq!(of(32, ""), Kind::Wired);
        assert_eq!(of(1, "bridge"), Kind::Bridge);
        assert_eq!(of(1, "vlan"), Kind::Vlan);
        assert_eq!(of(1, "bond"), Kind::Bond);
        assert_eq!(of(1, "team"), Kind::Bond);
        assert_eq!(of(65534, "tun"), Kind::Tunnel);
        assert_eq!(of(1, "tun"), Kind::Virtual); // a tap device
        assert_eq!(of(65534, "wireguard"), Kind::Tunnel);
        assert_eq!(of(512, "ppp"), Kind::Tunnel);
        assert_eq!(of(1, "vxlan"), Kind::Tunnel);
        assert_eq!(of(1, "veth"), Kind::Virtual);
        assert_eq!(of(1, "macvlan"), Kind::Virtual);
        assert_eq!(of(519, ""), Kind::Cellular);
        assert_eq!(of(1, "wwan"), Kind::Cellular);
        assert_eq!(of(1, "rmnet"), Kind::Cellular);
        assert_eq!(of(1, "dsa"), Kind::Wired);
        assert_eq!(of(280, ""), Kind::Unknown); // CAN
    }
}
