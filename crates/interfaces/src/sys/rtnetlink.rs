//! The rtnetlink messages that tell of links and addresses (rtnetlink(7)): pure
//! functions over bytes.

#![forbid(unsafe_code)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address_state::AddressState;
use crate::assemble::{AddressRecord, LinkRecord};
use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::{InterfaceId, InterfaceIndex, InterfaceName};
use crate::sys::link_type;
use crate::sys::nlmsg::{Request, attributes, u16_at, u32_at, without_nul};

const IFINFOMSG_LEN: usize = 16;
const IFADDRMSG_LEN: usize = 8;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IFLA_EXT_MASK: u16 = 29;
const IFA_FLAGS: u16 = 8;
const IFA_F_TEMPORARY: u32 = 0x01;
const IFA_F_OPTIMISTIC: u32 = 0x04;
const IFA_F_DADFAILED: u32 = 0x08;
const IFA_F_DEPRECATED: u32 = 0x20;
const IFA_F_TENTATIVE: u32 = 0x40;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;

/// Asks for all links, without their statistics.
pub(crate) fn links() -> Request {
    Request::dump(libc::RTM_GETLINK, libc::RTM_NEWLINK, &[0; IFINFOMSG_LEN])
        .attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes())
}

/// Asks for all addresses of every family.
pub(crate) fn addresses() -> Request {
    Request::dump(libc::RTM_GETADDR, libc::RTM_NEWADDR, &[0; IFADDRMSG_LEN])
}

