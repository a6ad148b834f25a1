//! One socket for many interfaces: nothing is mixed up.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ifcast::interfaces::{Change, Watcher};
use ifcast::multicast::SharedMulticastSocket;
use ifcast::socket::{BoundSocket, Course, Error, SendBatch, SharedSocket};
use ifcast::{
    Cast, Event, Family, Group, Lan, Outcome, Scope, Selector, Sharing, Skip, Snapshot, Sockets, To,
};
use ifcast_netlab::{Lab, Nic};
use ifcast_tests::{Ear, Heard, Judge, Star, interface, ip, socket_on, wait_until};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_millis(100);
const EVERYBODY: &str = "255.255.255.255";
const GROUPS: [&str; 4] = ["239.71.7.1", "239.71.7.2", "ff02::71:1", "ff15::71:2"];

/// A socket that the first two share, with all groups on both.
fn shared_by_two(star: &Star<3>, family: Family) -> SharedMulticastSocket {
    let interfaces = [0, 1].map(|i| interface(&star.nics[i]));
    star.hub.run(|| {
        let builder = SharedSocket::builder(family).port(PORT);
        let mut socket = SharedMulticastSocket::new(builder.bind().unwrap());
        for interface in &interfaces {
            socket.add(interface).unwrap();
            for group in groups(family) {
                socket.join(interface.index(), group).unwrap();
            }
        }
        socket
    })
}

fn groups(family: Family) -> impl Iterator<Item = Group> {
    let groups = GROUPS.iter().map(|group| group.parse::<Group>().unwrap());
    groups.filter(move |group| group.family() == family)
}

fn to(address: &str) -> SocketAddr {
    SocketAddr::new(ip(address), PORT)
}

/// What was heard where, in order.
fn places(heard: &[Heard]) -> Vec<(Vec<u8>, IpAddr, u32, Cast)> {
    let place = |heard: &Heard| {
        let index = heard.interface.index().get();
        (heard.payload.clone(), heard.destination, index, heard.cast)
    };
    let mut places: Vec<_> = heard.iter().map(place).collect();
    places.sort_by(|a, b| a.0.cmp(&b.0));
    places
}

#[test]
fn every_datagram_comes_once_and_says_on_which_interface() {
    // With room for all memberships in one socket, and without.
    for limit in ["20", "1"] {
        let star = Star::<3>::new();
        star.hub.sysctl("net/ipv4/igmp_max_memberships", limit);
        let mut ear = Ear::to(shared_by_two(&star, Family::V4));
        let mut expected = Vec::new();
        for (end, number) in [(0, b'0'), (1, b'1')] {
            let speaker = socket_on(&star.ends[end], Family::V4);
            let own = format!("10.71.{end}.1");
            let directed = format!("10.71.{end}.255");
            for (kind, address, cast) in [
                (b'a', GROUPS[0], Cast::Multicast),
                (b'b', GROUPS[1], Cast::Multicast),
                (b'c', EVERYBODY, Cast::LimitedBroadcast),
                (b'd', &directed, Cast::DirectedBroadcast),
                (b'e', &own, Cast::Unicast),
            ] {
                let payload = vec![number, kind];
                speaker.send(&payload, to(address)).unwrap();
                expected.push((payload, ip(address), star.nics[end].index(), cast));
            }
            speaker.send(b"not joined", to("239.71.7.3")).unwrap();
        }
        assert_eq!(places(&ear.hear(expected.len())), expected);
        ear.assert_silent();
        let counters = ear.socket().socket().endpoint().counters();
        assert_eq!(counters.received, 10);
        assert_eq!((counters.foreign_interface, counters.unwanted), (0, 0));
    }
}

