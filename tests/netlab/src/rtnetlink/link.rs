//! Requests about links, and what the kernel answers about one.

use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, Request, find, u32_at};

/// What the kernel says of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) up: bool,
    pub(crate) running: bool,
    /// The Ethernet address, if it is that kind of link.
    pub(crate) hardware_address: Option<[u8; 6]>,
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
            hardware_address: find(attributes, IFLA_ADDRESS)
                .and_then(|address| address.try_into().ok()),
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

/// Asks for one link by any of its names.
pub(crate) fn link_by_name(name: &str) -> Request {
    // The kernel looks for short ones among all names too; before 5.5 it knows no long ones.
    let kind = match name.len() {
        ..IFNAMSIZ => IFLA_IFNAME,
        _ => IFLA_ALT_IFNAME,
    };
    Request::query(RTM_GETLINK, &link_header(0, 0, 0)).text(kind, name)
}

/// Takes a link up or down.
pub(crate) fn set_up(index: u32, up: bool) -> Request {
    set_flag(index, IFF_UP, up)
}

/// Sets or clears a flag of a link.
pub(crate) fn set_flag(index: u32, flag: u32, on: bool) -> Request {
    let flags = if on { flag } else { 0 };
    Request::new(RTM_NEWLINK, 0, &link_header(index, flags, flag))
}

/// Makes a link that has a carrier wait for something else to happen, or no longer.
pub(crate) fn set_dormant(index: u32, dormant: bool) -> Request {
    let state = if dormant { IF_OPER_DORMANT } else { IF_OPER_UP };
    change_link(index)
        .attribute(IFLA_LINKMODE, &[u8::from(dormant)])
        .attribute(IFLA_OPERSTATE, &[state])
}

/// Gives a link another name.
pub(crate) fn set_name(index: u32, name: &[u8]) -> Request {
    change_link(index).text(IFLA_IFNAME, name)
}

/// Gives a link a further name.
pub(crate) fn add_alternative_name(index: u32, name: &[u8]) -> Request {
    alternative_name(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL, index, name)
}

/// Takes a further name from a link.
pub(crate) fn remove_alternative_name(index: u32, name: &[u8]) -> Request {
    alternative_name(RTM_DELLINKPROP, 0, index, name)
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

/// Moves a link into the namespace behind the descriptor.
pub(crate) fn set_namespace(index: u32, namespace: i32) -> Request {
    change_link(index).attribute(IFLA_NET_NS_FD, &namespace.to_ne_bytes())
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

fn alternative_name(kind: u16, flags: u16, index: u32, name: &[u8]) -> Request {
    Request::new(kind, flags, &link_header(index, 0, 0)).nested(IFLA_PROP_LIST, |properties| {
        properties.text(IFLA_ALT_IFNAME, name)
    })
}

pub(super) fn change_link(index: u32) -> Request {
    Request::new(RTM_NEWLINK, 0, &link_header(index, 0, 0))
}

/// Encodes `struct ifinfomsg`.
pub(super) fn link_header(index: u32, flags: u32, change: u32) -> [u8; LINK_HEADER] {
    let mut header = [0; LINK_HEADER];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..].copy_from_slice(&change.to_ne_bytes());
    header
}

const AF_INET6: u8 = 10;
pub(super) const LINK_HEADER: usize = 16;
pub(super) const IFF_UP: u32 = 0x1;
const IFF_RUNNING: u32 = 0x40;
pub(crate) const IFF_PROMISC: u32 = 0x100;
pub(crate) const IFF_ALLMULTI: u32 = 0x200;
pub(crate) const IFF_MULTICAST: u32 = 0x1000;
/// The longest name, and the NUL at its end.
const IFNAMSIZ: usize = 16;
pub(super) const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWLINKPROP: u16 = 108;
const RTM_DELLINKPROP: u16 = 109;
const IFLA_ADDRESS: u16 = 1;
pub(super) const IFLA_IFNAME: u16 = 3;
pub(super) const IFLA_MTU: u16 = 4;
pub(super) const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKMODE: u16 = 17;
pub(super) const IFLA_LINKINFO: u16 = 18;
const IFLA_AF_SPEC: u16 = 26;
pub(super) const IFLA_NET_NS_FD: u16 = 28;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
pub(super) const IFLA_INFO_KIND: u16 = 1;
pub(super) const IFLA_INFO_SLAVE_KIND: u16 = 4;
pub(super) const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_BRPORT_STATE: u16 = 1;
pub(super) const IFLA_BRPORT_FAST_LEAVE: u16 = 7;
const BR_STATE_FORWARDING: u8 = 3;
const IF_OPER_DORMANT: u8 = 5;
const IF_OPER_UP: u8 = 6;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const IN6_ADDR_GEN_MODE_NONE: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would say of a link, without the netlink header.
    fn answer(flags: u32, port_state: Option<u8>) -> Vec<u8> {
        let request = Request::query(RTM_NEWLINK, &link_header(18, flags, 0))
            .text(IFLA_IFNAME, "lan0")
            .attribute(IFLA_ADDRESS, &[2, 0, 0, 0, 0, 1])
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
        assert_eq!(link.hardware_address, Some([2, 0, 0, 0, 0, 1]));
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
}
