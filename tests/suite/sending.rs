//! What is sent on an interface leaves by that interface, from its address.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use ifcast::broadcast::Target;
use ifcast::socket::{BoundSocket, Error, PacketInfo};
use ifcast::{Family, Group, Interface, Pinning};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Judge, interface, ip, pinnings};

const PORT: u16 = 2222;
const COUNT: u16 = 1000;

/// IPv4, and IPv6 of link-local, site-local and global scope.
const GROUPS: [&str; 4] = ["239.71.7.7", "ff02::71:7", "ff05::71:7", "ff0e::71:7"];
const KINDS: usize = 2 + GROUPS.len();

/// A host on two segments, and a judge on each.
struct TwoSegments {
    _lab: Lab,
    _ends: [Host; 2],
    host: Host,
    nics: [Nic; 2],
    judges: [Judge; 2],
}

impl TwoSegments {
    fn new(addresses: [[&str; 3]; 2], ends: [[&str; 3]; 2]) -> Self {
        let lab = Lab::new();
        let segments = [lab.segment(), lab.segment()];
        let host = lab.host("sender");
        let nics = [0, 1].map(|i| {
            let name = ["lan0", "lan1"][i];
            segments[i].attach(&host, name, &addresses[i])
        });
        let end_hosts = ["left", "right"].map(|name| lab.host(name));
        let judges = [0, 1].map(|i| {
            let nic = segments[i].attach(&end_hosts[i], "lan0", &ends[i]);
            Judge::listen(&nic, PORT, &GROUPS.map(ip))
        });
        Self {
            _lab: lab,
            _ends: end_hosts,
            host,
            nics,
            judges,
        }
    }

    fn with_two_subnets() -> Self {
        Self::new(
            [
                ["10.71.0.1/24", "fd71:0::1/64", "fe80::71:1/64"],
                ["10.71.1.1/24", "fd71:1::1/64", "fe80::72:1/64"],
            ],
            [
                ["10.71.0.2/24", "fd71:0::2/64", "fe80::71:2/64"],
                ["10.71.1.2/24", "fd71:1::2/64", "fe80::72:2/64"],
            ],
        )
    }

    fn with_one_subnet() -> Self {
        Self::new(
            [
                ["10.71.0.1/24", "fd71:0::1/64", "fe80::71:1/64"],
                ["10.71.0.3/24", "fd71:0::3/64", "fe80::72:1/64"],
            ],
            [
                ["10.71.0.2/24", "fd71:0::2/64", "fe80::71:2/64"],
                ["10.71.0.4/24", "fd71:0::4/64", "fe80::72:2/64"],
            ],
        )
    }

    /// Sends every kind by each interface in turn, pinned both ways, and has
    /// the judges say what arrived where.
    #[track_caller]
    fn assert_that_everything_leaves_by_its_interface(&self) {
        for pinning in pinnings() {
            for i in [0, 1] {
                let interface = interface(&self.nics[i]);
                self.host.run(|| send_every_kind(&interface, pinning));
                let heard = self.judges[i].hear(KINDS * usize::from(COUNT));
                assert_whole(&heard, &interface);
            }
        }
        for judge in &self.judges {
            judge.assert_silent();
        }
    }
}

fn send_every_kind(interface: &Interface, pinning: Pinning) {
    let [v4, v6] = Family::ALL.map(|family| {
        let builder = BoundSocket::builder(interface, family);
        builder.pinning(pinning).bind().unwrap()
    });
    for number in 0..COUNT {
        for (kind, target) in [Target::Limited, Target::Directed].into_iter().enumerate() {
            let sent = ifcast::broadcast::send(v4.sender(), &payload(kind, number), target, PORT);
            assert_eq!(sent.unwrap(), 1);
        }
        for (kind, group) in (2..).zip(GROUPS) {
            let group: Group = group.parse().unwrap();
            let socket = if group.family() == Family::V4 {
                &v4
            } else {
                &v6
            };
            socket
                .send(&payload(kind, number), group.socket_addr(PORT))
                .unwrap();
        }
    }
}

fn payload(kind: usize, number: u16) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    vec![u8::try_from(kind).unwrap(), high, low]
}

/// Every datagram of every kind once, from the interface's own addresses.
#[track_caller]
fn assert_whole(heard: &[(Vec<u8>, SocketAddr)], interface: &Interface) {
    let mut kinds: BTreeMap<u8, BTreeSet<&[u8]>> = BTreeMap::new();
    for (payload, source) in heard {
        assert!(
            interface.owns(source.ip()),
            "{source} is not of {interface:?}"
        );
        let new = kinds.entry(payload[0]).or_default().insert(&payload[1..]);
        assert!(new, "{payload:?} came twice");
    }
    let counts: Vec<_> = kinds.values().map(BTreeSet::len).collect();
    assert_eq!(counts, [usize::from(COUNT); KINDS]);
}

#[test]
fn a_multihomed_sender_reaches_only_the_interface_it_names_without_any_default_route() {
    TwoSegments::with_two_subnets().assert_that_everything_leaves_by_its_interface();
}

#[test]
fn a_multihomed_sender_reaches_only_the_interface_it_names_whatever_the_default_route() {
    for i in [0, 1] {
        let lan = TwoSegments::with_two_subnets();
        let gateways = [["10.71.0.2", "fd71:0::2"], ["10.71.1.2", "fd71:1::2"]][i];
        for gateway in gateways {
            lan.host.add_default_route(&lan.nics[i], Some(ip(gateway)));
        }
        lan.assert_that_everything_leaves_by_its_interface();
    }
}

