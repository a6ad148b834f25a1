//! An IP address as a system's listing or message tells of it.

use std::net::{IpAddr, Ipv4Addr};

use crate::address_state::AddressState;
use crate::flags::Flags;
use crate::id::InterfaceIndex;
use crate::ipv4::{AssignedIpv4, Broadcast, Rank};
use crate::ipv6::AssignedIpv6;
use crate::link::Link;
use crate::name::InterfaceName;

/// An IP address of an interface, not yet put together with it.
#[derive(Clone, Copy, Debug)]
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
    /// Of an IPv4 address.
    pub(crate) rank: Rank,
    /// Of an IPv6 address, where the system says.
    pub(crate) state: Option<AddressState>,
    pub(crate) temporary: Option<bool>,
}

impl AddressRecord {
    /// One of which nothing else is known.
    pub(crate) const fn new(address: IpAddr, prefix_len: u8) -> Self {
        Self {
            owner: None,
            name: None,
            address,
            prefix_len,
            broadcast: None,
            peer: None,
            rank: Rank {
                secondary: None,
                width: 0,
            },
            state: None,
            temporary: None,
        }
    }

    /// The address as this interface has it.
    pub(crate) fn on(&self, link: &Link) -> Assigned {
        let prefix_len = self.prefix_len;
        match self.address {
            IpAddr::V4(address) => Assigned::V4(AssignedIpv4 {
                interface: link.index,
                address,
                prefix_len,
                broadcast: self.broadcast(address, link.flags),
                peer: match self.peer {
                    Some(IpAddr::V4(peer)) => Some(peer),
                    _ => None,
                },
                label: self.name.filter(|name| *name != link.name),
                rank: self.rank,
            }),
            IpAddr::V6(address) => Assigned::V6(AssignedIpv6 {
                interface: link.index,
                address,
                prefix_len,
                peer: match self.peer {
                    Some(IpAddr::V6(peer)) => Some(peer),
                    _ => None,
                },
                state: self.state,
                temporary: self.temporary,
            }),
        }
    }

    /// Whether it tells of this address, however different it may be now.
    pub(crate) fn is_of(&self, own: &AssignedIpv4) -> bool {
        self.address == own.address()
            && self.prefix_len == own.prefix_len()
            && self.peer == own.peer().map(IpAddr::from)
    }

    /// The interface's own address or 0.0.0.0 for a broadcast address, as some
    /// scripts set them, counts as none.
    fn broadcast(&self, address: Ipv4Addr, flags: Flags) -> Option<Broadcast> {
        let configured = self
            .broadcast
            .filter(|configured| *configured != address && !configured.is_unspecified());
        match (flags.is_broadcast(), configured, self.peer) {
            (true, Some(configured), _) => Some(Broadcast::configured(configured)),
            (true, None, None) => Broadcast::computed(address, self.prefix_len),
            (true, None, Some(_)) | (false, ..) => None,
        }
    }
}

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Assigned {
    V4(AssignedIpv4),
    V6(AssignedIpv6),
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
    use crate::ipv4::BroadcastOrigin;
    use crate::sys::flag;

    fn v0(flags: u32) -> Link {
        let index = InterfaceIndex::new(2).unwrap();
        Link::new(index, "v0".parse().unwrap(), Flags::from_bits(flags))
    }

    fn v4(record: &AddressRecord, flags: u32) -> AssignedIpv4 {
        match record.on(&v0(flags)) {
            Assigned::V4(assigned) => assigned,
            Assigned::V6(assigned) => panic!("{assigned:?}"),
        }
    }

    /// As `getifaddrs(3)` would list it on a link with these flags.
    fn one(flags: u32, prefix_len: u8, other: Option<&str>) -> AssignedIpv4 {
        let mut record = AddressRecord::new([10, 71, 0, 1].into(), prefix_len);
        let other = other.map(|other| other.parse().unwrap());
        (record.broadcast, record.peer) =
            broadcast_or_peer(Flags::from_bits(flags), record.address, prefix_len, other);
        v4(&record, flags)
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
    fn without_broadcast_and_without_one_other_end_there_is_neither_address() {
        let address = one(0, 24, Some("10.71.0.9"));
        assert_eq!((address.broadcast(), address.peer()), (None, None));
    }

    #[test]
    fn an_address_with_a_peer_has_only_a_configured_broadcast_address() {
        let mut record = AddressRecord::new([10, 71, 0, 1].into(), 24);
        record.peer = Some([10, 71, 0, 9].into());
        assert_eq!(v4(&record, flag::BROADCAST).broadcast(), None);

        record.prefix_len = 32;
        record.broadcast = Some([10, 71, 0, 255].into());
        let configured = Broadcast::configured([10, 71, 0, 255].into());
        assert_eq!(v4(&record, flag::BROADCAST).broadcast(), Some(configured));
    }

    #[test]
    fn a_name_that_is_not_the_interfaces_is_a_label() {
        let mut record = AddressRecord::new([10, 71, 0, 1].into(), 24);
        for (name, label) in [
            ("v0", None),
            ("v0:1", Some("v0:1")),
            ("printer", Some("printer")),
        ] {
            record.name = name.parse().ok();
            let label = label.map(|label| label.parse().unwrap());
            assert_eq!(v4(&record, flag::BROADCAST).label(), label);
        }
    }

    #[test]
    fn what_is_before_the_colon_of_a_label_is_the_interfaces_name() {
        for (label, name) in [("v0:1", "v0"), ("v0", "v0"), (":1", ":1")] {
            assert_eq!(before_colon(label.parse().unwrap()).to_string(), name);
        }
    }
}
