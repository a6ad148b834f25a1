//! A watch of a system that says what the test wants, when the test wants it.

use std::collections::VecDeque;

use super::*;
use crate::address_record::AddressRecord;
use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::link_kind::LinkKind;
use crate::sys::flag;
use crate::table::Table;
use crate::watching::diff::Tentative;

const SETTLE: Duration = Duration::from_millis(50);
const MAX_DELAY: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(1);
const RUNNING: u32 = flag::BROADCAST | flag::UP | flag::RUNNING;
const DOWN: u32 = flag::BROADCAST;

/// A system that says what it was told to say, and then nothing.
#[derive(Default)]
struct Fake {
    says: VecDeque<io::Result<Vec<Notice>>>,
    never_stops: bool,
    interfaces: Vec<(u32, u32, Vec<&'static str>)>,
    permanent_address: Option<HardwareAddress>,
    link_kind: Option<LinkKind>,
    is_torn: bool,
    refuses_to_list: bool,
    loses_while_listing: usize,
    says_while_listing: Vec<Notice>,
    listings: usize,
    reads: usize,
}

impl Kernel for Fake {
    fn read(&mut self, visit: &mut dyn FnMut(Notice)) -> io::Result<()> {
        self.reads += 1;
        match self.says.pop_front() {
            Some(Ok(notices)) => notices.into_iter().for_each(visit),
            Some(Err(error)) => return Err(error),
            None if self.never_stops => {}
            None => return Err(io::ErrorKind::WouldBlock.into()),
        }
        Ok(())
    }

    fn list(&mut self) -> io::Result<Snapshot> {
        self.listings += 1;
        if self.refuses_to_list {
            return Err(io::Error::from_raw_os_error(libc::ENOMEM));
        }
        if self.loses_while_listing > 0 {
            self.loses_while_listing -= 1;
            self.says.push_back(Ok(vec![Notice::Lost]));
        }
        self.says
            .push_back(Ok(std::mem::take(&mut self.says_while_listing)));
        let mut table = Table::default();
        for (index, flags, _) in &self.interfaces {
            table.add_link(Link {
                permanent_address: self.permanent_address,
                link_kind: self.link_kind,
                ..link(*index, *flags)
            });
        }
        table.close_links();
        for (index, _, addresses) in &self.interfaces {
            for address in addresses {
                table.add_address(&record(*index, address));
            }
        }
        Ok(Snapshot {
            interfaces: table.into_interfaces(),
            is_consistent: !self.is_torn,
        })
    }

    fn refine(&mut self, _: &mut Link) {}
}

/// A watch, its system, and the time there.
struct Scene {
    fake: Fake,
    watch: Watch,
    now: Instant,
}

impl Scene {
    /// One running interface, number 2, with one address.
    fn new() -> Self {
        Self::with(None)
    }

    fn with(reconcile: Option<Duration>) -> Self {
        let fake = Fake {
            interfaces: vec![(2, RUNNING, vec!["10.71.0.1"])],
            ..Fake::default()
        };
        Self::of(fake, reconcile)
    }

    fn of(mut fake: Fake, reconcile: Option<Duration>) -> Self {
        let now = Instant::now();
        let live = Live::new(fake.list().unwrap(), false);
        fake.listings = 0;
        let settling = Settling {
            settle: SETTLE,
            max_delay: MAX_DELAY,
            tentative: Tentative::Awaited,
        };
        let timing = Timing {
            settling,
            reconcile,
        };
        let watch = Watch::new(live, timing, now);
        Self { fake, watch, now }
    }

    fn say(&mut self, notice: Notice) {
        self.fake.says.push_back(Ok(vec![notice]));
    }

    /// What is reported, in words, and what is returned.
    fn try_drain(&mut self) -> (Vec<String>, Result<(), Error>) {
        let mut told = Vec::new();
        let outcome = self.watch.drain(&mut self.fake, self.now, |change| {
            told.push(change.to_string());
        });
        (told, outcome)
    }