#[test]
fn the_same_group_is_told_apart_by_interface_with_ipv6_too() {
    let star = Star::<3>::new();
    let mut ear = Ear::to(shared_by_two(&star, Family::V6));
    let mut expected = Vec::new();
    for (end, number) in [(0, b'0'), (1, b'1')] {
        let speaker = socket_on(&star.ends[end], Family::V6);
        let own = format!("fe80::{end:x}:1");
        for (kind, address, cast) in [
            (b'a', GROUPS[2], Cast::Multicast),
            (b'b', GROUPS[3], Cast::Multicast),
            (b'c', &own, Cast::Unicast),
        ] {
            let payload = vec![number, kind];
            speaker.send(&payload, to(address)).unwrap();
            expected.push((payload, ip(address), star.nics[end].index(), cast));
        }
    }
    assert_eq!(places(&ear.hear(6)), expected);
    ear.assert_silent();
}

#[test]
fn what_arrives_on_an_interface_that_does_not_share_it_is_dropped_and_counted() {
    let star = Star::<3>::new();
    let mut ear = Ear::to(shared_by_two(&star, Family::V4));
    let stranger = socket_on(&star.ends[2], Family::V4);
    for address in [GROUPS[0], EVERYBODY, "10.71.2.255", "10.71.2.1"] {
        stranger.send(b"from elsewhere", to(address)).unwrap();
    }
    ear.assert_silent();
    let counters = ear.socket().socket().endpoint().counters();
    assert_eq!((counters.received, counters.foreign_interface), (0, 3));
}

#[test]
fn an_interface_that_is_removed_is_silent_and_its_groups_are_left() {
    let star = Star::<3>::new();
    star.hub.sysctl("net/ipv4/igmp_max_memberships", "1");
    let mut socket = shared_by_two(&star, Family::V4);
    let [first, second] = [0, 1].map(|i| interface(&star.nics[i]));
    let removed = star.hub.run(|| socket.remove(first.index()));
    assert_eq!(removed.map(|interface| interface.id()), Some(first.id()));
    assert_eq!(socket.groups(first.index()).count(), 0);
    assert_eq!(socket.groups(second.index()).count(), 2);
    let error = socket.join(first.index(), GROUPS[0].parse().unwrap());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("does not share this socket"), "{error}");
    let mut ear = Ear::to(socket);
    for (end, payload) in [(0, b"gone"), (1, b"here")] {
        let speaker = socket_on(&star.ends[end], Family::V4);
        speaker.send(payload, to(GROUPS[0])).unwrap();
        speaker.send(payload, to(EVERYBODY)).unwrap();
    }
    let heard = ear.hear(2);
    assert!(heard.iter().all(|heard| heard.payload == b"here"));
    ear.assert_silent();
    // The group was left: only the broadcast came.
    let counters = ear.socket().socket().endpoint().counters();
    assert_eq!((counters.foreign_interface, counters.unwanted), (1, 0));
}

#[test]
fn a_fan_out_leaves_by_each_interface_once_from_its_own_address() {
    let star = Star::<3>::new();
    let nobody = ip("239.99.0.1");
    for (family, group) in [(Family::V4, GROUPS[0]), (Family::V6, GROUPS[2])] {
        let mut socket = star
            .hub
            .run(|| SharedSocket::builder(family).bind().unwrap());
        for nic in &star.nics {
            socket.add(&interface(nic)).unwrap();
        }
        let judges: Vec<_> = star
            .ends
            .iter()
            .map(|end| Judge::listen(end, PORT, &[ip(group), nobody]))
            .collect();
        let mut courses: Vec<_> = star
            .nics
            .iter()
            .map(|nic| Course {
                interface: interface(nic).index(),
                destination: to(group),
                source: None,
            })
            .collect();
        if family == Family::V4 {
            let directed = star.nics.iter().enumerate().map(|(i, nic)| Course {
                interface: interface(nic).index(),
                destination: to(&format!("10.71.{i}.255")),
                source: Some(ip(&format!("10.71.{i}.1"))),
            });
            courses.extend(directed);
        }
        let each = courses.len() / star.nics.len();
        let sent = socket.fan_out(&mut SendBatch::new(), b"to all", &courses);
        assert!(sent.is_complete(), "{:?}", sent.failures());
        for (i, judge) in judges.iter().enumerate() {
            let heard = judge.hear(each);
            let own = match family {
                Family::V4 => ip(&format!("10.71.{i}.1")),
                Family::V6 => ip(&format!("fe80::{i:x}:1")),
            };
            for (payload, source) in heard {
                assert_eq!((payload.as_slice(), source.ip()), (&b"to all"[..], own));
                assert_eq!(source.port(), socket.endpoint().port());
            }
            judge.assert_silent();
        }
    }
}

