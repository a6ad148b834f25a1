//! The rtnetlink messages that tell of links.

use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::InterfaceIndex;
use crate::link::Link;
use crate::link_kind::LinkKind;
use crate::name::InterfaceName;
use crate::operational_state::OperationalState;
use crate::sys::linux::link_type;
use crate::sys::linux::nlmsg::{Request, attributes, u16_at, u32_at, without_nul};

/// Asks for all links.
pub(crate) fn all() -> Request {
    let request = Request::dump(libc::RTM_GETLINK, libc::RTM_NEWLINK, &[0; HEADER_LEN]);
    without_statistics(request)
}

/// Asks for the link with this index; `None` for what cannot be one, because the
/// kernel's are signed.
pub(crate) fn by_index(index: InterfaceIndex) -> Option<Request> {
    let index = i32::try_from(index.get()).ok()?;
    let mut header = [0; HEADER_LEN];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    let request = Request::once(libc::RTM_GETLINK, libc::RTM_NEWLINK, &header);
    Some(without_statistics(request))
}

/// Asks for the link with this name, or with this as an alternative name;
/// `None` for what cannot be either.
pub(crate) fn by_name(name: &[u8]) -> Option<Request> {
    let attribute = match name.len() {
        1..=15 => libc::IFLA_IFNAME,
        16..=127 => IFLA_ALT_IFNAME,
        _ => return None,
    };
    if name.contains(&0) {
        return None;
    }
    let request = Request::once(libc::RTM_GETLINK, libc::RTM_NEWLINK, &[0; HEADER_LEN]);
    let with_nul = [name, b"\0"].concat();
    Some(without_statistics(request).attribute(attribute, &with_nul))
}

fn without_statistics(request: Request) -> Request {
    request.attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes())
}

/// What an `RTM_NEWLINK` tells.
pub(crate) struct LinkMessage<'a> {
    pub(crate) link: Link,
    properties: &'a [u8],
}

impl<'a> LinkMessage<'a> {
    /// Decodes its payload; `None` if it tells of something else, such as of how
    /// a bridge sees its port, or of what a wireless driver does.
    pub(crate) fn decode(payload: &'a [u8]) -> Option<Self> {
        let index = index(payload)?;
        let link_type = u16_at(payload, 2)?;
        let flags = Flags::from_bits(u32_at(payload, 8)?);
        let (mut name, mut info, mut properties) = (None, &[][..], &[][..]);
        let (mut mtu, mut master, mut lower, mut state) = (None, None, None, None);
        let (mut hardware_address, mut permanent_address) = (None, None);
        let mut is_lower_elsewhere = false;
        for (attribute, value) in attributes(payload.get(HEADER_LEN..)?) {
            match attribute {
                libc::IFLA_IFNAME => name = InterfaceName::new(without_nul(value)).ok(),
                libc::IFLA_MTU => mtu = u32_at(value, 0),
                libc::IFLA_ADDRESS => hardware_address = HardwareAddress::new(value),
                libc::IFLA_LINK => lower = u32_at(value, 0).and_then(InterfaceIndex::new),
                libc::IFLA_MASTER => master = u32_at(value, 0).and_then(InterfaceIndex::new),
                libc::IFLA_OPERSTATE => state = value.first().copied(),
                libc::IFLA_LINKINFO => info = value,
                // Nothing but a name stands beside it (net/wireless/wext-core.c), and
                // whatever else the link has would seem to be gone.
                libc::IFLA_WIRELESS => return None,
                IFLA_LINK_NETNSID => is_lower_elsewhere = true,
                IFLA_PROP_LIST => properties = value,
                IFLA_PERM_ADDRESS => permanent_address = HardwareAddress::new(value),
                _ => {}
            }
        }
        let (mut info_kind, mut port_kind) = (None, None);
        for (attribute, value) in attributes(info) {
            match attribute {
                IFLA_INFO_KIND => info_kind = Some(without_nul(value)),
                IFLA_INFO_SLAVE_KIND => port_kind = Some(without_nul(value)),
                _ => {}
            }
        }
        let (kind, kind_source) = link_type::kind(link_type, info_kind);
        let is_zero = HardwareAddress::is_zero;
        let link = Link {
            kind,
            kind_source,
            link_kind: info_kind.and_then(LinkKind::new),
            mtu,
            hardware_address: hardware_address.filter(|address| !is_zero(address)),
            permanent_address: permanent_address.filter(|address| !is_zero(address)),
            operational_state: state.and_then(OperationalState::from_linux),
            carrier: flags.carrier(),
            // A member of a VRF keeps its addresses and receives for itself.
            master: master.filter(|_| port_kind != Some(b"vrf")),
            // Some kinds name themselves.
            lower: lower.filter(|lower| !is_lower_elsewhere && *lower != index),
            ..Link::new(index, name?, flags)
        };
        Some(Self { link, properties })
    }

