//! `socat`: datagrams of every kind, in both directions.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::time::{Duration, Instant};

use ifcast::broadcast::{BroadcastSocket, Target};
use ifcast::multicast::MulticastSocket;
use ifcast::socket::BoundSocket;
use ifcast::{Cast, Event, Family, Group, Lan};
use ifcast_netlab::Nic;
use ifcast_tests::{Heard, Program, interface, ip, is_installed, pinnings};

use crate::Neighbourhood;
use crate::peer::await_listener;

const PORT: u16 = 2222;
const SOCATS_PORT: u16 = 7777;
const PATIENCE: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_millis(100);

/// What a datagram was sent to on each segment, and from where.
struct Kind {
    cast: Cast,
    destinations: [&'static str; 2],
    our_sources: [&'static str; 2],
    socats_sources: [&'static str; 2],
}

const LIMITED: Kind = Kind {
    cast: Cast::LimitedBroadcast,
    destinations: ["255.255.255.255"; 2],
    our_sources: ["10.71.0.1", "10.71.1.1"],
    socats_sources: ["10.71.0.2", "10.71.1.2"],
};

const DIRECTED: Kind = Kind {
    cast: Cast::DirectedBroadcast,
    destinations: ["10.71.0.255", "10.71.1.255"],
    ..LIMITED
};

const MULTICAST: Kind = Kind {
    cast: Cast::Multicast,
    destinations: ["239.71.7.7"; 2],
    ..LIMITED
};

const LINK_LOCAL_MULTICAST: Kind = Kind {
    cast: Cast::Multicast,
    destinations: ["ff02::71:7"; 2],
    our_sources: ["fe80::71:1", "fe80::72:1"],
    socats_sources: ["fe80::71:2", "fe80::72:2"],
};

const SITE_LOCAL_MULTICAST: Kind = Kind {
    cast: Cast::Multicast,
    destinations: ["ff05::71:7"; 2],
    our_sources: ["fd71:0::1", "fd71:1::1"],
    socats_sources: ["fd71:0::2", "fd71:1::2"],
};

#[test]
fn socat_hears_our_limited_broadcasts_only_on_the_segment_they_are_for() {
    assert_that_socat_hears(&LIMITED);
}

#[test]
fn socat_hears_our_directed_broadcasts_only_on_the_segment_they_are_for() {
    assert_that_socat_hears(&DIRECTED);
}

#[test]
fn socat_hears_our_ipv4_multicasts_only_on_the_segment_they_are_for() {
    assert_that_socat_hears(&MULTICAST);
}

#[test]
fn socat_hears_our_link_local_ipv6_multicasts_only_on_the_segment_they_are_for() {
    assert_that_socat_hears(&LINK_LOCAL_MULTICAST);
}

#[test]
fn socat_hears_our_wider_ipv6_multicasts_only_on_the_segment_they_are_for() {
    assert_that_socat_hears(&SITE_LOCAL_MULTICAST);
}

#[test]
fn a_limited_broadcast_from_socat_is_heard_for_what_it_is() {
    assert_that_we_hear(&LIMITED);
}

#[test]
fn a_directed_broadcast_from_socat_is_heard_for_what_it_is() {
    assert_that_we_hear(&DIRECTED);
}

#[test]
fn an_ipv4_multicast_from_socat_is_heard_for_what_it_is() {
    assert_that_we_hear(&MULTICAST);
}

#[test]
fn a_link_local_ipv6_multicast_from_socat_is_heard_for_what_it_is() {
    assert_that_we_hear(&LINK_LOCAL_MULTICAST);
}

#[test]
fn a_wider_ipv6_multicast_from_socat_is_heard_for_what_it_is() {
    assert_that_we_hear(&SITE_LOCAL_MULTICAST);
}

/// Sends by each interface in turn, and has the `socat` there say what came
/// before it is the other's turn, so that what goes astray is heard first.
#[track_caller]
fn assert_that_socat_hears(kind: &Kind) {
    if !is_installed("socat") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let ears = [0, 1].map(|i| listen(&neighbourhood.neighbours[i], ip(kind.destinations[i])));
    for pinning in pinnings() {
        for (i, ear) in ears.iter().enumerate() {
            let destination = ip(kind.destinations[i]);
            let interface = interface(&neighbourhood.nics[i]);
            let builder = BoundSocket::builder(&interface, Family::of(destination));
            let open = || builder.pinning(pinning).bind().unwrap();
            let socket = neighbourhood.ours.run(open);
            let source = SocketAddr::new(ip(kind.our_sources[i]), socket.port());
            let payload = format!("pinned {pinning}");
            send(socket, payload.as_bytes(), destination);
            let expected = (source, destination, "lan0".to_owned(), payload);
            assert_eq!(parse(&ear.line()), expected);
        }
    }
    for ear in &ears {
        ear.assert_silent();
    }
}

/// Starts a `socat` that prints a line for each datagram; see [`parse`].
fn listen(nic: &Nic, destination: IpAddr) -> Program {
    let name = nic.name();
    let group = Group::new(destination).ok();
    let (listener, variables) = if destination.is_ipv4() {
        let join = group.map(|group| format!(",ip-add-membership={group}:{name}"));
        (
            format!(
                "UDP4-RECVFROM:{PORT},fork,ip-pktinfo{}",
                join.unwrap_or_default()
            ),
            "$SOCAT_IP_DSTADDR $SOCAT_IP_IF",
        )
    } else {
        let join = group.map(|group| format!(",ipv6-join-group=[{group}]:{name}"));
        (
            format!(
                "UDP6-RECVFROM:{PORT},fork,ipv6only,ipv6-recvpktinfo{}",
                join.unwrap_or_default()
            ),
            "$SOCAT_IPV6_DSTADDR $SOCAT_IPV6_IF",
        )
    };
    let print = format!("SYSTEM:echo $SOCAT_PEERADDR $SOCAT_PEERPORT {variables} $(cat)");
    let peer = Program::start(nic.host(), "socat", &["-u", &listener, &print]);
    await_listener(nic.host(), SocketAddr::new(destination, PORT));
    peer
}

/// Source, destination, interface and payload. Of a link-local source `socat`
/// does not tell the scope.
#[track_caller]
fn parse(line: &str) -> (SocketAddr, IpAddr, String, String) {
    let fields: Vec<_> = line.splitn(5, ' ').collect();
    let &[source, port, destination, interface, payload] = fields.as_slice() else {
        panic!("{line}");
    };
    let address = |text: &str| ip(text.trim_matches(['[', ']']));
    (
        SocketAddr::new(address(source), port.parse().unwrap()),
        address(destination),
        interface.to_owned(),
        payload.to_owned(),
    )
}

fn send(socket: BoundSocket, payload: &[u8], destination: IpAddr) {
    if let Ok(group) = Group::new(destination) {
        let socket = MulticastSocket::new(socket);
        socket.send_to_port(payload, group, PORT).unwrap();
    } else {
        let socket = BroadcastSocket::new(socket).unwrap();
        let target = if destination == Ipv4Addr::BROADCAST {
            Target::Limited
        } else {
            Target::Directed
        };
        assert_eq!(socket.send_to_port(payload, target, PORT).unwrap(), 1);
    }
}

/// Has the `socat` of each segment send in turn to a host that listens on both.
#[track_caller]
fn assert_that_we_hear(kind: &Kind) {
    if !is_installed("socat") {
        return;
    }
    for pinning in pinnings() {
        // Another test's program, between fork and exec, may hold the sockets of
        // the last round, and so its port.
        let neighbourhood = Neighbourhood::new();
        let mut builder = Lan::builder().port(PORT).pinning(pinning);
        if let Ok(group) = Group::new(ip(kind.destinations[0])) {
            builder = builder.join(group);
        }
        let mut lan = neighbourhood.ours.run(|| builder.build().unwrap());
        assert!(lan.failures().is_empty(), "{lan:?}");

        for i in [0, 1] {
            let (destination, source) = (ip(kind.destinations[i]), ip(kind.socats_sources[i]));
            let _socat = speak(&neighbourhood.neighbours[i], "hello", destination);
            let heard = hear(&mut lan);
            let arrival = interface(&neighbourhood.nics[i]).id();
            let expected = Heard {
                payload: b"hello\n".to_vec(),
                source: scoped(source, arrival.index().get()),
                destination,
                cast: kind.cast,
                interface: arrival,
                hops: heard.hops,
                traffic_class: None,
                truncated: false,
            };
            assert_eq!(heard, expected, "{pinning}");
        }
        let more = lan.poll(Some(SILENCE), |event| panic!("{event:?}"));
        assert_eq!(more.unwrap(), 0);
    }
}

/// Starts a `socat` that sends one datagram, a line, and ends.
fn speak(nic: &Nic, line: &str, destination: IpAddr) -> Program {
    // Its host has no other interface, but may not tie it to this one.
    nic.host().add_default_route(nic, None);
    let print = format!("EXEC:echo {line}");
    let target = if destination.is_ipv4() {
        format!("UDP4-DATAGRAM:{destination}:{PORT},broadcast,bind=:{SOCATS_PORT}")
    } else {
        format!("UDP6-DATAGRAM:[{destination}]:{PORT},bind=[::]:{SOCATS_PORT}")
    };
    Program::start(nic.host(), "socat", &["-u", &print, &target])
}

/// The next datagram, which must come in time.
#[track_caller]
fn hear(lan: &mut Lan) -> Heard {
    let deadline = Instant::now() + PATIENCE;
    let mut heard = Vec::new();
    while heard.is_empty() {
        assert!(Instant::now() < deadline, "heard nothing");
        let poll = lan.poll(Some(SILENCE), |event| match event {
            Event::Datagram(datagram) => heard.push(Heard::from(&*datagram)),
            event => panic!("{event:?}"),
        });
        poll.unwrap();
    }
    assert_eq!(heard.len(), 1, "{heard:?}");
    heard.remove(0)
}

/// As a source is given: only a link-local one has a scope.
fn scoped(address: IpAddr, scope: u32) -> SocketAddr {
    match address {
        IpAddr::V6(address) if address.is_unicast_link_local() => {
            SocketAddrV6::new(address, SOCATS_PORT, 0, scope).into()
        }
        _ => SocketAddr::new(address, SOCATS_PORT),
    }
}
