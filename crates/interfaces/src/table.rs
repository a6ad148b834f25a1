//! Puts together what a system's listing says of links and of addresses.
//!
//! Pure, so that every system's oddities can be tested everywhere.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use crate::address_record::{AddressRecord, Assigned, before_colon};
use crate::holdings::{Holdings, Lists, Part};
use crate::id::{Generation, InterfaceIndex};
use crate::interface::Interface;
use crate::link::Link;
use crate::name::InterfaceName;

/// Interfaces while they are being listed: first all links, then all addresses,
/// of which an interface's lie side by side in the end.
#[derive(Debug, Default)]
pub(crate) struct Table {
    interfaces: Vec<Interface>,
    lists: Lists, // but for the groups
    named_so: Vec<(InterfaceIndex, Range<usize>)>,
    groups: Option<Vec<(InterfaceIndex, IpAddr)>>,
    has_orphans: bool,
    last: usize, // position of the interface that was found last
}

/// How much a table holds, so that the next one has room from the start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    interfaces: usize,
    ipv4: usize,
    ipv6: usize,
}

impl Table {
    pub(crate) fn with_capacity(size: Size) -> Self {
        Self {
            interfaces: Vec::with_capacity(size.interfaces),
            lists: Lists {
                ipv4: Vec::with_capacity(size.ipv4),
                ipv6: Vec::with_capacity(size.ipv6),
                ..Lists::default()
            },
            ..Self::default()
        }
    }

    /// Forgets what was listed, to list it again.
    pub(crate) fn clear(&mut self) {
        self.interfaces.clear();
        self.lists.ipv4.clear();
        self.lists.ipv6.clear();
        self.lists.alternative_names.clear();
        self.named_so.clear();
        self.groups = None;
        self.has_orphans = false;
        self.last = 0;
    }

    pub(crate) fn size(&self) -> Size {
        Size {
            interfaces: self.interfaces.len(),
            ipv4: self.lists.ipv4.len(),
            ipv6: self.lists.ipv6.len(),
        }
    }

    /// Adds an interface.
    pub(crate) fn add_link(&mut self, link: Link) {
        self.interfaces.push(Interface {
            link,
            generation: Generation::FIRST,
            holdings: Holdings::default(),
        });
    }

    /// Adds a further name of the interface that was added last.
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android", test)),
        expect(dead_code, reason = "this system has one name for an interface")
    )]
    pub(crate) fn add_alternative_name(&mut self, name: &[u8]) {
        let Some(interface) = self.interfaces.last() else {
            return;
        };
        let names = &mut self.lists.alternative_names;
        let start = names.len();
        names.extend(name);
        names.push(0);
        let end = names.len();
        match self.named_so.last_mut() {
            Some((index, range)) if *index == interface.index() => range.end = end,
            _ => self.named_so.push((interface.index(), start..end)),
        }
    }

    /// Puts the interfaces in order; to be called after the last one was added.
    pub(crate) fn close_links(&mut self) {
        if !self.interfaces.is_sorted_by(|a, b| a.index() < b.index()) {
            self.interfaces.sort_by_key(Interface::index);
            self.interfaces.dedup_by_key(|interface| interface.index());
        }
    }

    /// The interfaces, without their addresses yet.
    #[cfg_attr(
        all(target_os = "illumos", not(test)),
        expect(dead_code, reason = "this system tells no more of links")
    )]
    pub(crate) fn links_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        self.interfaces
            .iter_mut()
            .map(|interface| &mut interface.link)
    }

    /// Adds an address to its interface. One without interface is left out: that
    /// appeared or vanished while the system was being asked.
    pub(crate) fn add_address(&mut self, record: &AddressRecord) {
        match self.owner_of(record) {
            None => self.has_orphans = true,
            Some(link) => match record.on(link) {
                Assigned::V4(assigned) => self.lists.ipv4.push(assigned),
                Assigned::V6(assigned) => self.lists.ipv6.push(assigned),
            },
        }
    }

    /// Leaves each address in once, of which a listing that was torn may have told
    /// again.
    pub(crate) fn remove_repeated_addresses(&mut self) {
        let (mut ipv4, mut ipv6) = (HashSet::new(), HashSet::new());
        self.lists
            .ipv4
            .retain(|own| ipv4.insert((own.interface, own.identity())));
        self.lists
            .ipv6
            .retain(|own| ipv6.insert((own.interface, own.address)));
    }

    /// Says that groups were asked for, which are none until one is added.
    pub(crate) fn expect_groups(&mut self) {
        self.groups.get_or_insert_default();
    }

    /// Adds a group that was joined on an interface.
    pub(crate) fn add_group(&mut self, index: InterfaceIndex, group: IpAddr) {
        self.groups.get_or_insert_default().push((index, group));
    }

    /// Whether an address had no interface.
    pub(crate) const fn has_orphans(&self) -> bool {
        self.has_orphans
    }

    /// The interfaces with all that they have, ordered by index, each once.
    pub(crate) fn into_interfaces(mut self) -> Vec<Interface> {
        sort(&mut self.lists.ipv4, |a, b| {
            (a.interface, a.rank).cmp(&(b.interface, b.rank))
        });
        sort(&mut self.lists.ipv6, |a, b| {
            (a.interface, a.rank()).cmp(&(b.interface, b.rank()))
        });
        let mut grouped = Vec::new();
        if let Some(groups) = &mut self.groups {
            groups.sort_unstable();
            groups.dedup();
            (grouped, self.lists.groups) = groups.iter().copied().unzip();
        }
        let all = Arc::new(self.lists);
        let (mut next_ipv4, mut next_ipv6, mut next_group) = (0, 0, 0);
        for interface in &mut self.interfaces {
            let index = interface.index();
            interface.holdings = Holdings {
                all: Some(Arc::clone(&all)),
                alternative_names: Part::default(),
                ipv4: part(&all.ipv4, &mut next_ipv4, index, |own| own.interface),
                ipv6: part(&all.ipv6, &mut next_ipv6, index, |own| own.interface),
                groups: self
                    .groups
                    .is_some()
                    .then(|| part(&grouped, &mut next_group, index, |owner| *owner)),
            };
        }
        for (index, range) in self.named_so {
            let position = self
                .interfaces
                .binary_search_by_key(&index, Interface::index);
            if let Ok(position) = position {
                self.interfaces[position].holdings.alternative_names = Part::new(range);
            }
        }
        self.interfaces
    }

    /// The interface that an address belongs to: as the system says, or else by
    /// its name or that within its label.
    fn owner_of(&mut self, record: &AddressRecord) -> Option<&Link> {
        let position = match record.owner {
            Some(owner) => self.position_of(owner)?,
            None => {
                let name = record.name?;
                self.position_named(name)
                    .or_else(|| self.position_named(before_colon(name)))?
            }
        };
        self.last = position;
        Some(&self.interfaces[position].link)
    }

    /// Systems list the addresses of one interface after the other.
    fn position_of(&self, index: InterfaceIndex) -> Option<usize> {
        let is_at = |at: usize| self.interfaces.get(at).is_some_and(|i| i.index() == index);
        [self.last, self.last + 1]
            .into_iter()
            .find(|&at| is_at(at))
            .or_else(|| {
                self.interfaces
                    .binary_search_by_key(&index, Interface::index)
                    .ok()
            })
    }

    fn position_named(&self, name: InterfaceName) -> Option<usize> {
        let mut interfaces = self.interfaces.iter();
        interfaces.position(|interface| interface.name() == name)
    }
}

