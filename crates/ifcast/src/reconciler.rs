//! What has to be done so that what is held becomes what is wanted: decided here,
//! done elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use ifcast_interfaces::{Interface, InterfaceId};
use ifcast_multicast::{Group, SourceFilter};
use ifcast_socket::Family;

/// Keeps count of what is held on each interface, and of what has failed.
///
/// It is told which interfaces are selected and how each [`Action`] went, and says
/// what to do next and when to ask again. It never does anything itself, and asks
/// for nothing that is done already.
#[derive(Debug)]
pub(crate) struct Reconciler<I: Card = Interface> {
    families: Vec<Family>,
    groups: BTreeMap<Group, SourceFilter>,
    members: Vec<Member<I>>,
}

/// What has to be known of an interface.
pub(crate) trait Card: Clone + PartialEq {
    type Id: Copy + Eq + fmt::Debug;

    fn id(&self) -> Self::Id;

    /// Whether it has an address of the family.
    fn has(&self, family: Family) -> bool;
}

impl Card for Interface {
    type Id = InterfaceId;

    fn id(&self) -> InterfaceId {
        Self::id(self)
    }

    fn has(&self, family: Family) -> bool {
        family.is_on(self)
    }
}

/// An interface that is wanted.
#[derive(Debug)]
struct Member<I> {
    card: I,
    /// Whether its sockets were told what has become of it, since it last changed.
    refresh: Option<Attempt>,
    sockets: BTreeMap<Family, Attempt>,
    groups: BTreeMap<Group, (SourceFilter, Attempt)>,
}

/// How the last attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Done,
    /// It failed, so often in a row, and is to be made again at that time.
    Failed(u32, Instant),
}

/// Something to do on an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action<Id> {
    pub(crate) interface: Id,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Close what there is, which leaves the groups.
    Close(Departure),
    /// Tell the sockets what has become of it, and repair memberships.
    Refresh,
    /// Open a socket.
    Open(Family),
    /// Join a group, or change from whom to receive there.
    Join(Group, SourceFilter),
    /// Leave a group.
    Leave(Group),
}

/// What an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Interface,
    Socket(Family),
    Group(Group),
}

impl What {
    pub(crate) const fn subject(&self) -> Subject {
        match self {
            Self::Close(_) | Self::Refresh => Subject::Interface,
            Self::Open(family) => Subject::Socket(*family),
            Self::Join(group, _) | Self::Leave(group) => Subject::Group(*group),
        }
    }
}

/// Why an interface has left a LAN.
///
/// ```
/// use ifcast::Departure;
///
/// assert_eq!(Departure::Gone.to_string(), "it is gone");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Departure {
    /// There is no such interface any more; another one may have its index.
    Gone,
    /// It is not selected any more: it has changed, such as by losing its carrier or
    /// becoming the port of a bridge, or the selector has.
    NotSelected,
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gone => "it is gone",
            Self::NotSelected => "it is not selected any more",
        })
    }
}

impl<I: Card> Reconciler<I> {
    pub(crate) fn new(families: &[Family]) -> Self {
        Self {
            families: families.to_vec(),
            groups: BTreeMap::new(),
            members: Vec::new(),
        }
    }

    /// Wants a group on every interface, from now on.
    pub(crate) fn want(&mut self, group: Group, filter: SourceFilter) {
        if filter.is_none() {
            self.groups.remove(&group);
        } else {
            self.groups.insert(group, filter);
        }
    }

    /// Takes note of the interfaces that are selected now; returns what has to be
    /// closed. `exists` says which there are at all.
    pub(crate) fn observe(
        &mut self,
        selected: &[I],
        exists: impl Fn(I::Id) -> bool,
    ) -> Vec<Action<I::Id>> {
        let mut left = Vec::new();
        self.members.retain(|member| {
            let id = member.card.id();
            let stays = selected.iter().any(|card| card.id() == id);
            if !stays {
                let why = if exists(id) {
                    Departure::NotSelected
                } else {
                    Departure::Gone
                };
                left.push(Action {
                    interface: id,
                    what: What::Close(why),
                });
            }
            stays
        });
        for card in selected {
            let id = card.id();
            match self
                .members
                .iter_mut()
                .find(|member| member.card.id() == id)
            {
                None => self.members.push(Member {
                    card: card.clone(),
                    refresh: Some(Attempt::Done),
                    sockets: BTreeMap::new(),
                    groups: BTreeMap::new(),
                }),
                Some(member) if member.card != *card => member.became(card.clone()),
                Some(_) => {}
            }
        }
        left
    }

    /// Has what there is on these interfaces checked, because something may have
    /// happened without a word.
    pub(crate) fn distrust(&mut self, is_one: impl Fn(I::Id) -> bool) {
        for member in &mut self.members {
            if is_one(member.card.id()) {
                member.refresh = None;
            }
        }
    }