#[test]
fn a_sender_with_two_interfaces_in_one_subnet_reaches_only_the_one_it_names() {
    TwoSegments::with_one_subnet().assert_that_everything_leaves_by_its_interface();
}

#[test]
fn a_unicast_to_the_other_segment_does_not_leave_by_the_route_there() {
    let lan = TwoSegments::with_two_subnets();
    for pinning in pinnings() {
        for destination in ["10.71.1.2", "fd71:1::2"].map(ip) {
            let interface = interface(&lan.nics[0]);
            lan.host.run(|| {
                let family = Family::of(destination);
                let builder = BoundSocket::builder(&interface, family).pinning(pinning);
                let socket = builder.bind().unwrap();
                // It may be refused or looked for in vain on the named segment.
                let _ = socket.send(b"lost?", SocketAddr::new(destination, PORT));
            });
        }
    }
    for judge in &lan.judges {
        judge.assert_silent();
    }
}

#[test]
fn no_destination_is_an_error_where_linux_would_take_the_loopback_interface() {
    let lan = TwoSegments::with_two_subnets();
    let judge = Judge::listen(&lan.nics[0], PORT, &[]);
    for pinning in pinnings() {
        for destination in ["0.0.0.0", "::"].map(ip) {
            let interface = interface(&lan.nics[0]);
            let result = lan.host.run(|| {
                let builder = BoundSocket::builder(&interface, Family::of(destination));
                let socket = builder.pinning(pinning).bind().unwrap();
                socket.send(b"whither?", SocketAddr::new(destination, PORT))
            });
            assert!(
                matches!(result, Err(Error::NoDestination { .. })),
                "{result:?}"
            );
        }
    }
    judge.assert_silent();
}

#[test]
fn a_link_local_destination_may_leave_its_scope_open() {
    let lan = TwoSegments::with_two_subnets();
    for pinning in pinnings() {
        for (i, destination) in ["fe80::71:2", "fe80::72:2"].into_iter().enumerate() {
            let interface = interface(&lan.nics[i]);
            lan.host.run(|| {
                let builder = BoundSocket::builder(&interface, Family::V6).pinning(pinning);
                let socket = builder.bind().unwrap();
                socket
                    .send(b"here", SocketAddr::new(ip(destination), PORT))
                    .unwrap();
            });
            let (_, source) = lan.judges[i].hear(1).remove(0);
            assert!(interface.owns(source.ip()), "{source}");
        }
    }
}

#[test]
fn a_destination_scope_or_packet_info_of_another_interface_is_an_error() {
    let lan = TwoSegments::with_two_subnets();
    let [own, other] = [0, 1].map(|i| interface(&lan.nics[i]));
    for pinning in pinnings() {
        lan.host.run(|| {
            let [v4, v6] = Family::ALL.map(|family| {
                let builder = BoundSocket::builder(&own, family);
                builder.pinning(pinning).bind().unwrap()
            });
            let foreign = other.index().get();

            for scoped in ["ff02::71:7", "ff05::71:7", "fe80::72:2"] {
                let destination = SocketAddrV6::new(scoped.parse().unwrap(), PORT, 0, foreign);
                let error = v6.send(b"astray", destination.into()).unwrap_err();
                assert!(
                    matches!(error, Error::ForeignInterface { named, .. } if named == foreign),
                    "{error:?}"
                );
            }

            let by_the_other = PacketInfo {
                interface: Some(other.index()),
                ..PacketInfo::default()
            };
            for (socket, group) in [(&v4, "239.71.7.7"), (&v6, "ff02::71:7")] {
                let destination = SocketAddr::new(ip(group), PORT);
                let error = socket
                    .send_with(b"astray", destination, by_the_other)
                    .unwrap_err();
                assert!(matches!(error, Error::ForeignInterface { .. }), "{error:?}");
                assert_eq!(
                    error.to_string(),
                    format!(
                        "send on {}: the interface with index {foreign} is not this socket's",
                        own.id()
                    )
                );
            }

            let from_the_other = PacketInfo {
                source: Some(other.ipv4()[0].address().into()),
                ..PacketInfo::default()
            };
            let everyone = SocketAddr::new(ip("255.255.255.255"), PORT);
            let error = v4
                .send_with(b"astray", everyone, from_the_other)
                .unwrap_err();
            assert!(matches!(error, Error::ForeignSource { .. }), "{error:?}");
        });
    }
    for judge in &lan.judges {
        judge.assert_silent();
    }
}

#[test]
fn a_source_can_be_chosen_among_the_interfaces_addresses() {
    let lan = TwoSegments::with_two_subnets();
    lan.nics[0].add_address("10.71.9.1/24");
    let interface = interface(&lan.nics[0]);
    for pinning in pinnings() {
        for source in ["10.71.0.1", "10.71.9.1", "fd71:0::1", "fe80::71:1"].map(ip) {
            let group = if source.is_ipv4() {
                "239.71.7.7"
            } else {
                "ff02::71:7"
            };
            lan.host.run(|| {
                let builder = BoundSocket::builder(&interface, Family::of(source));
                let socket = builder.pinning(pinning).bind().unwrap();
                let info = PacketInfo {
                    source: Some(source),
                    interface: Some(interface.index()),
                    ..PacketInfo::default()
                };
                let destination = SocketAddr::new(ip(group), PORT);
                socket.send_with(b"from", destination, info).unwrap();
            });
            let heard: Vec<IpAddr> = lan.judges[0]
                .hear(1)
                .iter()
                .map(|(_, source)| source.ip())
                .collect();
            assert_eq!(heard, [source]);
        }
    }
}
