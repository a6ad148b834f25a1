//! What of the received a LAN keeps back when it is told to, and that it counts it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use ifcast::socket::{BoundSocket, PacketInfo};
use ifcast::{
    Deduplication, Event, Family, Group, InterfaceId, Lan, LanBuilder, RateLimit, RecvBatch,
    Screened, Sockets, To,
};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Heard, Star, interface, ip, wait_until};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_millis(50);
const EVERYBODY: &str = "255.255.255.255";
const GROUPS: [&str; 2] = ["239.71.7.7", "ff02::71:7"];
const WAYS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];

/// All interfaces of a host, in both groups.
fn open(host: &Host, sockets: Sockets, screen: impl FnOnce(LanBuilder) -> LanBuilder) -> Lan {
    let builder = Lan::builder().port(PORT).sockets(sockets);
    let builder = builder.receive_buffer(4 << 20);
    let groups = GROUPS.iter().map(|group| group.parse().unwrap());
    let builder = screen(groups.fold(builder, LanBuilder::join));
    let lan = host.run(|| builder.build()).unwrap();
    assert!(lan.failures().is_empty(), "{:?}", lan.failures());
    lan
}

/// What is handed over: so many datagrams, and then no more.
#[track_caller]
fn hear(lan: &mut Lan, count: usize) -> Vec<Heard> {
    let (deadline, mut heard) = (Instant::now() + PATIENCE, Vec::new());
    loop {
        let (before, is_enough) = (heard.len(), heard.len() >= count);
        let timeout = if is_enough { SILENCE } else { PATIENCE };
        let polled = lan.poll(Some(timeout), |event| match event {
            Event::Datagram(datagram) => heard.push(Heard::from(&*datagram)),
            event => panic!("{event:?}"),
        });
        assert_eq!(polled.unwrap(), heard.len() - before);
        assert!(heard.len() <= count, "more than {count}: {heard:?}");
        if is_enough && heard.len() == before {
            return heard;
        }
        assert!(Instant::now() < deadline, "{count}: {heard:?}");
    }
}

/// What was kept back on an interface.
fn screened(lan: &Lan, nic: &Nic) -> Screened {
    lan.screened(interface(nic).id()).unwrap()
}

/// The sum of a number over all interfaces.
fn sum(lan: &Lan, number: impl Fn(Screened) -> u64) -> u64 {
    let all = lan.interfaces().map(|own| lan.screened(own).unwrap());
    all.map(number).sum()
}

/// A socket of a neighbour on the port that everybody has.
fn speaker(nic: &Nic, family: Family) -> BoundSocket {
    let interface = interface(nic);
    let builder = BoundSocket::builder(&interface, family).port(PORT);
    nic.host().run(|| builder.bind()).unwrap()
}

fn to(address: &str) -> SocketAddr {
    SocketAddr::new(ip(address), PORT)
}

/// Sends to everybody, from one of several addresses.
fn send_from(speaker: &BoundSocket, source: &str, payload: &[u8]) {
    let info = PacketInfo {
        source: Some(ip(source)),
        ..PacketInfo::default()
    };
    speaker.send_with(payload, to(EVERYBODY), info).unwrap();
}

fn sources(heard: &[Heard]) -> Vec<IpAddr> {
    let mut sources: Vec<_> = heard.iter().map(|heard| heard.source.ip()).collect();
    sources.sort_unstable();
    sources
}

