//! Limited and directed broadcast, as the hosts of a segment see it.

#![cfg(target_os = "linux")]

use std::net::IpAddr;

use ifcast::Family;
use ifcast::broadcast::{BroadcastSocket, Error, Target};
use ifcast::socket::BoundSocket;
use ifcast_netlab::{AddressOptions, Broadcast, Lab};
use ifcast_tests::{Ear, Judge, interface, ip, pinnings};

const PORT: u16 = 2222;

#[test]
fn a_directed_broadcast_reaches_each_subnet_of_the_interface_from_the_address_there() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (sender, receiver) = (lab.host("sender"), lab.host("receiver"));
    let nic = segment.attach(
        &sender,
        "lan0",
        &["10.71.0.1/24", "10.72.0.1/22", "10.73.0.1/30"],
    );
    let end = segment.attach(
        &receiver,
        "lan0",
        &["10.71.0.2/24", "10.72.0.2/22", "10.73.0.2/30"],
    );
    let judge = Judge::listen(&end, PORT, &[]);

    for pinning in pinnings() {
        let interface = interface(&nic);
        let sent = sender.run(|| {
            let builder = BoundSocket::builder(&interface, Family::V4)
                .port(PORT)
                .pinning(pinning);
            let socket = BroadcastSocket::new(builder.bind().unwrap()).unwrap();
            socket.send(b"here", Target::Directed)
        });
        assert_eq!(sent.unwrap(), 3);
        let mut sources: Vec<IpAddr> = judge.hear(3).iter().map(|(_, from)| from.ip()).collect();
        sources.sort();
        assert_eq!(sources, ["10.71.0.1", "10.72.0.1", "10.73.0.1"].map(ip));
    }
    judge.assert_silent();
}

#[test]
fn two_addresses_in_one_subnet_make_one_directed_broadcast() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (sender, receiver) = (lab.host("sender"), lab.host("receiver"));
    let nic = segment.attach(&sender, "lan0", &["10.71.0.1/24", "10.71.0.9/24"]);
    let end = segment.attach(&receiver, "lan0", &["10.71.0.2/24"]);
    let judge = Judge::listen(&end, PORT, &[]);

    let interface = interface(&nic);
    let sent = sender.run(|| {
        let socket = BroadcastSocket::bind(&interface, PORT).unwrap();
        socket.send(b"once", Target::Directed)
    });
    assert_eq!(sent.unwrap(), 1);
    assert_eq!(judge.hear(1)[0].1.ip(), ip("10.71.0.1"));
    judge.assert_silent();
}

#[test]
fn a_subnet_without_a_configured_broadcast_address_is_reached_all_the_same() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (sender, receiver) = (lab.host("sender"), lab.host("receiver"));
    let nic = segment.attach(&sender, "lan0", &[]);
    let unset = AddressOptions {
        broadcast: Broadcast::None,
        ..AddressOptions::default()
    };
    nic.add_address_with("10.71.0.1/24", unset);
    let end = segment.attach(&receiver, "lan0", &["10.71.0.2/24"]);
    let judge = Judge::listen(&end, PORT, &[]);

    let interface = interface(&nic);
    sender.run(|| {
        let socket = BroadcastSocket::bind(&interface, PORT).unwrap();
        socket.send(b"as in a container", Target::Directed).unwrap();
    });
    assert_eq!(judge.hear(1)[0].1.ip(), ip("10.71.0.1"));
}

#[test]
fn an_interface_without_ipv4_address_is_refused_with_an_error_that_says_so() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (sender, neighbour) = (lab.host("sender"), lab.host("neighbour"));
    let bare = segment.attach(&sender, "lan0", &["fe80::71:1/64"]);
    // Another interface, whose address must not be borrowed.
    lab.segment().attach(&sender, "lan1", &["10.72.0.1/24"]);
    let end = segment.attach(&neighbour, "lan0", &["10.71.0.2/24"]);
    let judge = Judge::listen(&end, PORT, &[]);

    let interface = interface(&bare);
    let error = sender
        .run(|| BroadcastSocket::bind(&interface, PORT))
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Socket(ifcast::socket::Error::NoAddress { .. })
        ),
        "{error:?}"
    );
    assert_eq!(error.interface(), Some(interface.id()));
    assert_eq!(
        error.to_string(),
        format!(
            "open a socket on {}: it has no IPv4 address",
            interface.id()
        )
    );
    judge.assert_silent();
}

