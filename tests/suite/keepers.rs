//! Memberships that other sockets hold for the one that receives, at every limit.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ifcast::multicast::{MulticastSocket, SharedMulticastSocket, SourceFilter};
use ifcast::socket::{BoundSocket, PacketInfo, SharedSocket};
use ifcast::{Family, Group, Interface};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, interface, ip};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(20);

/// A host with two interfaces, and a neighbour with three addresses on each.
struct Fork {
    host: Host,
    nics: [Nic; 2],
    ours: [Interface; 2],
    speakers: [Speaker; 2],
    _lab: Lab,
}

struct Speaker {
    socket: [BoundSocket; 2],
    sources: [Vec<IpAddr>; 2],
}

impl Fork {
    fn new() -> Self {
        let lab = Lab::new();
        let (host, other) = (lab.host("host"), lab.host("other"));
        let segments = [lab.segment(), lab.segment()];
        let attach = |i: usize| {
            let (v4, v6) = (format!("10.71.{i}.100/24"), format!("fe80::{i:x}:100/64"));
            segments[i].attach(&host, &format!("lan{i}"), &[&v4, &v6])
        };
        let nics: [Nic; 2] = std::array::from_fn(attach);
        let speak = |i: usize| {
            let sources: [Vec<String>; 2] = [
                (1..=30).map(|n| format!("10.71.{i}.{n}")).collect(),
                (1..=30).map(|n| format!("fe80::{i:x}:{n:x}")).collect(),
            ];
            let addresses: Vec<_> = (sources[0].iter().map(|s| format!("{s}/24")))
                .chain(sources[1].iter().map(|s| format!("{s}/64")))
                .collect();
            let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
            let far = segments[i].attach(&other, &format!("lan{i}"), &addresses);
            let theirs = interface(&far);
            Speaker {
                socket: Family::ALL.map(|family| {
                    other.run(|| BoundSocket::builder(&theirs, family).bind().unwrap())
                }),
                sources: sources.map(|list| list.iter().map(|s| ip(s)).collect()),
            }
        };
        Self {
            ours: std::array::from_fn(|i| interface(&nics[i])),
            speakers: std::array::from_fn(speak),
            host,
            nics,
            _lab: lab,
        }
    }

    fn say(&self, interface: usize, source: usize, group: Group) {
        let speaker = &self.speakers[interface];
        let family = usize::from(group.family() == Family::V6);
        let info = PacketInfo {
            source: Some(speaker.sources[family][source]),
            ..PacketInfo::default()
        };
        let to = group.socket_addr(PORT);
        speaker.socket[family]
            .send_with(&[u8::try_from(source).unwrap()], to, info)
            .unwrap();
    }

    fn source(&self, interface: usize, source: usize, group: Group) -> IpAddr {
        self.speakers[interface].sources[usize::from(group.family() == Family::V6)][source]
    }

    fn shared(&self, family: Family) -> SharedMulticastSocket {
        self.host.run(|| {
            let builder = SharedSocket::builder(family).port(PORT);
            let mut socket = SharedMulticastSocket::new(builder.bind().unwrap());
            for interface in &self.ours {
                socket.add(interface).unwrap();
            }
            socket
        })
    }

    fn bind(&self, family: Family) -> MulticastSocket {
        self.host
            .run(|| MulticastSocket::bind(&self.ours[0], family, PORT).unwrap())
    }
}

fn group(family: Family) -> Group {
    match family {
        Family::V4 => "239.71.7.7",
        Family::V6 => "ff15::71:7",
    }
    .parse()
    .unwrap()
}

fn state(socket: &MulticastSocket) -> String {
    socket.memberships().next().unwrap().state().to_string()
}