#[test]
fn own_datagrams_are_kept_back_and_those_of_neighbours_with_the_same_port_are_not() {
    let star = Star::<2>::new();
    let everybody = [To::AllHosts, To::Subnets];
    let members = GROUPS.map(|group| To::Group(group.parse::<Group>().unwrap()));
    for sockets in WAYS {
        let speakers = star.ends.each_ref().map(|end| speaker(end, Family::V4));
        let mut lan = open(&star.hub, sockets, |lan| lan.suppress_own(true));
        for to in everybody.into_iter().chain(members) {
            assert_eq!(lan.send(b"hello", to).sent(), 2);
        }
        for speaker in &speakers {
            speaker.send(b"hello", to(EVERYBODY)).unwrap();
        }
        let heard = hear(&mut lan, 2);
        assert_eq!(sources(&heard), [ip("10.71.0.2"), ip("10.71.1.2")]);
        for nic in &star.nics {
            let screened = screened(&lan, nic);
            assert_eq!((screened.own, screened.total()), (4, 4), "{sockets:?}");
        }
        let status = lan.status();
        assert_eq!(status.to_string().matches("\n  kept back 4 own").count(), 2);
        assert_eq!(status.interfaces[0].screened.own, 4);
    }
}

#[test]
fn own_datagrams_are_known_whatever_port_each_interface_has() {
    let star = Star::<2>::new();
    let mut lan = open(&star.hub, Sockets::PerInterface, |lan| {
        lan.port(0).suppress_own(true)
    });
    assert_eq!(lan.send(b"hello", To::AllHosts).sent(), 2);
    assert!(hear(&mut lan, 0).is_empty());
    assert_eq!(sum(&lan, |screened| screened.own), 2);
}

#[test]
fn own_datagrams_are_known_by_the_address_that_an_interface_has_now() {
    for sockets in WAYS {
        let star = Star::<1>::new();
        let mut lan = open(&star.hub, sockets, |lan| lan.suppress_own(true));
        star.nics[0].add_address("10.79.0.1/24");
        star.nics[0].remove_address("10.71.0.1/24");
        let (old, new) = (ip("10.71.0.1"), ip("10.79.0.1"));
        star.hub.run(|| {
            wait_until("the address is known", || {
                lan.poll(Some(SILENCE), |event| panic!("{event:?}"))
                    .unwrap();
                let mut sockets = lan.sockets().filter(|own| own.family() == Family::V4);
                sockets.all(|own| own.interfaces()[0].owns(new) && !own.interfaces()[0].owns(old))
            });
        });
        assert_eq!(lan.send(b"hello", To::AllHosts).sent(), 1);
        assert!(hear(&mut lan, 0).is_empty());
        assert_eq!(screened(&lan, &star.nics[0]).own, 1);
        // The old one is somebody else's.
        star.ends[0].add_address("10.71.0.1/32");
        let neighbour = speaker(&star.ends[0], Family::V4);
        send_from(&neighbour, "10.71.0.1", b"hello");
        assert_eq!(sources(&hear(&mut lan, 1)), [old]);
    }
}

#[test]
fn what_is_kept_back_does_not_end_a_wait() {
    let star = Star::<1>::new();
    for sockets in WAYS {
        let mut lan = open(&star.hub, sockets, |lan| lan.suppress_own(true));
        for _ in 0..20 {
            let neighbour = speaker(&star.ends[0], Family::V4);
            assert_eq!(lan.send(b"hello", To::AllHosts).sent(), 1);
            let later = move || neighbour.send(b"hello", to(EVERYBODY));
            let later = star.ends[0].host().spawn(later);
            assert_eq!(lan.poll(Some(PATIENCE), |_| {}).unwrap(), 1);
            later.join().unwrap();
        }
        assert_eq!(lan.send(b"hello", To::AllHosts).sent(), 1);
        assert_eq!(lan.poll(Some(SILENCE), |_| {}).unwrap(), 0);
        assert_eq!(lan.send(b"hello", To::AllHosts).sent(), 1);
        assert_eq!(lan.poll(Some(Duration::ZERO), |_| {}).unwrap(), 0);
        assert_eq!(screened(&lan, &star.nics[0]).own, 22);
    }
}

/// A host that has two interfaces on one segment, and a neighbour.
struct Twofold {
    host: Host,
    nics: [Nic; 2],
    end: Nic,
    _lab: Lab,
}