#[test]
fn what_is_wrong_with_one_course_does_not_stop_the_others() {
    let star = Star::<3>::new();
    let [first, second, third] = [0, 1, 2].map(|i| interface(&star.nics[i]));
    let mut socket = star
        .hub
        .run(|| SharedSocket::builder(Family::V4).bind().unwrap());
    socket.add(&first).unwrap();
    socket.add(&second).unwrap();
    let course = |interface: &ifcast::Interface, destination, source| Course {
        interface: interface.index(),
        destination,
        source,
    };
    let judge = Judge::listen(&star.ends[0], PORT, &[ip(GROUPS[0])]);
    star.nics[1].delete();
    let sent = socket.fan_out(
        &mut SendBatch::new(),
        b"to one",
        &[
            course(&third, to(GROUPS[0]), None),
            course(&second, to(GROUPS[0]), None),
            course(&first, to(GROUPS[2]), None),
            course(&first, to(GROUPS[0]), Some(ip("10.71.1.1"))),
            course(&first, to("0.0.0.0"), None),
            course(&first, to(GROUPS[0]), None),
        ],
    );
    assert_eq!(sent.sent(), 1);
    let failures = sent.failures().iter();
    assert!(failures.map(|(place, _)| *place).eq(0..5));
    let errors: Vec<_> = sent.into_failures().into_iter().map(|(_, e)| e).collect();
    assert!(
        matches!(
            errors.as_slice(),
            [
                Error::NotShared { .. },
                Error::Send { interface, .. },
                Error::WrongFamily { .. },
                Error::ForeignSource { .. },
                Error::NoDestination { .. },
            ] if *interface == second.id()
        ),
        "{errors:?}"
    );
    assert_eq!(judge.hear(1)[0].0, b"to one");
    judge.assert_silent();
}

#[test]
fn a_lan_does_the_same_whichever_way_it_holds_its_interfaces() {
    for sockets in [Sockets::PerInterface, Sockets::Shared] {
        let star = Star::<3>::new();
        let group: Group = GROUPS[0].parse().unwrap();
        let builder = Lan::builder().port(PORT).sockets(sockets).join(group);
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        let opened = if sockets == Sockets::Shared { 2 } else { 6 };
        assert_eq!(lan.sockets().count(), opened);

        let judges: Vec<_> = star
            .ends
            .iter()
            .map(|end| Judge::listen(end, PORT, &[group.address()]))
            .collect();
        for to in [To::AllHosts, To::Subnets, To::Group(group)] {
            let report = lan.send(b"who is there?", to);
            assert_eq!(report.sent(), 3, "{report}");
            for (i, judge) in judges.iter().enumerate() {
                let source = SocketAddr::new(ip(&format!("10.71.{i}.1")), PORT);
                assert_eq!(judge.hear(1), [(b"who is there?".to_vec(), source)]);
                judge.assert_silent();
            }
        }

        // Own broadcasts come back, and own multicasts to members.
        let mut own = 0;
        while own < 9 {
            own += lan.poll(Some(PATIENCE), |_| {}).unwrap();
        }
        let asker = socket_on(&star.ends[1], Family::V4);
        let mut answer = Ear::to(asker);
        answer.socket().send(b"where?", to(GROUPS[0])).unwrap();
        let replied = lan.poll(Some(PATIENCE), |event| match event {
            Event::Datagram(question) => question.reply(b"here").unwrap(),
            event => panic!("{event:?}"),
        });
        assert_eq!(replied.unwrap(), 1);
        let source = SocketAddr::new(ip("10.71.1.1"), PORT);
        assert_eq!(answer.hear(1)[0].source, source);
    }
}