#[test]
fn one_group_has_other_sources_on_other_interfaces() {
    for family in Family::ALL {
        let fork = Fork::new();
        let group = group(family);
        let here = [0, 1].map(|i| fork.ours[i].index());
        let source = |i, number| fork.source(i, number, group);
        let mut ear = Some(Ear::to(fork.shared(family)));
        let mut assert_hears = |filters: [SourceFilter; 2], expected: &[(usize, usize)]| {
            let mut socket = ear.take().unwrap().into_socket();
            fork.host.run(|| {
                for (interface, filter) in here.into_iter().zip(filters) {
                    socket.set_filter(interface, group, filter).unwrap();
                }
            });
            let ear = ear.insert(Ear::to(socket));
            for (i, number) in (0..2).flat_map(|i| (0..3).map(move |number| (i, number))) {
                fork.say(i, number, group);
            }
            let mut heard: Vec<_> = (ear.hear(expected.len()).iter())
                .map(|heard| (heard.interface.index(), heard.source.ip()))
                .collect();
            heard.sort();
            ear.assert_silent();
            let expected = expected.iter().map(|(i, n)| (here[*i], source(*i, *n)));
            assert_eq!(heard, expected.collect::<Vec<_>>(), "{family}");
        };
        let only = |i, number| SourceFilter::Include([source(i, number)].into());
        let all_but = |i, number| SourceFilter::Exclude([source(i, number)].into());
        let any = SourceFilter::any;
        assert_hears([only(0, 0), only(1, 1)], &[(0, 0), (1, 1)]);
        assert_hears([any(), only(1, 1)], &[(0, 0), (0, 1), (0, 2), (1, 1)]);
        assert_hears([only(0, 2), any()], &[(0, 2), (1, 0), (1, 1), (1, 2)]);
        assert_hears([all_but(0, 0), only(1, 0)], &[(0, 1), (0, 2), (1, 0)]);
        let expected = [(0, 1), (0, 2), (1, 0), (1, 2)];
        assert_hears([all_but(0, 0), all_but(1, 1)], &expected);
        let everything = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
        assert_hears([any(), any()], &everything);
    }
}

#[test]
fn a_group_is_heard_where_it_is_joined_whatever_others_have_joined_elsewhere() {
    for family in Family::ALL {
        let fork = Fork::new();
        let group = group(family);
        let [here, elsewhere] = [0, 1].map(|i| fork.ours[i].index());
        let mut socket = fork.shared(family);
        let mut other = fork
            .host
            .run(|| MulticastSocket::bind(&fork.ours[1], family, PORT + 1).unwrap());
        let more = (1..=80).map(|n| match family {
            Family::V4 => format!("239.71.8.{n}"),
            Family::V6 => format!("ff15::72:{n:x}"),
        });
        fork.host.run(|| {
            socket.join(here, group).unwrap();
            // Those that keepers hold: the kernel lets everything through.
            for group in more {
                socket.join(elsewhere, group.parse().unwrap()).unwrap();
            }
            other.join(group).unwrap();
        });
        let mut ear = Ear::to(socket);
        fork.say(1, 0, group);
        ear.assert_silent();
        let counters = ear.socket().socket().endpoint().counters();
        assert_eq!(counters.unwanted, 1);
        fork.say(0, 0, group);
        assert_eq!(ear.hear(1)[0].interface.index(), here);
    }
}

#[test]
fn nothing_is_missed_while_other_memberships_change() {
    const COUNT: usize = 5000;
    const AHEAD: usize = 100; // so that the socket's queue never gets full
    for family in Family::ALL {
        let fork = Fork::new();
        let mut socket = fork.bind(family);
        let group = group(family);
        fork.host.run(|| socket.join(group).unwrap());
        let others: Vec<Group> = (1..=80)
            .map(|n| match family {
                Family::V4 => format!("239.71.8.{n}").parse().unwrap(),
                Family::V6 => format!("ff15::72:{n:x}").parse().unwrap(),
            })
            .collect();
        let source = |n: u8| match family {
            Family::V4 => IpAddr::from([10, 71, 9, n]),
            Family::V6 => IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 9, n.into()]),
        };
        let filter = |count| SourceFilter::Include((1..=count).map(source).collect());
        let deadline = Instant::now() + PATIENCE;
        let heard = AtomicUsize::new(0);
        let mut counters = None;
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..COUNT {
                    while number >= heard.load(Ordering::Relaxed) + AHEAD {
                        if Instant::now() > deadline {
                            return;
                        }
                        thread::yield_now();
                    }
                    fork.say(0, 0, group);
                }
            });
            scope.spawn(|| {
                let mut socket = Some(socket);
                let mut step = 0;
                while heard.load(Ordering::Relaxed) < COUNT && Instant::now() < deadline {
                    let mut changed = socket.take().unwrap();
                    fork.host.run(|| match step % 6 {
                        0 => others.iter().for_each(|g| changed.join(*g).unwrap()),
                        1 => others.iter().for_each(|g| changed.leave(*g).unwrap()),
                        2 => changed.set_filter(others[0], filter(5)).unwrap(),
                        3 => changed.set_filter(others[0], filter(100)).unwrap(),
                        4 => changed.set_filter(others[0], SourceFilter::any()).unwrap(),
                        _ => changed.leave(others[0]).unwrap(),
                    });
                    let mut ear = Ear::to(changed);
                    heard.fetch_add(ear.listen().len(), Ordering::Relaxed);
                    socket = Some(ear.into_socket());
                    step += 1;
                }
                counters = Some(socket.unwrap().socket().counters());
            });
        });
        assert_eq!(heard.into_inner(), COUNT, "{family} {counters:?}");
    }
}

