//! Sending by every interface of a LAN: what the report says is what the neighbours
//! hear.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ifcast::{Family, Lan, LanBuilder, Outcome, Pinning, Skip, Sockets, To};
use ifcast_tests::{Judge, Star, interface, ip, wait_until};

const PORT: u16 = 2222;
const MOMENT: Duration = Duration::from_millis(50);
const GROUPS: [&str; 3] = ["239.71.7.7", "ff02::71:7", "ff05::71:7"];

/// The ways in which a LAN can hold its interfaces.
fn ways() -> [LanBuilder; 3] {
    let builder = || Lan::builder().port(PORT);
    [
        builder().sockets(Sockets::PerInterface),
        builder().pinning(Pinning::AddressFree),
        builder().sockets(Sockets::Shared),
    ]
}

fn group(text: &str) -> To {
    To::Group(text.parse().unwrap())
}

/// What went out, by the name of the interface: to whom, and from where.
fn sent(lan: &mut Lan, to: To) -> Vec<(String, IpAddr, IpAddr)> {
    let report = lan.send(b"hello", to);
    let sent = report.iter().map(|(interface, outcome)| match outcome {
        Outcome::Sent {
            destination,
            source,
        } => {
            assert_eq!(destination.port(), PORT);
            (
                interface.name().to_string(),
                destination.ip(),
                source.unwrap(),
            )
        }
        other => panic!("{interface}: {other}"),
    });
    sent.collect()
}

#[test]
fn it_says_of_each_datagram_where_it_went_and_from_which_address() {
    let star = Star::<2>::new();
    star.nics[0].add_address("10.79.0.1/16"); // a second subnet
    for (i, nic) in star.nics.iter().enumerate() {
        nic.add_address(&format!("fd71::{i}:1/112"));
    }
    let groups = GROUPS.map(ip);
    let judges = star.ends.each_ref().map(|end| {
        end.add_address("10.79.9.9/16");
        Judge::listen(end, PORT, &groups)
    });
    for builder in ways() {
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        let expectations = [
            (
                To::AllHosts,
                vec![
                    (0, "255.255.255.255", "10.71.0.1"),
                    (1, "255.255.255.255", "10.71.1.1"),
                ],
            ),
            (
                To::Subnets,
                vec![
                    (0, "10.71.0.255", "10.71.0.1"),
                    (0, "10.79.255.255", "10.79.0.1"),
                    (1, "10.71.1.255", "10.71.1.1"),
                ],
            ),
            (
                group(GROUPS[0]),
                vec![(0, GROUPS[0], "10.71.0.1"), (1, GROUPS[0], "10.71.1.1")],
            ),
            (
                group(GROUPS[1]),
                vec![(0, GROUPS[1], "fe80::0:1"), (1, GROUPS[1], "fe80::1:1")],
            ),
            (
                group(GROUPS[2]),
                vec![(0, GROUPS[2], "fd71::0:1"), (1, GROUPS[2], "fd71::1:1")],
            ),
        ];
        for (to, expected) in expectations {
            // Once asked, and once remembered.
            for _ in 0..2 {
                let said = star.hub.run(|| sent(&mut lan, to));
                let named = expected.iter().map(|(i, destination, source)| {
                    (format!("lan{i}"), ip(destination), ip(source))
                });
                assert_eq!(said, named.collect::<Vec<_>>(), "{to}");
                for (i, judge) in judges.iter().enumerate() {
                    let here = expected.iter().filter(|(at, ..)| *at == i);
                    let sources: Vec<_> = here.map(|(_, _, source)| ip(source)).collect();
                    let heard = judge.hear(sources.len()).into_iter();
                    let heard: Vec<_> = heard.map(|(_, from)| from.ip()).collect();
                    assert_eq!(heard, sources, "{to}");
                }
            }
        }
        judges.iter().for_each(Judge::assert_silent);
    }
}

#[test]
fn when_an_address_has_changed_it_says_the_new_one() {
    let star = Star::<2>::new();
    for builder in ways() {
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        let before = star.hub.run(|| sent(&mut lan, To::AllHosts));
        assert_eq!(before[0].2, ip("10.71.0.1"));
        star.nics[0].remove_address("10.71.0.1/24");
        star.nics[0].add_address("10.71.0.7/24");
        wait_until("it has settled", || {
            let after = star.hub.run(|| {
                lan.poll(Some(MOMENT), |_| {}).unwrap();
                sent(&mut lan, To::AllHosts)
            });
            assert_eq!(after[1], before[1]);
            after[0].2 == ip("10.71.0.7")
        });
        star.nics[0].remove_address("10.71.0.7/24");
        star.nics[0].add_address("10.71.0.1/24");
    }
}

