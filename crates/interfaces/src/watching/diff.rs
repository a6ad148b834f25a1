//! How two states of one interface differ.

use std::cmp::Ordering;

use crate::assigned_address::AssignedAddress;
use crate::interface::Interface;
use crate::ipv6::AssignedIpv6;
use crate::watching::change::Difference;

/// Whether an IPv6 address that is still tentative counts as there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tentative {
    Awaited,
    Reported,
}

/// Shows each difference, those of the link first.
pub(crate) fn differences<'a>(
    old: &'a Interface,
    new: &'a Interface,
    tentative: Tentative,
    mut visit: impl FnMut(Difference<'a>),
) {
    for difference in link_differences(old, new).into_iter().flatten() {
        visit(difference);
    }
    let mut changed = |old: Option<AssignedAddress<'a>>, new: Option<AssignedAddress<'a>>| {
        visit(match (old, new) {
            (None, Some(new)) => Difference::AddressAdded(new),
            (Some(old), None) => Difference::AddressRemoved(old),
            (Some(old), Some(new)) if old != new => Difference::AddressChanged { old, new },
            _ => return,
        });
    };
    let [v4, also_v4] = [old, new].map(|interface| {
        let mut addresses: Vec<_> = interface.ipv4().iter().collect();
        addresses.sort_by_key(|own| own.identity());
        addresses
    });
    merge(
        v4,
        also_v4,
        |a, b| a.identity().cmp(&b.identity()),
        |old, new| {
            changed(old.map(AssignedAddress::V4), new.map(AssignedAddress::V4));
        },
    );
    let [v6, also_v6] = [old, new].map(|interface| {
        let addresses = interface.ipv6().iter();
        addresses.filter(move |own| counts(own, tentative))
    });
    merge(
        v6,
        also_v6,
        |a, b| a.rank().cmp(&b.rank()),
        |old, new| {
            changed(old.map(AssignedAddress::V6), new.map(AssignedAddress::V6));
        },
    );
    if let (Some(old), Some(new)) = (old.groups(), new.groups()) {
        merge(old, new, Ord::cmp, |old, new| match (old, new) {
            (None, Some(joined)) => visit(Difference::GroupJoined(*joined)),
            (Some(left), None) => visit(Difference::GroupLeft(*left)),
            _ => {}
        });
    }
}

fn link_differences<'a>(old: &Interface, new: &Interface) -> [Option<Difference<'a>>; 11] {
    let names_differ = !old.alternative_names().eq(new.alternative_names());
    let (was_up, is_up) = (old.flags().is_up(), new.flags().is_up());
    let flags_differ = old.flags().without_state() != new.flags().without_state();
    [
        changed(old.name(), new.name(), |old, new| Difference::Name {
            old,
            new,
        }),
        names_differ.then_some(Difference::AlternativeNames),
        changed(was_up, is_up, |_, is_up| {
            if is_up {
                Difference::Up
            } else {
                Difference::Down
            }
        }),
        changed(old.carrier(), new.carrier(), |old, new| {
            Difference::Carrier { old, new }
        }),
        changed(
            old.operational_state(),
            new.operational_state(),
            |old, new| Difference::OperationalState { old, new },
        ),
        flags_differ.then(|| Difference::Flags {
            old: old.flags(),
            new: new.flags(),
        }),
        changed(old.kind(), new.kind(), |old, new| Difference::Kind {
            old,
            new,
        }),
        changed(old.mtu(), new.mtu(), |old, new| Difference::Mtu {
            old,
            new,
        }),
        changed(
            old.hardware_address(),
            new.hardware_address(),
            |old, new| Difference::HardwareAddress { old, new },
        ),
        changed(old.master(), new.master(), |old, new| Difference::Master {
            old,
            new,
        }),
        changed(old.lower(), new.lower(), |old, new| Difference::Lower {
            old,
            new,
        }),
    ]
}

fn changed<'a, T: PartialEq>(
    old: T,
    new: T,
    difference: impl FnOnce(T, T) -> Difference<'a>,
) -> Option<Difference<'a>> {
    (old != new).then(|| difference(old, new))
}

fn counts(own: &AssignedIpv6, tentative: Tentative) -> bool {
    let is_tentative = own.state() == Some(crate::AddressState::Tentative);
    tentative == Tentative::Reported || !is_tentative
}

