//! Requests about links, and what the kernel answers about one.

use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, Request, find, u32_at};

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
}

/// What the kernel says of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) up: bool,
    pub(crate) running: bool,
    port_state: Option<u8>,
}

impl Link {
    /// Decodes an `RTM_NEWLINK` message without its netlink header.
    pub(crate) fn decode(message: &[u8]) -> Option<Self> {
        let flags = u32_at(message, 8)?;
        let attributes = message.get(LINK_HEADER..)?;
        let name = find(attributes, IFLA_IFNAME)?;
        Some(Self {
            index: u32_at(message, 4)?,
            name: String::from_utf8_lossy(name)
                .trim_end_matches('\0')
                .to_owned(),
            up: flags & IFF_UP != 0,
            running: flags & IFF_RUNNING != 0,
            port_state: find(attributes, IFLA_LINKINFO)
                .and_then(|info| find(info, IFLA_INFO_SLAVE_DATA))
                .and_then(|port| find(port, IFLA_BRPORT_STATE))
                .and_then(|state| state.first().copied()),
        })
    }

    /// Whether frames pass: operationally up and, for a bridge port, forwarding.
    ///
    /// The kernel works this out on a work queue, some time after both ends of a cable are up; what is sent before
    /// is lost without a trace.
    pub(crate) fn carries_frames(&self) -> bool {
        self.running
            && self
                .port_state
                .is_none_or(|state| state == BR_STATE_FORWARDING)
    }
}

/// Asks for one link.
pub(crate) fn link_by_index(index: u32) -> Request {
    Request::query(RTM_GETLINK, &link_header(index, 0, 0))
}

/// Asks for one link by its name.
pub(crate) fn link_by_name(name: &str) -> Request {
    Request::query(RTM_GETLINK, &link_header(0, 0, 0)).text(IFLA_IFNAME, name)
}