#[test]
fn a_fan_out_of_a_shared_socket_tells_of_each_interface_what_happened() {
    let star = Star::<3>::new();
    let builder = Lan::builder().port(PORT).sockets(Sockets::Shared);
    let mut lan = star.hub.run(|| builder.build()).unwrap();
    let judge = Judge::listen(&star.ends[2], PORT, &[]);
    star.nics[0].delete();
    let report = lan.send(b"hello", To::Subnets);
    let outcomes: Vec<_> = report.iter().map(|(_, outcome)| outcome).collect();
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                Outcome::Failed(_),
                Outcome::Sent { .. },
                Outcome::Sent { .. }
            ]
        ),
        "{report}"
    );
    assert_eq!(judge.hear(1)[0].0, b"hello");
    let group = To::Group("ff02::71:1".parse().unwrap());
    let no_v6 = star.hub.run(|| {
        let builder = Lan::builder().families(&[Family::V4]);
        builder.sockets(Sockets::Shared).build()
    });
    let mut no_v6 = no_v6.unwrap();
    let report = no_v6.send(b"hello", group);
    let skipped = Skip::NoSocket { family: Family::V6 };
    let is_skipped =
        |outcome: &Outcome| matches!(outcome, Outcome::Skipped(why) if *why == skipped);
    assert!(report.iter().all(|(_, outcome)| is_skipped(outcome)));
}

#[test]
fn many_interfaces_share_a_socket_unless_told() {
    const COUNT: usize = 33;
    let lab = Lab::new();
    let (host, segment) = (lab.host("host"), lab.segment());
    for i in 0..COUNT {
        segment.attach(&host, &format!("lan{i}"), &[&format!("10.71.{i}.1/24")]);
    }
    let open = |selector: Selector, sockets| {
        let builder = Lan::builder().interfaces(selector).families(&[Family::V4]);
        let lan = host.run(|| builder.sockets(sockets).build()).unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        lan.sockets().map(|s| s.scope()).collect::<Vec<_>>()
    };
    let all = Selector::lan();
    assert_eq!(open(all.clone(), Sockets::Automatic), [Scope::Shared]);
    assert_eq!(open(all.clone(), Sockets::PerInterface).len(), COUNT);
    let snapshot = host.run(Snapshot::capture).unwrap();
    let fewer: Selector = "10.71.0.0/19".parse().unwrap(); // all but the last
    assert_eq!(snapshot.select(&fewer).count(), COUNT - 1);
    assert_eq!(open(fewer, Sockets::Automatic).len(), COUNT - 1);
}

