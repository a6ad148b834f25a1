//! What a received datagram says of itself, and how large one may be.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{SocketAddr, UdpSocket};

use ifcast::multicast::MulticastSocket;
use ifcast::socket::{BoundSocket, Error};
use ifcast::{Cast, Family, Metadata, Pinning, RecvBatch};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, interface, ip, pinnings, tightest};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Ipv4PacketInfo;

const PORT: u16 = 2222;

/// Two hosts on one segment.
struct Pair {
    _lab: Lab,
    a: Host,
    b: Host,
    nic_a: Nic,
    nic_b: Nic,
}

impl Pair {
    fn new() -> Self {
        let lab = Lab::new();
        let segment = lab.segment();
        let (a, b) = (lab.host("a"), lab.host("b"));
        let nic_a = segment.attach(&a, "lan0", &["10.71.0.1/24", "fd71::1/64", "fe80::71:1/64"]);
        let nic_b = segment.attach(&b, "lan0", &["10.71.0.2/24", "fd71::2/64", "fe80::71:2/64"]);
        Self {
            _lab: lab,
            a,
            b,
            nic_a,
            nic_b,
        }
    }

    fn sender(&self, family: Family) -> BoundSocket {
        let interface = interface(&self.nic_a);
        self.a
            .run(|| BoundSocket::builder(&interface, family).bind())
            .unwrap()
    }

    fn listener(&self, family: Family, pinning: Pinning) -> MulticastSocket {
        let interface = interface(&self.nic_b);
        let builder = BoundSocket::builder(&interface, family)
            .port(PORT)
            .metadata(Metadata {
                hops: true,
                ..Metadata::default()
            })
            .pinning(pinning);
        MulticastSocket::new(self.b.run(|| builder.bind()).unwrap())
    }
}

fn to(address: &str) -> SocketAddr {
    SocketAddr::new(ip(address), PORT)
}

#[test]
fn hops_are_not_told_unless_they_are_asked_for() {
    let pair = Pair::new();
    let interface = interface(&pair.nic_b);
    for family in Family::ALL {
        let builder = BoundSocket::builder(&interface, family);
        let socket = pair.b.run(|| builder.bind()).unwrap();
        let port = socket.port();
        let mut ear = Ear::to(MulticastSocket::new(socket));
        let destination = if family == Family::V4 {
            "10.71.0.2"
        } else {
            "fd71::2"
        };
        let destination = SocketAddr::new(ip(destination), port);
        pair.sender(family).send(b"x", destination).unwrap();
        assert_eq!(ear.hear(1)[0].hops, None);
    }
}

#[test]
fn one_listener_gets_every_cast_with_its_class_destination_and_arrival_interface() {
    let pair = Pair::new();
    for pinning in pinnings() {
        let cases: [(Family, &[(&str, Cast)]); 2] = [
            (
                Family::V4,
                &[
                    ("10.71.0.2", Cast::Unicast),
                    ("10.71.0.255", Cast::DirectedBroadcast),
                    ("255.255.255.255", Cast::LimitedBroadcast),
                    ("239.71.7.7", Cast::Multicast),
                ],
            ),
            (
                Family::V6,
                &[
                    ("fd71::2", Cast::Unicast),
                    ("fe80::71:2", Cast::Unicast),
                    ("ff02::71:7", Cast::Multicast),
                    ("ff05::71:7", Cast::Multicast),
                ],
            ),
        ];
        for (family, casts) in cases {
            let sender = pair.sender(family);
            let mut socket = pair.listener(family, pinning);
            for (destination, cast) in casts {
                if *cast == Cast::Multicast {
                    socket.join(destination.parse().unwrap()).unwrap();
                }
            }
            let mut ear = Ear::to(socket);
            for (destination, cast) in casts {
                sender
                    .send(destination.as_bytes(), to(destination))
                    .unwrap();
                let heard = ear.hear(1).remove(0);
                assert_eq!(heard.payload, destination.as_bytes());
                assert_eq!((heard.destination, heard.cast), (ip(destination), *cast));
                assert_eq!(heard.interface.index().get(), pair.nic_b.index());
                assert!(interface(&pair.nic_a).owns(heard.source.ip()), "{heard:?}");
                assert_eq!(heard.source.port(), sender.port());
            }
            assert_eq!(ear.socket().socket().counters().received, 4);
        }
    }
}