#[test]
fn who_holds_as_many_groups_as_it_can_sends_as_before() {
    for family in Family::ALL {
        let fork = Fork::new();
        fork.host.sysctl("net/ipv4/igmp_max_memberships", "100000");
        let mut socket = fork.shared(family);
        fork.host.run(|| {
            for n in 0..3000 {
                let text = match family {
                    Family::V4 => format!("239.71.{}.{}", n / 250, n % 250),
                    Family::V6 => format!("ff15::71:{n:x}"),
                };
                socket
                    .join(fork.ours[0].index(), text.parse().unwrap())
                    .unwrap();
            }
        });
        let sender = socket.socket().sender(fork.ours[0].index()).unwrap();
        sender
            .send(b"hello", group(family).socket_addr(PORT))
            .unwrap();
    }
}

#[test]
fn another_filter_than_was_asked_for_is_noticed_and_mended() {
    let fork = Fork::new();
    let mut socket = fork.bind(Family::V4);
    let group = group(Family::V4);
    let asked = SourceFilter::Include([fork.source(0, 0, group)].into());
    fork.host.run(|| {
        socket.set_filter(group, asked.clone()).unwrap();
        // As another holder of the descriptor might.
        let own = socket2::SockRef::from(&socket);
        let (source, group, interface) = ([10, 71, 0, 2], [239, 71, 7, 7], [10, 71, 0, 100]);
        own.join_ssm_v4(&source.into(), &group.into(), &interface.into())
            .unwrap();
        socket.verify().unwrap();
    });
    let lost = "lost, it is only from 10.71.0.1, 10.71.0.2";
    assert_eq!(state(&socket), lost);
    fork.host.run(|| assert_eq!(socket.repair().unwrap(), 1));
    assert_eq!(state(&socket), "joined");
    assert_eq!(socket.kernel_filter(group).unwrap(), asked);
}

#[test]
fn a_membership_that_only_others_have_is_lost() {
    let fork = Fork::new();
    let mut socket = fork.bind(Family::V4);
    let mut other = fork
        .host
        .run(|| MulticastSocket::bind(&fork.ours[0], Family::V4, PORT + 1).unwrap());
    let group = group(Family::V4);
    fork.host.run(|| {
        other.join(group).unwrap();
        socket.join(group).unwrap();
        let index = socket2::InterfaceIndexOrAddress::Index(fork.nics[0].index());
        let own = socket2::SockRef::from(&socket);
        own.leave_multicast_v4_n(&[239, 71, 7, 7].into(), &index)
            .unwrap();
        socket.verify().unwrap();
    });
    assert_eq!(state(&socket), "lost, the interface has forgotten it");
    fork.host.run(|| assert_eq!(socket.repair().unwrap(), 1));
    fork.say(0, 0, group);
    assert_eq!(Ear::to(socket).hear(1).len(), 1);
}

#[test]
fn what_could_not_be_repaired_is_tried_again_whatever_happened_since() {
    let fork = Fork::new();
    let mut socket = fork.bind(Family::V4);
    let group = group(Family::V4);
    fork.host.run(|| socket.join(group).unwrap());
    fork.nics[0].recreate_with_index(&["10.71.0.100/24"]);
    fork.host.sysctl("net/ipv4/igmp_max_memberships", "0");
    fork.host.run(|| assert_eq!(socket.repair().unwrap(), 0));
    assert!(state(&socket).starts_with("failed"), "{}", state(&socket));
    fork.host.sysctl("net/ipv4/igmp_max_memberships", "20");
    fork.host.add_bridge("br0", &[&fork.nics[0]]);
    fork.host.run(|| socket.verify().unwrap());
    assert!(state(&socket).contains("port of"), "{}", state(&socket));
    fork.nics[0].set_bridge(None);
    fork.host.run(|| assert_eq!(socket.repair().unwrap(), 1));
    assert_eq!(state(&socket), "joined");
    fork.say(0, 0, group);
    assert_eq!(Ear::to(socket).hear(1).len(), 1);
}

