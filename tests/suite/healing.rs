//! A LAN that is started once and keeps what it was built with, whatever becomes of
//! the interfaces.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use ifcast::socket::BoundSocket;
use ifcast::{Departure, Event, Family, Group, Lan, Pinning, Selector, Sockets, To};
use ifcast_netlab::{Host, Lab, Nic, Segment};
use ifcast_tests::{Judge, interface, ip, occupy, tightest, wait_until};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(50);
const GROUPS: [&str; 2] = ["239.71.7.7", "ff02::71:7"];

/// A host on two segments, with a neighbour on each, and its LAN.
struct Home {
    lab: Lab,
    host: Host,
    segments: [Segment; 2],
    nics: [Nic; 2],
    ends: [Nic; 2],
    lan: Lan,
    said: Vec<String>,
}

fn addresses(i: usize, end: u8) -> [String; 2] {
    [
        format!("10.71.{i}.{end}/24"),
        format!("fe80::{i:x}:{end}/64"),
    ]
}

fn attach(segment: &Segment, host: &Host, name: &str, i: usize, end: u8) -> Nic {
    let addresses = addresses(i, end);
    segment.attach(host, name, &[&addresses[0], &addresses[1]])
}

impl Home {
    fn new(sockets: Sockets) -> Self {
        let lab = Lab::new();
        let host = lab.host("host");
        let segments: [Segment; 2] = std::array::from_fn(|_| lab.segment());
        let nics = [0, 1].map(|i| attach(&segments[i], &host, &format!("lan{i}"), i, 1));
        let ends = [0, 1].map(|i| attach(&segments[i], &lab.host(&format!("end{i}")), "lan", i, 2));
        let builder = Lan::builder().port(PORT).sockets(sockets);
        let groups = GROUPS.iter().map(|group| group.parse().unwrap());
        let builder = groups.fold(builder, |builder, group: Group| builder.join(group));
        let lan = host.run(|| builder.build()).unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        Self {
            lab,
            host,
            segments,
            nics,
            ends,
            lan,
            said: Vec::new(),
        }
    }

    /// Polls once in the host's namespace; what is heard, by destination.
    fn poll(&mut self, timeout: Duration) -> Vec<String> {
        let Self {
            host, lan, said, ..
        } = self;
        host.run(|| {
            let mut heard = Vec::new();
            lan.poll(Some(timeout), |event| match event {
                Event::Datagram(datagram) => heard.push(datagram.destination().to_string()),
                Event::InterfaceJoined { interface } => {
                    said.push(format!("{} joined", interface.name()));
                }
                Event::InterfaceLeft { interface, why } => {
                    said.push(format!("{} left: {why}", interface.name()));
                }
                Event::Membership {
                    interface,
                    group,
                    state,
                } => said.push(format!("{}: {group} {state}", interface.name())),
                Event::Degraded { interface, error } => {
                    said.push(format!("{} degraded: {error}", interface.name()));
                }
                Event::Recovered { interface } => {
                    said.push(format!("{} recovered", interface.name()));
                }
                other => said.push(format!("{other:?}")),
            })
            .unwrap();
            heard
        })
    }

    /// Waits until this is said, and forgets what was said before.
    #[track_caller]
    fn await_word(&mut self, expected: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let place = self.said.iter().position(|said| said == expected);
            if let Some(place) = place {
                self.said.drain(..=place);
                return;
            }
            assert!(Instant::now() < deadline, "{expected}: {:?}", self.said);
            self.poll(MOMENT);
        }
    }

    /// Waits until everything that the neighbour says to all is heard. A unicast it may
    /// send to the hardware address of before.
    #[track_caller]
    fn await_hearing(&mut self, i: usize) {
        let deadline = Instant::now() + PATIENCE;
        let theirs = interface(&self.ends[i]);
        let far = self.ends[i].host();
        let speakers = Family::ALL.map(|family| {
            far.run(|| BoundSocket::builder(&theirs, family).bind())
                .unwrap()
        });
        let everything = [GROUPS[0], "255.255.255.255", GROUPS[1]];
        loop {
            for (at, destination) in everything.iter().enumerate() {
                let speaker = &speakers[at / 2];
                drop(speaker.send(b"hello", (ip(destination), PORT).into()));
            }
            let mut heard = Vec::new();
            let pause = Instant::now() + MOMENT;
            while Instant::now() < pause {
                heard.extend(self.poll(Duration::from_millis(5)));
            }
            let is_heard = |destination: &&str| heard.iter().any(|heard| heard == destination);
            if everything.iter().all(is_heard) {
                return;
            }
            assert!(Instant::now() < deadline, "{heard:?}, {:?}", self.said);
        }
    }

    /// What is sent to all reaches the neighbour from this interface's own address.
    #[track_caller]
    fn assert_sends(&mut self, i: usize) {
        let judge = Judge::listen(&self.ends[i], PORT, &[ip(GROUPS[0])]);
        let (host, lan) = (&self.host, &mut self.lan);
        host.run(|| lan.send(b"news", To::AllHosts).sent());
        let (payload, source) = judge.hear(1).remove(0);
        assert_eq!(payload, b"news");
        assert_eq!(source.ip(), ip(&format!("10.71.{i}.1")));
    }

    fn address(&self, i: usize) {
        let [v4, v6] = addresses(i, 1);
        self.nics[i].add_address(&v4);
        self.nics[i].add_address(&v6);
    }
}

