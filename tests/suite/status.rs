//! What a LAN says of itself: its status, how its memberships fare, and its log.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ifcast::{Class, Event, Family, Group, Lan, Pinning, Selector, Sockets, State, Status};
use ifcast_netlab::Host;
use ifcast_tests::{Star, interface, ip, occupy, socket_on, tightest, wait_until};
use serde_json::{Value, json};

const PORT: u16 = 2222;
const MOMENT: Duration = Duration::from_millis(20);
const WAYS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];
const GROUPS: [&str; 2] = ["239.71.7.7", "ff02::71:7"];

fn lan(host: &Host, sockets: Sockets) -> Lan {
    let builder = Lan::builder().port(PORT).sockets(sockets);
    let groups = GROUPS.iter().map(|group| group.parse().unwrap());
    let builder = groups.fold(builder, |builder, group: Group| builder.join(group));
    host.run(|| builder.build()).unwrap()
}

#[test]
fn it_says_what_is_open_what_is_joined_and_what_came() {
    let star = Star::<2>::new();
    for sockets in WAYS {
        let mut lan = lan(&star.hub, sockets);
        let speaker = socket_on(&star.ends[1], Family::V4);
        for _ in 0..3 {
            let to = (ip(GROUPS[0]), PORT).into();
            speaker.send(b"hello", to).unwrap();
        }
        let mut heard = 0;
        wait_until("it has come", || {
            heard += lan.poll(Some(MOMENT), |_| {}).unwrap();
            heard == 3
        });
        let status = lan.status();
        assert!(status.is_following);
        let names = status
            .interfaces
            .iter()
            .map(|interface| interface.interface);
        let expected = star.nics.each_ref().map(|nic| interface(nic).id());
        assert_eq!(names.collect::<Vec<_>>(), expected);
        for interface in &status.interfaces {
            assert_eq!(interface.families, Family::ALL);
            assert!(interface.troubles.is_empty(), "{status}");
            let memberships = interface.memberships.iter();
            let joined = memberships.map(|membership| {
                assert!(membership.filter.is_any());
                assert_eq!(membership.state, State::Joined);
                membership.group.to_string()
            });
            assert_eq!(joined.collect::<Vec<_>>(), GROUPS);
        }
        let received = |of: &[ifcast::SocketStatus]| -> Vec<u64> {
            let open = of.iter().inspect(|socket| {
                assert_eq!(socket.port, PORT);
                assert_eq!(socket.kernel_drops, Some(0));
                assert!(socket.receive_buffer.unwrap() > 0);
            });
            open.map(|socket| socket.counters.received).collect()
        };
        let [one, other] = &*status.interfaces else {
            unreachable!()
        };
        if sockets == Sockets::Shared {
            assert_eq!(received(&status.shared), [3, 0]);
            assert!(one.sockets.is_empty() && other.sockets.is_empty());
        } else {
            assert!(status.shared.is_empty());
            assert_eq!(received(&one.sockets), [0, 0]);
            assert_eq!(received(&other.sockets), [3, 0]);
        }
    }
}

#[test]
fn it_is_printed_in_a_few_lines_and_serialised_in_full() {
    let star = Star::<1>::new();
    let lan = lan(&star.hub, Sockets::PerInterface);
    let [lan0] = &*lan.status().interfaces else {
        unreachable!()
    };
    let index = interface(&star.nics[0]).index().get();
    let buffer = lan0.sockets[0].receive_buffer.unwrap();
    let printed = format!(
        "interfaces: lan\n\
         lan0 (index {index}): IPv4 and IPv6\n  \
         IPv4 port 2222: 0 received, a buffer of {buffer} bytes\n  \
         IPv6 port 2222: 0 received, a buffer of {buffer} bytes\n  \
         239.71.7.7 from any source: joined\n  \
         ff02::71:7 from any source: joined"
    );
    assert_eq!(lan.status().to_string(), printed);
    let socket = |family| {
        json!({
            "family": family, "port": 2222, "kernel_drops": 0, "receive_buffer": buffer,
            "counters": {
                "received": 0, "foreign_interface": 0, "unwanted": 0, "unwanted_source": 0,
                "without_packet_info": 0, "truncated": 0, "without_room": 0,
            },
        })
    };
    let membership =
        |group| json!({ "group": group, "filter": "from any source", "state": "joined" });
    let expected = json!({
        "selector": "lan",
        "is_following": true,
        "shared": [],
        "interfaces": [{
            "interface": { "index": index, "name": "lan0" },
            "families": ["IPv4", "IPv6"],
            "sockets": [socket("IPv4"), socket("IPv6")],
            "screened": {
                "own": 0, "not_accepted": 0, "off_link": 0, "over_rate": 0, "duplicates": 0,
            },
            "memberships": [membership("239.71.7.7"), membership("ff02::71:7")],
            "troubles": [],
        }],
    });
    let value: Value = serde_json::to_value(lan.status()).unwrap();
    assert_eq!(value, expected);
}