impl Twofold {
    fn new() -> Self {
        let lab = Lab::new();
        let (segment, host, end) = (lab.segment(), lab.host("host"), lab.host("end"));
        let attach = |host: &Host, name: &str, number: u8| {
            let v4 = format!("10.71.0.{number}/24");
            let v6 = format!("fe80::71:{number}/64");
            segment.attach(host, name, &[&v4, &v6])
        };
        Self {
            nics: [attach(&host, "lan0", 1), attach(&host, "lan1", 3)],
            end: attach(&end, "lan", 2),
            host,
            _lab: lab,
        }
    }
}

const SOON: Deduplication = Deduplication::within(Duration::from_secs(60));

#[test]
fn a_neighbour_that_two_interfaces_hear_is_heard_once_and_each_time_it_repeats_itself() {
    for sockets in WAYS {
        let twofold = Twofold::new();
        let mut both = open(&twofold.host, sockets, |lan| lan);
        let speakers = Family::ALL.map(|family| speaker(&twofold.end, family));
        let speak = || {
            for number in 0..5 {
                for payload in [b"again".as_slice(), &[number]] {
                    speakers[0].send(payload, to(EVERYBODY)).unwrap();
                    speakers[0].send(payload, to(GROUPS[0])).unwrap();
                    speakers[1].send(payload, to(GROUPS[1])).unwrap();
                }
            }
        };
        speak();
        hear(&mut both, 60);
        drop(both);

        let mut lan = open(&twofold.host, sockets, |lan| lan.deduplicate(SOON));
        speak();
        let heard = hear(&mut lan, 30);
        for destination in [EVERYBODY, GROUPS[0], GROUPS[1]] {
            let mut payloads: Vec<_> = heard
                .iter()
                .filter(|heard| heard.destination == ip(destination))
                .map(|heard| heard.payload.as_slice())
                .collect();
            payloads.sort_unstable();
            let mut expected = vec![b"again".as_slice(); 5];
            expected.extend([[0].as_slice(), &[1], &[2], &[3], &[4]]);
            expected.sort_unstable();
            assert_eq!(payloads, expected);
        }
        assert_eq!(sum(&lan, |screened| screened.duplicates), 30);
        assert_eq!(sum(&lan, |screened| screened.total()), 30);
    }
}

#[test]
fn own_multicasts_that_another_interface_of_the_link_hears_are_own() {
    for sockets in WAYS {
        let twofold = Twofold::new();
        let mut lan = open(&twofold.host, sockets, |lan| lan.suppress_own(true));
        let group = To::Group(GROUPS[1].parse().unwrap());
        assert_eq!(lan.send(b"hello", group).sent(), 2);
        assert!(hear(&mut lan, 0).is_empty());
        // Each hears itself and the other.
        assert_eq!(sum(&lan, |screened| screened.own), 4, "{sockets:?}");
    }
}

#[test]
fn of_a_duplicate_that_was_refused_on_one_interface_the_other_is_handed_over() {
    for sockets in WAYS {
        let twofold = Twofold::new();
        // In a subnet of the second interface only.
        twofold.nics[1].add_address("192.0.2.1/24");
        twofold.end.add_address("192.0.2.2/24");
        let mut lan = open(&twofold.host, sockets, |lan| {
            lan.on_link_only(true).deduplicate(SOON)
        });
        let neighbour = speaker(&twofold.end, Family::V4);
        for _ in 0..3 {
            send_from(&neighbour, "192.0.2.2", b"hello");
        }
        let heard = hear(&mut lan, 3);
        let second = interface(&twofold.nics[1]).id();
        assert!(heard.iter().all(|heard| heard.interface == second));
        assert_eq!(screened(&lan, &twofold.nics[0]).off_link, 3);
        assert_eq!(sum(&lan, |screened| screened.total()), 3);
    }
}

