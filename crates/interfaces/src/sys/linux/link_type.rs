//! Linux's link types and info kinds, and what they make an interface.

#![forbid(unsafe_code)]

use crate::kind::{Kind, KindSource};

/// Decodes Linux's `ifi_type` (`ARPHRD_*` of `<linux/if_arp.h>`) and
/// `IFLA_INFO_KIND`, which only devices made of software have.
pub(crate) fn kind(link_type: u16, info_kind: Option<&[u8]>) -> (Kind, KindSource) {
    const ETHER: u16 = 1;
    const IEEE1394: u16 = 24;
    const INFINIBAND: u16 = 32;
    const PPP: u16 = 512;
    const RAWIP: u16 = 519;
    const TUNNEL: u16 = 768;
    const TUNNEL6: u16 = 769;
    const LOOPBACK: u16 = 772;
    const SIT: u16 = 776;
    const IPGRE: u16 = 778;
    const IP6GRE: u16 = 823;
    const NONE: u16 = 65534;

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
        (_, _, LOOPBACK) => (Kind::Loopback, KindSource::LinkType),
        (Some(kind), ..) => (kind, KindSource::LinkKind),
        (None, None, RAWIP) => (Kind::Cellular, KindSource::LinkType),
        (None, _, NONE | PPP | TUNNEL | TUNNEL6 | SIT | IPGRE | IP6GRE) => {
            (Kind::Tunnel, KindSource::LinkType)
        }
        (None, Some(_), _) => (Kind::Virtual, KindSource::LinkKind),
        (None, None, ETHER | IEEE1394 | INFINIBAND) => (Kind::Wired, KindSource::LinkType),
        (None, None, _) => (Kind::Unknown, KindSource::Nothing),
    }
}

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
