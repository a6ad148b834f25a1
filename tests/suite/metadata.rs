//! What the kernel says of a datagram when it is asked, and only then.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use ifcast::multicast::MulticastSocket;
use ifcast::socket::{
    BoundSocket, Builder, Error, PacketInfo, Receive, SendBatch, SharedSocket, ToSend,
};
use ifcast::{Datagram, Event, Family, Interface, Lan, Metadata, Pinning, RecvBatch, Sockets};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, interface, ip, pinnings, tightest};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(10);
/// By how much the clock may be set back or forth meanwhile.
const ADJUSTMENT: Duration = Duration::from_millis(10);

const NOTHING: Metadata = Metadata {
    hops: false,
    traffic_class: false,
    timestamp: false,
    drops: false,
};
const EVERYTHING: Metadata = Metadata {
    hops: true,
    traffic_class: true,
    timestamp: true,
    drops: true,
};
/// Nothing, each alone, and everything.
const ASKED: [Metadata; 6] = [
    NOTHING,
    Metadata {
        hops: true,
        ..NOTHING
    },
    Metadata {
        traffic_class: true,
        ..NOTHING
    },
    Metadata {
        timestamp: true,
        ..NOTHING
    },
    Metadata {
        drops: true,
        ..NOTHING
    },
    EVERYTHING,
];
/// DSCP and ECN: neither, EF, EF that met congestion, ECN alone, all bits.
const TRAFFIC_CLASSES: [u8; 5] = [0, 0xb8, 0xbb, 0x01, 0xff];

/// What was told of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    hops: Option<u8>,
    traffic_class: Option<u8>,
    timestamp: Option<SystemTime>,
    drops: Option<u32>,
}

impl From<&Datagram<'_>> for Told {
    fn from(datagram: &Datagram<'_>) -> Self {
        Self {
            hops: datagram.hops(),
            traffic_class: datagram.traffic_class(),
            timestamp: datagram.timestamp(),
            drops: datagram.drops(),
        }
    }
}

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
        let nic_a = segment.attach(&a, "lan0", &["10.71.0.1/24", "fd71::1/64"]);
        let nic_b = segment.attach(&b, "lan0", &["10.71.0.2/24", "fd71::2/64"]);
        Self {
            _lab: lab,
            a,
            b,
            nic_a,
            nic_b,
        }
    }

    /// A socket of somebody else's.
    fn speaker(&self, family: Family) -> Socket {
        let socket = self.a.run(|| plain(family)).unwrap();
        match family {
            Family::V4 => {
                socket.set_broadcast(true).unwrap();
                let own = [10, 71, 0, 1].into();
                socket.set_multicast_if_v4(&own).unwrap();
            }
            Family::V6 => socket.set_multicast_if_v6(self.nic_a.index()).unwrap(),
        }
        socket
    }

    /// A member of the group of `destinations`.
    fn listener(&self, family: Family, pinning: Pinning, asked: Metadata) -> MulticastSocket {
        let interface = interface(&self.nic_b);
        let builder = BoundSocket::builder(&interface, family)
            .port(PORT)
            .pinning(pinning)
            .coalesce(true)
            .metadata(asked);
        let mut socket = MulticastSocket::new(self.b.run(|| builder.bind()).unwrap());
        socket.join(group(family).parse().unwrap()).unwrap();
        socket
    }
}

fn plain(family: Family) -> io::Result<Socket> {
    let domain = match family {
        Family::V4 => Domain::IPV4,
        Family::V6 => Domain::IPV6,
    };
    Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))
}

fn group(family: Family) -> &'static str {
    match family {
        Family::V4 => "239.71.7.7",
        Family::V6 => "ff05::71:7",
    }
}

fn destinations(family: Family) -> &'static [&'static str] {
    match family {
        Family::V4 => &["10.71.0.2", "10.71.0.255", "239.71.7.7"],
        Family::V6 => &["fd71::2", "ff05::71:7"],
    }
}