#[test]
fn what_comes_from_elsewhere_than_the_link_is_kept_back() {
    let star = Star::<2>::new();
    for address in ["192.0.2.5/24", "169.254.7.7/16", "10.71.1.9/32"] {
        star.ends[0].add_address(address);
    }
    star.ends[1].remove_address("10.71.1.2/24");
    let nobody = interface(&star.ends[1]);
    let builder = BoundSocket::builder(&nobody, Family::V4).unnumbered(true);
    let nobody = star.ends[1].host().run(|| builder.bind()).unwrap();
    let neighbour = speaker(&star.ends[0], Family::V4);
    let link_local = speaker(&star.ends[0], Family::V6);
    for sockets in WAYS {
        let mut lan = open(&star.hub, sockets, |lan| lan.on_link_only(true));
        // The last is in a subnet, but in that of another interface.
        for source in ["10.71.0.2", "192.0.2.5", "169.254.7.7", "10.71.1.9"] {
            send_from(&neighbour, source, b"hello");
        }
        link_local.send(b"hello", to(GROUPS[1])).unwrap();
        nobody.send(b"hello", to(EVERYBODY)).unwrap();
        let expected = ["0.0.0.0", "10.71.0.2", "169.254.7.7", "fe80::0:2"];
        assert_eq!(sources(&hear(&mut lan, 4)), expected.map(ip));
        let screened = screened(&lan, &star.nics[0]);
        assert_eq!((screened.off_link, screened.total()), (2, 2));
    }
}

#[test]
fn only_what_comes_from_a_subnet_that_is_accepted_is_handed_over() {
    let star = Star::<2>::new();
    star.ends[0].add_address("192.0.2.5/24");
    let speakers = star.ends.each_ref().map(|end| speaker(end, Family::V4));
    let link_local = speaker(&star.ends[0], Family::V6);
    for sockets in WAYS {
        let mut lan = open(&star.hub, sockets, |lan| {
            lan.accept_from("192.0.2.0/24".parse().unwrap())
                .accept_from("10.71.1.0/24".parse().unwrap())
        });
        send_from(&speakers[0], "10.71.0.2", b"hello");
        send_from(&speakers[0], "192.0.2.5", b"hello");
        send_from(&speakers[1], "10.71.1.2", b"hello");
        link_local.send(b"hello", to(GROUPS[1])).unwrap();
        let expected = [ip("10.71.1.2"), ip("192.0.2.5")];
        assert_eq!(sources(&hear(&mut lan, 2)), expected);
        let numbers = star.nics.each_ref().map(|nic| {
            let screened = screened(&lan, nic);
            (screened.not_accepted, screened.total())
        });
        assert_eq!(numbers, [(2, 2), (0, 0)]);
    }
}

#[test]
fn a_source_that_floods_an_interface_keeps_nobody_else_from_being_heard() {
    const BURST: u32 = 20;
    const FLOOD: usize = 2000;
    let star = Star::<3>::new();
    star.ends[0].add_address("10.71.0.3/24");
    for sockets in WAYS {
        let speakers = star.ends.each_ref().map(|end| speaker(end, Family::V4));
        let start = Instant::now();
        let mut lan = open(&star.hub, sockets, |lan| {
            lan.rate_limit(RateLimit::per_second(1).burst(BURST))
        });
        // Where all share a socket, the kernel has no room for all of the flood.
        let flood = |count| (0..count).for_each(|_| send_from(&speakers[0], "10.71.0.2", b"!"));
        flood(200);
        for number in 0..15 {
            send_from(&speakers[0], "10.71.0.3", &[number]);
            send_from(&speakers[1], "10.71.1.2", &[number]);
            send_from(&speakers[2], "10.71.2.2", &[number]);
        }
        flood(FLOOD - 200);

        let mut heard = Vec::new();
        loop {
            let polled = lan.poll(Some(SILENCE), |event| match event {
                Event::Datagram(datagram) => heard.push(Heard::from(&*datagram)),
                event => assert!(matches!(event, Event::Dropped { .. }), "{event:?}"),
            });
            if polled.unwrap() == 0 {
                break;
            }
        }
        for source in ["10.71.0.3", "10.71.1.2", "10.71.2.2"] {
            let from = heard.iter().filter(|heard| heard.source.ip() == ip(source));
            let numbers: Vec<_> = from.map(|heard| heard.payload[0]).collect();
            assert_eq!(numbers, (0..15).collect::<Vec<_>>(), "{source}");
        }
        let flooded = heard.len() - 45;
        let refilled = usize::try_from(start.elapsed().as_secs()).unwrap();
        let limit = usize::try_from(BURST).unwrap() + refilled;
        assert!(
            (usize::try_from(BURST).unwrap()..=limit).contains(&flooded),
            "{flooded}"
        );
        let received: u64 = lan.sockets().map(|own| own.counters().received).sum();
        let handed_over = u64::try_from(heard.len()).unwrap();
        let over_rate = screened(&lan, &star.nics[0]).over_rate;
        assert_eq!(handed_over + over_rate, received);
        assert!(over_rate > 200, "there was no flood");
        assert_eq!(sum(&lan, |screened| screened.total()), over_rate);
    }
}

