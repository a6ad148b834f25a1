//! The memberships of one socket, as many as it takes.

use std::io;
use std::mem;
use std::net::IpAddr;
use std::ops::Range;

use ifcast_interfaces::{
    AssignedIpv6, Enumerator, Interface, InterfaceId, InterfaceIndex, Snapshot,
};
use ifcast_socket::{Endpoint, Envelope, Family, Sender, Unwanted};

use crate::error::Error;
use crate::group::Group;
use crate::holders::{self, Holders, Part, Target};
use crate::keeper;
use crate::membership::{Loss, Membership, State};
use crate::source_filter::{Mode, SourceFilter};

/// Which groups a socket has joined on which interfaces, and from whom.
///
/// The kernel lets one socket have but a few memberships, 20 by default for IPv4 on
/// Linux, and name but a few sources in each. What is more is held by *keepers*:
/// sockets without a port, to which nothing is ever delivered. They make the host a
/// member, and the one socket that receives takes what any member on the host is
/// sent and picks out its own. So every datagram comes once and in order, however
/// many memberships there are.
#[derive(Debug, Default)]
pub(crate) struct Memberships {
    held: Vec<Held>, // sorted by interface and group
    holders: Holders,
}

#[derive(Debug)]
struct Held {
    interface: InterfaceIndex,
    group: Group,
    /// What is wanted, which is what is handed over.
    filter: SourceFilter,
    /// What the kernel was told, of each socket that holds a part of it.
    parts: Vec<Part>,
    state: State,
}

impl Memberships {
    /// Changes the filter of a membership, from none if there is none and to none to
    /// leave. It is changed as a whole or not at all.
    pub(crate) fn set(
        &mut self,
        endpoint: &Endpoint,
        interface: InterfaceId,
        group: Group,
        filter: SourceFilter,
    ) -> Result<(), Error> {
        if filter.is_none() {
            return self.leave(endpoint, interface, group);
        }
        check_filter(interface, group, &filter)?;
        let failed = |source| Error::Join {
            interface,
            group,
            source,
        };
        match self.find(interface.index(), group.address()) {
            Ok(position) => self.modify(endpoint, position, filter).map_err(failed),
            Err(position) => {
                let interface = interface.index();
                let target = Target {
                    endpoint,
                    interface,
                    group,
                };
                let held = Held {
                    interface,
                    group,
                    parts: self.holders.admit(target, &filter, &[]).map_err(failed)?,
                    filter,
                    state: state_when_joined(endpoint, interface),
                };
                self.held.insert(position, held);
                Ok(())
            }
        }
    }

    /// Leaves a group on one of the socket's interfaces.
    pub(crate) fn leave(
        &mut self,
        endpoint: &Endpoint,
        interface: InterfaceId,
        group: Group,
    ) -> Result<(), Error> {
        let Ok(position) = self.find(interface.index(), group.address()) else {
            return Err(Error::NotJoined { interface, group });
        };
        let held = &mut self.held[position];
        while let Some(part) = held.parts.last() {
            let left = self.holders.release(held.target(endpoint), part);
            left.map_err(|source| Error::Leave {
                interface,
                group,
                source,
            })?;
            held.parts.pop();
        }
        self.held.remove(position);
        self.holders.tidy(endpoint);
        Ok(())
    }

    /// Leaves all groups of an interface; where that cannot be done, the kernel has
    /// forgotten them with the interface.
    pub(crate) fn leave_all(&mut self, endpoint: &Endpoint, interface: InterfaceIndex) {
        for held in self.held.drain(self.range(interface)) {
            for part in &held.parts {
                drop(self.holders.release(held.target(endpoint), part));
            }
        }
        self.holders.tidy(endpoint);
    }

    /// The filter of a membership, if there is one.
    pub(crate) fn filter(&self, interface: InterfaceIndex, group: Group) -> Option<&SourceFilter> {
        let position = self.find(interface, group.address()).ok()?;
        Some(&self.held[position].filter)
    }

