//! Joins what the system says of links and of addresses into interfaces.
//!
//! Pure, so that every system's oddities can be tested everywhere.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::address::{AssignedIpv4, AssignedIpv6, Broadcast};
use crate::address_state::AddressState;
use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::{InterfaceId, InterfaceIndex, InterfaceName};
use crate::interface::Interface;
use crate::kind::Kind;

/// What a system's listing says, in its order.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) links: Vec<LinkRecord>,
    pub(crate) addresses: Vec<AddressRecord>,
}

/// An interface without its addresses.
#[derive(Debug)]
pub(crate) struct LinkRecord {
    pub(crate) id: InterfaceId,
    pub(crate) flags: Flags,
    pub(crate) kind: Kind,
    pub(crate) mtu: Option<u32>,
    pub(crate) hardware_address: Option<HardwareAddress>,
    pub(crate) carrier: Option<bool>,
    pub(crate) master: Option<InterfaceIndex>,
}

/// An IP address of an interface.
#[derive(Debug)]
pub(crate) struct AddressRecord {
    /// Where the name need not be trusted to find the interface.
    pub(crate) owner: Option<InterfaceIndex>,
    /// `ifa_name` or `IFA_LABEL`, either of which is the interface's name or a
    /// label.
    pub(crate) name: Option<InterfaceName>,
    pub(crate) address: IpAddr,
    pub(crate) prefix_len: u8,
    pub(crate) broadcast: Option<Ipv4Addr>,
    pub(crate) peer: Option<IpAddr>,
    /// Of an IPv6 address, where the system says.
    pub(crate) state: Option<AddressState>,
    pub(crate) temporary: Option<bool>,
}

/// Joins the records; interfaces come out ordered by index, each once.
///
/// An address whose interface is not among the links belongs to one that
/// vanished while the system was being asked, and is left out with it.
pub(crate) fn interfaces(records: Records) -> Vec<Interface> {
    let mut interfaces: Vec<_> = records.links.into_iter().map(Interface::from).collect();
    interfaces.sort_by_key(Interface::index);
    interfaces.dedup_by_key(|interface| interface.index());

    let by_name: HashMap<_, _> = interfaces.iter().map(|i| (i.name(), i.index())).collect();
    for record in records.addresses {
        let named = |name| by_name.get(&name).copied();
        let owner = record
            .owner
            .or_else(|| named(record.name?))
            .or_else(|| named(before_colon(record.name?)));
        let position = owner.and_then(|owner| {
            interfaces
                .binary_search_by_key(&owner, Interface::index)
                .ok()
        });
        if let Some(position) = position {
            interfaces[position].add(&record);
        }
    }
    interfaces
}

impl From<LinkRecord> for Interface {
    fn from(link: LinkRecord) -> Self {
        Self {
            id: link.id,
            flags: link.flags,
            kind: link.kind,
            mtu: link.mtu,
            hardware_address: link.hardware_address.filter(|address| !address.is_zero()),
            carrier: link.carrier,
            master: link.master,
            ipv4: Vec::new(),
            ipv6: Vec::new(),
        }
    }
}

impl Interface {
    fn add(&mut self, record: &AddressRecord) {
        let prefix_len = record.prefix_len;
        match record.address {
            IpAddr::V4(address) => self.ipv4.push(AssignedIpv4 {
                address,
                prefix_len,
                broadcast: self.broadcast(address, record),
                peer: match record.peer {
                    Some(IpAddr::V4(peer)) => Some(peer),
                    _ => None,
                },
                label: record.name.filter(|name| *name != self.name()),
            }),
            IpAddr::V6(address) => self.ipv6.push(AssignedIpv6 {
                address,
                prefix_len,
                interface: self.index(),
                peer: match record.peer {
                    Some(IpAddr::V6(peer)) => Some(peer),
                    _ => None,
                },
                state: record.state,
                temporary: record.temporary,
            }),
        }
    }

