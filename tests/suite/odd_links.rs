//! Groups on links that are not just a card on a LAN.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::Ipv4Addr;
use std::time::Duration;

use ifcast::multicast::{MulticastSocket, State};
use ifcast::socket::BoundSocket;
use ifcast::{Family, Group, Lan, SourceFilter};
use ifcast_netlab::{AddressOptions, Host, Lab, Nic};
use ifcast_tests::{Ear, interface, ip, wait_until};

const PORT: u16 = 2222;

fn group(text: &str) -> Group {
    text.parse().unwrap()
}

fn member(nic: &Nic, group: Group) -> MulticastSocket {
    let ours = interface(nic);
    nic.host().run(|| {
        let mut socket = MulticastSocket::bind(&ours, group.family(), PORT).unwrap();
        socket.join(group).unwrap();
        socket.verify().unwrap();
        socket
    })
}

fn state(socket: &MulticastSocket) -> String {
    let membership = socket.memberships().next().unwrap();
    membership.state().to_string()
}

fn say(nic: &Nic, text: &[u8], group: Group) {
    let theirs = interface(nic);
    let builder = BoundSocket::builder(&theirs, group.family());
    let socket = nic.host().run(|| builder.bind()).unwrap();
    socket.send(text, group.socket_addr(PORT)).unwrap();
}

#[test]
fn loopback_carries_ipv4_groups_and_says_that_it_does_not_carry_ipv6_ones() {
    let lab = Lab::new();
    let host = lab.host("host");
    let lo = host.nic("lo");
    let v4 = group("239.71.7.7");
    let socket = member(&lo, v4);
    assert_eq!(state(&socket), "joined");
    let mut ear = Ear::to(socket);
    say(&lo, b"to oneself", v4);
    assert_eq!(ear.hear(1)[0].payload, b"to oneself");

    let v6 = group("ff02::71:7");
    let socket = member(&lo, v6);
    let error = host.run(|| socket.send(b"to oneself", v6)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("unreachable"), "{text}");
}

#[test]
fn siblings_on_one_card_hear_each_other_and_their_parent_does_not() {
    let lab = Lab::new();
    let host = lab.host("host");
    let card = lab.segment().attach(&host, "lan0", &["10.71.0.1/24"]);
    // In containers, as it were: one host does not hear itself through a link.
    let [one, other] = ["10.71.0.2/24", "10.71.0.3/24"].map(|address| {
        host.add_macvlan("container0", &card);
        let container = lab.host(address);
        let nic = host.nic("container0").move_to(&container);
        nic.set_up(true);
        nic.add_address(address);
        nic
    });
    let group = group("239.71.7.7");
    let sockets = [&card, &one, &other].map(|nic| member(nic, group));
    assert_eq!([0, 1, 2].map(|i| state(&sockets[i])), ["joined"; 3]);
    let [mut parents, mut ones, mut others] = sockets.map(Ear::to);
    say(&one, b"hello", group);
    assert_eq!(others.hear(1)[0].payload, b"hello");
    assert_eq!(ones.hear(1)[0].payload, b"hello"); // its own, which comes back
    parents.assert_silent();
}

#[test]
fn a_tunnel_is_joined_like_any_other_link() {
    let lab = Lab::new();
    let host = lab.host("host");
    let (local, peer) = (Ipv4Addr::new(10, 71, 0, 1), Ipv4Addr::new(10, 71, 0, 2));
    if let Err(error) = host.try_add_tun("tun0", local, peer) {
        eprintln!("NOT TESTED: no tun here: {error}");
        return;
    }
    let tun = host.nic("tun0");
    let group = group("239.71.7.7");
    let socket = member(&tun, group);
    assert!(socket.groups().eq([group]));
    let mut ear = Ear::to(socket);
    say(&tun, b"hello", group);
    assert_eq!(ear.hear(1)[0].source.ip(), ip("10.71.0.1"));
}

#[test]
fn a_membership_waits_until_the_address_is_known_to_be_unique() {
    let lab = Lab::new();
    let (host, segment) = (lab.host("host"), lab.segment());
    let nic = segment.attach(&host, "lan0", &[]);
    nic.add_address_with(
        "fe80::71:1/64",
        AddressOptions {
            dad: true,
            ..AddressOptions::default()
        },
    );
    let mut socket = member(&nic, group("ff02::71:7"));
    let mut pending = 0;
    wait_until("the address is known to be unique", || {
        let is_joined = state(&socket) == "joined";
        if !is_joined {
            let membership = socket.memberships().next().unwrap();
            assert!(matches!(membership.state(), State::JoinedPendingLink));
            pending += 1;
            host.run(|| socket.verify()).unwrap();
        }
        is_joined
    });
    assert!(pending > 0, "detection takes a second");
}

#[test]
fn a_lan_joins_from_whom_it_is_told() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (host, other) = (lab.host("host"), lab.host("other"));
    segment.attach(&host, "lan0", &["10.71.0.1/24"]);
    let far = segment.attach(&other, "lan0", &["10.71.0.2/24"]);
    let group = group("239.71.7.7");
    let open = |host: &Host, filter| {
        let builder = Lan::builder().families(&[Family::V4]).port(PORT);
        host.run(|| builder.join_from(group, filter).build())
            .unwrap()
    };
    for (filter, expected) in [
        (SourceFilter::Include([ip("10.71.0.2")].into()), 1),
        (SourceFilter::Exclude([ip("10.71.0.2")].into()), 0),
    ] {
        let mut lan = open(&host, filter);
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        say(&far, b"hello", group);
        let heard = lan.poll(Some(Duration::from_millis(100)), |_| {});
        assert_eq!(heard.unwrap(), expected);
    }
}