    /// A membership, if there is one.
    pub(crate) fn get<'m>(
        &'m self,
        endpoint: &'m Endpoint,
        interface: InterfaceIndex,
        group: Group,
    ) -> Option<Membership<'m>> {
        let position = self.find(interface, group.address()).ok()?;
        self.held[position].membership(endpoint)
    }

    /// All memberships, ordered by interface and group.
    pub(crate) fn all<'m>(
        &'m self,
        endpoint: &'m Endpoint,
    ) -> impl Iterator<Item = Membership<'m>> {
        self.held
            .iter()
            .filter_map(|held| held.membership(endpoint))
    }

    /// The groups that are joined on an interface, in order.
    pub(crate) fn groups(&self, interface: InterfaceIndex) -> impl Iterator<Item = Group> {
        let held = self.held[self.range(interface)].iter();
        held.map(|held| held.group)
    }

    /// Whether a datagram is to be had: if it is a multicast, the group is joined
    /// where it arrived, and from its source.
    #[inline]
    pub(crate) fn judge(&self, envelope: &Envelope<'_>) -> Result<(), Unwanted> {
        let destination = envelope.destination();
        if !destination.is_multicast() {
            return Ok(());
        }
        let index = envelope.arrival_interface().index();
        let Ok(position) = self.find(index, destination) else {
            return Err(Unwanted::Destination);
        };
        let filter = &self.held[position].filter;
        if filter.is_any() || filter.allows(envelope.source().ip()) {
            Ok(())
        } else {
            Err(Unwanted::Source)
        }
    }

    /// What the kernel says that the filter of a membership is.
    pub(crate) fn kernel_filter(
        &self,
        endpoint: &Endpoint,
        interface: InterfaceIndex,
        group: Group,
    ) -> io::Result<SourceFilter> {
        let position = self.find(interface, group.address());
        let held = &self.held[position.map_err(|_| io::ErrorKind::NotFound)?];
        let target = held.target(endpoint);
        self.holders.kernel_filter(target, &held.parts)
    }

    /// Compares all memberships with what the kernel has, and with the interfaces as
    /// they are now.
    pub(crate) fn verify(&mut self, endpoint: &Endpoint, now: &Snapshot) {
        for held in &mut self.held {
            held.state = match loss(held, &self.holders, endpoint, now) {
                Some(loss) => State::Lost(loss),
                None if held.parts.is_empty() => match held.state {
                    State::Failed(_) => continue,
                    // It had failed before it was lost another way, which is over.
                    _ => State::Lost(Loss::Forgotten),
                },
                None => state_now(endpoint.family(), held.interface, now),
            };
        }
    }

    /// Leaves and joins again what is lost, or could not be repaired before; returns
    /// how many memberships are in force again.
    pub(crate) fn repair(&mut self, endpoint: &Endpoint, now: &Snapshot) -> usize {
        let mut repaired = 0;
        for held in &mut self.held {
            if !held.state.needs_repair() {
                continue;
            }
            for part in mem::take(&mut held.parts) {
                drop(self.holders.release(held.target(endpoint), &part));
            }
            let target = held.target(endpoint);
            held.state = match self.holders.admit(target, &held.filter, &[]) {
                Ok(parts) => {
                    held.parts = parts;
                    repaired += 1;
                    state_now(endpoint.family(), held.interface, now)
                }
                Err(error) => State::Failed(error),
            };
        }
        self.holders.tidy(endpoint);
        repaired
    }

    fn modify(
        &mut self,
        endpoint: &Endpoint,
        position: usize,
        filter: SourceFilter,
    ) -> io::Result<()> {
        let held = &mut self.held[position];
        let target = held.target(endpoint);
        let is_told = match held.parts.as_mut_slice() {
            [part] => self.holders.modify(target, part, &filter)?,
            _ => false,
        };
        if !is_told {
            // Others take it over before those let go who had it.
            let parts = self.holders.admit(target, &filter, &held.parts)?;
            for part in mem::replace(&mut held.parts, parts) {
                drop(self.holders.release(target, &part));
            }
            self.holders.tidy(endpoint);
            if held.state.needs_repair() {
                held.state = state_when_joined(endpoint, held.interface);
            }
        }
        held.filter = filter;
        Ok(())
    }

    #[inline]
    fn find(&self, interface: InterfaceIndex, group: IpAddr) -> Result<usize, usize> {
        self.held
            .binary_search_by_key(&key(interface, group), |held| {
                key(held.interface, held.group.address())
            })
    }

    fn range(&self, interface: InterfaceIndex) -> Range<usize> {
        let index = interface.get();
        let start = self.held.partition_point(|m| m.interface.get() < index);
        let end = self.held.partition_point(|m| m.interface.get() <= index);
        start..end
    }
}

impl Held {
    const fn target<'e>(&self, endpoint: &'e Endpoint) -> Target<'e> {
        Target {
            endpoint,
            interface: self.interface,
            group: self.group,
        }
    }

    fn membership<'m>(&'m self, endpoint: &'m Endpoint) -> Option<Membership<'m>> {
        Some(Membership {
            interface: endpoint.sender(self.interface)?.interface().id(),
            group: self.group,
            filter: &self.filter,
            state: &self.state,
        })
    }
}

/// The interfaces that the socket sees, with their groups.
pub(crate) fn now(endpoint: &Endpoint) -> Result<Snapshot, ifcast_interfaces::Error> {
    let checked = keeper::check_namespace(endpoint);
    checked.map_err(|source| ifcast_interfaces::Error::List { source })?;
    Enumerator::new()?.groups(true).capture()
}