const WAYS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];

#[test]
fn an_interface_that_appears_joins_and_one_that_vanishes_leaves() {
    for sockets in WAYS {
        let mut home = Home::new(sockets);
        home.nics[1].delete();
        home.await_word("lan1 left: it is gone");
        home.await_hearing(0);
        assert_eq!(home.lan.interfaces().count(), 1);
        home.nics[1] = attach(&home.segments[1], &home.host, "new1", 1, 1);
        for said in [
            "new1 joined",
            "new1: 239.71.7.7 joined",
            "new1: ff02::71:7 joined",
        ] {
            home.await_word(said);
        }
        home.await_hearing(1);
        home.await_hearing(0);
        home.assert_sends(1);
        assert_eq!(home.said, [] as [&str; 0]);
    }
}

#[test]
fn an_interface_made_anew_is_opened_anew_whichever_index_it_has() {
    for sockets in WAYS {
        let mut home = Home::new(sockets);
        let [v4, v6] = addresses(0, 1);
        for round in 0..4 {
            if round % 2 == 0 {
                home.nics[0].recreate_with_index(&[&v4, &v6]);
            } else {
                home.nics[0].recreate(&[&v4, &v6]);
            }
            home.await_hearing(0);
            home.assert_sends(0);
        }
        home.await_hearing(1);
    }
}

#[test]
fn cables_addresses_and_names_come_and_go_and_it_hears_in_the_end() {
    for sockets in WAYS {
        let mut home = Home::new(sockets);
        home.nics[0].plug(false);
        home.await_word("lan0 left: it is not selected any more");
        home.nics[0].plug(true);
        home.await_word("lan0 joined");
        home.await_hearing(0);

        home.nics[0].rename("office");
        home.nics[0].remove_address("10.71.0.1/24");
        home.nics[0].add_address("10.71.0.1/16");
        home.await_hearing(0);
        home.assert_sends(0);

        home.nics[0].set_up(false);
        home.await_word("office left: it is not selected any more");
        home.nics[0].set_up(true);
        home.nics[0].add_address(&addresses(0, 1)[1]);
        home.await_hearing(0);
        home.await_hearing(1);
    }
}

#[test]
fn a_bridge_takes_an_interface_away_and_gives_it_back() {
    for sockets in WAYS {
        let mut home = Home::new(sockets);
        let bridge = home.host.add_bridge("br0", &[&home.nics[0]]);
        assert!(bridge > 0);
        home.await_word("lan0 left: it is not selected any more");
        home.nics[0].set_bridge(None);
        home.await_word("lan0 joined");
        home.await_hearing(0);
    }
}

#[test]
fn memberships_that_are_lost_without_a_word_are_joined_again() {
    for sockets in WAYS {
        let mut home = Home::new(sockets);
        home.nics[0].set_mtu(1000); // too small for IPv6
        home.await_hearing(1);
        home.nics[0].set_mtu(1500);
        home.nics[0].add_address(&addresses(0, 1)[1]);
        home.await_hearing(0);
    }
}

#[test]
fn an_interface_that_goes_to_another_namespace_leaves_and_joins_when_it_is_back() {
    for sockets in WAYS {
        let mut home = Home::new(sockets);
        let elsewhere = home.lab.host("elsewhere");
        let moved = home.nics[0].move_to(&elsewhere);
        home.await_word("lan0 left: it is gone");
        home.nics[0] = moved.move_to(&home.host);
        home.nics[0].set_up(true);
        home.address(0);
        home.await_hearing(0);
        home.await_hearing(1);
    }
}

#[test]
fn what_somebody_else_holds_is_degraded_and_recovers_when_it_is_free() {
    let mut home = Home::new(Sockets::PerInterface);
    // A port that is no device's cannot be taken as long as any of ours is on it.
    let is_a_devices = tightest() == Pinning::Device;
    for i in 0..if is_a_devices { 1 } else { 2 } {
        home.nics[i].delete();
        home.await_word(&format!("lan{i} left: it is gone"));
    }
    home.nics[0] = attach(&home.segments[0], &home.host, "lan0", 0, 1);
    // Somebody was faster.
    let owner = occupy(&home.nics[0], Family::V4, PORT);
    home.await_word("lan0 joined");
    if is_a_devices {
        home.await_hearing(1);
    }
    drop(owner);
    home.await_word("lan0 recovered");
    home.await_hearing(0);
}

