//! Many datagrams sent at once: each arrives once, in order, or is reported.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::SocketAddr;

use ifcast::Family;
use ifcast::socket::{BoundSocket, Error, PacketInfo, SendBatch, ToSend};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Judge, interface, ip, pinnings};

const PORT: u16 = 2222;
const GROUPS: [&str; 2] = ["239.255.71.7", "ff02::71:7"];

/// A sender, and a neutral listener who has joined the groups.
struct Line {
    _lab: Lab,
    host: Host,
    nic: Nic,
    judge: Judge,
}

impl Line {
    fn new() -> Self {
        let lab = Lab::new();
        let segment = lab.segment();
        let (host, neighbour) = (lab.host("host"), lab.host("neighbour"));
        let nic = segment.attach(&host, "lan0", &["10.71.0.1/24", "fe80::71:1/64"]);
        let end = segment.attach(&neighbour, "lan0", &["10.71.0.2/24", "fe80::71:2/64"]);
        let judge = Judge::listen(&end, PORT, &GROUPS.map(ip));
        Self {
            _lab: lab,
            host,
            nic,
            judge,
        }
    }

    fn socket(&self, family: Family) -> BoundSocket {
        let interface = interface(&self.nic);
        let bound = self
            .host
            .run(|| BoundSocket::builder(&interface, family).bind());
        bound.unwrap()
    }

    /// Checks that these came, in this order.
    #[track_caller]
    fn assert_heard<'a>(&self, payloads: impl IntoIterator<Item = &'a [u8]>) {
        let payloads: Vec<_> = payloads.into_iter().collect();
        let heard = self.judge.hear(payloads.len());
        for (place, ((heard, _), sent)) in heard.iter().zip(&payloads).enumerate() {
            assert_eq!(heard, sent, "place {place}");
        }
    }
}

fn to(address: &str) -> SocketAddr {
    SocketAddr::new(ip(address), PORT)
}

/// Payloads of these sizes, each different from its neighbours.
fn payloads(sizes: impl IntoIterator<Item = usize>) -> Vec<Vec<u8>> {
    let numbered = sizes.into_iter().zip((0..=250).cycle());
    numbered.map(|(size, number)| vec![number; size]).collect()
}

fn all_to(payloads: &[Vec<u8>], destination: SocketAddr) -> Vec<ToSend<'_>> {
    let payloads = payloads.iter();
    payloads
        .map(|payload| ToSend {
            payload,
            destination,
        })
        .collect()
}

#[test]
fn a_batch_of_any_shape_arrives_whole_and_in_order() {
    let line = Line::new();
    for (family, destinations) in [
        (
            Family::V4,
            &["10.71.0.2", "10.71.0.255", "255.255.255.255", GROUPS[0]][..],
        ),
        (Family::V6, &["fe80::71:2", GROUPS[1]]),
    ] {
        let socket = line.socket(family);
        for destination in destinations {
            for max_burst in [1, 3, 64] {
                let mut batch = SendBatch::new().max_burst(max_burst);
                for sizes in [
                    vec![],
                    vec![0],
                    vec![700],
                    vec![64; 200],
                    vec![1400; 150],
                    vec![100, 100, 100, 7, 100, 100, 0, 0, 100, 101, 101],
                ] {
                    let payloads = payloads(sizes);
                    let sent = socket.send_batch(&mut batch, &all_to(&payloads, to(destination)));
                    assert!(sent.is_complete(), "{sent} to {destination}: {sent:?}");
                    line.assert_heard(payloads.iter().map(Vec::as_slice));
                }
            }
            line.judge.assert_silent();
        }
    }
}

#[test]
fn random_batches_arrive_whole_and_in_order_wherever_they_go() {
    let line = Line::new();
    let sockets = [Family::V4, Family::V6].map(|family| line.socket(family));
    let destinations = [
        [to("10.71.0.2"), to("10.71.0.255"), to(GROUPS[0])],
        [to("fe80::71:2"), to(GROUPS[1]), to("ff02::1")],
    ];
    // While a neighbour is looked for, what others are sent overtakes what it is.
    for (socket, destinations) in sockets.iter().zip(&destinations) {
        let payload = b"are you there?";
        socket.send(payload, destinations[0]).unwrap();
        line.assert_heard([&payload[..]]);
    }
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let which = random.usize(..2);
        let mut batch = SendBatch::new().max_burst(random.usize(..70));
        let mut sizes = Vec::new();
        while sizes.len() < 300 {
            let size = random.choice([0, 1, 64, 512, 1200, 1452]).unwrap();
            sizes.extend(std::iter::repeat_n(size, random.usize(1..80)));
        }
        let payloads = payloads(sizes);
        let mut datagrams = all_to(&payloads, destinations[which][0]);
        let mut destination = datagrams[0].destination;
        for datagram in &mut datagrams {
            if random.u8(..20) == 0 {
                destination = *random.choice(&destinations[which]).unwrap();
            }
            datagram.destination = destination;
        }
        let sent = sockets[which].send_batch(&mut batch, &datagrams);
        assert!(sent.is_complete(), "seed {seed}: {sent:?}");
        line.assert_heard(payloads.iter().map(Vec::as_slice));
    }
    line.judge.assert_silent();
}

