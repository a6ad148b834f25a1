//! The rtnetlink messages that tell of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address_record::AddressRecord;
use crate::address_state::AddressState;
use crate::id::InterfaceIndex;
use crate::ipv4::Rank;
use crate::name::InterfaceName;
use crate::sys::linux::nlmsg::{Request, attributes, u32_at, without_nul};

/// Asks for all addresses of every family.
pub(crate) fn all() -> Request {
    Request::dump(libc::RTM_GETADDR, libc::RTM_NEWADDR, &[0; HEADER_LEN])
}

/// Asks for the addresses of one interface; kernels before 4.20 answer with
/// those of all.
pub(crate) fn of(index: InterfaceIndex) -> Request {
    let mut header = [0; HEADER_LEN];
    header[4..8].copy_from_slice(&index.get().to_ne_bytes());
    Request::dump(libc::RTM_GETADDR, libc::RTM_NEWADDR, &header)
}

/// Decodes the payload of `RTM_NEWADDR` or `RTM_DELADDR`; `None` for what is no
/// IP address.
pub(crate) fn decode(payload: &[u8]) -> Option<AddressRecord> {
    let [family, prefix_len, flags, scope] = *payload.first_chunk()?;
    let owner = InterfaceIndex::new(u32_at(payload, 4)?)?;
    let mut flags = u32::from(flags); // of which `IFA_FLAGS` has more
    let (mut address, mut local, mut broadcast, mut name) = (None, None, None, None);
    for (attribute, value) in attributes(payload.get(HEADER_LEN..)?) {
        match attribute {
            libc::IFA_ADDRESS => address = ip(family, value),
            libc::IFA_LOCAL => local = ip(family, value),
            libc::IFA_BROADCAST => broadcast = ip(family, value),
            libc::IFA_LABEL => name = InterfaceName::new(without_nul(value)).ok(),
            IFA_FLAGS => flags = u32_at(value, 0).unwrap_or(flags),
            _ => {}
        }
    }
    // Where there is a peer, `IFA_ADDRESS` is its address and not ours.
    let (address, peer) = match (local, address) {
        (Some(local), peer) => (local, peer.filter(|peer| *peer != local)),
        (None, address) => (address?, None),
    };
    if prefix_len > if address.is_ipv4() { 32 } else { 128 } {
        return None;
    }
    Some(AddressRecord {
        owner: Some(owner),
        name,
        broadcast: match broadcast {
            Some(IpAddr::V4(broadcast)) => Some(broadcast),
            _ => None,
        },
        peer: peer.filter(|peer| !peer.is_unspecified()),
        rank: if address.is_ipv4() {
            rank(flags, scope)
        } else {
            Rank::default()
        },
        state: address.is_ipv6().then(|| state(flags)),
        temporary: address.is_ipv6().then_some(flags & IFA_F_TEMPORARY != 0),
        ..AddressRecord::new(address, prefix_len)
    })
}

/// An IP address of this family.
pub(crate) fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match family {
        AF_INET => Some(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?).into()),
        AF_INET6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?).into()),
        _ => None,
    }
}