#[test]
fn a_source_that_has_sent_too_much_is_heard_again_later() {
    let star = Star::<1>::new();
    let neighbour = speaker(&star.ends[0], Family::V4);
    for sockets in WAYS {
        let mut lan = open(&star.hub, sockets, |lan| {
            lan.rate_limit(RateLimit::per_second(20).burst(1))
        });
        for _ in 0..3 {
            wait_until("it is heard", || {
                neighbour.send(b"hello", to(EVERYBODY)).unwrap();
                lan.poll(Some(Duration::ZERO), |_| {}).unwrap() == 1
            });
        }
        assert!(screened(&lan, &star.nics[0]).over_rate > 0);
    }
}

#[test]
fn of_datagrams_whose_end_is_missing_nobody_knows_that_they_are_duplicates() {
    let twofold = Twofold::new();
    let neighbour = speaker(&twofold.end, Family::V4);
    for sockets in WAYS {
        let mut lan = open(&twofold.host, sockets, |lan| {
            lan.batch(RecvBatch::with_capacity(8, 4)).deduplicate(SOON)
        });
        neighbour.send(b"hello", to(EVERYBODY)).unwrap();
        neighbour.send(b"hell", to(EVERYBODY)).unwrap();
        assert_eq!(
            hear(&mut lan, 3)
                .iter()
                .filter(|heard| heard.truncated)
                .count(),
            2
        );
        assert_eq!(sum(&lan, |screened| screened.duplicates), 1);
    }
}

#[test]
fn the_numbers_of_an_interface_leave_with_it() {
    let star = Star::<2>::new();
    let mut lan = open(&star.hub, Sockets::PerInterface, |lan| {
        lan.suppress_own(true)
    });
    assert_eq!(lan.send(b"hello", To::AllHosts).sent(), 2);
    assert!(hear(&mut lan, 0).is_empty());
    let [gone, here] = star.nics.each_ref().map(|nic| interface(nic).id());
    star.nics[0].recreate_with_index(&["10.71.0.1/24"]);
    let again: InterfaceId = star.hub.run(|| {
        wait_until("another has its index", || {
            lan.poll(Some(SILENCE), |_| {}).unwrap();
            lan.interfaces()
                .next()
                .is_some_and(|own| own != gone && own != here)
        });
        lan.interfaces().next().unwrap()
    });
    assert_eq!(again.index(), gone.index());
    assert_eq!(lan.screened(gone), None);
    assert_eq!(lan.screened(again), Some(Screened::default()));
    assert_eq!(lan.screened(here).unwrap().own, 1);
}

#[test]
fn nothing_is_kept_back_unless_told() {
    let star = Star::<1>::new();
    let mut lan = open(&star.hub, Sockets::PerInterface, |lan| lan);
    assert_eq!(lan.send(b"hello", To::AllHosts).sent(), 1);
    assert_eq!(sources(&hear(&mut lan, 1)), [ip("10.71.0.1")]);
    assert_eq!(screened(&lan, &star.nics[0]), Screened::default());
    assert_eq!(lan.screened(interface(&star.ends[0]).id()), None);
}