/// Decodes the payload of `RTM_NEWLINK`.
pub(crate) fn link(payload: &[u8]) -> Option<LinkRecord> {
    let link_type = u16_at(payload, 2)?;
    let index = InterfaceIndex::new(u32_at(payload, 4)?)?;
    let flags = Flags::from_bits(u32_at(payload, 8)?);
    let (mut name, mut info_kind, mut port_kind) = (None, None, None);
    let (mut mtu, mut master, mut hardware_address) = (None, None, None);
    for (attribute, value) in attributes(payload.get(IFINFOMSG_LEN..)?) {
        match attribute {
            libc::IFLA_IFNAME => name = name_in(value),
            libc::IFLA_MTU => mtu = u32_at(value, 0),
            libc::IFLA_MASTER => master = u32_at(value, 0).and_then(InterfaceIndex::new),
            libc::IFLA_ADDRESS => hardware_address = HardwareAddress::new(value),
            libc::IFLA_LINKINFO => {
                for (attribute, value) in attributes(value) {
                    match attribute {
                        IFLA_INFO_KIND => info_kind = Some(without_nul(value)),
                        IFLA_INFO_SLAVE_KIND => port_kind = Some(without_nul(value)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Some(LinkRecord {
        id: InterfaceId::new(index, name?),
        flags,
        kind: link_type::kind(link_type, info_kind),
        mtu,
        hardware_address,
        carrier: flags.is_up().then(|| flags.is_running()),
        // A member of a VRF keeps its addresses and receives for itself.
        master: master.filter(|_| port_kind != Some(b"vrf")),
    })
}

/// Decodes the payload of `RTM_NEWADDR`; `None` for what is no IP address.
pub(crate) fn address(payload: &[u8]) -> Option<AddressRecord> {
    let [family, prefix_len] = *payload.first_chunk()?;
    let owner = InterfaceIndex::new(u32_at(payload, 4)?)?;
    let mut flags = u32::from(*payload.get(2)?); // of which `IFA_FLAGS` has more
    let (mut address, mut local, mut broadcast, mut name) = (None, None, None, None);
    for (attribute, value) in attributes(payload.get(IFADDRMSG_LEN..)?) {
        match attribute {
            libc::IFA_ADDRESS => address = ip(family, value),
            libc::IFA_LOCAL => local = ip(family, value),
            libc::IFA_BROADCAST => broadcast = ip(family, value),
            libc::IFA_LABEL => name = name_in(value),
            IFA_FLAGS => flags = u32_at(value, 0).unwrap_or(flags),
            _ => {}
        }
    }
    // Where there is a peer, `IFA_ADDRESS` is its address and not ours.
    let (address, peer) = match (local, address) {
        (Some(local), peer) => (local, peer.filter(|peer| *peer != local)),
        (None, address) => (address?, None),
    };
    Some(AddressRecord {
        owner: Some(owner),
        name,
        address,
        prefix_len,
        broadcast: match broadcast {
            Some(IpAddr::V4(broadcast)) => Some(broadcast),
            _ => None,
        },
        peer: peer.filter(|peer| !peer.is_unspecified()),
        state: address.is_ipv6().then(|| state(flags)),
        temporary: address.is_ipv6().then_some(flags & IFA_F_TEMPORARY != 0),
    })
}

/// What the `IFA_F_*` flags of an IPv6 address say. On IPv4 the same bits mean
/// other things: `IFA_F_SECONDARY` is `IFA_F_TEMPORARY`.
fn state(flags: u32) -> AddressState {
    let has = |flag| flags & flag != 0;
    if has(IFA_F_DADFAILED) {
        AddressState::Duplicated
    } else if has(IFA_F_TENTATIVE) && has(IFA_F_OPTIMISTIC) {
        AddressState::Optimistic
    } else if has(IFA_F_TENTATIVE) {
        AddressState::Tentative
    } else if has(IFA_F_DEPRECATED) {
        AddressState::Deprecated
    } else {
        AddressState::Preferred
    }
}

fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match family {
        AF_INET => Some(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?).into()),
        AF_INET6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?).into()),
        _ => None,
    }
}

fn name_in(value: &[u8]) -> Option<InterfaceName> {
    InterfaceName::new(without_nul(value)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::sys::nlmsg::fixture::attribute;

    /// A 1500-byte Ethernet port of interface 3, made of veth, up and running.
    fn veth() -> Vec<u8> {
        veth_in("bridge")
    }

    fn veth_in(master_kind: &str) -> Vec<u8> {
        let mut payload = vec![0, 0];
        payload.extend(1u16.to_ne_bytes());
        payload.extend(7u32.to_ne_bytes());
        payload.extend(0x1043u32.to_ne_bytes());
        payload.extend([0; 4]);
        payload.extend(attribute(libc::IFLA_IFNAME, b"v0\0"));
        payload.extend(attribute(libc::IFLA_MTU, &1500u32.to_ne_bytes()));
        payload.extend(attribute(libc::IFLA_MASTER, &3u32.to_ne_bytes()));
        payload.extend(attribute(libc::IFLA_ADDRESS, &[2; 20]));
        let kind = attribute(IFLA_INFO_KIND, b"veth\0");
        let port_kind = attribute(IFLA_INFO_SLAVE_KIND, master_kind.as_bytes());
        let kinds = [kind, port_kind].concat();
        payload.extend(attribute(libc::IFLA_LINKINFO | 0x8000, &kinds));
        payload
    }

    /// An address of interface 7.
    fn assigned(family: u8, prefix_len: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut payload = vec![family, prefix_len, 0, 0];
        payload.extend(7u32.to_ne_bytes());
        payload.extend(
            attributes
                .iter()
                .flat_map(|(a, value)| attribute(*a, value)),
        );
        payload
    }

    #[test]
    fn a_member_of_a_vrf_is_no_port() {
        let master = |kind| link(&veth_in(kind)).unwrap().master;
        assert_eq!(master("bridge").map(InterfaceIndex::get), Some(3));
        assert_eq!(master("bond").map(InterfaceIndex::get), Some(3));
        assert_eq!(master("vrf"), None);
    }

    #[test]
    fn a_link_is_decoded_whole() {
        let link = link(&veth()).unwrap();
        assert_eq!(link.id.to_string(), "v0 (index 7)");
        assert!(link.flags.is_broadcast() && link.flags.is_multicast());
        assert_eq!(link.carrier, Some(true));
        assert_eq!(link.kind, Kind::Virtual);
        assert_eq!(link.mtu, Some(1500));
        assert_eq!(link.master, InterfaceIndex::new(3));
        assert_eq!(link.hardware_address, HardwareAddress::new(&[2; 20]));
    }

    #[test]
    fn a_link_without_a_hardware_address_is_a_link() {
        let mut payload = vec![0, 0, 0xfe, 0xff];
        payload.extend([7u32, 0, 0].map(u32::to_ne_bytes).concat());
        payload.extend(attribute(libc::IFLA_IFNAME, b"tun0\0"));
        let link = link(&payload).unwrap();
        assert_eq!((link.kind, link.hardware_address), (Kind::Tunnel, None));
        assert_eq!(link.carrier, None);
    }

    #[test]
    fn no_truncation_makes_the_parsers_panic() {
        let assigned = assigned(AF_INET, 24, &[(libc::IFA_LOCAL, &[10, 71, 0, 2])]);
        for payload in [veth(), assigned] {
            for len in 0..=payload.len() {
                link(&payload[..len]);
                address(&payload[..len]);
            }
        }
    }

    #[test]
    fn an_address_is_decoded_whole() {
        let payload = assigned(
            AF_INET,
            24,
            &[
                (libc::IFA_ADDRESS, &[10, 71, 0, 2]),
                (libc::IFA_LOCAL, &[10, 71, 0, 2]),
                (libc::IFA_BROADCAST, &[10, 71, 0, 255]),
                (libc::IFA_LABEL, b"printer\0"),
            ],
        );
        let record = address(&payload).unwrap();
        assert_eq!(record.owner, InterfaceIndex::new(7));
        assert_eq!(record.name.unwrap().as_bytes(), b"printer");
        assert_eq!(record.address, IpAddr::from([10, 71, 0, 2]));
        assert_eq!(record.prefix_len, 24);
        assert_eq!(record.broadcast, Some([10, 71, 0, 255].into()));
        assert_eq!(record.peer, None);
    }

    #[test]
    fn a_peer_is_told_from_the_own_address() {
        let [ours, theirs] = [[10u8, 8, 0, 10], [10, 8, 0, 9]];
        let attributes: &[(u16, &[u8])] = &[(libc::IFA_ADDRESS, &theirs), (libc::IFA_LOCAL, &ours)];
        let record = address(&assigned(AF_INET, 32, attributes)).unwrap();
        assert_eq!(record.address, IpAddr::from(ours));
        assert_eq!(record.peer, Some(theirs.into()));

        let [ours, theirs] = [5, 6].map(|last| Ipv6Addr::new(0xfd71, 0, 0, 0, 0, 0, 0, last));
        let (ours_bytes, theirs_bytes) = (ours.octets(), theirs.octets());
        let alone = address(&assigned(AF_INET6, 64, &[(libc::IFA_ADDRESS, &ours_bytes)])).unwrap();
        assert_eq!((alone.address, alone.peer), (ours.into(), None));
        let attributes: &[(u16, &[u8])] = &[
            (libc::IFA_LOCAL, &ours_bytes),
            (libc::IFA_ADDRESS, &theirs_bytes),
        ];
        let record = address(&assigned(AF_INET6, 128, attributes)).unwrap();
        assert_eq!(record.address, IpAddr::from(ours));
        assert_eq!(record.peer, Some(theirs.into()));
    }

    #[test]
    fn the_state_of_an_ipv6_address_follows_from_its_flags() {
        let with_flags = |flags: u32| {
            let flags = flags.to_ne_bytes();
            let attributes: &[(u16, &[u8])] = &[(libc::IFA_ADDRESS, &[0xfd; 16]), (8, &flags)];
            address(&assigned(AF_INET6, 64, attributes)).unwrap()
        };
        for (flags, state) in [
            (0x80, AddressState::Preferred),
            (0xc0, AddressState::Tentative),
            (0x44, AddressState::Optimistic),
            (0x04, AddressState::Preferred),
            (0x20, AddressState::Deprecated),
            (0x48, AddressState::Duplicated),
        ] {
            assert_eq!(with_flags(flags).state, Some(state), "{flags:#x}");
        }
        assert_eq!(with_flags(0x01).temporary, Some(true));
        assert_eq!(with_flags(0x80).temporary, Some(false));

        let secondary = assigned(
            AF_INET,
            24,
            &[(libc::IFA_LOCAL, &[10, 71, 0, 2]), (8, &[1, 0, 0, 0])],
        );
        let secondary = address(&secondary).unwrap();
        assert_eq!((secondary.state, secondary.temporary), (None, None));
    }

    #[test]
    fn what_is_no_ip_address_is_left_out() {
        let foreign = assigned(12, 0, &[(libc::IFA_LOCAL, &[0, 1])]); // DECnet
        assert!(address(&foreign).is_none());
        let cut_short = assigned(AF_INET6, 64, &[(libc::IFA_ADDRESS, &[0xfe, 0x80])]);
        assert!(address(&cut_short).is_none());
    }
}