    /// What is to be done now. Asked again before all of it is [`done`](Self::done),
    /// it says the same again.
    pub(crate) fn actions(&self, now: Instant) -> Vec<Action<I::Id>> {
        let mut actions = Vec::new();
        for member in &self.members {
            let mut push = |what| {
                actions.push(Action {
                    interface: member.card.id(),
                    what,
                });
            };
            let is_open = |family| member.sockets.get(&family) == Some(&Attempt::Done);
            if is_due(member.refresh, now) && self.families.iter().copied().any(is_open) {
                push(What::Refresh);
            }
            for &family in &self.families {
                let attempt = member.sockets.get(&family);
                if member.card.has(family) && is_due(attempt.copied(), now) {
                    push(What::Open(family));
                }
            }
            let known = member.groups.keys();
            for group in known.filter(|group| !self.groups.contains_key(group)) {
                push(What::Leave(*group));
            }
            let wanted = self.groups.iter();
            for (group, filter) in wanted.filter(|(group, _)| is_open(group.family())) {
                let known = member.groups.get(group);
                let attempt = known.filter(|(known, _)| known == filter);
                if is_due(attempt.map(|(_, attempt)| *attempt), now) {
                    push(What::Join(*group, filter.clone()));
                }
            }
        }
        actions
    }

    /// Takes note of how an action went.
    pub(crate) fn done(&mut self, action: Action<I::Id>, is_done: bool, now: Instant) {
        let mut members = self.members.iter_mut();
        let Some(member) = members.find(|member| member.card.id() == action.interface) else {
            return;
        };
        let attempt = |before: Option<Attempt>| match (is_done, before) {
            (true, _) => Attempt::Done,
            (false, Some(Attempt::Failed(times, _))) => failed(times + 1, now),
            (false, _) => failed(1, now),
        };
        match action.what {
            What::Close(_) => {}
            What::Refresh => member.refresh = Some(attempt(member.refresh)),
            What::Open(family) => {
                let before = member.sockets.get(&family).copied();
                member.sockets.insert(family, attempt(before));
            }
            What::Join(group, filter) => {
                let before = member.groups.get(&group);
                let before = before.filter(|(known, _)| *known == filter);
                let after = attempt(before.map(|(_, attempt)| *attempt));
                member.groups.insert(group, (filter, after));
            }
            // It can hardly fail: who is no member any more has left.
            What::Leave(group) => {
                member.groups.remove(&group);
            }
        }
    }

    /// Whether something is to be tried again on an interface.
    pub(crate) fn has_failed(&self, interface: I::Id) -> bool {
        let mut members = self.members.iter();
        let member = members.find(|member| member.card.id() == interface);
        member.is_some_and(|member| member.attempts().any(|a| *a != Attempt::Done))
    }

    /// How often in a row something has failed on an interface, and when it is tried
    /// again.
    pub(crate) fn failed(&self, interface: I::Id, subject: Subject) -> Option<(u32, Instant)> {
        let mut members = self.members.iter();
        let member = members.find(|member| member.card.id() == interface)?;
        let attempt = match subject {
            Subject::Interface => member.refresh,
            Subject::Socket(family) => member.sockets.get(&family).copied(),
            Subject::Group(group) => member.groups.get(&group).map(|(_, attempt)| *attempt),
        };
        match attempt? {
            Attempt::Failed(times, at) => Some((times, at)),
            Attempt::Done => None,
        }
    }

    /// When the next attempt is to be made, if any has failed.
    pub(crate) fn next_attempt(&self) -> Option<Instant> {
        let attempts = self.members.iter().flat_map(Member::attempts);
        let times = attempts.filter_map(|attempt| match attempt {
            Attempt::Failed(_, at) => Some(*at),
            Attempt::Done => None,
        });
        times.min()
    }
}

impl<I> Member<I> {
    fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        let groups = self.groups.values().map(|(_, attempt)| attempt);
        self.sockets.values().chain(groups).chain(&self.refresh)
    }

    /// What has failed before may go now.
    fn became(&mut self, card: I) {
        self.card = card;
        self.refresh = None;
        self.sockets.retain(|_, attempt| *attempt == Attempt::Done);
        self.groups
            .retain(|_, (_, attempt)| *attempt == Attempt::Done);
    }
}

fn is_due(attempt: Option<Attempt>, now: Instant) -> bool {
    match attempt {
        None => true,
        Some(Attempt::Done) => false,
        Some(Attempt::Failed(_, at)) => at <= now,
    }
}

/// After so many failures.
fn failed(times: u32, now: Instant) -> Attempt {
    let pause = FIRST_PAUSE.saturating_mul(1 << (times - 1).min(10));
    Attempt::Failed(times, now + pause.min(LONGEST_PAUSE))
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