    #[track_caller]
    fn drain(&mut self) -> Vec<String> {
        let (told, outcome) = self.try_drain();
        outcome.unwrap();
        told
    }

    /// What is reported once the time has come that the watch asked for.
    #[track_caller]
    fn drain_at_deadline(&mut self) -> Vec<String> {
        let deadline = self.deadline().expect("something is to come");
        self.now = self.now.max(deadline);
        self.drain()
    }

    fn deadline(&self) -> Option<Instant> {
        self.watch.next_deadline(self.now)
    }

    fn addresses(&self) -> Vec<String> {
        let addresses = self.watch.snapshot().addresses();
        addresses.map(|(_, address)| address.to_string()).collect()
    }
}

fn index(index: u32) -> InterfaceIndex {
    InterfaceIndex::new(index).unwrap()
}

fn link(number: u32, flags: u32) -> Link {
    let name = format!("v{number}").parse().unwrap();
    Link::new(index(number), name, Flags::from_bits(flags))
}

fn record(owner: u32, address: &str) -> AddressRecord {
    AddressRecord {
        owner: Some(index(owner)),
        ..AddressRecord::new(address.parse().unwrap(), 24)
    }
}

fn is_now(number: u32, flags: u32) -> Notice {
    Notice::Link {
        link: link(number, flags),
        alternative_names: Vec::new(),
    }
}

fn added(address: &str) -> Notice {
    Notice::Address(record(2, address))
}

fn removed(address: &str) -> Notice {
    Notice::AddressGone(record(2, address))
}

#[test]
fn a_change_is_seen_at_once_and_reported_when_it_has_settled() {
    let mut scene = Scene::new();
    scene.say(added("10.71.0.2"));
    assert!(scene.drain().is_empty());
    assert_eq!(scene.addresses(), ["10.71.0.1", "10.71.0.2"]);
    assert_eq!(scene.deadline(), Some(scene.now + SETTLE));

    scene.now += SETTLE - TICK;
    assert!(scene.drain().is_empty());
    scene.now += TICK;
    assert_eq!(scene.drain(), ["v2 (index 2): address 10.71.0.2/24 added"]);
    assert!(scene.drain().is_empty());
    assert_eq!(scene.deadline(), None);
    assert_eq!(scene.fake.listings, 0);
}

#[test]
fn what_is_undone_before_it_has_settled_is_not_reported() {
    let mut scene = Scene::new();
    scene.say(added("10.71.0.2"));
    scene.say(is_now(3, RUNNING));
    scene.drain();
    scene.now += SETTLE / 2;
    scene.say(removed("10.71.0.2"));
    scene.say(Notice::LinkGone(index(3)));
    scene.drain();
    assert!(scene.drain_at_deadline().is_empty());
}

#[test]
fn a_storm_cannot_put_a_report_off_for_ever() {
    let mut scene = Scene::new();
    let start = scene.now;
    let mut told = Vec::new();
    for round in 0..100 {
        scene.say(is_now(2, if round % 2 == 0 { DOWN } else { RUNNING }));
        told = scene.drain();
        if !told.is_empty() {
            break;
        }
        scene.now += SETTLE / 2;
    }
    assert_eq!(scene.now, start + MAX_DELAY);
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_storm_on_one_interface_does_not_delay_another() {
    let mut scene = Scene::new();
    let start = scene.now;
    scene.say(is_now(3, RUNNING));
    let mut told = Vec::new();
    for round in 0..100 {
        scene.say(is_now(2, if round % 2 == 0 { DOWN } else { RUNNING }));
        told = scene.drain();
        if !told.is_empty() {
            break;
        }
        scene.now += SETTLE / 2;
    }
    assert_eq!(
        (told, scene.now),
        (vec!["v3 (index 3) appeared".to_owned()], start + SETTLE)
    );
}

#[test]
#[cfg_attr(miri, ignore = "it takes too long")]
fn an_interface_that_flapped_and_is_as_before_says_so_once() {
    let mut scene = Scene::new();
    for _ in 0..1000 {
        scene.say(is_now(2, DOWN));
        scene.say(is_now(2, RUNNING));
    }
    scene.drain();
    assert_eq!(
        scene.drain_at_deadline(),
        ["v2 (index 2): flapped, 1000 times"]
    );
}

#[test]
fn an_mtu_that_was_too_small_for_ip_meanwhile_is_told_though_it_is_as_before() {
    let with_mtu = |mtu| Notice::Link {
        link: Link {
            mtu: Some(mtu),
            ..link(2, RUNNING)
        },
        alternative_names: Vec::new(),
    };
    let mut scene = Scene::new();
    scene.say(with_mtu(1500));
    scene.drain();
    scene.drain_at_deadline();
    for (meanwhile, finally, told) in [
        (1279, 1500, &["v2 (index 2): MTU 1279 meanwhile"] as &[_]),
        (1280, 1500, &[]),
        (1000, 1279, &["v2 (index 2): MTU 1500 -> 1279"]),
        (1000, 1279, &[]),
        (
            67,
            68,
            &[
                "v2 (index 2): MTU 67 meanwhile",
                "v2 (index 2): MTU 1279 -> 68",
            ],
        ),
    ] {
        scene.say(with_mtu(meanwhile));
        scene.say(with_mtu(finally));
        scene.drain();
        assert_eq!(scene.drain_at_deadline(), told, "{meanwhile}, {finally}");
    }
}

#[test]
fn an_interface_made_anew_with_its_index_is_removed_and_added() {
    let mut scene = Scene::new();
    let before = scene.watch.snapshot().interfaces()[0].id();
    scene.say(removed("10.71.0.1"));
    scene.say(Notice::LinkGone(index(2)));
    scene.say(is_now(2, RUNNING));
    scene.say(added("10.71.0.1"));
    scene.drain();
    assert_eq!(
        scene.drain_at_deadline(),
        ["v2 (index 2) is gone", "v2 (index 2) appeared"]
    );
    let after = scene.watch.snapshot().interfaces()[0].id();
    assert_eq!(after.index(), before.index());
    assert_ne!(after, before);
}

#[test]
fn an_interface_made_anew_whose_end_was_lost_is_another_too() {
    let mut scene = Scene::new();
    let mut link = link(2, RUNNING);
    link.link_kind = LinkKind::new(b"veth");
    scene.fake.link_kind = link.link_kind;
    scene.fake.interfaces = vec![(2, RUNNING, vec!["10.71.0.7"])];
    scene.say(Notice::Link {
        link,
        alternative_names: Vec::new(),
    });
    scene.drain();
    assert_eq!(
        scene.drain_at_deadline(),
        ["v2 (index 2) is gone", "v2 (index 2) appeared"]
    );
    assert_eq!(scene.addresses(), ["10.71.0.7"]);
}

#[test]
fn what_was_said_before_the_listing_and_is_in_it_changes_nothing() {
    let mut scene = Scene::new();
    scene.say(is_now(2, RUNNING));
    scene.say(added("10.71.0.1"));
    assert!(scene.drain().is_empty());
    assert_eq!(scene.deadline(), None);
}

#[test]
fn what_was_said_between_joining_and_listing_is_not_missed() {
    let mut scene = Scene::new();
    scene.say(added("10.71.0.9")); // and the listing was made before it
    scene.drain();
    assert_eq!(scene.addresses(), ["10.71.0.1", "10.71.0.9"]);
}

#[test]
fn after_a_loss_everything_is_listed_before_the_call_returns() {
    let mut scene = Scene::new();
    scene.fake.interfaces = vec![(2, RUNNING, vec!["10.71.0.7"]), (5, RUNNING, vec![])];
    scene.say(added("10.71.0.2"));
    scene.say(Notice::Lost);
    scene.say(added("10.71.0.3"));
    assert_eq!(scene.drain(), ["all interfaces were listed anew"]);
    assert_eq!(scene.addresses(), ["10.71.0.7"]);
    assert_eq!(scene.fake.listings, 1);
    assert_eq!(
        scene.drain_at_deadline(),
        [
            "v2 (index 2): address 10.71.0.1/24 removed",
            "v2 (index 2): address 10.71.0.7/24 added",
            "v5 (index 5) appeared"
        ]
    );
}

#[test]
fn every_change_but_a_new_listing_is_of_an_interface() {
    let both = Fake {
        interfaces: vec![(2, RUNNING, vec![]), (3, RUNNING, vec![])],
        ..Fake::default()
    };
    let mut scene = Scene::of(both, None);
    scene.fake.interfaces = vec![(2, DOWN, vec![]), (5, RUNNING, vec![])];
    scene.say(Notice::Lost);
    let mut told = Vec::new();
    for _ in 0..2 {
        let tell = |change: Change<'_>| told.push(change.interface().map(Interface::index));
        scene.watch.drain(&mut scene.fake, scene.now, tell).unwrap();
        scene.now += SETTLE;
    }
    assert_eq!(told, [None, Some(index(2)), Some(index(3)), Some(index(5))]);
}

#[test]
fn what_was_said_during_a_listing_does_not_leave_addresses_in_another_order() {
    let said = || vec![removed("10.71.0.1"), added("10.71.0.1"), added("10.71.0.2")];
    let mut scene = Scene::new();
    scene.fake.interfaces[0].2 = vec!["10.71.0.1", "10.71.0.2"];
    scene.fake.says_while_listing = said();
    scene.say(Notice::Lost);
    scene.drain();
    assert_eq!(scene.addresses(), ["10.71.0.1", "10.71.0.2"]);
    assert_eq!(scene.fake.listings, 2);

    scene.fake.says.push_back(Ok(said()));
    scene.watch.catch_up(&mut scene.fake, scene.now).unwrap();
    assert!(!scene.watch.snapshot().is_consistent());
    scene.drain();
    assert_eq!(scene.addresses(), ["10.71.0.1", "10.71.0.2"]);
    assert!(scene.watch.snapshot().is_consistent());
}

#[test]
fn who_loses_again_and_again_is_listed_thrice_and_then_later() {
    let mut scene = Scene::new();
    scene.fake.loses_while_listing = 100;
    scene.say(Notice::Lost);
    scene.drain();
    assert_eq!(scene.fake.listings, 3);
    assert!(!scene.watch.snapshot().is_consistent());

    let pause = scene.deadline().unwrap();
    assert_eq!(pause, scene.now + MAX_DELAY);
    scene.now += SETTLE;
    scene.say(Notice::Lost);
    scene.drain();
    assert_eq!(scene.fake.listings, 3);

    scene.fake.loses_while_listing = 0;
    scene.now = pause;
    assert_eq!(scene.drain(), ["all interfaces were listed anew"]);
    assert_eq!(scene.fake.listings, 4);
    assert!(scene.watch.snapshot().is_consistent());
    assert_eq!(scene.deadline(), None);
}

#[test]
fn a_listing_that_fails_is_an_error_and_tried_again_later() {
    let mut scene = Scene::new();
    scene.fake.refuses_to_list = true;
    scene.say(added("10.71.0.2"));
    scene.say(Notice::Lost);
    let (_, outcome) = scene.try_drain();
    assert!(matches!(outcome, Err(Error::List { .. })), "{outcome:?}");
    assert!(!scene.watch.snapshot().is_consistent());

    // Meanwhile what is known is reported, and nobody lists.
    scene.now += SETTLE;
    assert_eq!(scene.drain(), ["v2 (index 2): address 10.71.0.2/24 added"]);
    assert_eq!(scene.fake.listings, 1);

    scene.fake.refuses_to_list = false;
    let told = scene.drain_at_deadline();
    assert!(told.contains(&"all interfaces were listed anew".to_owned()));
    assert_eq!(scene.addresses(), ["10.71.0.1"]);
}

#[test]
fn a_torn_listing_is_repeated_later() {
    let mut scene = Scene::new();
    scene.fake.is_torn = true;
    scene.say(Notice::Lost);
    scene.drain();
    assert!(!scene.watch.snapshot().is_consistent());
    scene.fake.is_torn = false;
    scene.drain_at_deadline();
    assert!(scene.watch.snapshot().is_consistent());
    assert_eq!(scene.deadline(), None);
}

#[test]
fn a_torn_first_listing_is_repeated_too() {
    let torn = Fake {
        is_torn: true,
        ..Fake::default()
    };
    let mut scene = Scene::of(torn, None);
    scene.fake.is_torn = false;
    scene.fake.interfaces = vec![(2, RUNNING, vec![])];
    scene.drain_at_deadline();
    assert!(scene.watch.snapshot().is_consistent());
    assert_eq!(scene.drain_at_deadline(), ["v2 (index 2) appeared"]);
}

#[test]
fn one_failed_read_is_not_the_end_and_two_are() {
    let fail = || Err(io::Error::from_raw_os_error(libc::ENOMEM));
    let mut scene = Scene::new();
    scene.fake.says.push_back(fail());
    scene.fake.interfaces[0].2.push("10.71.0.2"); // what could not be said
    assert_eq!(scene.drain(), ["all interfaces were listed anew"]);
    assert_eq!(scene.addresses(), ["10.71.0.1", "10.71.0.2"]);

    scene.fake.says.extend([fail(), fail()]);
    scene.now += SETTLE;
    let (told, outcome) = scene.try_drain();
    assert!(matches!(outcome, Err(Error::Watch { .. })), "{outcome:?}");
    assert_eq!(told, ["v2 (index 2): address 10.71.0.2/24 added"]);

    let reads = scene.fake.reads;
    scene.say(added("10.71.0.3"));
    assert!(scene.try_drain().1.is_err());
    assert_eq!((scene.fake.reads, scene.deadline()), (reads, None));
}

#[test]
#[cfg_attr(miri, ignore = "it takes too long")]
fn who_never_stops_talking_is_interrupted_and_listened_to_again() {
    let mut scene = Scene::new();
    scene.fake.never_stops = true;
    scene.say(Notice::Lost);
    assert_eq!(scene.drain(), ["all interfaces were listed anew"]);
    assert_eq!(scene.deadline(), Some(scene.now));
    scene.fake.never_stops = false;
    scene.drain();
    scene.drain_at_deadline();
    assert_eq!(scene.deadline(), None);
}

#[test]
#[cfg_attr(miri, ignore = "it takes too long")]
fn what_is_lost_without_a_word_while_there_is_more_to_read_is_listed_too() {
    let mut scene = Scene::new();
    scene.say(Notice::Lost);
    let more = (0..(RELISTS + 2) * READS).map(|_| Ok(Vec::new()));
    scene.fake.says.extend(more);
    assert_eq!(scene.drain(), ["all interfaces were listed anew"]);
    assert!(!scene.watch.snapshot().is_consistent());
    scene.fake.interfaces[0].2.push("10.71.0.2"); // for which there is no room
    while scene.deadline().is_some() {
        scene.drain_at_deadline();
    }
    assert_eq!(scene.addresses(), ["10.71.0.1", "10.71.0.2"]);
    assert!(scene.watch.snapshot().is_consistent());
}

#[test]
fn what_keeps_its_addresses_although_it_seems_to_be_another_has_them_again() {
    let mut scene = Scene::new();
    let other = Link {
        permanent_address: HardwareAddress::new(&[2; 6]),
        ..link(2, RUNNING)
    };
    scene.fake.permanent_address = other.permanent_address;
    scene.say(Notice::Link {
        link: other,
        alternative_names: Vec::new(),
    });
    assert!(scene.drain().is_empty());
    assert!(!scene.watch.snapshot().is_consistent());
    assert_eq!(
        scene.drain_at_deadline(),
        ["v2 (index 2) is gone", "v2 (index 2) appeared"]
    );
    assert_eq!(scene.addresses(), ["10.71.0.1"]);
    assert_eq!((scene.fake.listings, scene.deadline()), (1, None));
}

#[test]
fn hints_make_one_listing_when_they_have_settled() {
    let mut scene = Scene::new();
    scene.fake.interfaces[0].2.push("10.71.0.2");
    scene.say(Notice::Hint);
    assert!(scene.drain().is_empty());
    scene.now += SETTLE / 2;
    scene.say(Notice::Hint);
    scene.drain();
    assert_eq!(scene.fake.listings, 0);
    assert_eq!(scene.deadline(), Some(scene.now + SETTLE));
    // The change has settled as well by then.
    assert_eq!(
        scene.drain_at_deadline(),
        ["v2 (index 2): address 10.71.0.2/24 added"]
    );
    assert_eq!((scene.fake.listings, scene.deadline()), (1, None));
}

#[test]
fn a_storm_of_hints_cannot_put_the_listing_off_for_ever() {
    let mut scene = Scene::new();
    let start = scene.now;
    while scene.fake.listings == 0 {
        scene.say(Notice::Hint);
        scene.drain();
        scene.now += SETTLE / 2;
    }
    assert_eq!(scene.now, start + MAX_DELAY + SETTLE / 2);
}

#[test]
fn everything_is_listed_from_time_to_time_where_that_is_wished() {
    let period = Duration::from_secs(30);
    let mut scene = Scene::with(Some(period));
    assert_eq!(scene.deadline(), Some(scene.now + period));
    scene.fake.interfaces.push((9, RUNNING, vec![]));
    scene.drain_at_deadline();
    assert_eq!(scene.fake.listings, 1);
    assert_eq!(scene.drain_at_deadline(), ["v9 (index 9) appeared"]);
    assert!(scene.deadline() > Some(scene.now));
}

#[test]
fn a_listing_from_time_to_time_that_fails_is_not_tried_again_at_once() {
    let period = Duration::from_secs(30);
    let mut scene = Scene::with(Some(period));
    scene.fake.refuses_to_list = true;
    scene.now += period;
    assert!(scene.try_drain().1.is_err());
    assert_eq!(scene.deadline(), Some(scene.now + MAX_DELAY));
}

#[test]
fn a_listing_tells_an_interface_made_anew_by_what_it_is_made_of() {
    let mut scene = Scene::new();
    let known = scene.watch.snapshot().interfaces()[0].clone();
    let mut other = Interface {
        link: Link {
            permanent_address: crate::HardwareAddress::new(&[2; 6]),
            ..known.link.clone()
        },
        ..known.clone()
    };
    other.link.mtu = Some(9000);
    let fresh = Snapshot {
        interfaces: vec![other],
        is_consistent: true,
    };
    scene.watch.live.replace(fresh, scene.now);
    assert_ne!(scene.watch.snapshot().interfaces()[0].id(), known.id());
}

#[test]
fn what_has_settled_is_as_it_was_told_of_whatever_is_going_on() {
    let mut scene = Scene::new();
    let addresses = |scene: &Scene| {
        let settled = scene.watch.settled();
        let count = |interface: &Interface| interface.ipv4().len();
        settled.interfaces().iter().map(count).collect::<Vec<_>>()
    };
    scene.say(removed("10.71.0.1"));
    scene.say(is_now(3, RUNNING));
    assert_eq!(scene.drain(), [] as [&str; 0]);
    assert_eq!(addresses(&scene), [1]);
    scene.say(added("10.71.0.1"));
    scene.drain();
    assert_eq!(addresses(&scene), [1]);
    assert_eq!(scene.drain_at_deadline(), ["v3 (index 3) appeared"]);
    assert_eq!(addresses(&scene), [1, 0]);
    scene.say(Notice::LinkGone(index(3)));
    assert_eq!(scene.drain(), [] as [&str; 0]);
    assert_eq!(addresses(&scene), [1, 0]);
    assert_eq!(scene.drain_at_deadline(), ["v3 (index 3) is gone"]);
    assert_eq!(addresses(&scene), [1]);
}
