//! One who knows of interfaces only what a watcher reports.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hint;
use std::net::IpAddr;

use ifcast_interfaces::{
    AddressState, AssignedAddress, AssignedIpv4, AssignedIpv6, Change, Difference, Generation,
    HardwareAddress, Interface, InterfaceIndex, InterfaceName, Kind, OperationalState, Snapshot,
};

/// What was reported of all interfaces.
#[derive(Debug, Default)]
pub struct Audience(BTreeMap<InterfaceIndex, Known>);

/// What was reported of one.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    generation: Generation,
    name: InterfaceName,
    alternative_names: Vec<String>,
    is_up: bool,
    carrier: Option<bool>,
    state: Option<OperationalState>,
    kind: Kind,
    mtu: Option<u32>,
    hardware_address: Option<HardwareAddress>,
    master: Option<InterfaceIndex>,
    lower: Option<InterfaceIndex>,
    ipv4: Vec<AssignedIpv4>, // in any order: nobody reports that
    ipv6: Vec<AssignedIpv6>, // without those that are tentative
    groups: Vec<IpAddr>,
}

impl Audience {
    /// Takes notice. Panics if that makes no sense after what was heard before.
    pub fn hear(&mut self, change: Change<'_>) {
        hint::black_box(format!("{change} {change:?}"));
        match change {
            Change::Added(new) => {
                let before = self.0.insert(new.index(), Known::of(new));
                assert_eq!(before, None, "{change}");
            }
            Change::Removed(old) => {
                let before = self.0.remove(&old.index()).expect("it was there");
                assert_eq!(before.generation, old.id().generation());
            }
            Change::Modified {
                old,
                new,
                difference,
            } => {
                assert_eq!(old.id(), new.id());
                // What it is made of never changes.
                assert_eq!(old.link_kind(), new.link_kind());
                let known = self.0.get_mut(&new.index()).expect("it is there");
                assert_eq!(known.generation, new.id().generation());
                known.hear(difference, new);
            }
            _ => {}
        }
    }

    /// Panics unless it knows everything that there is.
    pub fn check(&self, snapshot: &Snapshot) {
        let interfaces = snapshot.interfaces().iter();
        let there: BTreeMap<_, _> = interfaces.map(|i| (i.index(), Known::of(i))).collect();
        assert_eq!(self.0, there);
    }
}

impl Known {
    fn of(interface: &Interface) -> Self {
        let counts = |own: &&AssignedIpv6| own.state() != Some(AddressState::Tentative);
        let mut known = Self {
            generation: interface.id().generation(),
            name: interface.name(),
            alternative_names: names(interface),
            is_up: interface.flags().is_up(),
            carrier: interface.carrier(),
            state: interface.operational_state(),
            kind: interface.kind(),
            mtu: interface.mtu(),
            hardware_address: interface.hardware_address(),
            master: interface.master(),
            lower: interface.lower(),
            ipv4: interface.ipv4().to_vec(),
            ipv6: interface.ipv6().iter().filter(counts).cloned().collect(),
            groups: interface.groups().expect("they were asked for").to_vec(),
        };
        known.sort();
        known
    }

    fn hear(&mut self, difference: Difference<'_>, now: &Interface) {
        match difference {
            Difference::Name { old, new } => replace(&mut self.name, old, new),
            Difference::AlternativeNames => self.alternative_names = names(now),
            Difference::Up => replace(&mut self.is_up, false, true),
            Difference::Down => replace(&mut self.is_up, true, false),
            Difference::Carrier { old, new } => replace(&mut self.carrier, old, new),
            Difference::OperationalState { old, new } => replace(&mut self.state, old, new),
            Difference::Kind { old, new } => replace(&mut self.kind, old, new),
            Difference::Mtu { old, new } => replace(&mut self.mtu, old, new),
            Difference::HardwareAddress { old, new } => {
                replace(&mut self.hardware_address, old, new);
            }
            Difference::Master { old, new } => replace(&mut self.master, old, new),
            Difference::Lower { old, new } => replace(&mut self.lower, old, new),
            Difference::AddressAdded(AssignedAddress::V4(own)) => {
                let is_same = |known: &AssignedIpv4| identity(known) == identity(own);
                assert!(!self.ipv4.iter().any(is_same), "{difference}");
                self.ipv4.push(own.clone());
            }
            Difference::AddressAdded(AssignedAddress::V6(own)) => {
                let is_same = |known: &AssignedIpv6| known.address() == own.address();
                assert!(!self.ipv6.iter().any(is_same), "{difference}");
                self.ipv6.push(own.clone());
            }
            Difference::AddressRemoved(AssignedAddress::V4(own)) => take(&mut self.ipv4, own),
            Difference::AddressRemoved(AssignedAddress::V6(own)) => take(&mut self.ipv6, own),
            Difference::AddressChanged { old, new } => match (old, new) {
                (AssignedAddress::V4(old), AssignedAddress::V4(new)) => {
                    take(&mut self.ipv4, old);
                    self.ipv4.push(new.clone());
                }
                (AssignedAddress::V6(old), AssignedAddress::V6(new)) => {
                    take(&mut self.ipv6, old);
                    self.ipv6.push(new.clone());
                }
                _ => panic!("{difference} from one family to the other"),
            },
            Difference::GroupJoined(group) => self.groups.push(group),
            Difference::GroupLeft(group) => take(&mut self.groups, &group),
            _ => {}
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.ipv4.sort_by_key(identity);
        self.ipv6.sort_by_key(AssignedIpv6::address);
        self.groups.sort();
    }
}

fn names(interface: &Interface) -> Vec<String> {
    let names = interface.alternative_names();
    names.map(|name| name.to_string()).collect()
}

fn identity(own: &AssignedIpv4) -> impl Ord + use<> {
    (own.address(), own.prefix_len(), own.peer())
}

fn replace<T: Debug + PartialEq>(known: &mut T, old: T, new: T) {
    assert_eq!(*known, old);
    assert_ne!(new, old);
    *known = new;
}

fn take<T: Debug + PartialEq>(known: &mut Vec<T>, old: &T) {
    let at = known.iter().position(|known| known == old);
    known.swap_remove(at.unwrap_or_else(|| panic!("{old:?} was not among {known:?}")));
}