/// What is wrong with a membership, if anything is.
fn loss(held: &Held, holders: &Holders, endpoint: &Endpoint, now: &Snapshot) -> Option<Loss> {
    let Some(interface) = now.by_index(held.interface) else {
        return Some(Loss::InterfaceGone);
    };
    if let Some(master) = interface.master() {
        return Some(Loss::Port { master });
    }
    if held.parts.is_empty() {
        return None; // nothing that could be lost
    }
    let is_there = |groups: &[IpAddr]| groups.contains(&held.group.address());
    if !interface.groups().is_none_or(is_there) {
        return Some(Loss::Forgotten);
    }
    let told = holders::together(held.parts.iter().map(|part| &part.filter));
    match holders.kernel_filter(held.target(endpoint), &held.parts) {
        Ok(filter) if filter == told => None,
        Ok(filter) => Some(Loss::OtherFilter(filter)),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => None, // nothing says so
        Err(_) => Some(Loss::Forgotten),
    }
}

/// What memberships are ordered by; numbers are compared faster than bytes.
#[inline]
fn key(interface: InterfaceIndex, group: IpAddr) -> (u32, u128) {
    let group = match group {
        IpAddr::V4(group) => group.to_bits().into(),
        IpAddr::V6(group) => group.to_bits(),
    };
    (interface.get(), group)
}

/// Whether what has just been joined is in force, by what was last known of the
/// interface.
fn state_when_joined(endpoint: &Endpoint, index: InterfaceIndex) -> State {
    let interface = endpoint.sender(index).map(Sender::interface);
    let is_ready = |interface| is_ready(endpoint.family(), interface);
    if interface.is_none_or(is_ready) {
        State::Joined
    } else {
        State::JoinedPendingLink
    }
}

fn state_now(family: Family, index: InterfaceIndex, now: &Snapshot) -> State {
    let is_ready = |interface| is_ready(family, interface);
    if now.by_index(index).is_some_and(is_ready) {
        State::Joined
    } else {
        State::JoinedPendingLink
    }
}

fn is_ready(family: Family, interface: &Interface) -> bool {
    interface.is_operational()
        && match family {
            Family::V4 => true,
            Family::V6 => interface.ipv6().iter().any(AssignedIpv6::is_usable),
        }
}

/// Refuses a group of the other family.
pub(crate) fn check(
    endpoint: &Endpoint,
    interface: InterfaceId,
    group: Group,
) -> Result<(), Error> {
    if group.family() == endpoint.family() {
        return Ok(());
    }
    Err(Error::WrongFamily {
        interface,
        family: endpoint.family(),
        group,
    })
}

/// Refuses sources that none can be, and a group that needs them without.
fn check_filter(interface: InterfaceId, group: Group, filter: &SourceFilter) -> Result<(), Error> {
    if group.is_source_specific() && filter.mode() == Mode::Exclude {
        return Err(Error::NeedsSource { interface, group });
    }
    let is_impossible = |source: &&IpAddr| {
        Family::of(**source) != group.family() || source.is_multicast() || source.is_unspecified()
    };
    match filter.sources().iter().find(is_impossible) {
        None => Ok(()),
        Some(source) => Err(Error::ImpossibleSource {
            interface,
            group,
            source_address: *source,
        }),
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use ifcast_interfaces::Snapshot;
    use ifcast_socket::BoundSocket;

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn keepers_are_there_as_long_as_they_keep_anything() {
        let snapshot = Snapshot::capture().unwrap();
        let mut interfaces = snapshot.interfaces().iter();
        let lo = interfaces.find(|i| i.flags().is_loopback()).unwrap();
        let socket = BoundSocket::builder(lo, Family::V4).bind().unwrap();
        let endpoint = socket.endpoint();
        let groups: Vec<Group> = (1..=200u8)
            .map(|n| format!("239.71.6.{n}").parse().unwrap())
            .collect();
        let mut memberships = Memberships::default();
        let join = |memberships: &mut Memberships, group| {
            let any = SourceFilter::any();
            memberships.set(endpoint, lo.id(), group, any).unwrap();
        };
        for group in &groups {
            join(&mut memberships, *group);
        }
        let own = memberships
            .held
            .iter()
            .filter(|m| m.parts[0].holder == holders::Holder::Own);
        let each = own.count();
        assert!(
            each < groups.len(),
            "this system lets one socket have {each}"
        );
        assert_eq!(
            memberships.holders.keepers(),
            groups.len().div_ceil(each) - 1
        );

        // What is free is used again.
        memberships.leave(endpoint, lo.id(), groups[3]).unwrap();
        memberships.leave(endpoint, lo.id(), groups[each]).unwrap();
        let keepers = memberships.holders.keepers();
        for group in [groups[3], groups[each]] {
            join(&mut memberships, group);
        }
        assert_eq!(memberships.holders.keepers(), keepers);

        for group in &groups[..100] {
            memberships.leave(endpoint, lo.id(), *group).unwrap();
        }
        assert!(
            memberships
                .groups(lo.index())
                .eq(groups[100..].iter().copied())
        );
        memberships.leave_all(endpoint, lo.index());
        assert!(memberships.held.is_empty());
        assert_eq!(memberships.holders.keepers(), 0);
    }
}