/// Makes a bridge, down.
pub(crate) fn new_bridge(name: &str, index: u32, snooping: bool) -> Request {
    let link = new_link(index, false).text(IFLA_IFNAME, name);
    link.nested(IFLA_LINKINFO, |info| {
        info.text(IFLA_INFO_KIND, "bridge")
            .nested(IFLA_INFO_DATA, |bridge| {
                bridge.attribute(IFLA_BR_MCAST_SNOOPING, &[u8::from(snooping)])
            })
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

/// Makes a macvlan in bridge mode on top of the link `parent`.
pub(crate) fn new_macvlan(name: &str, index: u32, parent: u32) -> Request {
    new_link(index, false)
        .text(IFLA_IFNAME, name)
        .attribute(IFLA_LINK, &parent.to_ne_bytes())
        .nested(IFLA_LINKINFO, |info| {
            info.text(IFLA_INFO_KIND, "macvlan")
                .nested(IFLA_INFO_DATA, |data| {
                    data.attribute(IFLA_MACVLAN_MODE, &MACVLAN_MODE_BRIDGE.to_ne_bytes())
                })
        })
}

/// Makes a bridge that snoops the querier of its segment, speaking IGMPv3 and MLDv2.
///
/// It takes effect once members have had the time to answer: see [`set_query_response_time`].
pub(crate) fn start_querier(index: u32) -> Request {
    change_bridge(index, |bridge| {
        bridge
            .attribute(IFLA_BR_MCAST_IGMP_VERSION, &[3])
            .attribute(IFLA_BR_MCAST_MLD_VERSION, &[2])
            .attribute(IFLA_BR_MCAST_QUERIER, &[1])
    })
}

/// Sets how long members may take to answer a bridge's queries, in hundredths of a second.
pub(crate) fn set_query_response_time(index: u32, time: u64) -> Request {
    change_bridge(index, |bridge| {
        bridge.attribute(IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, &time.to_ne_bytes())
    })
}

/// Takes a link up or down.
pub(crate) fn set_up(index: u32, up: bool) -> Request {
    Request::new(
        RTM_NEWLINK,
        0,
        &link_header(index, if up { IFF_UP } else { 0 }, IFF_UP),
    )
}

/// Gives a link another name.
pub(crate) fn set_name(index: u32, name: &[u8]) -> Request {
    change_link(index).text(IFLA_IFNAME, name)
}

/// Sets the largest packet that a link takes.
pub(crate) fn set_mtu(index: u32, mtu: u32) -> Request {
    change_link(index).attribute(IFLA_MTU, &mtu.to_ne_bytes())
}

/// Sets the hardware address of a link.
pub(crate) fn set_hardware_address(index: u32, address: [u8; 6]) -> Request {
    change_link(index).attribute(IFLA_ADDRESS, &address)
}

/// Makes a link a port of `bridge`, or frees it.
pub(crate) fn set_bridge(index: u32, bridge: Option<u32>) -> Request {
    change_link(index).attribute(IFLA_MASTER, &bridge.unwrap_or(0).to_ne_bytes())
}

/// Stops the kernel from giving a link an IPv6 link-local address of its own, whose duplicate address detection
/// somebody would have to await.
pub(crate) fn no_link_local_address(index: u32) -> Request {
    change_link(index).nested(IFLA_AF_SPEC, |families| {
        families.nested(u16::from(AF_INET6), |ipv6| {
            ipv6.attribute(IFLA_INET6_ADDR_GEN_MODE, &[IN6_ADDR_GEN_MODE_NONE])
        })
    })
}

/// Deletes a link.
pub(crate) fn delete_link(index: u32) -> Request {
    Request::new(RTM_DELLINK, 0, &link_header(index, 0, 0))
}

fn new_link(index: u32, up: bool) -> Request {
    let flags = if up { IFF_UP } else { 0 };
    Request::new(
        RTM_NEWLINK,
        NLM_F_CREATE | NLM_F_EXCL,
        &link_header(index, flags, IFF_UP),
    )
}

fn change_bridge(index: u32, fill: impl FnOnce(Request) -> Request) -> Request {
    change_link(index).nested(IFLA_LINKINFO, |info| {
        info.text(IFLA_INFO_KIND, "bridge")
            .nested(IFLA_INFO_DATA, fill)
    })
}

fn change_link(index: u32) -> Request {
    Request::new(RTM_NEWLINK, 0, &link_header(index, 0, 0))
}

/// Adds what is said of either end of a veth pair.
fn veth_end(link: Request, end: &VethEnd<'_>) -> Request {
    // Without segmentation offload: a burst handed over in one call would cross as one giant frame, which no wire would
    // carry and no capture could count.
    let mut link = link
        .text(IFLA_IFNAME, end.name)
        .attribute(IFLA_GSO_MAX_SEGS, &1u32.to_ne_bytes());
    if let Some(bridge) = end.bridge {
        link = link.attribute(IFLA_MASTER, &bridge.to_ne_bytes());
    }
    if let Some(mtu) = end.mtu {
        link = link.attribute(IFLA_MTU, &mtu.to_ne_bytes());
    }
    link
}

/// Encodes `struct ifinfomsg`.
fn link_header(index: u32, flags: u32, change: u32) -> [u8; LINK_HEADER] {
    let mut header = [0; LINK_HEADER];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..].copy_from_slice(&change.to_ne_bytes());
    header
}

const AF_INET6: u8 = 10;
const LINK_HEADER: usize = 16;
const IFF_UP: u32 = 0x1;
const IFF_RUNNING: u32 = 0x40;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_GSO_MAX_SEGS: u16 = 40;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_BR_MCAST_SNOOPING: u16 = 23;
const IFLA_BR_MCAST_QUERIER: u16 = 25;
const IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: u16 = 34;
const IFLA_BR_MCAST_IGMP_VERSION: u16 = 43;
const IFLA_BR_MCAST_MLD_VERSION: u16 = 44;
const IFLA_BRPORT_STATE: u16 = 1;
const BR_STATE_FORWARDING: u8 = 3;
const VETH_INFO_PEER: u16 = 1;
const IFLA_MACVLAN_MODE: u16 = 1;
const MACVLAN_MODE_BRIDGE: u32 = 4;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const IN6_ADDR_GEN_MODE_NONE: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would say of a link, without the netlink header.
    fn answer(flags: u32, port_state: Option<u8>) -> Vec<u8> {
        let request = Request::query(RTM_NEWLINK, &link_header(18, flags, 0))
            .text(IFLA_IFNAME, "lan0")
            .nested(IFLA_LINKINFO, |info| {
                info.text(IFLA_INFO_KIND, "veth")
                    .nested(IFLA_INFO_SLAVE_DATA, |port| match port_state {
                        Some(state) => port.attribute(IFLA_BRPORT_STATE, &[state]),
                        None => port,
                    })
            });
        request.finish(1)[16..].to_vec()
    }

    #[test]
    fn a_link_is_read_with_its_index_name_and_flags() {
        let link = Link::decode(&answer(IFF_UP, None)).unwrap();
        assert_eq!((link.index, link.name.as_str()), (18, "lan0"));
        assert!(link.up && !link.running);
    }

    #[test]
    fn a_running_link_carries_frames_unless_it_is_a_port_that_does_not_forward() {
        let carries = |flags, state| {
            let link = Link::decode(&answer(flags, state)).unwrap();
            link.carries_frames()
        };
        assert!(carries(IFF_UP | IFF_RUNNING, None));
        assert!(carries(IFF_UP | IFF_RUNNING, Some(BR_STATE_FORWARDING)));
        assert!(!carries(IFF_UP | IFF_RUNNING, Some(1)));
        assert!(!carries(IFF_UP, Some(BR_STATE_FORWARDING)));
    }

    #[test]
    fn a_truncated_link_is_no_link_or_a_lesser_one() {
        let whole = answer(IFF_UP, Some(1));
        for end in 0..whole.len() {
            let _ = Link::decode(&whole[..end]);
        }
        assert_eq!(Link::decode(&whole[..15]), None);
    }

    #[test]
    fn both_ends_of_a_veth_pair_have_their_own_index() {
        let end = |name, index| VethEnd {
            name,
            index,
            bridge: None,
            up: true,
            mtu: None,
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
}