#[test]
fn who_lives_elsewhere_sends_and_does_not_guess_the_source() {
    let star = Star::<1>::new();
    let judge = Judge::listen(&star.ends[0], PORT, &[]);
    let mut lan = star.hub.run(|| Lan::builder().port(PORT).build()).unwrap();
    let report = lan.send(b"hello", To::AllHosts); // this thread is not at the hub
    let (_, outcome) = report.iter().next().unwrap();
    assert!(
        matches!(outcome, Outcome::Sent { source: None, .. }),
        "{outcome}"
    );
    assert_eq!(judge.hear(1)[0].1.ip(), ip("10.71.0.1"));
    let said = star.hub.run(|| sent(&mut lan, To::AllHosts));
    assert_eq!(said[0].2, ip("10.71.0.1"));
}

#[test]
fn it_can_be_addressed_to_one_interface_and_to_another_port() {
    let star = Star::<2>::new();
    let judges = star
        .ends
        .each_ref()
        .map(|end| Judge::listen(end, PORT + 1, &[]));
    for builder in ways() {
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        let second = interface(&star.nics[1]).id();
        let foreign = interface(&star.ends[0]).id();
        star.hub.run(|| {
            let report = lan.send(b"only there", To::AllHosts.on(second).port(PORT + 1));
            let told: Vec<_> = report.iter().map(|(interface, _)| interface).collect();
            assert_eq!((told, report.sent()), (vec![second], 1), "{report}");
            let report = lan.send(b"nowhere", To::AllHosts.on(foreign).port(PORT + 1));
            let (named, outcome) = report.iter().next().unwrap();
            assert_eq!((named, report.iter().count()), (foreign, 1));
            assert!(matches!(outcome, Outcome::Skipped(Skip::NotOnLan)));
        });
        assert_eq!(judges[1].hear(1)[0].0, b"only there");
        judges.iter().for_each(Judge::assert_silent);
    }
}

#[test]
fn what_fails_on_one_subnet_does_not_stop_the_other() {
    let star = Star::<1>::new();
    star.nics[0].add_address("10.79.0.1/16");
    star.nics[0].add_address("10.80.0.1/16");
    star.ends[0].add_address("10.80.0.2/16");
    let judge = Judge::listen(&star.ends[0], PORT, &[]);
    for builder in ways() {
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        star.nics[0].remove_address("10.79.0.1/16"); // which has not settled yet
        let said = star.hub.run(|| {
            let report = lan.send(b"hello", To::Subnets);
            assert_eq!((report.sent(), report.failures().count()), (1, 1));
            let said = report.iter().map(|(_, outcome)| match outcome {
                Outcome::Sent { destination, .. } => Some(destination.ip()),
                _ => None,
            });
            said.collect::<Vec<_>>()
        });
        let expected = [Some(ip("10.71.0.255")), None, Some(ip("10.80.255.255"))];
        assert_eq!(said, expected);
        let heard = judge.hear(2);
        assert_eq!(heard[0].1.ip(), ip("10.71.0.1"));
        assert_eq!(heard[1].1.ip(), ip("10.80.0.1"));
        judge.assert_silent();
        star.nics[0].remove_address("10.80.0.1/16");
        star.nics[0].add_address("10.79.0.1/16");
        star.nics[0].add_address("10.80.0.1/16");
    }
}

#[test]
fn sending_again_repeats_nothing_that_went_out() {
    let star = Star::<3>::new();
    let judges = star
        .ends
        .each_ref()
        .map(|end| Judge::listen(end, PORT, &[]));
    for builder in ways() {
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        star.nics[1].set_up(false); // which has not settled yet
        let lan = &mut lan;
        star.hub.run(|| {
            let report = lan.send(b"hello", To::AllHosts);
            assert_eq!((report.sent(), report.failures().count()), (2, 1));
            let report = lan.resend(b"hello");
            assert_eq!((report.sent(), report.failures().count()), (2, 1));
        });
        star.nics[1].set_up(true);
        star.hub.run(|| {
            wait_until("it goes out", || lan.resend(b"hello").sent() == 3);
            assert_eq!(lan.resend(b"hello").failures().count(), 0);
        });
        for judge in &judges {
            assert_eq!(judge.hear(1)[0].0, b"hello");
            judge.assert_silent();
        }
    }
}

#[test]
fn one_host_is_told_by_the_interface_that_is_named() {
    let star = Star::<2>::new();
    let judges = star
        .ends
        .each_ref()
        .map(|end| Judge::listen(end, PORT, &[]));
    for builder in ways() {
        let lan = star.hub.run(|| builder.build()).unwrap();
        let second = interface(&star.nics[1]).id();
        let sender = lan.sender(second, Family::V4).unwrap();
        let neighbour = SocketAddr::new(ip("10.71.1.2"), PORT);
        sender.send(b"you there", neighbour).unwrap();
        assert_eq!(judges[1].hear(1)[0].0, b"you there");
        judges.iter().for_each(Judge::assert_silent);
        let foreign = interface(&star.ends[0]).id();
        assert!(lan.sender(foreign, Family::V4).is_none());
    }
}
