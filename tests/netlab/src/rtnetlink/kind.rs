//! Requests that make links, one kind after the other.

use super::link::{
    IFF_UP, IFLA_IFNAME, IFLA_INFO_KIND, IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, IFLA_NET_NS_FD,
    RTM_NEWLINK, link_header,
};
use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, Request};

/// One end of a veth pair that is to be made.
#[derive(Debug)]
pub(crate) struct VethEnd<'a> {
    pub(crate) name: &'a str,
    pub(crate) index: u32,
    /// The bridge that it is a port of from its first moment.
    pub(crate) bridge: Option<u32>,
    pub(crate) up: bool,
    /// Anything but the kernel's 1500.
    pub(crate) mtu: Option<u32>,
    /// Whether a burst handed over in one call crosses as one giant frame, which no wire would carry and no capture
    /// could count.
    pub(crate) giants: bool,
}

/// Makes a bridge, down.
pub(crate) fn new_bridge(name: &str, index: u32, snooping: bool) -> Request {
    new_of_kind("bridge", name, index, |bridge| {
        bridge.attribute(IFLA_BR_MCAST_SNOOPING, &[u8::from(snooping)])
    })
}

/// Makes a veth pair: `near` where the request is sent, `far` in the namespace behind the descriptor, or here too.
pub(crate) fn new_veth(
    near: &VethEnd<'_>,
    far: &VethEnd<'_>,
    far_namespace: Option<i32>,
) -> Request {
    let request = veth_end(new_link(near.index, near.up), near);
    request.nested(IFLA_LINKINFO, |info| {
        info.text(IFLA_INFO_KIND, "veth")
            .nested(IFLA_INFO_DATA, |data| {
                let header = link_header(far.index, if far.up { IFF_UP } else { 0 }, IFF_UP);
                data.nested_with(VETH_INFO_PEER, &header, |peer| {
                    let peer = veth_end(peer, far);
                    match far_namespace {
                        Some(fd) => peer.attribute(IFLA_NET_NS_FD, &fd.to_ne_bytes()),
                        None => peer,
                    }
                })
            })
    })
}

/// Makes a macvlan in bridge mode on top of the link `parent`, down.
pub(crate) fn new_macvlan(name: &str, index: u32, parent: u32) -> Request {
    new_on_top("macvlan", name, index, parent, bridge_mode)
}

/// Makes a macvtap in bridge mode on top of the link `parent`, down.
pub(crate) fn new_macvtap(name: &str, index: u32, parent: u32) -> Request {
    new_on_top("macvtap", name, index, parent, bridge_mode)
}

/// Makes the VLAN `id` of the link `parent`, down.
pub(crate) fn new_vlan(name: &str, index: u32, parent: u32, id: u16) -> Request {
    new_on_top("vlan", name, index, parent, |vlan| {
        vlan.attribute(IFLA_VLAN_ID, &id.to_ne_bytes())
    })
}

/// Makes a VXLAN that knows no other end, down.
pub(crate) fn new_vxlan(name: &str, index: u32, id: u32) -> Request {
    new_of_kind("vxlan", name, index, |vxlan| {
        vxlan.attribute(IFLA_VXLAN_ID, &id.to_ne_bytes())
    })
}

/// Makes a link of a kind that needs no parameter, down.
pub(crate) fn new_plain(kind: &str, name: &str, index: u32) -> Request {
    new_of_kind(kind, name, index, |data| data)
}

fn new_on_top(
    kind: &str,
    name: &str,
    index: u32,
    parent: u32,
    fill: impl FnOnce(Request) -> Request,
) -> Request {
    new_of_kind(kind, name, index, fill).attribute(IFLA_LINK, &parent.to_ne_bytes())
}

/// Makes a link, down; `fill` adds what only its kind has.
fn new_of_kind(
    kind: &str,
    name: &str,
    index: u32,
    fill: impl FnOnce(Request) -> Request,
) -> Request {
    new_link(index, false)
        .text(IFLA_IFNAME, name)
        .nested(IFLA_LINKINFO, |info| {
            info.text(IFLA_INFO_KIND, kind).nested(IFLA_INFO_DATA, fill)
        })
}

fn bridge_mode(macvlan: Request) -> Request {
    macvlan.attribute(IFLA_MACVLAN_MODE, &MACVLAN_MODE_BRIDGE.to_ne_bytes())
}

fn new_link(index: u32, up: bool) -> Request {
    let flags = if up { IFF_UP } else { 0 };
    Request::new(
        RTM_NEWLINK,
        NLM_F_CREATE | NLM_F_EXCL,
        &link_header(index, flags, IFF_UP),
    )
}

/// Adds what is said of either end of a veth pair.
fn veth_end(link: Request, end: &VethEnd<'_>) -> Request {
    let mut link = link.text(IFLA_IFNAME, end.name);
    if !end.giants {
        link = link.attribute(IFLA_GSO_MAX_SEGS, &1u32.to_ne_bytes());
    }
    if let Some(bridge) = end.bridge {
        link = link.attribute(IFLA_MASTER, &bridge.to_ne_bytes());
    }
    if let Some(mtu) = end.mtu {
        link = link.attribute(IFLA_MTU, &mtu.to_ne_bytes());
    }
    link
}

const IFLA_LINK: u16 = 5;
const IFLA_GSO_MAX_SEGS: u16 = 40;
pub(super) const IFLA_INFO_DATA: u16 = 2;
const IFLA_BR_MCAST_SNOOPING: u16 = 23;
const VETH_INFO_PEER: u16 = 1;
const IFLA_VLAN_ID: u16 = 1;
const IFLA_VXLAN_ID: u16 = 1;
const IFLA_MACVLAN_MODE: u16 = 1;
const MACVLAN_MODE_BRIDGE: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::{find, u32_at};
    use crate::rtnetlink::link::LINK_HEADER;

    #[test]
    fn both_ends_of_a_veth_pair_have_their_own_index() {
        let end = |name, index| VethEnd {
            name,
            index,
            bridge: None,
            up: true,
            mtu: None,
            giants: false,
        };
        let bytes = new_veth(&end("near", 11), &end("far", 18), Some(5)).finish(1);
        assert_eq!(u32_at(&bytes, 16 + 4), Some(11));
        let peer = find(&bytes[16 + LINK_HEADER..], IFLA_LINKINFO)
            .and_then(|info| find(info, IFLA_INFO_DATA))
            .and_then(|data| find(data, VETH_INFO_PEER))
            .unwrap();
        assert_eq!(u32_at(peer, 4), Some(18));
        let attributes = &peer[LINK_HEADER..];
        assert_eq!(find(attributes, IFLA_IFNAME), Some(&b"far\0"[..]));
        assert_eq!(
            find(attributes, IFLA_NET_NS_FD),
            Some(&5i32.to_ne_bytes()[..])
        );
    }

    #[test]
    fn a_link_on_top_of_another_names_it_and_its_own_kind() {
        let bytes = new_vlan("lan0.5", 25, 18, 5).finish(1);
        let attributes = &bytes[16 + LINK_HEADER..];
        assert_eq!(find(attributes, IFLA_LINK), Some(&18u32.to_ne_bytes()[..]));
        let info = find(attributes, IFLA_LINKINFO).unwrap();
        assert_eq!(find(info, IFLA_INFO_KIND), Some(&b"vlan\0"[..]));
        let id = find(info, IFLA_INFO_DATA).and_then(|data| find(data, IFLA_VLAN_ID));
        assert_eq!(id, Some(&5u16.to_ne_bytes()[..]));
    }
}
