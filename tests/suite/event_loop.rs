//! A LAN of many interfaces behind one event loop.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use ifcast::multicast::MulticastSocket;
use ifcast::{
    Cast, Error, Event, EventLoop, Family, Group, InterfaceId, Lan, Outcome, Pinning, RecvBatch,
    Scope, Selector, Skip, Sockets, To, Waiting,
};
use ifcast_netlab::Nic;
use ifcast_tests::{Ear, Heard, Judge, Star, interface, ip, occupy, pinnings, socket_on, tightest};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_millis(100);

/// What one socket may hand over in its turn.
const TURN: usize = 2 * 32;

fn lan_of<const N: usize>(star: &Star<N>) -> Lan {
    star.hub
        .run(|| Lan::builder().port(PORT).receive_buffer(8 << 20).build())
        .unwrap()
}

fn hear(lan: &mut Lan, count: usize) -> Vec<Heard> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let before = heard.len();
        lan.poll(Some(PATIENCE), |event| match event {
            Event::Datagram(datagram) => heard.push(Heard::from(&*datagram)),
            event => panic!("{event:?}"),
        })
        .unwrap();
        assert!(heard.len() > before, "{} of {count}", heard.len());
    }
    heard
}

#[test]
fn bursts_on_eight_interfaces_arrive_whole_and_once_and_none_waits_for_the_end_of_another() {
    const BURST: usize = 5000;
    let star = Star::<8>::new();
    let mut lan = lan_of(&star);

    // With room to spare, because the kernel's price is not ours to set.
    let kept = lan
        .sockets()
        .map(|socket| socket.receive_buffer().unwrap().datagrams(512))
        .min();
    // A socket that is tied to no device keeps what came to the others too, and reads
    // that in its turn.
    let is_filtered = tightest() == Pinning::Device;
    let kept = kept.unwrap() / if is_filtered { 1 } else { 8 };
    let numbers: Vec<usize> = (0..BURST).collect();
    let mut heard: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
    for numbers in numbers.chunks(kept) {
        let senders: Vec<_> = star
            .ends
            .iter()
            .map(|end| send_numbers(end, numbers))
            .collect();
        senders.into_iter().for_each(ifcast_netlab::Task::join);

        let mut left = 8 * numbers.len();
        while left > 0 {
            let mut turn: BTreeMap<u32, usize> = BTreeMap::new();
            let received = lan.poll(Some(PATIENCE), |event| {
                let Event::Datagram(datagram) = event else {
                    panic!("{event:?}");
                };
                let index = datagram.interface().index().get();
                let number = usize::from_ne_bytes(datagram.payload().try_into().unwrap());
                assert!(
                    heard.entry(index).or_default().insert(number),
                    "{number} came twice"
                );
                *turn.entry(index).or_default() += 1;
            });
            let received = received.unwrap();
            assert!(received > 0, "{left} are lost");
            assert!(turn.values().all(|&count| count <= TURN), "{turn:?}");
            if is_filtered && left == 8 * numbers.len() {
                assert_eq!(turn.len(), 8, "someone waited: {turn:?}");
            }
            left -= received;
        }
    }
    let counts: Vec<_> = heard.values().map(BTreeSet::len).collect();
    assert_eq!(counts, [BURST; 8]);
    assert_eq!(
        lan.poll(Some(SILENCE), |event| panic!("{event:?}"))
            .unwrap(),
        0
    );
}

fn send_numbers(end: &Nic, numbers: &[usize]) -> ifcast_netlab::Task<()> {
    let socket = socket_on(end, Family::V4);
    let numbers = numbers.to_vec();
    let everyone = SocketAddr::new(ip("255.255.255.255"), PORT);
    end.host().spawn(move || {
        for number in numbers {
            socket.send(&number.to_ne_bytes(), everyone).unwrap();
        }
    })
}

#[test]
fn a_lan_sends_by_every_interface_and_says_for_each_what_came_of_it() {
    let star = Star::<4>::new();
    let judges = star
        .ends
        .each_ref()
        .map(|end| Judge::listen(end, PORT, &[ip("239.71.7.7")]));
    star.nics[2].remove_address("10.71.2.1/24");
    let mut lan = lan_of(&star);
    assert!(lan.failures().is_empty(), "{:?}", lan.failures());
    star.nics[3].set_up(false);

    let group: Group = "239.71.7.7".parse().unwrap();
    for to in [To::AllHosts, To::Subnets, To::Group(group)] {
        let report = star.hub.run(|| {
            let report = lan.send(b"hello", to);
            assert_eq!(report.sent(), 2, "{report}");
            report
                .iter()
                .map(|(interface, outcome)| (interface, describe(outcome)))
                .collect()
        });
        let expected = star.nics.each_ref().map(|nic| interface(nic).id());
        let expected: Vec<_> = expected
            .into_iter()
            .zip(["sent", "sent", "no socket", "failed"])
            .collect();
        let report: Vec<(InterfaceId, &str)> = report;
        assert_eq!(report, expected, "{to}");
        for judge in &judges[..2] {
            assert_eq!(judge.hear(1)[0].0, b"hello");
        }
    }
    judges.iter().for_each(Judge::assert_silent);
}