fn set_traffic_class(socket: SockRef<'_>, family: Family, value: u8) {
    match family {
        Family::V4 => socket.set_tos_v4(value.into()),
        Family::V6 => socket.set_tclass_v6(value.into()),
    }
    .unwrap();
}

/// What is told of the next `count` datagrams, which must come in time.
#[track_caller]
fn receive(socket: &impl Receive, count: usize) -> Vec<Told> {
    let (deadline, mut told) = (Instant::now() + PATIENCE, Vec::new());
    let mut batch = RecvBatch::new();
    while told.len() < count {
        assert!(Instant::now() < deadline, "{} of {count}", told.len());
        match socket.recv_batch(&mut batch) {
            Ok(received) => told.extend(received.map(|datagram| Told::from(&datagram))),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
    assert_eq!(told.len(), count);
    told
}

/// What is queued, of which nobody knows how much.
fn drain(socket: &BoundSocket) -> Vec<Told> {
    let (mut batch, mut told) = (RecvBatch::new(), Vec::new());
    while let Ok(received) = socket.recv_batch(&mut batch) {
        told.extend(received.map(|datagram| Told::from(&datagram)));
    }
    told
}

#[track_caller]
fn assert_between(before: SystemTime, timestamp: Option<SystemTime>) {
    let (timestamp, after) = (timestamp.unwrap(), SystemTime::now());
    assert!(
        before - ADJUSTMENT <= timestamp && timestamp <= after + ADJUSTMENT,
        "{before:?} <= {timestamp:?} <= {after:?}"
    );
}

#[test]
fn what_is_asked_for_is_told_and_nothing_else() {
    let pair = Pair::new();
    for family in Family::ALL {
        let speaker = pair.speaker(family);
        set_traffic_class(SockRef::from(&speaker), family, 0xb8);
        for (asked, pinning) in ASKED
            .into_iter()
            .flat_map(|asked| pinnings().map(move |p| (asked, p)))
        {
            let listener = pair.listener(family, pinning, asked);
            for destination in destinations(family) {
                let before = SystemTime::now();
                let to = SocketAddr::new(ip(destination), PORT);
                speaker.send_to(b"x", &to.into()).unwrap();
                let told = receive(&listener, 1).remove(0);
                let hops = if ip(destination).is_multicast() {
                    1
                } else {
                    64
                };
                let context = format!("{asked:?} {destination}");
                assert_eq!(told.hops, asked.hops.then_some(hops), "{context}");
                let traffic_class = asked.traffic_class.then_some(0xb8);
                assert_eq!(told.traffic_class, traffic_class, "{context}");
                assert_eq!(told.timestamp.is_some(), asked.timestamp, "{context}");
                if asked.timestamp {
                    assert_between(before, told.timestamp);
                }
                assert_eq!(told.drops, None, "{context}"); // there were none
            }
        }
    }
}

#[test]
fn a_traffic_class_is_told_as_it_was_sent_congestion_bits_and_all() {
    let pair = Pair::new();
    for family in Family::ALL {
        let speaker = pair.speaker(family);
        let listener = pair.listener(family, tightest(), EVERYTHING);
        for traffic_class in TRAFFIC_CLASSES {
            set_traffic_class(SockRef::from(&speaker), family, traffic_class);
            for destination in destinations(family) {
                let to = SocketAddr::new(ip(destination), PORT);
                speaker.send_to(b"x", &to.into()).unwrap();
                let told = receive(&listener, 1).remove(0);
                assert_eq!(told.traffic_class, Some(traffic_class), "{destination}");
            }
        }
    }
}

#[test]
fn a_lan_passes_on_what_is_to_be_told() {
    let pair = Pair::new();
    for sockets in [Sockets::PerInterface, Sockets::Shared] {
        let builder = Lan::builder().port(PORT).sockets(sockets);
        let builder = builder.metadata(EVERYTHING);
        let mut lan = pair.b.run(|| builder.build()).unwrap();
        for family in Family::ALL {
            let speaker = pair.speaker(family);
            set_traffic_class(SockRef::from(&speaker), family, 0x20);
            let before = SystemTime::now();
            let to = SocketAddr::new(ip(destinations(family)[0]), PORT);
            speaker.send_to(b"x", &to.into()).unwrap();
            let (deadline, mut told) = (Instant::now() + PATIENCE, None);
            while told.is_none() && Instant::now() < deadline {
                lan.poll(Some(PATIENCE), |event| {
                    if let Event::Datagram(incoming) = event {
                        told = Some(Told::from(&*incoming));
                    }
                })
                .unwrap();
            }
            let told = told.unwrap();
            assert_eq!((told.hops, told.traffic_class), (Some(64), Some(0x20)));
            assert_between(before, told.timestamp);
        }
    }
}

/// A host that talks to itself, which passes on what the kernel was to split as it
/// is.
struct Loopback {
    host: Host,
    lo: Interface,
    family: Family,
}

impl Loopback {
    fn new(family: Family) -> Self {
        let host = Lab::new().host("host");
        let lo = interface(&host.nic("lo"));
        Self { host, lo, family }
    }

    fn open(
        &self,
        configure: impl FnOnce(Builder<&Interface>) -> Builder<&Interface> + Send,
    ) -> BoundSocket {
        let bind = || configure(BoundSocket::builder(&self.lo, self.family)).bind();
        self.host.run(bind).unwrap()
    }

    fn send(&self, from: &BoundSocket, to: &BoundSocket, count: usize) {
        let own = if self.family == Family::V4 {
            "127.0.0.1"
        } else {
            "::1"
        };
        let datagram = ToSend {
            payload: &[7; 100],
            destination: SocketAddr::new(ip(own), to.port()),
        };
        let sent = from.send_batch(&mut SendBatch::new(), &vec![datagram; count]);
        assert!(sent.is_complete(), "{sent:?}");
    }
}

#[test]
fn drops_are_told_of_what_came_after_the_first_and_as_many_as_there_were() {
    const SENT: usize = 500;
    for family in Family::ALL {
        for asked in [
            Metadata {
                drops: true,
                ..NOTHING
            },
            EVERYTHING,
        ] {
            let loopback = Loopback::new(family);
            let sender = loopback.open(|builder| builder);
            let receiver = loopback.open(|builder| builder.metadata(asked).receive_buffer(4096));
            loopback.send(&sender, &receiver, 1);
            assert_eq!(receive(&receiver, 1)[0].drops, None);

            for _ in 0..SENT {
                loopback.send(&sender, &receiver, 1);
            }
            let queued = drain(&receiver);
            assert!(
                !queued.is_empty() && queued.len() < SENT,
                "{}",
                queued.len()
            );
            assert!(queued.iter().all(|told| told.drops.is_none()), "{queued:?}");

            let dropped = u32::try_from(SENT - queued.len()).unwrap();
            for _ in 0..3 {
                loopback.send(&sender, &receiver, 1);
                assert_eq!(receive(&receiver, 1)[0].drops, Some(dropped));
            }
        }
    }
}

#[test]
fn everything_at_once_is_told_of_joined_datagrams_too_after_drops() {
    const JOINED: usize = 20;
    for family in Family::ALL {
        let loopback = Loopback::new(family);
        let sender = loopback.open(|builder| builder.hops(9));
        set_traffic_class(SockRef::from(&sender), family, 0xbb);
        let receiver = loopback.open(|builder| {
            builder
                .metadata(EVERYTHING)
                .coalesce(true)
                .receive_buffer(16_384)
        });
        for _ in 0..500 {
            loopback.send(&sender, &receiver, 1);
        }
        let dropped = 500 - drain(&receiver).len();
        assert_ne!(dropped, 0);

        let before = SystemTime::now();
        loopback.send(&sender, &receiver, JOINED);
        // They take one slot: they came as one message.
        let mut batch = RecvBatch::with_capacity(1, 65_535);
        let received = receiver.recv_batch(&mut batch).unwrap();
        let told: Vec<_> = received.map(|datagram| Told::from(&datagram)).collect();
        assert_eq!(told.len(), JOINED);
        for told in told {
            assert_eq!((told.hops, told.traffic_class), (Some(9), Some(0xbb)));
            assert_between(before, told.timestamp);
            assert_eq!(told.drops, u32::try_from(dropped).ok());
        }
        let counters = receiver.counters();
        assert_eq!(counters.without_packet_info, 0);
    }
}

#[test]
fn a_shared_socket_is_told_the_same() {
    let pair = Pair::new();
    for family in Family::ALL {
        let interface = interface(&pair.nic_b);
        let speaker = pair.speaker(family);
        set_traffic_class(SockRef::from(&speaker), family, 0xb9);
        for asked in [NOTHING, EVERYTHING] {
            let builder = SharedSocket::builder(family).port(PORT).metadata(asked);
            let mut socket = pair.b.run(|| builder.bind()).unwrap();
            socket.add(&interface).unwrap();
            let to = SocketAddr::new(ip(destinations(family)[0]), PORT);
            speaker.send_to(b"x", &to.into()).unwrap();
            let told = receive(&socket, 1).remove(0);
            assert_eq!(told.hops, asked.hops.then_some(64));
            assert_eq!(told.traffic_class, asked.traffic_class.then_some(0xb9));
            assert_eq!(told.timestamp.is_some(), asked.timestamp);
        }
    }
}

#[test]
fn one_datagram_can_have_other_hops_and_another_traffic_class_than_the_sockets_others() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (here, there) = (lab.host("here"), lab.host("there"));
    let near = segment.attach(&here, "lan0", &["10.71.0.1/24", "fe80::71:1/64"]);
    let far = segment.attach(&there, "lan0", &["10.71.0.2/24", "fe80::71:2/64"]);
    let (ours, theirs) = (interface(&near), interface(&far));
    for (family, destination) in [
        (Family::V4, "255.255.255.255:2222"),
        (Family::V4, "10.71.0.2:2222"),
        (Family::V6, "[fe80::71:2]:2222"),
    ] {
        let destination = destination.parse().unwrap();
        let receiver = there.run(|| {
            let metadata = Metadata {
                hops: true,
                traffic_class: true,
                ..Metadata::default()
            };
            let builder = BoundSocket::builder(&theirs, family).port(2222);
            builder.metadata(metadata).bind().unwrap()
        });
        let sender = here.run(|| {
            let builder = BoundSocket::builder(&ours, family).hops(9);
            builder.traffic_class(0xb8).bind().unwrap()
        });
        let mut ear = Ear::to(receiver);
        let mut hear = |info: PacketInfo| {
            sender.send_with(b"hello", destination, info).unwrap();
            let heard = ear.hear(1).remove(0);
            (heard.hops, heard.traffic_class)
        };
        let others = PacketInfo::default();
        assert_eq!(hear(others), (Some(9), Some(0xb8)));
        let far_away = PacketInfo {
            hops: Some(33),
            ..others
        };
        assert_eq!(hear(far_away), (Some(33), Some(0xb8)));
        let urgent = PacketInfo {
            hops: Some(1),
            traffic_class: Some(0x2c),
            ..others
        };
        assert_eq!(hear(urgent), (Some(1), Some(0x2c)));
        assert_eq!(hear(others), (Some(9), Some(0xb8)));
        let nowhere = PacketInfo {
            hops: Some(0),
            ..others
        };
        let error = sender.send_with(b"hello", destination, nowhere);
        assert!(matches!(error, Err(Error::ZeroHops { .. })), "{error:?}");
    }
}