/// Walks two lists in the same order and shows what is in one, the other or both.
fn merge<T>(
    old: impl IntoIterator<Item = T>,
    new: impl IntoIterator<Item = T>,
    order: impl Fn(&T, &T) -> Ordering,
    mut visit: impl FnMut(Option<T>, Option<T>),
) {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => visit(old.next(), None),
            (None, Some(_)) => visit(None, new.next()),
            (Some(a), Some(b)) => match order(a, b) {
                Ordering::Less => visit(old.next(), None),
                Ordering::Greater => visit(None, new.next()),
                Ordering::Equal => visit(old.next(), new.next()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::address_record::AddressRecord;
    use crate::address_state::AddressState;
    use crate::flags::Flags;
    use crate::id::InterfaceIndex;
    use crate::link::Link;
    use crate::sys::flag;
    use crate::table::Table;

    fn interface(change: impl FnOnce(&mut Link), addresses: &[AddressRecord]) -> Interface {
        let index = InterfaceIndex::new(7).unwrap();
        let mut link = Link::new(
            index,
            "v0".parse().unwrap(),
            Flags::from_bits(flag::BROADCAST),
        );
        change(&mut link);
        let mut table = Table::default();
        table.add_link(link);
        table.close_links();
        for record in addresses {
            table.add_address(&AddressRecord {
                owner: Some(index),
                ..*record
            });
        }
        table.into_interfaces().remove(0)
    }

    fn address(address: &str, prefix_len: u8) -> AddressRecord {
        AddressRecord::new(address.parse().unwrap(), prefix_len)
    }

    fn in_state(state: AddressState) -> AddressRecord {
        AddressRecord {
            state: Some(state),
            ..address("fd71::1", 64)
        }
    }

    fn shown(old: &Interface, new: &Interface, tentative: Tentative) -> Vec<String> {
        let mut shown = Vec::new();
        differences(old, new, tentative, |difference| {
            shown.push(difference.to_string());
        });
        shown
    }

    fn of_addresses(old: &[AddressRecord], new: &[AddressRecord]) -> Vec<String> {
        let [old, new] = [old, new].map(|addresses| interface(|_| {}, addresses));
        shown(&old, &new, Tentative::Awaited)
    }

    #[test]
    fn equal_interfaces_do_not_differ() {
        let addresses = [address("10.71.0.1", 24), address("fe80::1", 64)];
        assert!(of_addresses(&addresses, &addresses).is_empty());
    }

    #[test]
    fn whatever_is_different_of_a_link_is_told_with_old_and_new() {
        let old = interface(|_| {}, &[]);
        for (new, difference) in [
            (
                interface(|link| link.name = "v1".parse().unwrap(), &[]),
                "was called v0",
            ),
            (
                interface(
                    |link| link.flags = Flags::from_bits(flag::BROADCAST | flag::UP),
                    &[],
                ),
                "up",
            ),
            (
                interface(|link| link.mtu = Some(1500), &[]),
                "MTU none -> 1500",
            ),
            (
                interface(|link| link.carrier = Some(false), &[]),
                "has no carrier",
            ),
            (
                interface(|link| link.master = InterfaceIndex::new(9), &[]),
                "master none -> 9",
            ),
        ] {
            assert_eq!(shown(&old, &new, Tentative::Awaited), [difference]);
            assert_eq!(shown(&new, &old, Tentative::Awaited).len(), 1);
        }
        let other_flags = Flags::from_bits(flag::BROADCAST | flag::MULTICAST);
        let new = interface(|link| link.flags = other_flags, &[]);
        differences(&old, &new, Tentative::Awaited, |difference| {
            let (old, new) = (old.flags(), other_flags);
            assert_eq!(difference, Difference::Flags { old, new });
        });
    }

    #[test]
    fn addresses_are_told_apart_by_prefix_and_peer_as_the_kernel_does() {
        let before = [address("10.71.0.1", 24), address("10.71.0.2", 24)];
        let after = [
            address("10.71.0.3", 24),
            address("10.71.0.1", 16),
            before[0],
        ];
        assert_eq!(
            of_addresses(&before, &after),
            [
                "address 10.71.0.1/16 added",
                "address 10.71.0.2/24 removed",
                "address 10.71.0.3/24 added"
            ]
        );
    }

    #[test]
    fn an_address_of_either_family_is_told_with_its_prefix() {
        let bare = interface(|_| {}, &[]);
        let new = interface(|_| {}, &[address("10.71.0.1", 16), address("fd71::1", 64)]);
        let mut told = Vec::new();
        differences(&bare, &new, Tentative::Awaited, |difference| {
            if let Difference::AddressAdded(own) = difference {
                told.push((own.ip().to_string(), own.prefix_len()));
            }
        });
        assert_eq!(told, [("10.71.0.1".into(), 16), ("fd71::1".into(), 64)]);
    }

    #[test]
    fn an_address_that_is_otherwise_different_has_changed() {
        let labelled = AddressRecord {
            name: "v0:1".parse().ok(),
            ..address("10.71.0.1", 24)
        };
        assert_eq!(
            of_addresses(&[address("10.71.0.1", 24)], &[labelled]),
            ["address 10.71.0.1/24 changed"]
        );
    }

    #[test]
    fn a_tentative_address_is_not_there_until_it_can_be_used() {
        use AddressState::{Deprecated, Duplicated, Preferred, Tentative as Asking};
        for (old, new, expected) in [
            (None, Some(Asking), None),
            (Some(Asking), Some(Preferred), Some("added")),
            (Some(Asking), Some(Duplicated), Some("added")),
            (Some(Asking), None, None),
            (Some(Preferred), Some(Deprecated), Some("changed")),
            (Some(Preferred), Some(Asking), Some("removed")),
        ] {
            let [before, after] = [old, new].map(|state| state.map(in_state));
            let told = of_addresses(before.as_slice(), after.as_slice());
            let expected = expected.map(|what| format!("address fd71::1/64 {what}"));
            assert_eq!(told, expected.as_slice(), "{old:?} -> {new:?}");
        }
        let [bare, asking] = [&[][..], &[in_state(Asking)]].map(|a| interface(|_| {}, a));
        assert_eq!(
            shown(&bare, &asking, Tentative::Reported),
            ["address fd71::1/64 added"]
        );
    }

    #[test]
    fn groups_are_told_where_both_are_known() {
        let with = |groups: &[u8]| {
            let mut interface = interface(|_| {}, &[]);
            interface.holdings.groups = Some(crate::holdings::Part::default());
            interface.holdings.edit(|own| {
                let groups = groups.iter().map(|last| IpAddr::from([224, 0, 0, *last]));
                own.groups.extend(groups);
            });
            interface
        };
        assert_eq!(
            shown(&with(&[1, 2]), &with(&[1, 3]), Tentative::Awaited),
            ["group 224.0.0.2 left", "group 224.0.0.3 joined"]
        );
        let unknown = interface(|_| {}, &[]);
        assert!(shown(&unknown, &with(&[1]), Tentative::Awaited).is_empty());
    }
}