#[test]
fn what_could_not_be_repaired_but_was_told_anew_is_joined() {
    let fork = Fork::new();
    let mut socket = fork.bind(Family::V4);
    let group = group(Family::V4);
    fork.host.run(|| socket.join(group).unwrap());
    fork.nics[0].recreate_with_index(&["10.71.0.100/24"]);
    fork.host.sysctl("net/ipv4/igmp_max_memberships", "0");
    fork.host.run(|| assert_eq!(socket.repair().unwrap(), 0));
    fork.host.sysctl("net/ipv4/igmp_max_memberships", "20");
    fork.host
        .run(|| socket.set_filter(group, SourceFilter::any()).unwrap());
    assert_eq!(state(&socket), "joined");
}

#[test]
fn few_sources_in_a_filter_are_no_limit() {
    // That of IPv6 is the whole machine's.
    for (family, setting) in [(Family::V4, "net/ipv4/igmp_max_msf")] {
        for limit in ["0", "1", "3"] {
            let fork = Fork::new();
            fork.host.sysctl(setting, limit);
            let group = group(family);
            let mut socket = fork.bind(family);
            let sources: BTreeSet<IpAddr> = (0..8).map(|n| fork.source(0, n, group)).collect();
            let filter = SourceFilter::Include(sources);
            fork.host
                .run(|| socket.set_filter(group, filter.clone()).unwrap());
            assert_eq!(socket.kernel_filter(group).unwrap(), filter);
            (0..10).for_each(|source| fork.say(0, source, group));
            let mut ear = Ear::to(socket);
            assert_eq!(ear.hear(8).len(), 8);
            ear.assert_silent();
        }
    }
}

#[test]
fn what_is_joined_but_half_is_left() {
    // So that memory ends between the two things that it takes.
    for (family, before) in Family::ALL
        .into_iter()
        .flat_map(|f| (0..6).map(move |n| (f, n)))
    {
        let fork = Fork::new();
        fork.host.sysctl("net/ipv4/igmp_max_memberships", "100000");
        let mut socket = fork.bind(family);
        fork.host.run(|| {
            for n in 0..before {
                let text = match family {
                    Family::V4 => format!("239.71.8.{n}"),
                    Family::V6 => format!("ff15::71:{n:x}"),
                };
                socket.join(text.parse().unwrap()).unwrap();
            }
            for n in 0..1500 {
                let text = match family {
                    Family::V4 => format!("232.71.{}.{}", n / 250, n % 250),
                    Family::V6 => format!("ff35::71:{n:x}"),
                };
                let group: Group = text.parse().unwrap();
                socket.join_source(group, fork.source(0, 0, group)).unwrap();
            }
            let groups: Vec<_> = socket.groups().collect();
            for group in groups {
                socket.leave(group).unwrap();
            }
            let left = match family {
                Family::V4 => std::fs::read_to_string("/proc/thread-self/net/igmp").unwrap(),
                Family::V6 => std::fs::read_to_string("/proc/thread-self/net/igmp6").unwrap(),
            };
            assert!(
                !left.contains("47E8") && !left.contains("ff35"),
                "{family} {before} {left}"
            );
        });
    }
}

#[test]
fn keepers_are_not_opened_in_another_namespace() {
    let fork = Fork::new();
    let mut socket = fork.bind(Family::V4);
    let elsewhere = fork._lab.host("elsewhere");
    let errors: Vec<_> = elsewhere.run(|| {
        (1..=30)
            .filter_map(|n| socket.join(format!("239.71.8.{n}").parse().unwrap()).err())
            .collect()
    });
    assert_eq!(errors.len(), 10);
    for error in errors {
        assert!(error.to_string().contains("namespace"), "{error}");
    }
    let error = elsewhere.run(|| socket.verify()).unwrap_err();
    assert!(error.to_string().contains("namespace"), "{error}");
    assert_eq!(state(&socket), "joined");
}
