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
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// An interface of a system that is not there.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Fake {
        id: (u32, u32), // index, generation
        families: [bool; 2],
        changes: u32,
    }

    impl Card for Fake {
        type Id = (u32, u32);

        fn id(&self) -> (u32, u32) {
            self.id
        }

        fn has(&self, family: Family) -> bool {
            self.families[usize::from(family == Family::V6)]
        }
    }

    /// What a kernel holds for us, and how often it will refuse.
    #[derive(Debug, Default)]
    struct Kernel {
        sockets: BTreeSet<((u32, u32), Family)>,
        groups: BTreeMap<((u32, u32), Group), SourceFilter>,
        /// What the sockets were told to hold, some of which may be lost.
        told: BTreeMap<((u32, u32), Group), SourceFilter>,
        refusals: u32,
        calls: u32,
    }

    impl Kernel {
        /// Does as it is told, or refuses.
        fn try_to(&mut self, action: &Action<(u32, u32)>) -> bool {
            let id = action.interface;
            self.calls += 1;
            if let What::Close(_) = action.what {
                self.sockets.retain(|(of, _)| *of != id);
                self.groups.retain(|(of, _), _| *of != id);
                self.told.retain(|(of, _), _| *of != id);
                return true;
            }
            // Who is no member any more has left.
            let can_refuse = !matches!(action.what, What::Leave(_));
            if self.refusals > 0 && can_refuse {
                self.refusals -= 1;
                return false;
            }
            match action.what.clone() {
                What::Close(_) => {}
                What::Refresh => {
                    let lost = self.told.iter().filter(|((of, _), _)| *of == id);
                    self.groups
                        .extend(lost.map(|(place, filter)| (*place, filter.clone())));
                }
                What::Open(family) => {
                    let is_new = self.sockets.insert((id, family));
                    assert!(is_new, "{action:?}: it is open already");
                }
                What::Join(group, filter) => {
                    assert!(self.sockets.contains(&(id, group.family())), "{action:?}");
                    self.groups.insert((id, group), filter.clone());
                    self.told.insert((id, group), filter);
                }
                What::Leave(group) => {
                    self.groups.remove(&(id, group));
                    self.told.remove(&(id, group));
                }
            }
            true
        }

        /// Forgets who is a member on an interface.
        fn lose(&mut self, id: (u32, u32)) {
            self.groups.retain(|(of, _), _| *of != id);
        }
    }

    /// What happens.
    #[derive(Clone, Debug)]
    enum Happening {
        Appears(u32, [bool; 2]),
        Vanishes(u32),
        IsMadeAnew(u32, [bool; 2]),
        GetsAddresses(u32, [bool; 2]),
        LosesMemberships(u32, bool), // and looks as before, or not
        Refuses(u32),
        Wants(u8, Option<u8>),
        TimePasses(u64),
    }

    fn happenings() -> impl Strategy<Value = Vec<Happening>> {
        let index = || 1..4u32;
        let one = prop_oneof![
            (index(), any::<[bool; 2]>()).prop_map(|(i, f)| Happening::Appears(i, f)),
            index().prop_map(Happening::Vanishes),
            (index(), any::<[bool; 2]>()).prop_map(|(i, f)| Happening::IsMadeAnew(i, f)),
            (index(), any::<[bool; 2]>()).prop_map(|(i, f)| Happening::GetsAddresses(i, f)),
            (index(), any::<bool>()).prop_map(|(i, f)| Happening::LosesMemberships(i, f)),
            (1..6u32).prop_map(Happening::Refuses),
            (0..4u8, any::<Option<u8>>()).prop_map(|(g, f)| Happening::Wants(g, f)),
            (0..200_000u64).prop_map(Happening::TimePasses),
        ];
        prop::collection::vec(one, 1..40)
    }

    fn group(number: u8) -> Group {
        let text = match number {
            0 => "239.1.1.1",
            1 => "239.1.1.2",
            2 => "ff02::1:1",
            _ => "ff02::1:2",
        };
        text.parse().unwrap()
    }

    /// None is no membership; else one of a few filters.
    fn filter(number: Option<u8>) -> SourceFilter {
        match number {
            None => SourceFilter::Include([].into()),
            Some(n) if n % 2 == 0 => SourceFilter::any(),
            Some(n) => SourceFilter::Exclude([[10, 0, 0, n].into()].into()),
        }
    }

    #[derive(Debug)]
    struct World {
        reconciler: Reconciler<Fake>,
        kernel: Kernel,
        cards: BTreeMap<u32, Fake>,
        wanted: BTreeMap<Group, SourceFilter>,
        generation: u32,
        now: Instant,
    }

    impl World {
        fn new() -> Self {
            Self {
                reconciler: Reconciler::new(&Family::ALL),
                kernel: Kernel::default(),
                cards: BTreeMap::new(),
                wanted: BTreeMap::new(),
                generation: 0,
                now: Instant::now(),
            }
        }

        fn happen(&mut self, happening: Happening) {
            match happening {
                Happening::Appears(index, families) => {
                    self.generation += 1;
                    let generation = self.generation;
                    self.cards.entry(index).or_insert(Fake {
                        id: (index, generation),
                        families,
                        changes: 0,
                    });
                }
                Happening::Vanishes(index) => drop(self.cards.remove(&index)),
                Happening::IsMadeAnew(index, families) => {
                    self.cards.remove(&index);
                    self.happen(Happening::Appears(index, families));
                    return;
                }
                Happening::GetsAddresses(index, families) => {
                    if let Some(card) = self.cards.get_mut(&index) {
                        card.families = families;
                        card.changes += 1;
                    }
                }
                Happening::LosesMemberships(index, is_silent) => {
                    if let Some(card) = self.cards.get_mut(&index) {
                        self.kernel.lose(card.id);
                        if is_silent {
                            let lost = card.id;
                            self.reconciler.distrust(|id| id == lost);
                        } else {
                            card.changes += 1;
                        }
                    }
                }
                Happening::Refuses(times) => self.kernel.refusals += times,
                Happening::Wants(number, said) => {
                    self.reconciler.want(group(number), filter(said));
                    self.wanted.remove(&group(number));
                    if said.is_some() {
                        self.wanted.insert(group(number), filter(said));
                    }
                }
                Happening::TimePasses(millis) => self.now += Duration::from_millis(millis),
            }
            let selected: Vec<_> = self.cards.values().copied().collect();
            let exists = |id| self.cards.values().any(|card| card.id == id);
            for action in self.reconciler.observe(&selected, exists) {
                assert!(self.kernel.try_to(&action));
            }
            self.act();
        }

        /// Does what there is to do now.
        fn act(&mut self) {
            for _ in 0..4 {
                let actions = self.reconciler.actions(self.now);
                for action in actions {
                    let is_done = self.kernel.try_to(&action);
                    self.reconciler.done(action, is_done, self.now);
                }
            }
            assert_eq!(self.reconciler.actions(self.now), [], "it never ends");
        }

        /// That everything is held that is wanted where it can be, and nothing else.
        fn assert_settled(&self) {
            for card in self.cards.values() {
                for family in Family::ALL {
                    let is_open = self.kernel.sockets.contains(&(card.id, family));
                    // Who loses its addresses keeps its socket and its groups.
                    assert!(is_open || !card.has(family), "{card:?} {family}");
                    for (group, filter) in &self.wanted {
                        let held = self.kernel.groups.get(&(card.id, *group));
                        if group.family() == family && is_open {
                            assert_eq!(held, Some(filter), "{card:?} {group}");
                        }
                    }
                }
            }
            let there = |id: &(u32, u32)| self.cards.values().any(|card| card.id == *id);
            assert!(self.kernel.sockets.iter().all(|(id, _)| there(id)));
            let mut groups = self.kernel.groups.keys();
            assert!(groups.all(|(id, group)| there(id) && self.wanted.contains_key(group)));
        }
    }

    #[test]
    fn a_refresh_that_failed_is_tried_again_and_nothing_has_recovered_until_then() {
        let mut world = World::new();
        world.happen(Happening::Appears(1, [true, true]));
        world.reconciler.distrust(|_| true);
        world.kernel.refusals = 1;
        world.act();
        let id = (1, 1);
        assert!(world.reconciler.has_failed(id));
        world.now = world.reconciler.next_attempt().unwrap();
        let again = Action {
            interface: id,
            what: What::Refresh,
        };
        assert_eq!(world.reconciler.actions(world.now), [again]);
        world.act();
        assert!(!world.reconciler.has_failed(id));
        assert_eq!(world.reconciler.next_attempt(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]
        #[test]
        #[cfg_attr(miri, ignore = "it takes too long")]
        fn whatever_happens_in_the_end_everything_is_held_that_is_wanted(
            happenings in happenings(),
        ) {
            let mut world = World::new();
            for happening in happenings {
                world.happen(happening);
            }
            while let Some(next) = world.reconciler.next_attempt() {
                world.now = world.now.max(next);
                world.act();
            }
            world.assert_settled();
            let calls = world.kernel.calls;
            world.happen(Happening::TimePasses(3_600_000));
            prop_assert_eq!(world.kernel.calls, calls, "there was nothing to do");
        }
    }

    #[test]
    fn what_fails_is_tried_again_ever_more_rarely_and_at_once_when_something_has_changed() {
        let mut world = World::new();
        world.kernel.refusals = u32::MAX;
        world.happen(Happening::Appears(1, [true, false]));
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let next = world.reconciler.next_attempt().unwrap();
            pauses.push((next - world.now).as_millis());
            world.now = next;
            world.act();
        }
        let doubled = [
            500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
        ];
        assert_eq!(pauses, doubled);
        let before = world.kernel.calls;
        world.kernel.refusals = 0;
        world.happen(Happening::GetsAddresses(1, [true, true]));
        assert!(world.kernel.calls > before);
        world.assert_settled();
    }

    #[test]
    fn whoever_is_distrusted_is_checked_once() {
        let mut world = World::new();
        world.happen(Happening::Appears(1, [true, true]));
        world.happen(Happening::Appears(2, [true, true]));
        world.reconciler.distrust(|(index, _)| index == 2);
        let actions = world.reconciler.actions(world.now);
        assert!(matches!(
            &*actions,
            [Action {
                what: What::Refresh,
                ..
            }]
        ));
        world.act();
        assert_eq!(world.reconciler.actions(world.now), []);
    }
}