#[test]
fn groups_and_interfaces_can_be_chosen_anew_while_it_runs() {
    for sockets in WAYS {
        let mut home = Home::new(sockets);
        let group: Group = "239.71.9.9".parse().unwrap();
        let (host, lan) = (&home.host, &mut home.lan);
        assert!(host.run(|| lan.join(group)).is_empty());
        let theirs = interface(&home.ends[0]);
        let far = home.ends[0].host();
        let builder = BoundSocket::builder(&theirs, Family::V4);
        let speaker = far.run(|| builder.bind()).unwrap();
        let to = group.socket_addr(PORT);
        speaker.send(b"hello", to).unwrap();
        for joined in ["lan0: 239.71.9.9 joined", "lan1: 239.71.9.9 joined"] {
            home.await_word(joined);
        }
        assert_eq!(home.poll(PATIENCE), ["239.71.9.9"]);
        let (host, lan) = (&home.host, &mut home.lan);
        assert!(host.run(|| lan.leave(group)).is_empty());
        speaker.send(b"hello", to).unwrap();
        assert_eq!(home.poll(MOMENT), [] as [&str; 0]);

        let one: Selector = "10.71.1.0/24".parse().unwrap();
        let (host, lan) = (&home.host, &mut home.lan);
        assert!(host.run(|| lan.select(one)).is_empty());
        assert_eq!(lan.interfaces().count(), 1);
        home.await_hearing(1);
        let (host, lan) = (&home.host, &mut home.lan);
        assert!(host.run(|| lan.select(Selector::lan())).is_empty());
        home.await_hearing(0);
    }
}

#[test]
fn what_became_of_an_interface_is_told_although_something_else_is_asked_for_first() {
    let mut home = Home::new(Sockets::PerInterface);
    home.nics[1].delete();
    let group: Group = "239.71.7.8".parse().unwrap();
    // It is read, and has not settled yet.
    assert_eq!(home.poll(Duration::ZERO), [] as [&str; 0]);
    assert!(home.said.is_empty(), "{:?}", home.said);
    let (host, lan) = (&home.host, &mut home.lan);
    wait_until("it has left", || {
        drop(host.run(|| lan.join(group)));
        lan.interfaces().count() == 1
    });
    home.await_word("lan1 left: it is gone");
}

#[test]
fn what_is_to_be_told_outlives_a_visitor_that_panics() {
    let mut home = Home::new(Sockets::PerInterface);
    for nic in &home.nics {
        nic.delete();
    }
    let (host, lan) = (&home.host, &mut home.lan);
    let mut told = 0;
    wait_until("both have left", || {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            host.run(|| {
                lan.poll(Some(MOMENT), |event| {
                    assert!(matches!(event, Event::InterfaceLeft { .. }), "{event:?}");
                    told += 1;
                    panic!("on purpose");
                })
            })
        }));
        assert!(outcome.is_err() || outcome.unwrap().unwrap() == 0);
        told == 2
    });
    assert_eq!(home.lan.interfaces().count(), 0);
}

#[test]
fn nothing_is_opened_by_a_thread_that_lives_elsewhere() {
    let mut home = Home::new(Sockets::PerInterface);
    home.nics[1].delete();
    home.nics[1] = attach(&home.segments[1], &home.host, "new1", 1, 1);
    // This thread sees other interfaces, which may well have the same indexes.
    let end = Instant::now() + Duration::from_millis(300);
    while Instant::now() < end {
        let heard = home.lan.poll(Some(MOMENT), |event| panic!("{event:?}"));
        assert_eq!(heard.unwrap(), 0);
    }
    assert_eq!(home.lan.sockets().count(), 4);
    home.await_word("new1 joined");
    home.await_hearing(1);
}

#[test]
fn who_does_not_follow_stays_as_it_was_built() {
    let home = Home::new(Sockets::PerInterface);
    let builder = Lan::builder().port(PORT + 1).follow(false);
    let mut lan = home.host.run(|| builder.build()).unwrap();
    home.nics[1].delete();
    home.host.run(|| {
        let poll = lan.poll(Some(Duration::from_millis(300)), |event| {
            panic!("{event:?}")
        });
        assert_eq!(poll.unwrap(), 0);
    });
    assert_eq!(lan.interfaces().count(), 2);
    assert_eq!(Departure::Gone.to_string(), "it is gone");
}
