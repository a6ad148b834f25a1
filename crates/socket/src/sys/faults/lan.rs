//! The private LAN on which it happens.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use ifcast_interfaces::{Interface, InterfaceIndex, Snapshot};
use ifcast_netlab::{Host, Lab, Nic};
use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;
use socket2::{InterfaceIndexOrAddress, SockRef};

use crate::bound::BoundSocket;
use crate::builder::Builder;
use crate::cast::Cast;
use crate::family::Family;
use crate::metadata::Metadata;
use crate::receive::Receive;
use crate::shared::SharedSocket;
use crate::sys::faults::scenario::{DESTINATIONS, Link, Options, Scenario};

/// A host that sends, and another that receives.
pub(super) struct Lan {
    sender: Host,
    receiver: Host,
    sending: Interface,
    receiving: Interface,
    bell: UdpSocket,
    ear: UdpSocket,
    _ends: [Nic; 2],
}

/// Where a datagram can go, and what is then known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination {
    pub(super) to: IpAddr,
    /// `None` if nothing can be sent there.
    pub(super) cast: Option<Cast>,
    pub(super) source: IpAddr,
}

impl Lan {
    pub(super) fn new(link: Link) -> Self {
        stay_on_one_processor();
        let lab = Lab::new();
        let [sender, receiver] = ["sender", "receiver"].map(|name| lab.host(name));
        let ends = match link {
            Link::Segment => {
                let segment = lab.segment();
                [&sender, &receiver].map(|host| segment.attach(host, "lan0", &[]))
            }
            Link::Cable => sender.add_cables(&receiver, "lan", 1).remove(0),
        };
        for (end, addresses) in ends.iter().zip(ADDRESSES) {
            end.set_up(true);
            end.add_addresses(addresses);
        }
        let bell = sender.run(|| UdpSocket::bind("[::]:0").unwrap());
        let ear = receiver.run(|| UdpSocket::bind("[::]:0").unwrap());
        ear.set_read_timeout(Some(PATIENCE)).unwrap();
        let [sending, receiving] = [0, 1].map(|end: usize| interface(&ends[end]));
        let lan = Self {
            sender,
            receiver,
            sending,
            receiving,
            bell,
            ear,
            _ends: ends,
        };
        lan.meet();
        lan
    }

    /// Opens a socket that sends by its one interface.
    pub(super) fn sender(&self, scenario: &Scenario) -> BoundSocket {
        let builder = BoundSocket::builder(&self.sending, scenario.family);
        let builder = sending(builder.pinning(scenario.pinning), scenario);
        self.sender.run(|| builder.bind()).unwrap()
    }

    /// Opens a socket that sends by any of the interfaces that share it.
    pub(super) fn shared_sender(&self, scenario: &Scenario) -> SharedSocket {
        let builder = sending(SharedSocket::builder(scenario.family), scenario);
        let mut socket = self.sender.run(|| builder.bind()).unwrap();
        socket.add(&self.sending).unwrap();
        socket
    }

    /// Opens a socket that receives.
    pub(super) fn receiver(&self, scenario: &Scenario, options: Options) -> Box<dyn Receive> {
        let socket: Box<dyn Receive> = if options.is_shared {
            let builder = receiving(SharedSocket::builder(scenario.family), options);
            let mut socket = self.receiver.run(|| builder.bind()).unwrap();
            socket.add(&self.receiving).unwrap();
            Box::new(socket)
        } else {
            let builder = BoundSocket::builder(&self.receiving, scenario.family);
            let builder = receiving(builder.pinning(scenario.pinning), options);
            Box::new(self.receiver.run(|| builder.bind()).unwrap())
        };
        assert!(
            socket.endpoint().receive_buffer().unwrap().granted() > ROOM,
            "net.core.rmem_max is too small"
        );
        let (fd, index) = (socket.as_fd(), self.receiving.index().get());
        let socket_ref = SockRef::from(&fd);
        for destination in destinations(scenario.family) {
            match destination.to {
                _ if destination.cast != Some(Cast::Multicast) => {}
                IpAddr::V4(group) => socket_ref
                    .join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
                    .unwrap(),
                IpAddr::V6(group) => socket_ref.join_multicast_v6(&group, index).unwrap(),
            }
        }
        socket
    }