#[test]
fn a_port_is_ours_alone_unless_it_is_shared() {
    let star = Star::<3>::new();
    let open = || SharedSocket::builder(Family::V4).port(PORT);
    let first = star.hub.run(|| open().bind()).unwrap();
    let error = star.hub.run(|| open().bind()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Bind {
                scope: Scope::Shared,
                port: PORT,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(error.interface(), None);
    let start = format!("bind IPv4 UDP port {PORT} on all interfaces: ");
    assert!(error.to_string().starts_with(&start), "{error}");
    drop(first);
}

#[test]
fn a_lan_on_any_port_sends_to_its_own() {
    let group: Group = GROUPS[0].parse().unwrap();
    for sockets in [Sockets::PerInterface, Sockets::Shared] {
        let star = Star::<3>::new();
        let mut lan = star
            .hub
            .run(|| Lan::builder().sockets(sockets).join(group).build())
            .unwrap();
        for to in [To::AllHosts, To::Subnets, To::Group(group)] {
            let report = lan.send(b"to myself", to);
            assert_eq!(report.sent(), 3, "{report}");
            let mut heard = Vec::new();
            while heard.len() < 3 {
                let more = lan.poll(Some(PATIENCE), |event| match event {
                    Event::Datagram(datagram) => heard.push(datagram.interface()),
                    event => panic!("{event:?}"),
                });
                assert!(more.unwrap() > 0, "{to}: {heard:?}");
            }
            heard.sort_by_key(|interface| interface.index());
            assert!(heard.into_iter().eq(lan.interfaces()), "{to}");
        }
    }
}

#[test]
fn an_address_that_is_newer_than_what_is_known_of_the_interface_answers_too() {
    for sockets in [Sockets::PerInterface, Sockets::Shared] {
        let star = Star::<3>::new();
        let builder = Lan::builder().port(PORT).sockets(sockets);
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        // The last one, which gets the unicasts also where the kernel tells none apart.
        star.nics[2].add_address("10.71.2.9/24");
        star.nics[2].add_address("fe80::9/64");
        for own in ["10.71.2.9", "fe80::9"] {
            let asker = socket_on(&star.ends[2], Family::of(ip(own)));
            asker.send(b"who?", to(own)).unwrap();
            let mut asker = Ear::to(asker);
            star.hub.run(|| {
                let answered = lan.poll(Some(PATIENCE), |event| match event {
                    Event::Datagram(question) => question.reply(b"me").unwrap(),
                    event => panic!("{event:?}"),
                });
                assert_eq!(answered.unwrap(), 1);
            });
            let answer = asker.hear(1).remove(0);
            assert_eq!((answer.source.ip(), answer.source.port()), (ip(own), PORT));
        }
    }
}

#[test]
fn an_interface_that_has_lost_its_address_is_taken_note_of_as_with_a_socket_of_its_own() {
    let star = Star::<3>::new();
    let before = interface(&star.nics[0]);
    let open = || BoundSocket::builder(&before, Family::V4).port(PORT).bind();
    let mut bound = star.hub.run(open).unwrap();
    let mut shared = star
        .hub
        .run(|| SharedSocket::builder(Family::V4).bind().unwrap());
    shared.add(&before).unwrap();
    star.nics[0].remove_address("10.71.0.1/24");
    let now = interface(&star.nics[0]);
    bound.refresh(&now).unwrap();
    shared.add(&now).unwrap();
    assert!(shared.endpoint().interfaces()[0].ipv4().is_empty());

    // But nobody begins to serve one like that unless it was told to.
    shared.remove(now.index());
    let error = shared.add(&now).unwrap_err();
    assert!(matches!(error, Error::NoAddress { .. }), "{error:?}");
}

#[test]
fn a_family_that_no_interface_has_is_no_failure_whichever_way_they_are_held() {
    let lab = Lab::new();
    let (host, segment) = (lab.host("host"), lab.segment());
    segment.attach(&host, "lan0", &["10.71.0.1/24"]);
    let taken = host.run(|| SharedSocket::builder(Family::V6).port(PORT).bind());
    let taken = taken.unwrap();
    for sockets in [Sockets::PerInterface, Sockets::Shared] {
        let lan = host.run(|| Lan::builder().port(PORT).sockets(sockets).build());
        let lan = lan.unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        assert_eq!(lan.sockets().count(), 1);
    }
    drop(taken);
}

#[test]
fn a_family_that_is_asked_for_twice_is_there_once() {
    for sockets in [Sockets::PerInterface, Sockets::Shared] {
        let star = Star::<3>::new();
        let families = [Family::V4, Family::V4];
        let mut lan = star.hub.run(|| {
            let builder = Lan::builder().families(&families).port(PORT);
            let shared = builder.sharing(Sharing::WithOthers).sockets(sockets);
            shared.build().unwrap()
        });
        socket_on(&star.ends[0], Family::V4)
            .send(b"once", to(EVERYBODY))
            .unwrap();
        assert_eq!(lan.poll(Some(PATIENCE), |_| {}).unwrap(), 1);
        assert_eq!(lan.poll(Some(SILENCE), |_| {}).unwrap(), 0);
        let opened = if sockets == Sockets::Shared { 1 } else { 3 };
        assert_eq!(lan.sockets().count(), opened);
    }
}

#[test]
fn unicasts_to_a_port_that_is_shared_end_at_the_newest_socket_wherever_they_arrive() {
    let star = Star::<3>::new();
    let shared = || {
        SharedSocket::builder(Family::V4)
            .port(PORT)
            .sharing(Sharing::WithOthers)
    };
    let open = |nic: &Nic| {
        let mut socket = star.hub.run(|| shared().bind()).unwrap();
        socket.add(&interface(nic)).unwrap();
        Ear::to(socket)
    };
    let mut other = open(&star.nics[2]);
    let mut newest = open(&star.nics[0]);
    let speaker = socket_on(&star.ends[2], Family::V4);
    speaker.send(b"for the other", to("10.71.2.1")).unwrap();
    speaker.send(b"for all", to(EVERYBODY)).unwrap();
    assert_eq!(other.hear(1)[0].payload, b"for all");
    newest.assert_silent();
    let counters = newest.socket().endpoint().counters();
    assert_eq!(counters.foreign_interface, 2);
}

#[test]
fn what_is_too_long_for_one_interface_leaves_by_the_others() {
    let star = Star::<3>::new();
    star.nics[0].set_mtu(1400);
    for (family, group, headers) in [(Family::V4, GROUPS[0], 28), (Family::V6, GROUPS[2], 48)] {
        let mut socket = star
            .hub
            .run(|| SharedSocket::builder(family).bind().unwrap());
        for nic in &star.nics {
            socket.add(&interface(nic)).unwrap();
        }
        star.nics[1].set_mtu(1300); // and it is not told
        let courses = star.nics.each_ref().map(|nic| Course {
            interface: interface(nic).index(),
            destination: to(group),
            source: None,
        });
        let judge = Judge::listen(&star.ends[2], PORT, &[ip(group)]);
        let payload = [7; 1401];
        let sent = star
            .hub
            .run(|| socket.fan_out(&mut SendBatch::new(), &payload, &courses));
        assert!(
            matches!(
                sent.failures(),
                [
                    (0, Error::TooLarge { limit: first, .. }),
                    (1, Error::TooLarge { limit: second, .. })
                ] if (*first, *second) == (1400 - headers, 1300 - headers)
            ),
            "{:?}",
            sent.failures()
        );
        assert_eq!(judge.hear(1)[0].0, payload);
        star.nics[1].set_mtu(1500);
    }
}

#[test]
fn an_interface_that_is_refused_does_not_pass_for_the_one_that_had_its_index() {
    let star = Star::<1>::new();
    let old = interface(&star.nics[0]);
    let mut watch = star.hub.run(|| Watcher::builder().build()).unwrap();
    let builder = SharedSocket::builder(Family::V4).port(PORT);
    let mut socket = star.hub.run(|| builder.bind()).unwrap();
    socket.add(&old).unwrap();
    star.nics[0].recreate_with_index(&[]);
    let mut new = None;
    wait_until("it is made anew", || {
        let drained = star.hub.run(|| {
            watch.drain(|change| {
                if let Change::Added(interface) = change {
                    new = Some(interface.clone());
                }
            })
        });
        drained.unwrap();
        new.is_some()
    });
    let new = new.unwrap();
    assert_eq!(new.index(), old.index());
    assert!(matches!(socket.add(&new), Err(Error::NoAddress { .. })));
    assert!(socket.sender(old.index()).is_none());
}