fn describe(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent { .. } => "sent",
        Outcome::Skipped(Skip::NoSocket { family: Family::V4 }) => "no socket",
        Outcome::Failed(_) => "failed",
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_question_is_answered_by_the_interface_and_from_the_address_that_was_asked() {
    let star = Star::<2>::new();
    star.nics[1].add_address("10.71.1.9/24");
    let mut lan = lan_of(&star);
    for (destination, answers_from) in [
        ("255.255.255.255", "10.71.1.1"),
        ("10.71.1.255", "10.71.1.1"),
        ("10.71.1.1", "10.71.1.1"),
        ("10.71.1.9", "10.71.1.9"),
        ("fe80::1:1", "fe80::1:1"),
    ] {
        let destination = SocketAddr::new(ip(destination), PORT);
        let socket = socket_on(&star.ends[1], Family::of(destination.ip()));
        socket.send(b"who?", destination).unwrap();
        let answered = lan.poll(Some(PATIENCE), |event| match event {
            Event::Datagram(question) => question.reply(b"me").unwrap(),
            event => panic!("{event:?}"),
        });
        assert_eq!(answered.unwrap(), 1);
        let answer = Ear::to(socket).hear(1).remove(0);
        assert_eq!(answer.payload, b"me");
        assert_eq!(
            (answer.source.ip(), answer.source.port()),
            (ip(answers_from), PORT)
        );
        assert_eq!(answer.cast, Cast::Unicast);
    }
}

#[test]
fn two_interfaces_share_a_port_and_each_hears_its_own_however_they_are_pinned() {
    let star = Star::<2>::new();
    let group: Group = "239.71.7.7".parse().unwrap();
    let link_group: Group = "ff02::71:7".parse().unwrap();
    for pinning in pinnings() {
        let builder = Lan::builder()
            .port(PORT)
            .pinning(pinning)
            .join(group)
            .join(link_group);
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        for (nic, end) in star.nics.iter().zip(&star.ends) {
            let [v4, v6] = Family::ALL.map(|family| socket_on(end, family));
            let index = interface(nic).ipv4()[0].network().octets()[2];
            let directed: IpAddr = [10, 71, index, 255].into();
            v4.send(b"limited", SocketAddr::new(ip("255.255.255.255"), PORT))
                .unwrap();
            v4.send(b"directed", SocketAddr::new(directed, PORT))
                .unwrap();
            v4.send(b"group", group.socket_addr(PORT)).unwrap();
            v6.send(b"group", link_group.socket_addr(PORT)).unwrap();
            let heard = hear(&mut lan, 4);
            assert!(
                heard
                    .iter()
                    .all(|heard| heard.interface == interface(nic).id()),
                "{heard:?}"
            );
        }
        assert_eq!(
            lan.poll(Some(SILENCE), |event| panic!("{event:?}"))
                .unwrap(),
            0
        );
        let foreign: u64 = lan.sockets().map(|s| s.counters().foreign_interface).sum();
        let leaks = pinning == Pinning::AddressFree;
        assert_eq!(foreign > 0, leaks, "{foreign} foreign datagrams");
    }
}

#[test]
fn unicasts_reach_all_interfaces_but_where_the_kernel_gives_them_to_the_last() {
    let star = Star::<2>::new();
    let own = pinnings().map(|pinning| (Sockets::PerInterface, pinning));
    for (sockets, pinning) in own.chain([(Sockets::Shared, Pinning::Automatic)]) {
        let builder = Lan::builder().port(PORT).sockets(sockets).pinning(pinning);
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        let is_lost = pinning == Pinning::AddressFree;
        for [to_first, to_last] in [["10.71.0.1", "10.71.1.1"], ["fe80::0:1", "fe80::1:1"]] {
            for (end, address) in star.ends.iter().zip([to_first, to_last].map(ip)) {
                let socket = socket_on(end, Family::of(address));
                let to = SocketAddr::new(address, PORT);
                socket.send(b"for one", to).unwrap();
            }
            let expected: &[_] = if is_lost {
                &[to_last]
            } else {
                &[to_first, to_last]
            };
            let mut heard: Vec<_> = hear(&mut lan, expected.len())
                .iter()
                .map(|heard| heard.destination)
                .collect();
            heard.sort_unstable();
            let expected: Vec<_> = expected.iter().map(|address| ip(address)).collect();
            assert_eq!(heard, expected, "{sockets:?} {pinning}");
        }
        let more = lan.poll(Some(SILENCE), |event| panic!("{event:?}"));
        assert_eq!(more.unwrap(), 0);
        let foreign: u64 = lan.sockets().map(|s| s.counters().foreign_interface).sum();
        assert_eq!(foreign, if is_lost { 2 } else { 0 });
    }
}

#[test]
fn a_lan_has_the_selected_interfaces_and_no_others() {
    let star = Star::<3>::new();
    let [wanted, unplugged, other] = star.nics.each_ref().map(interface);
    let chosen = Selector::index(wanted.index()).or(Selector::name(unplugged.name()));
    star.nics[1].plug(false);

    let lan = star
        .hub
        .run(|| Lan::builder().interfaces(chosen).port(PORT).build())
        .unwrap();
    let ids: Vec<_> = lan.interfaces().collect();
    assert_eq!(ids, [wanted.id(), unplugged.id()]);
    let lan = star.hub.run(|| Lan::builder().build()).unwrap();
    let ids: Vec<_> = lan.interfaces().collect();
    assert_eq!(ids, [wanted.id(), other.id()]);
}

#[test]
fn interfaces_that_fail_are_reported_and_the_others_go_on() {
    let star = Star::<2>::new();
    let _owner = occupy(&star.nics[0], Family::V4, PORT);
    let mut lan = lan_of(&star);
    // A port that is no device's is that of all interfaces.
    let is_a_devices = tightest() == Pinning::Device;
    let taken = &star.nics[..if is_a_devices { 1 } else { 2 }];
    assert_eq!(lan.failures().len(), taken.len(), "{:?}", lan.failures());
    for (failure, nic) in lan.failures().iter().zip(taken) {
        assert!(
            matches!(failure, Error::Socket(ifcast::socket::Error::Bind { scope, .. })
                if *scope == Scope::Interface(interface(nic).id())),
            "{failure:?}"
        );
    }
    let report = lan.send(b"hello", To::AllHosts);
    assert_eq!(report.sent(), 2 - taken.len(), "{report}");
    let report = lan.send(b"hello", To::Group("ff02::71:7".parse().unwrap()));
    assert_eq!(report.sent(), 2, "{report}");
}

#[test]
fn sockets_can_come_and_go_while_others_have_something_to_read() {
    let star = Star::<2>::new();
    let mut sockets = EventLoop::new().unwrap();
    let group: Group = "239.71.7.7".parse().unwrap();
    let ids = star
        .nics
        .each_ref()
        .map(|nic| sockets.add(member(nic, group)).unwrap());
    for (end, count) in star.ends.iter().zip([TURN + 1, 1]) {
        let socket = socket_on(end, Family::V4);
        for _ in 0..count {
            socket.send(b"x", group.socket_addr(PORT)).unwrap();
        }
    }
    // One turn leaves one datagram on the first interface, which then goes.
    let mut count = 0;
    while count < TURN + 1 {
        let more = sockets.poll(Some(PATIENCE), |_, datagram| assert!(datagram.is_ok()));
        let more = more.unwrap();
        assert!(more > 0, "{count} of {}", TURN + 1);
        count += more;
    }
    let first = sockets.remove(ids[0]).unwrap().unwrap();
    assert!(sockets.get(ids[0]).is_none());
    assert!(sockets.remove(ids[0]).unwrap().is_none());
    assert_eq!(
        sockets
            .poll(Some(SILENCE), |_, datagram| panic!("{datagram:?}"))
            .unwrap(),
        0
    );

    // What was queued meanwhile is not lost: adding a socket tells of it.
    let again = sockets.add(first).unwrap();
    assert_ne!(again, ids[0]);
    assert_eq!(
        sockets
            .poll(Some(SILENCE), |_, datagram| assert!(datagram.is_ok()))
            .unwrap(),
        1
    );
    assert_eq!(sockets.sockets().count(), 2);
}

/// A socket on the port that has joined an IPv4 group, of which the kernel hands over
/// nothing that came by other interfaces, however it is tied to this one.
fn member(nic: &Nic, group: Group) -> MulticastSocket {
    let interface = interface(nic);
    nic.host().run(|| {
        let mut socket = MulticastSocket::bind(&interface, Family::V4, PORT).unwrap();
        socket.join(group).unwrap();
        socket
    })
}

#[test]
fn a_visitor_that_panics_costs_a_batch_and_no_socket() {
    let star = Star::<2>::new();
    let one_by_one = RecvBatch::with_capacity(1, 100);
    let mut sockets = EventLoop::with_batch(one_by_one).unwrap();
    let group: Group = "239.71.7.7".parse().unwrap();
    for (nic, end) in star.nics.iter().zip(&star.ends) {
        sockets.add(member(nic, group)).unwrap();
        let sender = socket_on(end, Family::V4);
        for _ in 0..3 {
            sender.send(b"x", group.socket_addr(PORT)).unwrap();
        }
    }
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        sockets.poll(Some(PATIENCE), |_, _| {
            panic::resume_unwind(Box::new("a visitor's panic"))
        })
    }));
    assert!(panicked.is_err());

    let mut left: BTreeMap<u32, usize> = BTreeMap::new();
    while left.values().sum::<usize>() < 5 {
        let more = sockets.poll(Some(PATIENCE), |socket, datagram| {
            assert!(datagram.is_ok());
            *left
                .entry(socket.socket().interface().index().get())
                .or_default() += 1;
        });
        assert!(more.unwrap() > 0, "{left:?}");
    }
    assert_eq!(left.len(), 2);
}