    /// Waits until all that was sent so far has come to the receivers' sockets.
    ///
    /// One processor passes it on in the order in which it was sent, so that what
    /// comes last comes after all.
    pub(super) fn wait(&self) {
        self.ring("fd71::2".parse().unwrap());
        self.ear.recv(&mut [0]).unwrap();
    }

    /// Has the hosts learn each other's hardware addresses: until they have, what
    /// goes to others overtakes what goes to those.
    fn meet(&self) {
        for address in ADDRESSES[1] {
            let (address, _) = address.split_once('/').unwrap();
            let address: IpAddr = address.parse().unwrap();
            self.ring(match address {
                IpAddr::V4(address) => address.to_ipv6_mapped().into(),
                IpAddr::V6(_) => address,
            });
            self.ear.recv(&mut [0]).unwrap();
        }
    }

    fn ring(&self, address: IpAddr) {
        let mut to = SocketAddr::new(address, self.ear.local_addr().unwrap().port());
        if let SocketAddr::V6(to) = &mut to {
            if to.ip().is_unicast_link_local() {
                to.set_scope_id(self.sending.index().get());
            }
        }
        self.bell.send_to(b"!", to).unwrap();
    }
}

fn sending<Tie>(builder: Builder<Tie>, scenario: &Scenario) -> Builder<Tie> {
    let builder = builder.fragments(scenario.fragments);
    match scenario.hops {
        Some(hops) => builder.hops(hops),
        None => builder,
    }
}

fn receiving<Tie>(builder: Builder<Tie>, options: Options) -> Builder<Tie> {
    builder
        .coalesce(options.coalesce)
        .metadata(Metadata {
            hops: options.receive_hops,
            ..Metadata::default()
        })
        .receive_buffer(ROOM)
}

/// Where datagrams of a family can go.
pub(super) fn destinations(family: Family) -> [Destination; DESTINATIONS] {
    let all = match family {
        Family::V4 => [
            ("10.71.0.2", Some(Cast::Unicast), "10.71.0.1"),
            ("10.71.0.3", Some(Cast::Unicast), "10.71.0.1"),
            ("10.71.0.255", Some(Cast::DirectedBroadcast), "10.71.0.1"),
            ("255.255.255.255", Some(Cast::LimitedBroadcast), "10.71.0.1"),
            ("239.255.71.7", Some(Cast::Multicast), "10.71.0.1"),
            ("224.0.0.71", Some(Cast::Multicast), "10.71.0.1"),
            ("0.0.0.0", None, "10.71.0.1"),
            ("ff02::71:7", None, "10.71.0.1"),
        ],
        Family::V6 => [
            ("fe80::71:2", Some(Cast::Unicast), "fe80::71:1"),
            ("fd71::2", Some(Cast::Unicast), "fd71::1"),
            ("ff02::1", Some(Cast::Multicast), "fe80::71:1"),
            ("ff02::71:7", Some(Cast::Multicast), "fe80::71:1"),
            ("ff12::71:8", Some(Cast::Multicast), "fe80::71:1"),
            ("ff05::71:7", Some(Cast::Multicast), "fd71::1"),
            ("::", None, "fd71::1"),
            ("10.71.0.2", None, "fd71::1"),
        ],
    };
    all.map(|(to, cast, source)| Destination {
        to: to.parse().unwrap(),
        cast,
        source: source.parse().unwrap(),
    })
}

fn interface(nic: &Nic) -> Interface {
    let index = InterfaceIndex::new(nic.index()).unwrap();
    let capture = || Snapshot::capture().unwrap().by_index(index).cloned();
    nic.host().run(capture).unwrap()
}

/// The kernel passes datagrams on by a queue per processor.
fn stay_on_one_processor() {
    let mut processors = CpuSet::new();
    processors.set(sched_getcpu().unwrap()).unwrap();
    let this_thread = Pid::from_raw(0);
    sched_setaffinity(this_thread, &processors).unwrap();
}

/// Of the sender, and of the receiver.
const ADDRESSES: [&[&str]; 2] = [
    &["10.71.0.1/24", "fe80::71:1/64", "fd71::1/64"],
    &[
        "10.71.0.2/24",
        "10.71.0.3/24",
        "fe80::71:2/64",
        "fd71::2/64",
    ],
];

/// What is sent before anything is received has to fit in here: Linux grants twice
/// as much as is asked for, if that is not more than 212 992 bytes.
pub(super) const ROOM: usize = 212_992;

const PATIENCE: Duration = Duration::from_secs(30);
