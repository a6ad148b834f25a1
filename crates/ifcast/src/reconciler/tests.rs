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