#[test]
fn what_cannot_be_sent_is_named_with_its_reason_and_the_others_go() {
    let line = Line::new();
    let socket = line.socket(Family::V4);
    let payload = vec![7; 2000];
    let good = |payload| ToSend {
        payload,
        destination: to("10.71.0.2"),
    };
    let datagrams = [
        good(&payload[..3]),
        ToSend {
            payload: b"wrong family",
            destination: to("ff02::1"),
        },
        good(&payload[..3]),
        good(&payload), // longer than the MTU
        good(&payload[..3]),
        ToSend {
            payload: b"nobody",
            destination: to("0.0.0.0"),
        },
    ];
    for max_burst in [1, 64] {
        let mut batch = SendBatch::new().max_burst(max_burst);
        let sent = socket.send_batch(&mut batch, &datagrams);
        assert_eq!((sent.sent(), sent.unsent().len()), (3, 0), "{sent:?}");
        let [(1, family), (3, large), (5, nobody)] = sent.failures() else {
            panic!("{sent:?}");
        };
        assert!(matches!(family, Error::WrongFamily { .. }), "{family}");
        assert!(
            matches!(large, Error::TooLarge { limit: 1472, .. }),
            "{large}"
        );
        assert!(matches!(nobody, Error::NoDestination { .. }), "{nobody}");
        line.assert_heard([&payload[..3]; 3]);
        line.judge.assert_silent();
    }
}

#[test]
fn a_batch_leaves_by_the_sockets_interface_however_it_is_tied_to_it() {
    let lab = Lab::new();
    let host = lab.host("host");
    let ends: Vec<_> = (0..2)
        .map(|number| {
            let segment = lab.segment();
            let neighbour = lab.host("neighbour");
            let nic = segment.attach(&host, &format!("lan{number}"), &["10.71.0.1/24"]);
            let end = segment.attach(&neighbour, "lan0", &["10.71.0.2/24"]);
            (nic, Judge::listen(&end, PORT, &[ip(GROUPS[0])]))
        })
        .collect();
    let payloads = payloads([200; 100]);
    for pinning in pinnings() {
        for (turn, (nic, judge)) in ends.iter().enumerate() {
            let interface = interface(nic);
            let builder = BoundSocket::builder(&interface, Family::V4).pinning(pinning);
            let socket = host.run(|| builder.bind()).unwrap();
            for destination in [GROUPS[0], "255.255.255.255"] {
                let mut batch = SendBatch::new();
                let sent = socket.send_batch(&mut batch, &all_to(&payloads, to(destination)));
                assert!(sent.is_complete(), "{sent:?}");
                assert_eq!(judge.hear(payloads.len()).len(), payloads.len());
                ends[1 - turn].1.assert_silent();
            }
        }
    }
}

#[test]
fn an_interface_that_is_gone_fails_each_datagram_and_sends_none() {
    let line = Line::new();
    let socket = line.socket(Family::V4);
    line.nic.delete();
    let payloads = payloads([100; 5]);
    let sent = socket.send_batch(&mut SendBatch::new(), &all_to(&payloads, to(GROUPS[0])));
    assert_eq!((sent.sent(), sent.failures().len()), (0, 5), "{sent:?}");
    let names_it = |error: &Error| error.interface().unwrap().index().get() == line.nic.index();
    assert!(sent.failures().iter().all(|(_, error)| names_it(error)));
}

#[test]
fn a_batch_comes_from_the_source_that_is_named_and_from_no_other() {
    let line = Line::new();
    line.nic.add_address("10.71.0.3/24");
    let socket = line.socket(Family::V4);
    let payloads = payloads([3, 3, 0, 5, 1400]);
    for max_burst in [1, 64] {
        let mut batch = SendBatch::new().max_burst(max_burst);
        for source in ["10.71.0.3", "10.71.0.1"] {
            let info = PacketInfo {
                source: Some(ip(source)),
                ..PacketInfo::default()
            };
            let datagrams = all_to(&payloads, to("10.71.0.255"));
            let sent = socket
                .sender()
                .send_batch_with(&mut batch, &datagrams, info);
            assert!(sent.unwrap().is_complete());
            for (payload, from) in line.judge.hear(payloads.len()) {
                assert!(payloads.contains(&payload));
                assert_eq!(from.ip(), ip(source));
            }
        }
    }
    let info = PacketInfo {
        source: Some(ip("10.71.0.9")),
        ..PacketInfo::default()
    };
    let datagrams = all_to(&payloads, to("10.71.0.255"));
    let refused = socket
        .sender()
        .send_batch_with(&mut SendBatch::new(), &datagrams, info);
    assert!(
        matches!(refused, Err(Error::ForeignSource { .. })),
        "{refused:?}"
    );
    line.judge.assert_silent();
}