#[test]
fn a_broadcast_to_a_subnet_added_later_is_no_unicast() {
    let pair = Pair::new();
    let mut ear = Ear::to(pair.listener(Family::V4, tightest()));
    pair.nic_a.add_address("10.79.0.1/24");
    pair.nic_b.add_address("10.79.0.2/24");
    let sender = pair.sender(Family::V4);
    for (destination, cast) in [
        ("10.79.0.255", Cast::DirectedBroadcast),
        ("10.79.0.2", Cast::Unicast),
    ] {
        sender.send(b"late", to(destination)).unwrap();
        assert_eq!(ear.hear(1)[0].cast, cast, "{destination}");
    }
}

#[test]
fn a_link_local_source_can_be_answered_as_it_is() {
    let pair = Pair::new();
    let (sender, listener) = (
        pair.sender(Family::V6),
        pair.listener(Family::V6, tightest()),
    );
    let mut ear = Ear::to(listener);
    sender.send(b"question", to("fe80::71:2")).unwrap();
    let heard = ear.hear(1).remove(0);
    let SocketAddr::V6(source) = heard.source else {
        panic!("{heard:?}");
    };
    assert_eq!(source.scope_id(), pair.nic_b.index());

    ear.socket().socket().send(b"answer", heard.source).unwrap();
    let mut ear = Ear::to(sender);
    assert_eq!(ear.hear(1)[0].payload, b"answer");
}

#[test]
fn hops_are_set_for_every_cast_at_once_and_reported_on_arrival() {
    let pair = Pair::new();
    for (family, destinations) in [
        (Family::V4, ["10.71.0.2", "255.255.255.255", "239.71.7.7"]),
        (Family::V6, ["fd71::2", "ff02::71:7", "ff05::71:7"]),
    ] {
        let sender = pair.sender(family);
        let mut socket = pair.listener(family, tightest());
        for group in destinations
            .iter()
            .filter_map(|address| address.parse().ok())
        {
            socket.join(group).unwrap();
        }
        let mut ear = Ear::to(socket);
        for hops in [1, 7, 255] {
            sender.set_hops(hops).unwrap();
            for destination in destinations {
                sender.send(b"", to(destination)).unwrap();
                assert_eq!(ear.hear(1)[0].hops, Some(hops), "{destination}");
            }
        }
        let error = sender.set_hops(0).unwrap_err();
        assert!(matches!(error, Error::ZeroHops { .. }), "{error:?}");
    }
}

#[test]
fn a_datagram_without_payload_is_data() {
    let pair = Pair::new();
    let sender = pair.sender(Family::V4);
    let mut ear = Ear::to(pair.listener(Family::V4, tightest()));
    for payload in [&b""[..], b"x", b""] {
        sender.send(payload, to("255.255.255.255")).unwrap();
    }
    let lengths: Vec<_> = ear
        .hear(3)
        .iter()
        .map(|heard| heard.payload.len())
        .collect();
    assert_eq!(lengths, [0, 1, 0]);
}

#[test]
fn truncation_is_reported_and_costs_no_other_datagram() {
    let pair = Pair::new();
    let sender = pair.sender(Family::V4);
    let listener = pair.listener(Family::V4, tightest());
    for payload in [&b"fits"[..], b"is too long", b"fits"] {
        sender.send(payload, to("255.255.255.255")).unwrap();
    }
    let mut ear = Ear::with_batch(listener, RecvBatch::with_capacity(8, 4));
    let heard = ear.hear(3).into_iter();
    let heard: Vec<_> = heard
        .map(|heard| (heard.payload, heard.truncated))
        .collect();
    let expected = [(&b"fits"[..], false), (b"is t", true), (b"fits", false)];
    assert_eq!(
        heard,
        expected.map(|(payload, truncated)| (payload.to_vec(), truncated))
    );
    assert_eq!(ear.socket().socket().counters().truncated, 1);
}

