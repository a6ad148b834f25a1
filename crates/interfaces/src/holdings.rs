//! What an interface has several of: names, addresses, groups.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use crate::ipv4::AssignedIpv4;
use crate::ipv6::AssignedIpv6;

/// Names, addresses and groups: of one interface, or of all of a snapshot, where
/// each interface's lie side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    pub(crate) alternative_names: Vec<u8>, // each with a NUL behind it
    pub(crate) ipv4: Vec<AssignedIpv4>,
    pub(crate) ipv6: Vec<AssignedIpv6>,
    pub(crate) groups: Vec<IpAddr>,
}

/// An interface's part of the lists that it shares with all others of a
/// snapshot, so that capturing a thousand interfaces makes four lists and not
/// four thousand; until it changes, when it gets lists of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holdings {
    pub(crate) all: Option<Arc<Lists>>,
    pub(crate) alternative_names: Part,
    pub(crate) ipv4: Part,
    pub(crate) ipv6: Part,
    pub(crate) groups: Option<Part>, // if anybody asked
}

impl Holdings {
    pub(crate) fn alternative_names(&self) -> &[u8] {
        self.part(&self.alternative_names, |all| &all.alternative_names)
    }

    pub(crate) fn ipv4(&self) -> &[AssignedIpv4] {
        self.part(&self.ipv4, |all| &all.ipv4)
    }

    pub(crate) fn ipv6(&self) -> &[AssignedIpv6] {
        self.part(&self.ipv6, |all| &all.ipv6)
    }

    pub(crate) fn groups(&self) -> Option<&[IpAddr]> {
        Some(self.part(self.groups.as_ref()?, |all| &all.groups))
    }

    /// Changes what the interface has, which affects nobody who shares it.
    pub(crate) fn edit(&mut self, edit: impl FnOnce(&mut Lists)) {
        if !self.all.as_ref().is_some_and(|all| self.is_all_of(all)) {
            self.all = Some(Arc::new(Lists {
                alternative_names: self.alternative_names().to_vec(),
                ipv4: self.ipv4().to_vec(),
                ipv6: self.ipv6().to_vec(),
                groups: self.groups().unwrap_or_default().to_vec(),
            }));
        }
        let own = Arc::make_mut(self.all.get_or_insert_default());
        edit(own);
        self.alternative_names = Part::whole(&own.alternative_names);
        self.ipv4 = Part::whole(&own.ipv4);
        self.ipv6 = Part::whole(&own.ipv6);
        self.groups = self.groups.as_ref().map(|_| Part::whole(&own.groups));
    }

    fn part<'a, T>(&'a self, part: &Part, list: impl FnOnce(&'a Lists) -> &'a Vec<T>) -> &'a [T] {
        match &self.all {
            Some(all) => part.of(list(all)),
            None => &[],
        }
    }

    /// Whether these lists have nothing but what is the interface's.
    fn is_all_of(&self, all: &Lists) -> bool {
        self.alternative_names.len() == all.alternative_names.len()
            && self.ipv4.len() == all.ipv4.len()
            && self.ipv6.len() == all.ipv6.len()
            && self.groups.as_ref().map_or(0, Part::len) == all.groups.len()
    }
}

impl PartialEq for Holdings {
    fn eq(&self, other: &Self) -> bool {
        self.alternative_names() == other.alternative_names()
            && self.ipv4() == other.ipv4()
            && self.ipv6() == other.ipv6()
            && self.groups() == other.groups()
    }
}

impl Eq for Holdings {}

/// Where in a list something lies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    start: u32,
    end: u32,
}

impl Part {
    pub(crate) fn new(range: Range<usize>) -> Self {
        let [start, end] = [range.start, range.end].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        Self { start, end }
    }

    pub(crate) fn whole<T>(list: &[T]) -> Self {
        Self::new(0..list.len())
    }

    fn of<'a, T>(&self, list: &'a [T]) -> &'a [T] {
        let [start, end] =
            [self.start, self.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        list.get(start..end).unwrap_or_default()
    }

    fn len(&self) -> usize {
        usize::try_from(self.end - self.start).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address_record::{AddressRecord, Assigned};
    use crate::flags::Flags;
    use crate::id::InterfaceIndex;
    use crate::link::Link;

    fn group(last: u8) -> IpAddr {
        [224, 0, 0, last].into()
    }

    /// Lists of two bytes of a name and two things of each other sort.
    fn two_of_each() -> Lists {
        let index = InterfaceIndex::new(2).unwrap();
        let link = Link::new(index, "v0".parse().unwrap(), Flags::from_bits(0));
        let mut lists = Lists {
            alternative_names: b"x\0".to_vec(),
            groups: [1, 2].map(group).to_vec(),
            ..Lists::default()
        };
        for address in ["10.71.0.1", "10.71.0.2", "fd71::1", "fd71::2"] {
            match AddressRecord::new(address.parse().unwrap(), 24).on(&link) {
                Assigned::V4(own) => lists.ipv4.push(own),
                Assigned::V6(own) => lists.ipv6.push(own),
            }
        }
        lists
    }

    fn sharing(all: &Arc<Lists>, range: Range<usize>) -> Holdings {
        Holdings {
            all: Some(Arc::clone(all)),
            groups: Some(Part::new(range)),
            ..Holdings::default()
        }
    }

    #[test]
    fn whoever_changes_shared_lists_changes_only_its_own_part() {
        let groups = [1, 2, 3, 4].map(group).to_vec();
        let all = Arc::new(Lists {
            groups: groups.clone(),
            ..Lists::default()
        });
        let (mut first, second) = (sharing(&all, 0..2), sharing(&all, 2..4));
        let before = first.clone();
        first.edit(|own| own.groups.push(group(9)));
        first.edit(|own| own.groups.push(group(10)));
        let changed = [1, 2, 9, 10].map(group);
        assert_eq!(first.groups(), Some(&changed[..]));
        assert_eq!(before.groups(), Some(&groups[..2]));
        assert_eq!(second.groups(), Some(&groups[2..]));
        assert_eq!(all.groups, groups);
    }

    #[test]
    fn who_has_nothing_of_one_list_gets_nothing_of_it_by_another_change() {
        let all = Arc::new(two_of_each());
        for lacking in 0..4 {
            let part = |list| Part::new(if list == lacking { 1..1 } else { 0..2 });
            let mut holdings = Holdings {
                all: Some(Arc::clone(&all)),
                alternative_names: part(0),
                ipv4: part(1),
                ipv6: part(2),
                groups: Some(part(3)),
            };
            let before = holdings.clone();
            holdings.edit(|_| {});
            assert_eq!(holdings, before);
        }
    }

    #[test]
    fn only_the_first_change_copies_the_lists() {
        let mut holdings = sharing(&Arc::new(two_of_each()), 0..2);
        holdings.edit(|_| {});
        let own = holdings.all.as_ref().map(Arc::as_ptr);
        holdings.edit(|_| {});
        assert_eq!(holdings.all.as_ref().map(Arc::as_ptr), own);
    }

    #[test]
    fn groups_that_nobody_asked_for_stay_unknown() {
        let mut holdings = Holdings::default();
        holdings.edit(|own| own.groups.push(group(1)));
        assert_eq!(holdings.groups(), None);
    }

    #[test]
    fn equal_is_what_one_has_and_not_where_it_lies() {
        let all = Arc::new(Lists {
            groups: [1, 1].map(group).to_vec(),
            ..Lists::default()
        });
        assert_eq!(sharing(&all, 0..1), sharing(&all, 1..2));
        assert_ne!(sharing(&all, 0..1), sharing(&all, 0..2));
    }
}
