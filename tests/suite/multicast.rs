//! Groups: joined on one interface, heard on that one only.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use ifcast::multicast::{Error, MulticastSocket};
use ifcast::socket::BoundSocket;
use ifcast::{Family, Group, Pinning, Sharing};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, interface, ip, pinnings, socket_on};
use socket2::SockRef;

const PORT: u16 = 2222;
const COUNT: u64 = 100;

fn group(text: &str) -> Group {
    text.parse().unwrap()
}

/// Another program that has joined everything everywhere; ends with this value.
struct Joiner(Child);

impl Joiner {
    fn on(host: &Host, nics: &[&Nic], groups: &[&str]) -> Self {
        let indexes = nics.iter().map(|nic| nic.index().to_string());
        let arguments: Vec<_> = indexes
            .chain(groups.iter().map(ToString::to_string))
            .collect();
        let mut child = host
            .run(|| {
                Command::new(env!("CARGO_BIN_EXE_join-everything"))
                    .args(arguments)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
            })
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line, "joined\n");
        Self(child)
    }
}

impl Drop for Joiner {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn a_receiver_hears_its_group_on_its_interface_whatever_other_programs_have_joined() {
    for pinning in pinnings() {
        for (family, ours, theirs) in [
            (Family::V4, "239.71.7.7", "239.71.7.8"),
            (Family::V6, "ff02::71:7", "ff02::71:8"),
            (Family::V6, "ff05::71:7", "ff05::71:8"),
        ] {
            assert_hears_only(pinning, family, ours, theirs);
        }
    }
}

/// On a LAN of its own each time: a program of another test, between fork and
/// exec, may still hold the sockets of the last, and so its port.
#[track_caller]
fn assert_hears_only(pinning: Pinning, family: Family, ours: &str, theirs: &str) {
    let lab = Lab::new();
    let (left, right) = (lab.segment(), lab.segment());
    let (host, l, r) = (lab.host("receiver"), lab.host("left"), lab.host("right"));
    let v0 = left.attach(
        &host,
        "lan0",
        &["10.71.0.1/24", "fd71:0::1/64", "fe80::71:1/64"],
    );
    let v1 = right.attach(
        &host,
        "lan1",
        &["10.71.1.1/24", "fd71:1::1/64", "fe80::72:1/64"],
    );
    let nic_l = left.attach(
        &l,
        "lan0",
        &["10.71.0.2/24", "fd71:0::2/64", "fe80::71:2/64"],
    );
    let nic_r = right.attach(
        &r,
        "lan0",
        &["10.71.1.2/24", "fd71:1::2/64", "fe80::72:2/64"],
    );
    let _joiner = Joiner::on(&host, &[&v0, &v1], &[ours, theirs]);

    let interface = interface(&v0);
    let builder = BoundSocket::builder(&interface, family)
        .port(PORT)
        .pinning(pinning);
    let mut socket = MulticastSocket::new(host.run(|| builder.bind()).unwrap());
    socket.join(group(ours)).unwrap();
    let mut ear = Ear::to(socket);

    for nic in [&nic_r, &nic_l] {
        let sender = socket_on(nic, family);
        for number in 0..COUNT {
            for group in [theirs, ours].map(group) {
                let payload = [nic.host().name().as_bytes(), &number.to_be_bytes()].concat();
                sender.send(&payload, group.socket_addr(PORT)).unwrap();
            }
        }
    }

    let heard = ear.hear(usize::try_from(COUNT).unwrap());
    for (number, datagram) in (0u64..).zip(&heard) {
        let expected = [&b"left"[..], &number.to_be_bytes()].concat();
        assert_eq!(datagram.payload, expected, "{pinning:?} {family} {ours}");
        assert_eq!(datagram.interface.index().get(), v0.index());
    }
    ear.assert_silent();

    let counters = ear.socket().socket().counters();
    // IPV6_MULTICAST_ALL=0 asks for the group, not for the interface.
    let leaks = pinning == Pinning::AddressFree && family == Family::V6;
    assert_eq!(counters.received, COUNT);
    assert_eq!(counters.foreign_interface, if leaks { COUNT } else { 0 });
    assert_eq!((counters.unwanted, counters.without_packet_info), (0, 0));
}

#[test]
fn what_others_have_joined_is_dropped_and_counted_even_if_the_kernel_lets_it_through() {
    let lab = Lab::new();
    let (receiver, sender) = pair(&lab);
    for (family, ours, theirs) in [
        (Family::V4, "239.71.7.7", "239.71.7.8"),
        (Family::V6, "ff02::71:7", "ff02::71:8"),
    ] {
        let _joiner = Joiner::on(receiver.host(), &[&receiver], &[ours, theirs]);
        let interface = interface(&receiver);
        let open_socket = || MulticastSocket::bind(&interface, family, PORT);
        let mut socket = receiver.host().run(open_socket).unwrap();
        socket.join(group(ours)).unwrap();
        let kernel = SockRef::from(&socket);
        match family {
            Family::V4 => kernel.set_multicast_all_v4(true).unwrap(),
            Family::V6 => kernel.set_multicast_all_v6(true).unwrap(),
        }
        let mut ear = Ear::to(socket);
        let sender = socket_on(&sender, family);
        for group in [theirs, ours].map(group) {
            sender.send(b"x", group.socket_addr(PORT)).unwrap();
        }
        assert_eq!(ear.hear(1)[0].destination, group(ours).address());
        ear.assert_silent();
        let counters = ear.socket().socket().counters();
        assert_eq!((counters.received, counters.unwanted), (1, 1));
    }
}

/// Two hosts on one segment: what the second one sends, the first one may hear.
fn pair(lab: &Lab) -> (Nic, Nic) {
    let segment = lab.segment();
    let (a, b) = (lab.host("a"), lab.host("b"));
    (
        segment.attach(&a, "lan0", &["10.71.0.1/24", "fe80::71:1/64"]),
        segment.attach(&b, "lan0", &["10.71.0.2/24", "fe80::71:2/64"]),
    )
}

#[test]
fn a_group_is_heard_from_join_to_leave() {
    let lab = Lab::new();
    let (receiver, sender) = pair(&lab);
    for (family, address) in [(Family::V4, "239.71.7.7"), (Family::V6, "ff02::71:7")] {
        let group = group(address);
        let interface = interface(&receiver);
        let builder = BoundSocket::builder(&interface, family).port(PORT);
        let mut socket = MulticastSocket::new(receiver.host().run(|| builder.bind()).unwrap());
        let sender = socket_on(&sender, family);
        let send = |payload: &[u8]| sender.send(payload, group.socket_addr(PORT)).unwrap();

        send(b"before");
        socket.join(group).unwrap();
        assert!(socket.groups().eq([group]));
        send(b"joined");
        let mut ear = Ear::to(socket);
        assert_eq!(ear.hear(1)[0].payload, b"joined");

        let mut socket = ear.into_socket();
        socket.leave(group).unwrap();
        assert_eq!(socket.groups().count(), 0);
        send(b"left");
        let mut ear = Ear::to(socket);
        ear.assert_silent();
        // The kernel has left too: nothing came that had to be dropped.
        assert_eq!(ear.socket().socket().counters().unwanted, 0);
    }
}

#[test]
fn joining_twice_or_leaving_what_was_not_joined_is_an_error_that_changes_nothing() {
    let lab = Lab::new();
    let (receiver, sender) = pair(&lab);
    for (family, address, other) in [
        (Family::V4, "239.71.7.7", "ff02::71:7"),
        (Family::V6, "ff02::71:7", "239.71.7.7"),
    ] {
        let group = group(address);
        let interface = interface(&receiver);
        let open_socket = || MulticastSocket::bind(&interface, family, PORT);
        let mut socket = receiver.host().run(open_socket).unwrap();

        let error = socket.leave(group).unwrap_err();
        assert!(matches!(error, Error::NotJoined { .. }), "{error:?}");
        socket.join(group).unwrap();
        let error = socket.join(group).unwrap_err();
        assert!(matches!(error, Error::AlreadyJoined { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("join {group} on {}: already joined", interface.id())
        );
        let error = socket.join(other.parse().unwrap()).unwrap_err();
        assert!(matches!(error, Error::WrongFamily { .. }), "{error:?}");

        let mut ear = Ear::to(socket);
        socket_on(&sender, family)
            .send(b"still", group.socket_addr(PORT))
            .unwrap();
        assert_eq!(ear.hear(1)[0].payload, b"still");
    }
}

#[test]
fn more_groups_than_one_socket_may_join_are_heard_once_each_and_no_others() {
    const COUNT: u8 = 50;
    let lab = Lab::new();
    let (receiver, sender) = pair(&lab);
    let host = receiver.host();
    let interface = interface(&receiver);
    let limit = host.read_sysctl("net/ipv4/igmp_max_memberships");
    assert!(limit.trim().parse::<u8>().unwrap() < COUNT, "{limit}");
    // Somebody else on the port, with a group of his own.
    let sharing = || {
        let builder = BoundSocket::builder(&interface, Family::V4).port(PORT);
        MulticastSocket::new(builder.sharing(Sharing::WithOthers).bind().unwrap())
    };
    let (mut other, mut socket) = host.run(|| (sharing(), sharing()));
    other.join(group("239.71.9.9")).unwrap();
    let groups: Vec<_> = (0..COUNT)
        .map(|number| group(&format!("239.71.8.{number}")))
        .collect();
    host.run(|| groups.iter().for_each(|group| socket.join(*group).unwrap()));
    assert!(socket.groups().eq(groups.iter().copied()));
    let again = socket.join(groups[40]).unwrap_err();
    assert!(matches!(again, Error::AlreadyJoined { .. }), "{again:?}");

    let speaker = socket_on(&sender, Family::V4);
    let say = |text: &[u8], group: Group| {
        speaker.send(text, group.socket_addr(PORT)).unwrap();
    };
    groups.iter().for_each(|group| say(b"hello", *group));
    say(b"not for us", group("239.71.9.9"));
    speaker
        .send(b"all", SocketAddr::from(([255, 255, 255, 255], PORT)))
        .unwrap();
    let mut ear = Ear::to(socket);
    let heard = ear.hear(usize::from(COUNT) + 1);
    let destinations = heard.iter().map(|heard| heard.destination);
    let all = groups.iter().map(|group| group.address());
    assert!(destinations.eq(all.chain([[255, 255, 255, 255].into()])));
    ear.assert_silent();

    let mut socket = ear.into_socket();
    for group in &groups {
        host.run(|| socket.leave(*group)).unwrap();
    }
    assert_eq!(socket.groups().count(), 0);
    groups.iter().for_each(|group| say(b"left", *group));
    let mut ear = Ear::to(socket);
    ear.assert_silent();
    let counters = ear.socket().socket().counters();
    assert_eq!((counters.received, counters.unwanted), (51, 1));
}

#[test]
fn a_member_on_the_sending_host_hears_unless_loopback_is_off() {
    let lab = Lab::new();
    let (nic, _) = pair(&lab);
    for (family, address) in [(Family::V4, "239.71.7.7"), (Family::V6, "ff02::71:7")] {
        let group = group(address);
        let interface = interface(&nic);
        let mut socket = nic
            .host()
            .run(|| MulticastSocket::bind(&interface, family, PORT))
            .unwrap();
        socket.join(group).unwrap();
        let mut ear = Ear::to(socket);
        let sender = socket_on(&nic, family);

        sender.send(b"on", group.socket_addr(PORT)).unwrap();
        assert_eq!(ear.hear(1)[0].payload, b"on");
        sender.set_multicast_loopback(false).unwrap();
        sender.send(b"off", group.socket_addr(PORT)).unwrap();
        ear.assert_silent();
    }
}

#[test]
fn groups_stay_joined_when_the_address_changes() {
    let lab = Lab::new();
    let (receiver, sender) = pair(&lab);
    let interface = interface(&receiver);
    let group = group("239.71.7.7");
    let mut socket = receiver
        .host()
        .run(|| MulticastSocket::bind(&interface, Family::V4, PORT))
        .unwrap();
    socket.join(group).unwrap();
    receiver.remove_address("10.71.0.1/24");
    receiver.add_address("10.71.0.99/24");

    let mut ear = Ear::to(socket);
    let neighbour = socket_on(&sender, Family::V4);
    neighbour.send(b"who?", group.socket_addr(PORT)).unwrap();
    let heard = ear.hear(1).remove(0);
    ear.socket().socket().send(b"I", heard.source).unwrap();
    let answer = Ear::to(neighbour).hear(1).remove(0);
    assert_eq!(answer.source.ip(), ip("10.71.0.99"));
}
