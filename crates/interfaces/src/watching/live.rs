//! The interfaces as they are now, as the system says.

use std::mem;
use std::net::IpAddr;
use std::time::Instant;

use crate::address_record::{AddressRecord, Assigned};
use crate::holdings::{Holdings, Lists, Part};
use crate::id::{Generation, InterfaceIndex};
use crate::interface::Interface;
use crate::link::Link;
use crate::snapshot::Snapshot;
use crate::sys::notice::Notice;
use crate::watching::change::Change;
use crate::watching::untold::{Settling, Untold, ip_within};

/// A snapshot that follows what the system says, and what of it is to be told.
#[derive(Debug)]
pub(crate) struct Live {
    snapshot: Snapshot,
    knows_groups: bool,
    /// Groups that were joined on interfaces which the system has not told of
    /// yet: Linux joins those of IPv6 before it does.
    early: Vec<(InterfaceIndex, IpAddr)>,
    may_be_out_of_order: bool,
    has_gap: bool,
    newest: Generation,
    untold: Untold,
}

impl Live {
    pub(crate) fn new(snapshot: Snapshot, knows_groups: bool) -> Self {
        Self {
            snapshot,
            knows_groups,
            early: Vec::new(),
            may_be_out_of_order: false,
            has_gap: false,
            newest: Generation::FIRST,
            untold: Untold::default(),
        }
    }

    /// Follows what the system says. `refine` completes what is said of a link
    /// that is new, or was switched on or off.
    pub(crate) fn apply(&mut self, notice: Notice, now: Instant, refine: impl FnOnce(&mut Link)) {
        match notice {
            Notice::Link {
                link,
                alternative_names,
            } => self.set_link(link, &alternative_names, now, refine),
            Notice::LinkGone(index) => {
                self.early.retain(|(early, _)| *early != index);
                self.remove_link(index, now);
            }
            Notice::Address(record) => self.set_address(&record, now),
            Notice::AddressGone(record) => self.remove_address(&record, now),
            Notice::Joined(index, group) => match self.place_of_group(index, group) {
                Some((position, Err(at))) => {
                    self.edit(position, now, |own| own.groups.insert(at, group));
                }
                Some((_, Ok(_))) => {}
                None if self.knows_groups => self.early.push((index, group)),
                None => {}
            },
            Notice::Left(index, group) => match self.place_of_group(index, group) {
                Some((position, Ok(at))) => self.edit(position, now, |own| {
                    own.groups.remove(at);
                }),
                Some((_, Err(_))) => {}
                None => self.early.retain(|early| *early != (index, group)),
            },
            Notice::Lost | Notice::Hint => {}
        }
    }

    /// Takes over a listing. What is different counts as having changed at
    /// `changed_at`.
    pub(crate) fn replace(&mut self, fresh: Snapshot, changed_at: Instant) {
        self.early.clear();
        self.may_be_out_of_order = false;
        for position in (0..self.snapshot.interfaces.len()).rev() {
            if fresh
                .by_index(self.snapshot.interfaces[position].index())
                .is_none()
            {
                self.remember(position, changed_at);
                self.snapshot.interfaces.remove(position);
            }
        }
        for mut interface in fresh.interfaces {
            match self.snapshot.position_of(interface.index()) {
                Ok(position) => {
                    let known = &self.snapshot.interfaces[position];
                    interface.generation = known.generation;
                    if *known == interface {
                        continue;
                    }
                    if interface.link.is_another_than(&known.link) {
                        interface.generation = self.next_generation();
                    }
                    self.remember(position, changed_at);
                    self.snapshot.interfaces[position] = interface;
                }
                Err(position) => {
                    self.untold.remember(interface.index(), None, changed_at);
                    interface.generation = self.next_generation();
                    self.snapshot.interfaces.insert(position, interface);
                }
            }
        }
        self.snapshot.is_consistent = fresh.is_consistent;
    }

    /// Whether, since it was listed, an IPv4 address lost its place among others.
    /// If that was said before the listing, one that is said to be there again
    /// comes behind those that came later.
    pub(crate) const fn may_be_out_of_order(&self) -> bool {
        self.may_be_out_of_order
    }