/// Polls once; the memberships of which something is told.
fn told(host: &Host, lan: &mut Lan) -> Vec<String> {
    let mut told = Vec::new();
    host.run(|| {
        lan.poll(Some(MOMENT), |event| {
            if let Event::Membership { group, state, .. } = event {
                told.push(format!("{group} {state}"));
            }
        })
        .unwrap();
    });
    told
}

#[test]
fn a_membership_that_fares_otherwise_is_told_once() {
    let star = Star::<1>::new();
    let hub = &star.hub;
    // Whatever becomes of it, it stays.
    let selector = Selector::index(interface(&star.nics[0]).index());
    for sockets in WAYS {
        let builder = Lan::builder()
            .port(PORT)
            .sockets(sockets)
            .interfaces(selector.clone())
            .families(&[Family::V4])
            .join(GROUPS[0].parse().unwrap());
        let mut lan = hub.run(|| builder.build()).unwrap();
        assert_eq!(told(hub, &mut lan), [""; 0], "it was so from the beginning");
        let mut story = Vec::new();
        let mut await_word = |lan: &mut Lan, expected: &str| {
            wait_until(expected, || {
                story.extend(told(hub, lan));
                story.iter().any(|said| said == expected)
            });
            assert_eq!(story.pop().unwrap(), expected);
            assert_eq!(story, [""; 0]);
            let [interface] = &*lan.status().interfaces else {
                panic!("it has left: {}", lan.status())
            };
            let state = interface.memberships[0].state.to_string();
            assert_eq!(format!("{} {state}", GROUPS[0]), expected);
        };
        let bridge = hub.add_bridge("br0", &[&star.nics[0]]);
        let lost =
            format!("239.71.7.7 lost, the interface is a port of the one with index {bridge}");
        await_word(&mut lan, &lost);
        star.nics[0].set_bridge(None);
        await_word(&mut lan, "239.71.7.7 joined");
        star.nics[0].plug(false);
        await_word(&mut lan, "239.71.7.7 joined, the link does not work yet");
        star.nics[0].plug(true);
        await_word(&mut lan, "239.71.7.7 joined");
        hub.nic("br0").delete();
        drop(lan);
    }
}

#[test]
fn trouble_is_among_it_until_it_is_over() {
    let star = Star::<2>::new();
    let ours = interface(&star.nics[1]).id();
    let owner = occupy(&star.nics[1], Family::V4, PORT);
    let mut lan = lan(&star.hub, Sockets::PerInterface);
    let trouble = |status: &Status| {
        // A port that is no device's is that of all interfaces.
        if tightest() == Pinning::Device {
            assert!(status.interfaces[0].troubles.is_empty(), "{status}");
        }
        status.interfaces[1].troubles.first().cloned()
    };
    let first = trouble(&lan.status()).unwrap();
    assert!(first.error.starts_with("bind IPv4 UDP port 2222 on lan1"));
    assert_eq!((first.class, first.attempts), (Class::Other, 1));
    assert!(first.pause <= Duration::from_millis(500));
    assert!(
        lan.status()
            .to_string()
            .contains("\n  bind IPv4 UDP port 2222 on lan1")
    );
    // Its other socket goes on.
    assert_eq!(lan.status().interfaces[1].families, [Family::V6]);
    wait_until("it is tried again", || {
        star.hub.run(|| lan.poll(Some(MOMENT), |_| {})).unwrap();
        trouble(&lan.status()).unwrap().attempts == 2
    });
    drop(owner);
    wait_until("it has recovered", || {
        let mut has_recovered = false;
        star.hub
            .run(|| {
                lan.poll(Some(MOMENT), |event| {
                    has_recovered |=
                        matches!(event, Event::Recovered { interface } if interface == ours);
                })
            })
            .unwrap();
        assert_eq!(has_recovered, trouble(&lan.status()).is_none());
        has_recovered
    });
    assert_eq!(lan.status().interfaces[1].families, Family::ALL);
}

/// Where a log goes that is looked at later.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_happens_is_logged_and_what_is_in_a_datagram_is_not() {
    let star = Star::<2>::new();
    let mut lan = lan(&star.hub, Sockets::PerInterface);
    let paper = Paper::default();
    let written = paper.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || paper.clone())
        .finish();
    let speaker = socket_on(&star.ends[0], Family::V4);
    speaker
        .send(b"a secret", (ip(GROUPS[0]), PORT).into())
        .unwrap();
    star.nics[1].delete();
    star.hub.run(|| {
        tracing::subscriber::with_default(subscriber, || {
            let (mut heard, mut has_left) = (0, false);
            wait_until("it has left", || {
                let poll = lan.poll(Some(MOMENT), |event| {
                    has_left |= matches!(event, Event::InterfaceLeft { .. });
                });
                heard += poll.unwrap();
                heard == 1 && has_left
            });
        });
    });
    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("INFO ifcast"), "{log}");
    assert!(lines[0].contains("interface left interface=lan1 "), "{log}");
    assert!(lines[0].ends_with("why=it is gone"), "{log}");
}
