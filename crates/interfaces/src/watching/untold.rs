//! What changed and is to be told once it has settled.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::snapshot::Snapshot;
use crate::watching::change::{Change, Difference};
use crate::watching::diff::{self, Tentative};

/// When and how changes are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settling {
    /// How long an interface must have been at rest.
    pub(crate) settle: Duration,
    /// How long one that never rests may be waited for.
    pub(crate) max_delay: Duration,
    pub(crate) tentative: Tentative,
}

impl Settling {
    /// When what began and went on at these times has settled.
    pub(crate) fn settles_at(&self, first: Instant, last: Instant) -> Instant {
        (last + self.settle).min(first + self.max_delay)
    }
}

/// The interfaces that changed, which nobody was told of yet.
#[derive(Debug, Default)]
pub(crate) struct Untold(BTreeMap<InterfaceIndex, Story>);

#[derive(Debug)]
struct Story {
    /// The interface as it was last told of.
    old: Option<Interface>,
    since: Instant,
    last: Instant,
    /// How often it stopped passing packets.
    losses: u32,
    least_mtu: Option<u32>,
}

impl Untold {
    /// Says that an interface is about to change; `old` is how it is until then,
    /// if it is.
    pub(crate) fn remember(
        &mut self,
        index: InterfaceIndex,
        old: Option<&Interface>,
        now: Instant,
    ) {
        let story = self.0.entry(index);
        let story = story.or_insert_with(|| Story {
            old: old.cloned(),
            since: now,
            last: now,
            losses: 0,
            least_mtu: None,
        });
        story.last = now;
    }

    /// Says that what an interface is about to change to passes no packets.
    pub(crate) fn remember_loss(&mut self, index: InterfaceIndex) {
        if let Some(story) = self.0.get_mut(&index) {
            story.losses = story.losses.saturating_add(1);
        }
    }

    /// Says what MTU an interface is about to have.
    pub(crate) fn remember_mtu(&mut self, index: InterfaceIndex, mtu: Option<u32>) {
        if let (Some(story), Some(mtu)) = (self.0.get_mut(&index), mtu) {
            story.least_mtu = Some(story.least_mtu.map_or(mtu, |least| least.min(mtu)));
        }
    }

    /// Tells what has settled by now, given how everything is.
    pub(crate) fn tell(
        &mut self,
        snapshot: &Snapshot,
        now: Instant,
        settling: &Settling,
        mut visit: impl FnMut(Change<'_>),
    ) {
        let is_settled = |story: &Story| story.settles_at(settling) <= now;
        let indexes = self.0.iter();
        let indexes = indexes.filter(|(_, story)| is_settled(story));
        let mut settled: Vec<_> = indexes
            .map(|(index, story)| (story.since, *index))
            .collect();
        settled.sort();
        for (_, index) in settled {
            if let Some(story) = self.0.remove(&index) {
                story.tell(snapshot.by_index(index), settling, &mut visit);
            }
        }
    }

    /// How everything was when it was last told of, given how it is.
    pub(crate) fn as_told(&self, snapshot: &Snapshot) -> Snapshot {
        let mut told = snapshot.clone();
        for (index, story) in &self.0 {
            match (told.position_of(*index), story.old.clone()) {
                (Ok(at), Some(old)) => told.interfaces[at] = old,
                (Ok(at), None) => drop(told.interfaces.remove(at)),
                (Err(at), Some(old)) => told.interfaces.insert(at, old),
                (Err(_), None) => {}
            }
        }
        told
    }

    /// When the next change will have settled, if nothing else happens.
    pub(crate) fn next_deadline(&self, settling: &Settling) -> Option<Instant> {
        let deadlines = self.0.values().map(|story| story.settles_at(settling));
        deadlines.min()
    }
}

impl Story {
    fn settles_at(&self, settling: &Settling) -> Instant {
        settling.settles_at(self.since, self.last)
    }

    fn tell(
        &self,
        new: Option<&Interface>,
        settling: &Settling,
        visit: &mut impl FnMut(Change<'_>),
    ) {
        match (&self.old, new) {
            (None, None) => {}
            (None, Some(new)) => visit(Change::Added(new)),
            (Some(old), None) => visit(Change::Removed(old)),
            (Some(old), Some(new)) if old.generation != new.generation => {
                visit(Change::Removed(old));
                visit(Change::Added(new));
            }
            (Some(old), Some(new)) => {
                let mut tell = |difference| {
                    visit(Change::Modified {
                        old,
                        new,
                        difference,
                    });
                };
                if self.losses > 0 && old.is_operational() && new.is_operational() {
                    let times = self.losses;
                    tell(Difference::Flapped { times });
                }
                let kept_ip = |least| ip_within(old.mtu()) == ip_within(least);
                if ip_within(old.mtu()) == ip_within(new.mtu()) {
                    if let Some(least) = self.least_mtu.filter(|least| !kept_ip(Some(*least))) {
                        tell(Difference::MtuDipped { least });
                    }
                }
                diff::differences(old, new, settling.tentative, tell);
            }
        }
    }
}

/// Whether IPv4 and IPv6 can be where packets have this size at most.
pub(crate) fn ip_within(mtu: Option<u32>) -> [bool; 2] {
    LEAST_MTUS.map(|least| mtu.is_none_or(|mtu| mtu >= least))
}

/// Of IPv4 (RFC 791) and of IPv6 (RFC 8200).
const LEAST_MTUS: [u32; 2] = [68, 1280];