    /// Whether, since this was last asked, something changed that the system does
    /// not tell of, so that only a listing does.
    pub(crate) const fn take_gap(&mut self) -> bool {
        mem::replace(&mut self.has_gap, false)
    }

    /// Says that the snapshot may lack something.
    pub(crate) fn doubt(&mut self) {
        self.snapshot.is_consistent = false;
    }

    /// Tells what has settled by now.
    pub(crate) fn tell(
        &mut self,
        now: Instant,
        settling: &Settling,
        visit: impl FnMut(Change<'_>),
    ) {
        self.untold.tell(&self.snapshot, now, settling, visit);
    }

    /// When the next change will have settled, if nothing else happens.
    pub(crate) fn next_deadline(&self, settling: &Settling) -> Option<Instant> {
        self.untold.next_deadline(settling)
    }

    pub(crate) const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// As it was last told of.
    pub(crate) fn settled(&self) -> Snapshot {
        self.untold.as_told(&self.snapshot)
    }

    fn set_link(
        &mut self,
        mut link: Link,
        alternative_names: &[u8],
        now: Instant,
        refine: impl FnOnce(&mut Link),
    ) {
        let known = self.snapshot.by_index(link.index);
        if known.is_some_and(|known| link.is_another_than(&known.link)) {
            // That it is gone got lost, or it is the same one after all and keeps
            // its addresses: drivers of virtual functions change what is permanent.
            self.remove_link(link.index, now);
            self.has_gap = true;
        }
        let position = match self.snapshot.position_of(link.index) {
            Ok(position) => position,
            Err(position) => {
                refine(&mut link);
                self.untold.remember(link.index, None, now);
                let mut interface = Interface {
                    link,
                    generation: self.next_generation(),
                    holdings: Holdings::default(),
                };
                if self.knows_groups {
                    interface.set_groups(self.take_early(interface.index()));
                }
                interface.set_alternative_names(alternative_names);
                self.snapshot.interfaces.insert(position, interface);
                return;
            }
        };
        let known = &self.snapshot.interfaces[position];
        if link.flags.is_up() == known.flags().is_up() {
            (link.kind, link.kind_source) = (known.link.kind, known.link.kind_source);
        } else {
            refine(&mut link);
        }
        if link == known.link && alternative_names == known.holdings.alternative_names() {
            return; // the system repeats itself for reasons of its own
        }
        self.has_gap |= changes_in_silence(known, &link, self.knows_groups);
        let is_lost = known.flags().is_running() && !link.flags.is_running();
        self.remember(position, now);
        if is_lost {
            self.untold.remember_loss(link.index);
        }
        self.untold.remember_mtu(link.index, link.mtu);
        let interface = &mut self.snapshot.interfaces[position];
        if link.name != interface.link.name {
            interface.forget_label(&link);
        }
        interface.link = link;
        interface.set_alternative_names(alternative_names);
    }

    fn remove_link(&mut self, index: InterfaceIndex, now: Instant) {
        if let Ok(position) = self.snapshot.position_of(index) {
            self.remember(position, now);
            self.snapshot.interfaces.remove(position);
        }
        // Linux does not say so of those that were on top of it and stay.
        for position in 0..self.snapshot.interfaces.len() {
            if self.snapshot.interfaces[position].lower() == Some(index) {
                self.remember(position, now);
                self.snapshot.interfaces[position].link.lower = None;
            }
        }
    }

    fn set_address(&mut self, record: &AddressRecord, now: Instant) {
        let Some(position) = self.owner_of(record) else {
            return; // of an interface that is gone
        };
        let interface = &self.snapshot.interfaces[position];
        match record.on(&interface.link) {
            Assigned::V4(new) => {
                let mut known = interface.ipv4().iter();
                let same = known.position(|own| record.is_of(own));
                if same.is_some_and(|at| interface.ipv4()[at] == new) {
                    return;
                }
                let is_moved = same.is_some_and(|at| interface.ipv4()[at].rank != new.rank);
                self.may_be_out_of_order |= is_moved;
                self.edit(position, now, |own| {
                    match same {
                        Some(at) if !is_moved => {
                            own.ipv4[at] = new;
                            return;
                        }
                        Some(at) => {
                            own.ipv4.remove(at);
                        }
                        None => {}
                    }
                    let at = own.ipv4.partition_point(|own| own.rank <= new.rank);
                    own.ipv4.insert(at, new);
                });
            }
            Assigned::V6(new) => {
                let known = interface.ipv6();
                match known.binary_search_by_key(&new.rank(), |own| own.rank()) {
                    Ok(at) if known[at] == new => {}
                    Ok(at) => self.edit(position, now, |own| own.ipv6[at] = new),
                    Err(at) => self.edit(position, now, |own| own.ipv6.insert(at, new)),
                }
            }
        }
    }

    fn remove_address(&mut self, record: &AddressRecord, now: Instant) {
        let Some(position) = self.owner_of(record) else {
            return;
        };
        let interface = &self.snapshot.interfaces[position];
        match record.address {
            IpAddr::V4(_) => {
                let mut known = interface.ipv4().iter();
                if let Some(at) = known.position(|own| record.is_of(own)) {
                    self.may_be_out_of_order = true;
                    self.edit(position, now, |own| {
                        own.ipv4.remove(at);
                    });
                }
            }
            IpAddr::V6(address) => {
                let mut known = interface.ipv6().iter();
                if let Some(at) = known.position(|own| own.address() == address) {
                    self.edit(position, now, |own| {
                        own.ipv6.remove(at);
                    });
                }
            }
        }
    }

    /// The interface, if its groups are known, and where among those this one is
    /// or would be.
    fn place_of_group(
        &self,
        index: InterfaceIndex,
        group: IpAddr,
    ) -> Option<(usize, Result<usize, usize>)> {
        let position = self.snapshot.position_of(index).ok()?;
        let groups = self.snapshot.interfaces[position].groups()?;
        Some((position, groups.binary_search(&group)))
    }

    fn take_early(&mut self, index: InterfaceIndex) -> Vec<IpAddr> {
        let mut groups = Vec::new();
        self.early.retain(|(early, group)| {
            let is_taken = *early == index;
            if is_taken {
                groups.push(*group);
            }
            !is_taken
        });
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    fn edit(&mut self, position: usize, now: Instant, edit: impl FnOnce(&mut Lists)) {
        self.remember(position, now);
        self.snapshot.interfaces[position].holdings.edit(edit);
    }

    fn owner_of(&self, record: &AddressRecord) -> Option<usize> {
        self.snapshot.position_of(record.owner?).ok()
    }

    /// Keeps an interface as it is, before it is changed.
    fn remember(&mut self, position: usize, now: Instant) {
        let old = &self.snapshot.interfaces[position];
        self.untold.remember(old.index(), Some(old), now);
    }

    fn next_generation(&mut self) -> Generation {
        self.newest = self.newest.next();
        self.newest
    }
}

/// Whether, with what a link changes to, there may be changes that Linux does not
/// tell of.
fn changes_in_silence(known: &Interface, link: &Link, groups: bool) -> bool {
    let is_switched = known.flags().is_up() != link.flags.is_up();
    // IPv6 addresses that are kept are tentative until the link is up again and
    // nobody else is found to have them (`keep_addr_on_down`).
    let may_keep = is_switched && !known.ipv6().is_empty();
    // With too small an MTU, IPv4 or IPv6 ends there, and so does every membership.
    let may_leave = groups && ip_within(known.mtu()) != ip_within(link.mtu);
    may_keep || may_leave
}

impl Interface {
    fn set_alternative_names(&mut self, names: &[u8]) {
        if self.holdings.alternative_names() != names {
            self.holdings
                .edit(|own| own.alternative_names = names.to_vec());
        }
    }

    /// Says which groups are joined, which was unknown.
    fn set_groups(&mut self, groups: Vec<IpAddr>) {
        self.holdings.groups = Some(Part::default());
        self.holdings.edit(|own| own.groups = groups);
    }

    /// The label of an address that is the interface's own name is none; the
    /// kernel may have said so before it says that the interface has this name.
    fn forget_label(&mut self, link: &Link) {
        self.holdings.edit(|own| {
            for address in &mut own.ipv4 {
                address.label = address.label.filter(|label| *label != link.name);
            }
        });
    }
}

#[cfg(test)]
mod tests;
