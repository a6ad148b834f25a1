//! Bad input is a typed error that names the interface and the attempt, and
//! nothing that is open already is lost.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io;

use ifcast::broadcast::BroadcastSocket;
use ifcast::multicast::MulticastSocket;
use ifcast::socket::{BoundSocket, Error};
use ifcast::{Family, Group, Lan, Pinning, Selector, Sharing, To};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Judge, interface, occupy, pinnings, tightest};

const PORT: u16 = 2222;

/// A host with an open LAN, and a judge who hears whether it still works.
struct Open {
    _lab: Lab,
    host: Host,
    nic: Nic,
    lan: Lan,
    judge: Judge,
}

impl Open {
    fn new(addresses: &[&str]) -> Self {
        let lab = Lab::new();
        let segment = lab.segment();
        let (host, neighbour) = (lab.host("host"), lab.host("neighbour"));
        let nic = segment.attach(&host, "lan0", addresses);
        let end = segment.attach(&neighbour, "lan0", &["10.71.0.2/24"]);
        let judge = Judge::listen(&end, PORT, &[]);
        let lan = host.run(|| Lan::builder().port(PORT).build()).unwrap();
        Self {
            _lab: lab,
            host,
            nic,
            lan,
            judge,
        }
    }

    #[track_caller]
    fn assert_still_open(&mut self) {
        let report = self.lan.send(b"still here", To::AllHosts);
        assert_eq!(report.sent(), 1, "{report}");
        assert_eq!(self.judge.hear(1)[0].0, b"still here");
    }
}

#[test]
fn an_unknown_interface_is_named_in_the_error() {
    let mut open = Open::new(&["10.71.0.1/24"]);
    let selector = Selector::name("nonesuch0".parse().unwrap());
    let builder = Lan::builder().interfaces(selector).port(PORT);
    let error = open.host.run(|| builder.build()).unwrap_err();
    assert!(
        matches!(error, ifcast::Error::NoInterface { .. }),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "open a LAN: no interface is selected by \"name nonesuch0\""
    );
    open.assert_still_open();
}

#[test]
fn an_interface_that_has_vanished_is_an_error_that_names_it() {
    let open = Open::new(&["10.71.0.1/24", "fe80::71:1/64"]);
    let gone = interface(&open.nic);
    open.nic.delete();
    for family in Family::ALL {
        for pinning in pinnings() {
            let builder = BoundSocket::builder(&gone, family).pinning(pinning);
            let error = open.host.run(|| builder.bind()).unwrap_err();
            assert!(matches!(error, Error::Pin { .. }), "{pinning:?}: {error:?}");
            assert_eq!(error.interface(), Some(gone.id()));
            let start = format!("tie a socket to {} ({pinning}): ", gone.id());
            assert!(error.to_string().starts_with(&start), "{error}");
        }
    }
}

#[test]
fn an_address_that_is_no_group_is_refused_before_any_socket_is_asked() {
    for address in ["10.71.0.2", "255.255.255.255", "fe80::1", "::"] {
        let error = address.parse::<Group>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{address} is not a multicast group")
        );
    }
}

#[test]
fn a_port_in_use_is_an_error_that_names_port_and_interface() {
    let mut open = Open::new(&["10.71.0.1/24", "fe80::71:1/64"]);
    let interface = interface(&open.nic);
    // Our own LAN has its port to itself if that is the port of devices.
    let (port, _owners) = if tightest() == Pinning::Device {
        (PORT, None)
    } else {
        let owners = Family::ALL.map(|family| occupy(&open.nic, family, PORT + 1));
        (PORT + 1, Some(owners))
    };
    for sharing in [Sharing::Exclusive, Sharing::WithOthers] {
        let builder = BoundSocket::builder(&interface, Family::V4)
            .port(port)
            .sharing(sharing);
        let error = open.host.run(|| builder.bind()).unwrap_err();
        assert!(
            matches!(error, Error::Bind { port: named, .. } if named == port),
            "{error:?}"
        );
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let start = format!("bind IPv4 UDP port {port} on {}: ", interface.id());
        assert!(error.to_string().starts_with(&start), "{error}");
    }
    let error = open
        .host
        .run(|| BroadcastSocket::bind(&interface, port))
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    let error = open
        .host
        .run(|| Lan::builder().port(port).build())
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    open.assert_still_open();
}

#[test]
fn a_port_can_be_shared_with_others_who_agree() {
    let lab = Lab::new();
    let segment = lab.segment();
    let host = lab.host("host");
    let nic = segment.attach(&host, "lan0", &["10.71.0.1/24"]);
    let interface = interface(&nic);
    for pinning in pinnings() {
        let builder = BoundSocket::builder(&interface, Family::V4)
            .port(PORT)
            .pinning(pinning)
            .sharing(Sharing::WithOthers);
        let sockets = [builder.clone(), builder].map(|b| host.run(|| b.bind()));
        assert!(sockets.iter().all(Result::is_ok), "{sockets:?}");
    }
}

#[test]
fn a_family_that_the_interface_lacks_is_an_error_that_names_both() {
    let mut open = Open::new(&["10.71.0.1/24"]);
    let interface = interface(&open.nic);
    for pinning in pinnings() {
        let builder = BoundSocket::builder(&interface, Family::V6).pinning(pinning);
        let error = open.host.run(|| builder.bind()).unwrap_err();
        assert!(matches!(error, Error::NoAddress { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!(
                "open a socket on {}: it has no IPv6 address",
                interface.id()
            )
        );
    }
    let error = open
        .host
        .run(|| MulticastSocket::bind(&interface, Family::V6, PORT));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .ends_with("it has no IPv6 address")
    );
    open.assert_still_open();
}

#[test]
fn a_destination_of_the_other_family_is_an_error_that_names_it() {
    let mut open = Open::new(&["10.71.0.1/24", "fe80::71:1/64"]);
    let interface = interface(&open.nic);
    for (family, destination) in [
        (Family::V4, "[ff02::71:7]:2222"),
        (Family::V6, "239.71.7.7:2222"),
    ] {
        let builder = BoundSocket::builder(&interface, family);
        let socket = open.host.run(|| builder.bind()).unwrap();
        let error = socket.send(b"x", destination.parse().unwrap()).unwrap_err();
        assert!(matches!(error, Error::WrongFamily { .. }), "{error:?}");
        assert!(
            error
                .to_string()
                .contains(&format!("is not an {family} address")),
            "{error}"
        );
    }
    open.assert_still_open();
}

#[test]
fn news_of_another_interface_are_refused() {
    let lab = Lab::new();
    let host = lab.host("host");
    let [own, other] =
        ["lan0", "lan1"].map(|name| lab.segment().attach(&host, name, &["10.71.0.1/24"]));
    let (own, other) = (interface(&own), interface(&other));
    let mut socket = host
        .run(|| BoundSocket::builder(&own, Family::V4).bind())
        .unwrap();
    let error = socket.refresh(&other).unwrap_err();
    assert!(matches!(error, Error::Refresh { .. }), "{error:?}");
    socket.refresh(&own).unwrap();
}