    /// The interface's own address or 0.0.0.0 for a broadcast address, as some
    /// scripts set them, counts as none.
    fn broadcast(&self, address: Ipv4Addr, record: &AddressRecord) -> Option<Broadcast> {
        let configured = record
            .broadcast
            .filter(|configured| *configured != address && !configured.is_unspecified());
        match (self.flags.is_broadcast(), configured, record.peer) {
            (true, Some(configured), _) => Some(Broadcast::configured(configured)),
            (true, None, None) => Broadcast::computed(address, record.prefix_len),
            (true, None, Some(_)) | (false, ..) => None,
        }
    }
}

/// The interface's name within a label: labels are customarily
/// `<interface>:<anything>`, and no interface's own name has a colon.
pub(crate) fn before_colon(name: InterfaceName) -> InterfaceName {
    let before = name.as_bytes().split(|&byte| byte == b':').next();
    before
        .and_then(|name| InterfaceName::new(name).ok())
        .unwrap_or(name)
}

/// Tells the two meanings of `ifa_dstaddr` of `getifaddrs(3)` apart.
///
/// On a broadcast link it is the broadcast address; but glibc puts the
/// interface's own address there when none is configured, and the peer when
/// the address has one, for which a prefix of 31 or 32 leaves no doubt.
pub(crate) fn broadcast_or_peer(
    flags: Flags,
    address: IpAddr,
    prefix_len: u8,
    other: Option<IpAddr>,
) -> (Option<Ipv4Addr>, Option<IpAddr>) {
    let other = other.filter(|other| *other != address && !other.is_unspecified());
    match (address, other) {
        (IpAddr::V4(address), Some(IpAddr::V4(other))) => {
            let room = Broadcast::computed(address, prefix_len).is_some();
            match (flags.is_broadcast(), room) {
                (true, true) => (Some(other), None),
                (true, false) => (None, Some(other.into())),
                (false, _) if flags.is_point_to_point() => (None, Some(other.into())),
                (false, _) => (None, None),
            }
        }
        (IpAddr::V6(_), Some(IpAddr::V6(other))) => (None, Some(other.into())),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::BroadcastOrigin;
    use crate::sys::flag;

    fn name(name: &str) -> InterfaceName {
        name.parse().unwrap()
    }

    fn link(index: u32, called: &str, flags: u32) -> LinkRecord {
        LinkRecord {
            id: InterfaceId::new(InterfaceIndex::new(index).unwrap(), name(called)),
            flags: Flags::from_bits(flags),
            kind: Kind::Unknown,
            mtu: None,
            hardware_address: None,
            carrier: None,
            master: None,
        }
    }

    fn address(called: &str, address: &str, prefix_len: u8) -> AddressRecord {
        AddressRecord {
            owner: None,
            name: Some(name(called)),
            address: address.parse().unwrap(),
            prefix_len,
            broadcast: None,
            peer: None,
            state: None,
            temporary: None,
        }
    }

    /// As `getifaddrs(3)` would list it on a link with these flags.
    fn one(flags: u32, prefix_len: u8, other: Option<&str>) -> AssignedIpv4 {
        let mut record = address("v0", "10.71.0.1", prefix_len);
        let other = other.map(|other| other.parse().unwrap());
        (record.broadcast, record.peer) =
            broadcast_or_peer(Flags::from_bits(flags), record.address, prefix_len, other);
        listed(flags, vec![record]).ipv4().first().cloned().unwrap()
    }

    fn listed(flags: u32, addresses: Vec<AddressRecord>) -> Interface {
        let links = vec![link(2, "v0", flags)];
        interfaces(Records { links, addresses }).remove(0)
    }

    fn broadcast(prefix_len: u8, other: Option<&str>) -> Option<Broadcast> {
        one(flag::BROADCAST, prefix_len, other).broadcast()
    }

    #[test]
    fn an_own_address_in_the_broadcast_field_means_that_none_is_configured() {
        for other in [Some("10.71.0.1"), Some("0.0.0.0"), None] {
            let broadcast = broadcast(24, other).unwrap();
            assert_eq!(broadcast.address(), Ipv4Addr::new(10, 71, 0, 255));
            assert_eq!(broadcast.origin(), BroadcastOrigin::Computed);
        }
    }

    #[test]
    fn a_configured_broadcast_address_is_kept_as_it_is() {
        let broadcast = broadcast(24, Some("10.71.0.100")).unwrap();
        assert_eq!(broadcast.address(), Ipv4Addr::new(10, 71, 0, 100));
        assert_eq!(broadcast.origin(), BroadcastOrigin::Configured);
    }

    #[test]
    fn prefixes_of_31_and_32_have_no_broadcast_address() {
        assert_eq!(broadcast(31, Some("10.71.0.1")), None);
        assert_eq!(broadcast(32, None), None);
    }

    #[test]
    fn a_peer_is_no_broadcast_address() {
        let peer = Some(Ipv4Addr::new(10, 8, 0, 9));
        for (flags, prefix_len) in [
            (flag::POINTOPOINT, 32),
            (flag::POINTOPOINT, 24),
            (flag::BROADCAST, 32),
        ] {
            let address = one(flags, prefix_len, Some("10.8.0.9"));
            assert_eq!((address.broadcast(), address.peer()), (None, peer));
        }
    }

    #[test]
    fn an_address_with_a_peer_has_only_a_configured_broadcast_address() {
        let mut record = address("v0", "10.71.0.1", 24);
        record.peer = Some([10, 71, 0, 9].into());
        let v0 = listed(flag::BROADCAST, vec![record]);
        assert_eq!(v0.ipv4()[0].broadcast(), None);

        let mut record = address("v0", "10.71.0.1", 32);
        record.peer = Some([10, 71, 0, 9].into());
        record.broadcast = Some([10, 71, 0, 255].into());
        let v0 = listed(flag::BROADCAST, vec![record]);
        let configured = Broadcast::configured([10, 71, 0, 255].into());
        assert_eq!(v0.ipv4()[0].broadcast(), Some(configured));
    }

    #[test]
    fn a_label_makes_no_interface_and_stays_on_its_address() {
        let addresses = vec![
            address("v0", "10.71.0.1", 24),
            address("v0:1", "10.71.0.2", 24),
        ];
        let v0 = listed(flag::BROADCAST, addresses);
        assert_eq!(v0.ipv4()[0].label(), None);
        assert_eq!(v0.ipv4()[1].label(), Some(name("v0:1")));
    }

    #[test]
    fn an_address_belongs_to_its_owner_whatever_its_label() {
        for label in ["printer", "v1", "v1:1"] {
            let mut record = address(label, "10.71.0.2", 24);
            record.owner = InterfaceIndex::new(2);
            let listed = interfaces(Records {
                links: vec![link(2, "v0", flag::BROADCAST), link(3, "v1", 0)],
                addresses: vec![record],
            });
            assert_eq!(listed[0].ipv4()[0].label(), Some(name(label)));
            assert!(listed[1].ipv4().is_empty());
        }
    }

    #[test]
    fn an_interface_without_addresses_is_listed_and_an_address_without_one_is_not() {
        let listed = interfaces(Records {
            links: vec![link(3, "late", 0), link(2, "early", 0)],
            addresses: vec![address("gone", "10.0.0.1", 24)],
        });
        let names: Vec<_> = listed.iter().map(|i| i.name().to_string()).collect();
        assert_eq!(names, ["early", "late"]);
        assert!(
            listed
                .iter()
                .all(|i| i.ipv4().is_empty() && i.ipv6().is_empty())
        );
    }

    #[test]
    fn the_same_link_local_address_on_two_interfaces_stays_two() {
        let scoped = |called: &str, index| AddressRecord {
            owner: InterfaceIndex::new(index),
            ..address(called, "fe80::1", 64)
        };
        let listed = interfaces(Records {
            links: vec![link(2, "v0", 0), link(3, "v1", 0)],
            addresses: vec![scoped("v0", 2), scoped("v1", 3)],
        });
        let scopes: Vec<_> = listed.iter().map(|i| i.ipv6()[0].scope_id()).collect();
        assert_eq!(scopes, [2, 3]);
    }
}