#[test]
fn an_interface_without_ipv4_address_may_broadcast_if_asked_for() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (sender, neighbour) = (lab.host("sender"), lab.host("neighbour"));
    let bare = segment.attach(&sender, "lan0", &[]);
    let end = segment.attach(&neighbour, "lan0", &["10.71.0.2/24"]);
    let judge = Judge::listen(&end, PORT, &[]);

    let interface = interface(&bare);
    for pinning in pinnings() {
        sender.run(|| {
            let builder = BoundSocket::builder(&interface, Family::V4)
                .pinning(pinning)
                .unnumbered(true);
            let socket = BroadcastSocket::new(builder.bind().unwrap()).unwrap();
            socket
                .send_to_port(b"discover", Target::Limited, PORT)
                .unwrap();
            let error = socket
                .send_to_port(b"where?", Target::Directed, PORT)
                .unwrap_err();
            assert!(matches!(error, Error::NoSubnet { .. }), "{error:?}");
        });
        let heard = judge.hear(1);
        assert_eq!(
            (&heard[0].0[..], heard[0].1.ip()),
            (&b"discover"[..], ip("0.0.0.0"))
        );
    }
}

#[test]
fn a_subnet_that_is_gone_is_an_error_and_not_a_datagram_to_the_default_gateway() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (sender, gateway) = (lab.host("sender"), lab.host("gateway"));
    let nic = segment.attach(&sender, "lan0", &["10.71.0.1/24", "10.72.0.1/24"]);
    let end = segment.attach(&gateway, "lan0", &["10.71.0.2/24"]);
    sender.add_default_route(&nic, Some(ip("10.71.0.2")));
    let mut wire = segment.capture();

    for pinning in pinnings() {
        let interface = interface(&nic);
        let builder = BoundSocket::builder(&interface, Family::V4).pinning(pinning);
        let socket = BroadcastSocket::new(sender.run(|| builder.bind()).unwrap()).unwrap();
        nic.remove_address("10.72.0.1/24");
        let error = sender
            .run(|| socket.send_to_port(b"stale", Target::Directed, PORT))
            .unwrap_err();
        assert!(
            matches!(error, Error::Socket(ifcast::socket::Error::Send { .. })),
            "{error:?}"
        );
        nic.add_address("10.72.0.1/24");
    }
    let judge = Judge::listen(&end, PORT, &[]);
    let interface = interface(&nic);
    sender.run(|| {
        let socket = BroadcastSocket::bind(&interface, PORT).unwrap();
        socket.send(b"end", Target::Limited).unwrap();
    });
    assert_eq!(judge.hear(1)[0].0, b"end");
    let frames = wire.frames_until(|frame| frame.udp().is_some_and(|udp| udp.payload == b"end"));
    let stale: Vec<_> = frames
        .iter()
        .filter_map(|frame| frame.udp())
        .filter(|udp| udp.payload == b"stale" && udp.destination.ip() == ip("10.72.0.255"))
        .collect();
    assert!(stale.is_empty(), "{stale:?}");
}

#[test]
fn own_broadcasts_come_back_as_what_they_are() {
    let lab = Lab::new();
    let segment = lab.segment();
    let host = lab.host("host");
    let nic = segment.attach(&host, "lan0", &["10.71.0.1/24"]);
    for pinning in pinnings() {
        let interface = interface(&nic);
        let builder = BoundSocket::builder(&interface, Family::V4)
            .port(PORT)
            .pinning(pinning);
        let mut ear = Ear::on(&nic, || BroadcastSocket::new(builder.bind().unwrap()));
        host.run(|| ear.socket().send(b"echo", Target::Limited).unwrap());
        let heard = ear.hear(1).remove(0);
        assert_eq!(heard.source, "10.71.0.1:2222".parse().unwrap());
        assert_eq!(heard.cast, ifcast::Cast::LimitedBroadcast);
        assert_eq!(heard.interface, interface.id());
    }
}