#[test]
fn a_turn_that_ends_with_the_last_datagram_does_not_end_the_next_wait() {
    let star = Star::<1>::new();
    let mut lan = lan_of(&star);
    let everyone = SocketAddr::new(ip("255.255.255.255"), PORT);
    for _ in 0..20 {
        let sender = socket_on(&star.ends[0], Family::V4);
        for _ in 0..TURN {
            sender.send(b"x", everyone).unwrap();
        }
        let mut heard = 0;
        while heard < TURN {
            heard += lan.poll(Some(PATIENCE), |_| {}).unwrap();
        }
        let later = star.ends[0]
            .host()
            .spawn(move || sender.send(b"x", everyone));
        assert_eq!(lan.poll(Some(PATIENCE), |_| {}).unwrap(), 1);
        later.join().unwrap();
    }
}

#[test]
fn what_came_by_another_interface_does_not_end_a_wait() {
    let star = Star::<2>::new();
    let everyone = SocketAddr::new(ip("255.255.255.255"), PORT);
    let [own, foreign] = star.ends.each_ref();
    for waiting in [
        Waiting::Park,
        Waiting::SpinThenPark(PATIENCE),
        Waiting::Nap(Duration::from_micros(50)),
    ] {
        let first = Selector::index(interface(&star.nics[0]).index());
        let builder = Lan::builder().interfaces(first).port(PORT).waiting(waiting);
        let builder = builder.pinning(Pinning::AddressFree);
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        for round in 0..20 {
            // Sometimes more than a turn.
            let sender = socket_on(foreign, Family::V4);
            for _ in 0..1 + round % 2 * TURN {
                sender.send(b"for others", everyone).unwrap();
            }
            let sender = socket_on(own, Family::V4);
            let later = own.host().spawn(move || sender.send(b"for us", everyone));
            let timeout = (round % 4 < 2).then_some(PATIENCE);
            let heard = lan.poll(timeout, |event| {
                assert!(matches!(event, Event::Datagram(_)));
            });
            assert_eq!(heard.unwrap(), 1, "{waiting:?}");
            later.join().unwrap();
        }
        let more = lan.poll(Some(SILENCE), |event| panic!("{event:?}"));
        assert_eq!(more.unwrap(), 0);
    }
}