    /// Its further names.
    pub(crate) fn alternative_names(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        attributes(self.properties)
            .filter(|(attribute, _)| *attribute == IFLA_ALT_IFNAME)
            .map(|(_, value)| without_nul(value))
    }
}

/// Decodes of which link an `RTM_NEWLINK` or `RTM_DELLINK` tells; `None` if it
/// tells of something else: a port that leaves its bridge is an `RTM_DELLINK`
/// of the family `AF_BRIDGE`.
pub(crate) fn index(payload: &[u8]) -> Option<InterfaceIndex> {
    const AF_UNSPEC: u8 = 0;
    let is_of_links = *payload.first()? == AF_UNSPEC;
    InterfaceIndex::new(u32_at(payload, 4)?).filter(|_| is_of_links)
}

const HEADER_LEN: usize = 16; // struct ifinfomsg
const IFLA_EXT_MASK: u16 = 29;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_PERM_ADDRESS: u16 = 54;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;

#[cfg(test)]
ifcast_abi::same!(
    IFLA_EXT_MASK,
    IFLA_LINK_NETNSID,
    IFLA_PROP_LIST,
    IFLA_ALT_IFNAME,
    IFLA_PERM_ADDRESS,
    IFLA_INFO_KIND,
    IFLA_INFO_SLAVE_KIND,
    RTEXT_FILTER_SKIP_STATS
);