#[test]
fn a_datagram_without_packet_info_is_dropped_and_counted() {
    let pair = Pair::new();
    let sender = pair.sender(Family::V4);
    let listener = pair.listener(Family::V4, tightest());
    setsockopt(&listener, Ipv4PacketInfo, &false).unwrap();
    let mut ear = Ear::to(listener);
    sender.send(b"from where?", to("255.255.255.255")).unwrap();
    ear.assert_silent();
    let counters = ear.socket().socket().counters();
    assert_eq!((counters.received, counters.without_packet_info), (0, 1));
}

#[test]
fn an_oversize_payload_is_an_error_that_names_the_limit_of_the_link_as_it_is_now() {
    let pair = Pair::new();
    for (family, destination, headers) in [
        (Family::V4, "255.255.255.255", 28),
        (Family::V4, "239.71.7.7", 28),
        (Family::V4, "10.71.0.2", 28),
        (Family::V6, "ff02::71:7", 48),
        (Family::V6, "fd71::2", 48),
    ] {
        let sender = pair.sender(family);
        let mut ear = Ear::to(pair.listener(family, tightest()));
        for mtu in [1500, 1400] {
            pair.nic_a.set_mtu(mtu);
            let limit = usize::try_from(mtu).unwrap() - headers;
            let payload = vec![7; limit + 1];
            let error = pair
                .a
                .run(|| sender.send(&payload, to(destination)))
                .unwrap_err();
            let Error::TooLarge {
                len, limit: named, ..
            } = &error
            else {
                panic!("{error:?}");
            };
            assert_eq!((*len, *named), (limit + 1, limit), "{destination}");
            assert!(
                error.to_string().contains(&format!("at most {limit} fit")),
                "{error}"
            );
            sender.send(&payload[1..], to(destination)).unwrap();
        }
        pair.nic_a.set_mtu(1500);
        let unicast_or_broadcast = 2 * usize::from(!ip(destination).is_multicast());
        assert_eq!(ear.hear(unicast_or_broadcast).len(), unicast_or_broadcast);
    }
}

#[test]
fn fragments_carry_what_no_packet_can_if_they_are_allowed() {
    let pair = Pair::new();
    let interface = interface(&pair.nic_a);
    for (family, destination, longest) in [
        (Family::V4, "255.255.255.255", 65_507),
        (Family::V6, "fd71::2", 65_527),
    ] {
        let builder = BoundSocket::builder(&interface, family).fragments(true);
        let sender = pair.a.run(|| builder.bind()).unwrap();
        let mut ear = Ear::to(pair.listener(family, tightest()));
        assert_eq!(sender.max_payload(), longest);
        for len in [3000, longest] {
            sender.send(&vec![7; len], to(destination)).unwrap();
            let heard = ear.hear(1).remove(0);
            assert_eq!((heard.payload.len(), heard.truncated), (len, false));
        }
        let error = sender
            .send(&vec![7; longest + 1], to(destination))
            .unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit, .. } if limit == longest),
            "{error:?}"
        );
    }
}

#[test]
fn a_unicast_by_another_interface_is_foreign_where_the_kernel_does_not_filter() {
    let lab = Lab::new();
    let (left, right) = (lab.segment(), lab.segment());
    let (host, neighbour) = (lab.host("host"), lab.host("neighbour"));
    let nic = left.attach(&host, "lan0", &["10.71.0.1/24"]);
    right.attach(&host, "lan1", &["10.72.0.1/24"]);
    right.attach(&neighbour, "lan0", &["10.72.0.2/24"]);
    let interface = interface(&nic);
    for pinning in pinnings() {
        let builder = BoundSocket::builder(&interface, Family::V4)
            .port(PORT)
            .pinning(pinning);
        let mut ear = Ear::on(&nic, || builder.bind());
        neighbour.run(|| {
            let socket = UdpSocket::bind("10.72.0.2:0").unwrap();
            socket.set_broadcast(true).unwrap();
            for destination in ["10.72.0.1:2222", "10.72.0.255:2222"] {
                socket.send_to(b"elsewhere", destination).unwrap();
            }
        });
        ear.assert_silent();
        let counters = ear.socket().counters();
        let leaked = if pinning == Pinning::AddressFree {
            2
        } else {
            0
        };
        assert_eq!((counters.received, counters.foreign_interface), (0, leaked));
    }
}
