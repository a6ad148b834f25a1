//! Joins what the system says of links and of addresses into interfaces.
//!
//! Pure, so that every system's oddities can be tested everywhere.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::address::{AssignedIpv4, AssignedIpv6, Broadcast};
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

/// An entry of `getifaddrs(3)` that holds an IP address.
#[derive(Debug)]
pub(crate) struct AddressRecord {
    /// `ifa_name`, which on Linux may be a label instead.
    pub(crate) name: InterfaceName,
    /// Where the name need not be trusted to find the interface.
    pub(crate) owner: Option<InterfaceIndex>,
    pub(crate) address: IpAddr,
    pub(crate) prefix_len: u8,
    /// `ifa_dstaddr` or `ifa_broadaddr`: one field, two meanings.
    pub(crate) other: Option<IpAddr>,
}

impl AddressRecord {
    /// The interface's name within `name`: labels are customarily
    /// `<interface>:<anything>`, and no interface's own name has a colon.
    pub(crate) fn interface_name(&self) -> InterfaceName {
        let bytes = self.name.as_bytes();
        let before_colon = bytes.split(|&byte| byte == b':').next();
        before_colon
            .and_then(|name| InterfaceName::new(name).ok())
            .unwrap_or(self.name)
    }
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
        let owner = record
            .owner
            .or_else(|| by_name.get(&record.name).copied())
            .or_else(|| by_name.get(&record.interface_name()).copied());
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
            IpAddr::V4(address) => {
                let other = match record.other {
                    Some(IpAddr::V4(other)) if !other.is_unspecified() => Some(other),
                    _ => None,
                };
                let (broadcast, peer) = broadcast_or_peer(self.flags, address, prefix_len, other);
                self.ipv4.push(AssignedIpv4 {
                    address,
                    prefix_len,
                    broadcast,
                    peer,
                    label: Some(record.name).filter(|name| *name != self.name()),
                });
            }
            IpAddr::V6(address) => {
                let peer = match record.other {
                    Some(IpAddr::V6(peer)) if peer != address && !peer.is_unspecified() => {
                        Some(peer)
                    }
                    _ => None,
                };
                self.ipv6.push(AssignedIpv6 {
                    address,
                    prefix_len,
                    interface: self.index(),
                    peer,
                });
            }
        }
    }
}

/// Tells the two meanings of `ifa_dstaddr` apart.
///
/// On a broadcast link it is the broadcast address; but glibc puts the
/// interface's own address there when none is configured, and the peer when
/// the address has one, for which a prefix of 31 or 32 leaves no doubt.
fn broadcast_or_peer(
    flags: Flags,
    address: Ipv4Addr,
    prefix_len: u8,
    other: Option<Ipv4Addr>,
) -> (Option<Broadcast>, Option<Ipv4Addr>) {
    let other = other.filter(|other| *other != address);
    let computed = Broadcast::computed(address, prefix_len);
    match (flags.is_broadcast(), computed) {
        (false, _) => (None, other.filter(|_| flags.is_point_to_point())),
        (true, None) => (None, other),
        (true, Some(computed)) => (Some(other.map_or(computed, Broadcast::configured)), None),
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

    fn address(called: &str, address: &str, prefix_len: u8, other: Option<&str>) -> AddressRecord {
        AddressRecord {
            name: name(called),
            owner: None,
            address: address.parse().unwrap(),
            prefix_len,
            other: other.map(|other| other.parse().unwrap()),
        }
    }

    fn one(flags: u32, addresses: Vec<AddressRecord>) -> Interface {
        let links = vec![link(2, "v0", flags)];
        interfaces(Records { links, addresses }).remove(0)
    }

    fn broadcast(prefix_len: u8, other: Option<&str>) -> Option<Broadcast> {
        let entry = address("v0", "10.71.0.1", prefix_len, other);
        one(flag::BROADCAST, vec![entry]).ipv4()[0].broadcast()
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
        let entry = address("v0", "10.8.0.10", 32, Some("10.8.0.9"));
        let tun = one(flag::POINTOPOINT, vec![entry]);
        assert_eq!(tun.ipv4()[0].broadcast(), None);
        assert_eq!(tun.ipv4()[0].peer(), Some(Ipv4Addr::new(10, 8, 0, 9)));
    }

    #[test]
    fn a_label_makes_no_interface_and_stays_on_its_address() {
        let addresses = vec![
            address("v0", "10.71.0.1", 24, None),
            address("v0:1", "10.71.0.2", 24, None),
        ];
        let v0 = one(flag::BROADCAST, addresses);
        assert_eq!(v0.ipv4()[0].label(), None);
        assert_eq!(v0.ipv4()[1].label(), Some(name("v0:1")));
    }

    #[test]
    fn a_label_without_a_colon_is_placed_by_its_owner() {
        let mut entry = address("printer", "10.71.0.2", 24, None);
        entry.owner = InterfaceIndex::new(2);
        let v0 = one(flag::BROADCAST, vec![entry]);
        assert_eq!(v0.ipv4()[0].label(), Some(name("printer")));
    }

    #[test]
    fn an_interface_without_addresses_is_listed_and_an_address_without_one_is_not() {
        let listed = interfaces(Records {
            links: vec![link(3, "late", 0), link(2, "early", 0)],
            addresses: vec![address("gone", "10.0.0.1", 24, None)],
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
            ..address(called, "fe80::1", 64, None)
        };
        let listed = interfaces(Records {
            links: vec![link(2, "v0", 0), link(3, "v1", 0)],
            addresses: vec![scoped("v0", 2), scoped("v1", 3)],
        });
        let scopes: Vec<_> = listed.iter().map(|i| i.ipv6()[0].scope_id()).collect();
        assert_eq!(scopes, [2, 3]);
    }
}