#[test]
fn a_visitor_that_panics_gives_nobody_a_second_turn() {
    let star = Star::<3>::new();
    let one_by_one = RecvBatch::with_capacity(1, 100);
    let mut sockets = EventLoop::with_batch(one_by_one).unwrap();
    let group: Group = "239.71.7.7".parse().unwrap();
    for ((nic, end), count) in star.nics.iter().zip(&star.ends).zip([1, 20, 20]) {
        sockets.add(member(nic, group)).unwrap();
        let sender = socket_on(end, Family::V4);
        for _ in 0..count {
            sender.send(b"x", group.socket_addr(PORT)).unwrap();
        }
    }
    let index = star.nics[2].index();
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        sockets.poll(Some(PATIENCE), |socket, _| {
            if socket.socket().interface().index().get() == index {
                panic::resume_unwind(Box::new("a visitor's panic"))
            }
        })
    }));
    assert!(panicked.is_err());
    // The first is drained; now something arrives there again.
    let sender = socket_on(&star.ends[0], Family::V4);
    for _ in 0..20 {
        sender.send(b"x", group.socket_addr(PORT)).unwrap();
    }
    let mut turn: BTreeMap<u32, usize> = BTreeMap::new();
    let polled = sockets.poll(Some(PATIENCE), |socket, _| {
        *turn
            .entry(socket.socket().interface().index().get())
            .or_default() += 1;
    });
    polled.unwrap();
    let counts: Vec<_> = turn.values().copied().collect();
    assert_eq!(counts, [2; 3], "{turn:?}");
}