#[cfg(test)]
ifcast_abi::claims! {
    "sizeof(struct ifinfomsg)" => HEADER_LEN,
    "offsetof(struct ifinfomsg, ifi_family)" => 0,
    "offsetof(struct ifinfomsg, ifi_type)" => 2,
    "offsetof(struct ifinfomsg, ifi_index)" => 4,
    "offsetof(struct ifinfomsg, ifi_flags)" => 8,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Kind, KindSource};
    use crate::sys::linux::nlmsg::fixture::attribute;

    /// A link of this type with these flags, interface 7.
    fn header(link_type: u16, flags: u32) -> Vec<u8> {
        let mut payload = vec![0, 0];
        payload.extend(link_type.to_ne_bytes());
        payload.extend([7, flags, 0].map(u32::to_ne_bytes).concat());
        payload
    }

    /// A 1500-byte Ethernet port of interface 3, made of veth, up and running.
    fn veth() -> Vec<u8> {
        veth_in("bridge")
    }

    fn veth_in(master_kind: &str) -> Vec<u8> {
        let mut payload = header(1, 0x11043);
        payload.extend(attribute(libc::IFLA_IFNAME, b"v0\0"));
        payload.extend(attribute(libc::IFLA_MTU, &1500u32.to_ne_bytes()));
        payload.extend(attribute(libc::IFLA_LINK, &9u32.to_ne_bytes()));
        payload.extend(attribute(libc::IFLA_MASTER, &3u32.to_ne_bytes()));
        payload.extend(attribute(libc::IFLA_ADDRESS, &[2; 20]));
        payload.extend(attribute(IFLA_PERM_ADDRESS, &[4; 6]));
        payload.extend(attribute(libc::IFLA_OPERSTATE, &[6]));
        let kind = attribute(IFLA_INFO_KIND, b"veth\0");
        let port_kind = attribute(IFLA_INFO_SLAVE_KIND, master_kind.as_bytes());
        let kinds = [kind, port_kind].concat();
        payload.extend(attribute(libc::IFLA_LINKINFO | 0x8000, &kinds));
        let names = [&b"enp1s0\0"[..], b"b\xffd\0"];
        let names = names.map(|name| attribute(IFLA_ALT_IFNAME, name));
        payload.extend(attribute(IFLA_PROP_LIST | 0x8000, &names.concat()));
        payload
    }

    fn decode(payload: &[u8]) -> Link {
        LinkMessage::decode(payload).unwrap().link
    }

    #[test]
    fn a_link_is_decoded_whole() {
        let link = decode(&veth());
        assert_eq!((link.index.get(), link.name.as_bytes()), (7, &b"v0"[..]));
        assert!(link.flags.is_broadcast() && link.flags.is_multicast());
        assert_eq!(link.carrier, Some(true));
        assert_eq!(link.operational_state, Some(OperationalState::Up));
        assert_eq!(
            (link.kind, link.kind_source),
            (Kind::Virtual, KindSource::LinkKind)
        );
        assert_eq!(link.link_kind.unwrap().as_str(), "veth");
        assert_eq!(link.mtu, Some(1500));
        assert_eq!(link.master, InterfaceIndex::new(3));
        assert_eq!(link.lower, InterfaceIndex::new(9));
        assert_eq!(link.hardware_address, HardwareAddress::new(&[2; 20]));
        assert_eq!(link.permanent_address, HardwareAddress::new(&[4; 6]));
    }

    #[test]
    fn alternative_names_are_found_whatever_their_bytes() {
        let payload = veth();
        let message = LinkMessage::decode(&payload).unwrap();
        let names: Vec<_> = message.alternative_names().collect();
        assert_eq!(names, [&b"enp1s0"[..], b"b\xffd"]);
    }

    #[test]
    fn a_member_of_a_vrf_is_no_port() {
        let master = |kind| decode(&veth_in(kind)).master;
        assert_eq!(master("bridge").map(InterfaceIndex::get), Some(3));
        assert_eq!(master("bond").map(InterfaceIndex::get), Some(3));
        assert_eq!(master("vrf"), None);
    }

    #[test]
    fn a_lower_interface_in_another_namespace_is_none_of_ours() {
        let mut payload = veth();
        payload.extend(attribute(IFLA_LINK_NETNSID, &0u32.to_ne_bytes()));
        assert_eq!(decode(&payload).lower, None);
        let mut payload = veth();
        payload.extend(attribute(libc::IFLA_LINK, &7u32.to_ne_bytes()));
        assert_eq!(decode(&payload).lower, None);
    }

    #[test]
    fn a_link_without_a_hardware_address_is_a_link() {
        for address in [&[][..], &[0; 6]] {
            let mut payload = header(0xfffe, 0);
            payload.extend(attribute(libc::IFLA_IFNAME, b"tun0\0"));
            payload.extend(attribute(libc::IFLA_ADDRESS, address));
            let link = decode(&payload);
            assert_eq!((link.kind, link.hardware_address), (Kind::Tunnel, None));
            assert_eq!(link.carrier, None);
        }
    }

    #[test]
    fn hardware_addresses_of_every_length_are_kept_whole() {
        for len in [4usize, 6, 8, 16, 20, 32] {
            let mut payload = veth();
            payload.extend(attribute(libc::IFLA_ADDRESS, &vec![0xab; len]));
            let address = decode(&payload).hardware_address.unwrap();
            assert_eq!(address.as_bytes(), vec![0xab; len]);
        }
    }

    #[test]
    fn what_a_wireless_driver_says_of_its_link_is_not_all_of_it() {
        let mut payload = header(1, 0x11043);
        payload.extend(attribute(libc::IFLA_IFNAME, b"wlan0\0"));
        payload.extend(attribute(libc::IFLA_WIRELESS, &[0; 16]));
        assert!(LinkMessage::decode(&payload).is_none());
    }

    #[test]
    fn what_a_bridge_says_of_its_port_is_nothing_of_the_link() {
        let mut payload = veth();
        payload[0] = 7; // AF_BRIDGE
        assert!(LinkMessage::decode(&payload).is_none());
        assert_eq!(index(&payload), None);
    }

    #[test]
    fn no_truncation_makes_the_parser_panic() {
        let payload = veth();
        for len in 0..=payload.len() {
            for at in 0..4 {
                let moved = [&[0; 4][..at], &payload[..len]].concat();
                if let Some(message) = LinkMessage::decode(&moved[at..]) {
                    message.alternative_names().for_each(drop);
                }
            }
        }
    }

    #[test]
    fn a_name_that_no_interface_can_have_is_not_asked_for() {
        assert!(by_name(b"").is_none());
        assert!(by_name(b"a\0b").is_none());
        assert!(by_name(&[b'x'; 128]).is_none());
        for len in [1, 15, 16, 127] {
            let mut request = by_name(&vec![b'x'; len]).unwrap();
            let bytes = request.numbered(1);
            let (_, name) = attributes(&bytes[16 + HEADER_LEN..]).nth(1).unwrap();
            assert_eq!(name.len(), len + 1);
        }
    }
}