/// Sorts what the system has mostly sorted already; equal ones stay in order.
fn sort<T>(list: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    if !list.is_sorted_by(|a, b| order(a, b).is_le()) {
        list.sort_by(order);
    }
}

/// Where the items of `owner` lie in a list that is ordered by owner; `next` is
/// where to look, and then where to look for the next owner's.
fn part<T>(
    list: &[T],
    next: &mut usize,
    owner: InterfaceIndex,
    owner_of: impl Fn(&T) -> InterfaceIndex,
) -> Part {
    let is_before = |item: &T| owner_of(item) < owner;
    while list.get(*next).is_some_and(is_before) {
        *next += 1; // of an interface that is not listed
    }
    let start = *next;
    while list.get(*next).is_some_and(|item| owner_of(item) == owner) {
        *next += 1;
    }
    Part::new(start..*next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Flags;
    use crate::ipv4::AssignedIpv4;

    fn index(index: u32) -> InterfaceIndex {
        InterfaceIndex::new(index).unwrap()
    }

    fn link(number: u32, called: &str) -> Link {
        Link::new(index(number), called.parse().unwrap(), Flags::from_bits(0))
    }

    fn address(called: &str, address: &str) -> AddressRecord {
        AddressRecord {
            name: called.parse().ok(),
            ..AddressRecord::new(address.parse().unwrap(), 24)
        }
    }

    fn owned(owner: u32, at: &str) -> AddressRecord {
        AddressRecord {
            owner: InterfaceIndex::new(owner),
            ..address("x", at)
        }
    }

    fn table(links: &[(u32, &str)], addresses: &[AddressRecord]) -> Table {
        let mut table = Table::default();
        for (number, called) in links {
            table.add_link(link(*number, called));
        }
        table.close_links();
        for address in addresses {
            table.add_address(address);
        }
        table
    }

    fn ipv4(interface: &Interface) -> Vec<String> {
        interface.ipv4().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_label_makes_no_interface_and_stays_on_its_address() {
        let addresses = [address("v0", "10.71.0.1"), address("v0:1", "10.71.0.2")];
        let listed = table(&[(2, "v0")], &addresses).into_interfaces();
        assert_eq!(listed.len(), 1);
        let labels: Vec<_> = listed[0].ipv4().iter().map(AssignedIpv4::label).collect();
        assert_eq!(labels, [None, "v0:1".parse().ok()]);
    }

    #[test]
    fn an_address_belongs_to_its_owner_whatever_its_label() {
        for label in ["printer", "v1", "v1:1"] {
            let mut record = owned(2, "10.71.0.2");
            record.name = label.parse().ok();
            let listed = table(&[(2, "v0"), (3, "v1")], &[record]).into_interfaces();
            assert_eq!(listed[0].ipv4()[0].label(), label.parse().ok());
            assert!(listed[1].ipv4().is_empty());
        }
    }

    #[test]
    fn an_interface_without_addresses_is_listed_and_an_address_without_one_is_not() {
        let gone = [address("gone", "10.0.0.1")];
        let table = table(&[(3, "late"), (2, "early"), (3, "late")], &gone);
        assert!(table.has_orphans());
        let listed = table.into_interfaces();
        let names: Vec<_> = listed.iter().map(|i| i.name().to_string()).collect();
        assert_eq!(names, ["early", "late"]);
        assert!(
            listed
                .iter()
                .all(|i| i.ipv4().is_empty() && i.ipv6().is_empty())
        );
    }

    #[test]
    fn an_interface_that_was_listed_twice_in_a_row_is_there_once() {
        let listed = table(&[(2, "v0"), (2, "v0")], &[]).into_interfaces();
        assert_eq!(listed.len(), 1);
    }

    #[test]
    fn the_same_link_local_address_on_two_interfaces_stays_two() {
        let addresses = [owned(2, "fe80::1"), owned(3, "fe80::1")];
        let listed = table(&[(2, "v0"), (3, "v1")], &addresses).into_interfaces();
        let scopes: Vec<_> = listed.iter().map(|i| i.ipv6()[0].scope_id()).collect();
        assert_eq!(scopes, [2, 3]);
    }

    #[test]
    fn addresses_in_any_order_come_to_their_interfaces_in_that_order() {
        let addresses = [
            owned(3, "10.71.3.1"),
            owned(2, "10.71.2.2"),
            owned(3, "fd71::2"),
            owned(9, "10.71.9.1"),
            owned(2, "10.71.2.1"),
            owned(3, "fe80::1"),
            owned(3, "fd71::1"),
        ];
        let links = [(2, "v0"), (3, "v1"), (5, "v2"), (9, "v3")];
        let listed = table(&links, &addresses).into_interfaces();
        assert_eq!(ipv4(&listed[0]), ["10.71.2.2/24", "10.71.2.1/24"]);
        assert_eq!(ipv4(&listed[1]), ["10.71.3.1/24"]);
        assert!(ipv4(&listed[2]).is_empty());
        assert_eq!(ipv4(&listed[3]), ["10.71.9.1/24"]);
        let ipv6: Vec<_> = listed[1].ipv6().iter().map(ToString::to_string).collect();
        assert_eq!(ipv6, ["fd71::1/24", "fd71::2/24", "fe80::1/24"]);
    }

    #[test]
    fn an_address_that_was_listed_twice_is_there_once() {
        let again = AddressRecord {
            name: "x:1".parse().ok(),
            ..owned(2, "10.71.0.1")
        };
        let other = AddressRecord {
            prefix_len: 16,
            ..owned(2, "10.71.0.1")
        };
        let addresses = [
            owned(2, "10.71.0.1"),
            owned(2, "10.71.0.2"),
            owned(2, "fd71::1"),
            again,
            other,
            owned(2, "fd71::1"),
            owned(3, "fd71::1"),
        ];
        let mut table = table(&[(2, "v0"), (3, "v1")], &addresses);
        table.remove_repeated_addresses();
        let listed = table.into_interfaces();
        assert_eq!(
            ipv4(&listed[0]),
            ["10.71.0.1/24", "10.71.0.2/24", "10.71.0.1/16"]
        );
        assert_eq!((listed[0].ipv6().len(), listed[1].ipv6().len()), (1, 1));
    }

    #[test]
    fn names_and_groups_come_to_their_interfaces_and_only_where_they_were_asked_for() {
        let mut table = Table::default();
        table.add_link(link(3, "v1"));
        table.add_alternative_name(b"one");
        table.add_alternative_name(b"uno");
        table.add_link(link(2, "v0"));
        table.add_alternative_name(b"zero");
        table.close_links();
        table.expect_groups();
        table.add_group(index(1), [224, 0, 0, 1].into());
        table.add_group(index(3), [224, 0, 0, 251].into());
        table.add_group(index(3), [224, 0, 0, 1].into());
        table.add_group(index(3), [224, 0, 0, 1].into());
        table.add_group(index(7), [224, 0, 0, 1].into());
        let listed = table.into_interfaces();
        assert_eq!(listed[0].groups(), Some(&[][..]));
        let joined = [[224, 0, 0, 1], [224, 0, 0, 251]].map(IpAddr::from);
        assert_eq!(listed[1].groups(), Some(&joined[..]));
        assert!(listed[1].is_called(b"uno") && listed[1].is_called(b"v1"));
        let names = |at: usize| {
            let names = listed[at].alternative_names();
            names.map(|name| name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(0), ["zero"]);
        assert_eq!(names(1), ["one", "uno"]);

        let unasked = self::table(&[(2, "v0")], &[]).into_interfaces();
        assert_eq!(unasked[0].groups(), None);
        let mut without = self::table(&[(2, "v0")], &[]);
        without.expect_groups();
        assert_eq!(without.into_interfaces()[0].groups(), Some(&[][..]));
    }
}