/// Where an IPv4 address stands: as `__inet_insert_ifa` of the kernel puts it.
fn rank(flags: u32, scope: u8) -> Rank {
    let secondary = flags & IFA_F_SECONDARY != 0;
    Rank {
        secondary: Some(secondary),
        width: if secondary { 0 } else { u8::MAX - scope },
    }
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

pub(crate) const AF_INET: u8 = 2;
pub(crate) const AF_INET6: u8 = 10;
const HEADER_LEN: usize = 8; // struct ifaddrmsg
const IFA_FLAGS: u16 = 8;
const IFA_F_SECONDARY: u32 = 0x01;
const IFA_F_TEMPORARY: u32 = 0x01;
const IFA_F_OPTIMISTIC: u32 = 0x04;
const IFA_F_DADFAILED: u32 = 0x08;
const IFA_F_DEPRECATED: u32 = 0x20;
const IFA_F_TENTATIVE: u32 = 0x40;

#[cfg(test)]
ifcast_abi::same!(
    AF_INET,
    AF_INET6,
    IFA_FLAGS,
    IFA_F_SECONDARY,
    IFA_F_TEMPORARY,
    IFA_F_OPTIMISTIC,
    IFA_F_DADFAILED,
    IFA_F_DEPRECATED,
    IFA_F_TENTATIVE
);

#[cfg(test)]
ifcast_abi::claims! {
    "sizeof(struct ifaddrmsg)" => HEADER_LEN,
    "offsetof(struct ifaddrmsg, ifa_family)" => 0,
    "offsetof(struct ifaddrmsg, ifa_prefixlen)" => 1,
    "offsetof(struct ifaddrmsg, ifa_flags)" => 2,
    "offsetof(struct ifaddrmsg, ifa_scope)" => 3,
    "offsetof(struct ifaddrmsg, ifa_index)" => 4,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::linux::nlmsg::fixture::attribute;

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
        let record = decode(&payload).unwrap();
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
        let record = decode(&assigned(AF_INET, 32, attributes)).unwrap();
        assert_eq!(record.address, IpAddr::from(ours));
        assert_eq!(record.peer, Some(theirs.into()));

        let [ours, theirs] = [5, 6].map(|last| Ipv6Addr::new(0xfd71, 0, 0, 0, 0, 0, 0, last));
        let (ours_bytes, theirs_bytes) = (ours.octets(), theirs.octets());
        let alone = decode(&assigned(AF_INET6, 64, &[(libc::IFA_ADDRESS, &ours_bytes)])).unwrap();
        assert_eq!((alone.address, alone.peer), (ours.into(), None));
        let attributes: &[(u16, &[u8])] = &[
            (libc::IFA_LOCAL, &ours_bytes),
            (libc::IFA_ADDRESS, &theirs_bytes),
        ];
        let record = decode(&assigned(AF_INET6, 128, attributes)).unwrap();
        assert_eq!(record.address, IpAddr::from(ours));
        assert_eq!(record.peer, Some(theirs.into()));
    }

    #[test]
    fn the_state_of_an_ipv6_address_follows_from_its_flags() {
        let with_flags = |flags: u32| {
            let flags = flags.to_ne_bytes();
            let attributes: &[(u16, &[u8])] = &[(libc::IFA_ADDRESS, &[0xfd; 16]), (8, &flags)];
            decode(&assigned(AF_INET6, 64, attributes)).unwrap()
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

        let secondary = IFA_F_SECONDARY.to_ne_bytes();
        let attributes: &[(u16, &[u8])] =
            &[(libc::IFA_LOCAL, &[10, 71, 0, 2]), (IFA_FLAGS, &secondary)];
        let secondary = assigned(AF_INET, 24, attributes);
        let secondary = decode(&secondary).unwrap();
        assert_eq!((secondary.state, secondary.temporary), (None, None));
        assert_eq!(secondary.rank.secondary, Some(true));
    }

    #[test]
    fn what_is_no_ip_address_is_left_out() {
        let foreign = assigned(12, 0, &[(libc::IFA_LOCAL, &[0, 1])]); // DECnet
        assert!(decode(&foreign).is_none());
        let cut_short = assigned(AF_INET6, 64, &[(libc::IFA_ADDRESS, &[0xfe, 0x80])]);
        assert!(decode(&cut_short).is_none());
        for (family, longest) in [(AF_INET, 32), (AF_INET6, 128)] {
            let address = &[10; 16][..if family == AF_INET { 4 } else { 16 }];
            let with = |prefix_len| assigned(family, prefix_len, &[(libc::IFA_LOCAL, address)]);
            assert!(decode(&with(longest)).is_some());
            assert!(decode(&with(longest + 1)).is_none());
        }
    }

    #[test]
    fn no_truncation_makes_the_parser_panic() {
        let attributes: &[(u16, &[u8])] = &[(libc::IFA_LOCAL, &[10, 71, 0, 2])];
        let payload = assigned(AF_INET, 24, attributes);
        for len in 0..=payload.len() {
            for at in 0..4 {
                let moved = [&[0; 4][..at], &payload[..len]].concat();
                assert_eq!(decode(&moved[at..]).is_some(), len == payload.len());
            }
        }
    }

    #[test]
    fn primary_addresses_stand_before_secondary_ones_and_narrow_scopes_before_wide_ones() {
        let [global, link] = [0, 253];
        let ranks = [rank(0, link), rank(0, global), rank(1, link)];
        assert!(ranks.is_sorted_by(|before, after| before < after));
        assert_eq!(rank(1, global), rank(1, link));
    }
}
