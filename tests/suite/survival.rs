//! What memberships survive, what they do not, and that they say so.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use ifcast::multicast::{Loss, MulticastSocket, State};
use ifcast::socket::BoundSocket;
use ifcast::{Family, Group, Pinning};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, interface, tightest};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(10);
const ADDRESSES: [&str; 2] = ["10.71.0.1/24", "fe80::71:1/64"];

/// A member of a group of each family, and somebody who sends to them.
struct Members {
    lab: Lab,
    host: Host,
    nic: Nic,
    speakers: [BoundSocket; 2],
    ears: [Option<Ear<MulticastSocket>>; 2],
}

const FAMILIES: [Family; 2] = Family::ALL;
const V4: usize = 0;
const V6: usize = 1;

fn group(family: Family) -> Group {
    match family {
        Family::V4 => "239.71.7.7",
        Family::V6 => "ff02::71:7",
    }
    .parse()
    .unwrap()
}

impl Members {
    fn new() -> Self {
        let lab = Lab::new();
        let segment = lab.segment();
        let (host, other) = (lab.host("host"), lab.host("other"));
        let nic = segment.attach(&host, "lan0", &ADDRESSES);
        let far = segment.attach(&other, "lan0", &["10.71.0.2/24", "fe80::71:2/64"]);
        let theirs = interface(&far);
        let speakers = FAMILIES.map(|family| {
            let builder = BoundSocket::builder(&theirs, family);
            other.run(|| builder.bind()).unwrap()
        });
        let ours = interface(&nic);
        let ears = FAMILIES.map(|family| {
            let socket = host.run(|| {
                let mut socket = MulticastSocket::bind(&ours, family, PORT).unwrap();
                socket.join(group(family)).unwrap();
                socket
            });
            Some(Ear::to(socket))
        });
        let mut members = Self {
            lab,
            host,
            nic,
            speakers,
            ears,
        };
        members.assert_heard("from the beginning");
        members
    }

    fn say(&self, family: usize) {
        let to = group(FAMILIES[family]).socket_addr(PORT);
        self.speakers[family].send(b"hello", to).unwrap();
    }

    /// Whether what is sent now arrives, which takes no time on this LAN.
    fn hears(&mut self, family: usize) -> bool {
        self.say(family);
        let ear = self.ears[family].as_mut().unwrap();
        let before = ear.socket().socket().counters().received;
        ear.listen();
        ear.socket().socket().counters().received > before
    }

    #[track_caller]
    fn assert_heard(&mut self, when: &str) {
        for family in [V4, V6] {
            // The host may still be busy with what has just become of the link.
            let deadline = Instant::now() + PATIENCE;
            while !self.hears(family) {
                assert!(Instant::now() < deadline, "{when}: {:?}", FAMILIES[family]);
            }
        }
    }

    #[track_caller]
    fn assert_deaf(&mut self, family: usize) {
        assert!(!self.hears(family), "{:?}", FAMILIES[family]);
    }

    /// Changes one socket in the host's namespace.
    fn change<R: Send>(
        &mut self,
        family: usize,
        work: impl FnOnce(&mut MulticastSocket) -> R + Send,
    ) -> R {
        let mut socket = self.ears[family].take().unwrap().into_socket();
        let result = self.host.run(|| work(&mut socket));
        self.ears[family] = Some(Ear::to(socket));
        result
    }

    /// The state of the membership, verified now.
    fn state(&mut self, family: usize) -> String {
        self.change(family, |socket| {
            socket.verify().unwrap();
            socket.memberships().next().unwrap().state().to_string()
        })
    }

    #[track_caller]
    fn assert_states(&mut self, expected: [&str; 2]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let states = [V4, V6].map(|family| self.state(family));
            if states == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{states:?}, not {expected:?}");
        }
    }

    fn repair(&mut self, family: usize) -> usize {
        self.change(family, |socket| socket.repair().unwrap())
    }

    /// Gives the interface its addresses again, where it has lost them.
    fn address(&self) {
        for address in ADDRESSES {
            self.nic.add_address(address);
        }
    }
}

const JOINED: &str = "joined";
const PENDING: &str = "joined, the link does not work yet";
const FORGOTTEN: &str = "lost, the interface has forgotten it";

#[test]
fn links_that_go_down_and_cables_that_are_pulled_keep_memberships() {
    let mut members = Members::new();
    members.nic.plug(false);
    members.assert_states([PENDING, PENDING]);
    members.nic.plug(true);
    members.assert_states([JOINED, JOINED]);
    members.assert_heard("plugged in again");

    members.nic.set_up(false);
    members.assert_states([PENDING, PENDING]);
    members.nic.set_up(true);
    members.address_v6();
    members.assert_states([JOINED, JOINED]);
    members.assert_heard("up again");
    assert_eq!([V4, V6].map(|family| members.repair(family)), [0, 0]);
}

impl Members {
    /// IPv6 addresses do not survive going down.
    fn address_v6(&self) {
        self.nic.add_address(ADDRESSES[V6]);
    }
}

#[test]
fn other_addresses_and_another_name_keep_memberships() {
    let mut members = Members::new();
    members.nic.remove_address(ADDRESSES[V4]);
    members.nic.add_address("10.72.0.1/24");
    members.nic.rename("office");
    members.assert_states([JOINED, JOINED]);
    members.assert_heard("renamed, with another address");
    members
        .host
        .sysctl("net/ipv6/conf/office/disable_ipv6", "1");
    members.assert_states([JOINED, PENDING]);
    members
        .host
        .sysctl("net/ipv6/conf/office/disable_ipv6", "0");
    members.address_v6();
    members.assert_states([JOINED, JOINED]);
    members.assert_heard("with IPv6 again");
}

#[test]
fn an_mtu_too_small_for_ipv6_loses_its_memberships_and_repair_restores_them() {
    let mut members = Members::new();
    members.nic.set_mtu(1000);
    members.nic.set_mtu(1500);
    members.address_v6();
    members.assert_states([JOINED, FORGOTTEN]);
    members.assert_deaf(V6);
    let again = members.change(V6, |socket| socket.join(group(Family::V6)));
    assert!(again.is_err(), "joined already, by what was asked for");
    assert_eq!([V4, V6].map(|family| members.repair(family)), [0, 1]);
    members.assert_states([JOINED, JOINED]);
    members.assert_heard("repaired");
}

#[test]
fn an_interface_made_anew_with_its_index_has_forgotten_everything_and_repair_restores_it() {
    let mut members = Members::new();
    // As many as one socket may have, so that a slot that leaked would show.
    let limit = members.host.read_sysctl("net/ipv4/igmp_max_memberships");
    let limit: usize = limit.trim().parse().unwrap();
    members.change(V4, |socket| {
        for number in 1..limit {
            socket
                .join(format!("239.71.8.{number}").parse().unwrap())
                .unwrap();
        }
    });
    // Somebody else's group, which a socket with room for its own never sees.
    let theirs: Group = "239.71.9.9".parse().unwrap();
    let other = members.host.run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    for round in 0..25 {
        members.nic.recreate_with_index(&ADDRESSES);
        let index = socket2::InterfaceIndexOrAddress::Index(members.nic.index());
        let join = || {
            let other = socket2::SockRef::from(&other);
            let theirs = [239, 71, 9, 9].into();
            drop(other.leave_multicast_v4_n(&theirs, &index));
            other.join_multicast_v4_n(&theirs, &index).unwrap();
        };
        members.host.run(join);
        members.assert_states([FORGOTTEN, FORGOTTEN]);
        members.assert_deaf(V4);
        members.assert_deaf(V6);
        assert_eq!([V4, V6].map(|family| members.repair(family)), [limit, 1]);
        members.assert_states([JOINED, JOINED]);
        members.assert_heard(&format!("repaired {round} times"));
        members.speakers[V4]
            .send(b"not for us", theirs.socket_addr(PORT))
            .unwrap();
        let ear = members.ears[V4].as_mut().unwrap();
        ear.assert_silent();
        assert_eq!(
            ear.socket().socket().counters().unwanted,
            0,
            "round {round}"
        );
    }
}

#[test]
fn an_interface_that_was_in_another_namespace_has_forgotten_everything_too() {
    let mut members = Members::new();
    let elsewhere = members.lab.host("elsewhere");
    let moved = members.nic.move_to(&elsewhere);
    let gone = "lost, the interface is gone";
    members.assert_states([gone, gone]);
    assert_eq!([V4, V6].map(|family| members.repair(family)), [0, 0]);
    let index = members.nic.index();
    members.nic = moved.move_to(&members.host);
    assert_eq!(members.nic.index(), index);
    members.nic.set_up(true);
    members.address();
    members.assert_states([FORGOTTEN, FORGOTTEN]);
    assert_eq!([V4, V6].map(|family| members.repair(family)), [1, 1]);
    members.assert_heard("repaired");
}

#[test]
fn a_socket_is_opened_anew_on_an_interface_made_anew_with_another_index() {
    let mut members = Members::new();
    members.nic.recreate(&ADDRESSES);
    let gone = "lost, the interface is gone";
    members.assert_states([gone, gone]);
    assert_eq!([V4, V6].map(|family| members.repair(family)), [0, 0]);
    let anew = interface(&members.nic);
    for family in [V4, V6] {
        let reopened = members.change(family, |socket| socket.reopen(&anew).unwrap());
        assert_eq!(reopened.socket().port(), PORT);
        members.ears[family] = Some(Ear::to(reopened));
    }
    members.assert_states([JOINED, JOINED]);
    members.assert_heard("opened anew");
}

#[test]
fn a_port_of_a_bridge_is_deaf_and_says_so_until_it_is_free() {
    let mut members = Members::new();
    let bridge = members.host.add_bridge("br0", &[&members.nic]);
    let port = format!("lost, the interface is a port of the one with index {bridge}");
    members.assert_states([&port, &port]);
    members.assert_deaf(V4);
    members.assert_deaf(V6);
    assert_eq!([V4, V6].map(|family| members.repair(family)), [0, 0]);
    members.nic.set_bridge(None);
    members.assert_states([JOINED, JOINED]);
    members.assert_heard("free again");
}

#[test]
fn who_joins_while_the_interface_is_down_waits_for_it() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (host, other) = (lab.host("host"), lab.host("other"));
    let nic = segment.attach(&host, "lan0", &ADDRESSES);
    let far = segment.attach(&other, "lan0", &["10.71.0.2/24"]);
    nic.set_up(false);
    let ours = interface(&nic);
    let socket = host.run(|| {
        let mut socket = MulticastSocket::bind(&ours, Family::V4, PORT).unwrap();
        socket.join(group(Family::V4)).unwrap();
        socket
    });
    let state = socket.memberships().next().unwrap();
    assert!(
        matches!(state.state(), State::JoinedPendingLink),
        "{state:?}"
    );
    nic.set_up(true);
    let theirs = interface(&far);
    let speaker = other.run(|| BoundSocket::builder(&theirs, Family::V4).bind());
    let to = group(Family::V4).socket_addr(PORT);
    speaker.unwrap().send(b"hello", to).unwrap();
    let mut ear = Ear::to(socket);
    assert_eq!(ear.hear(1)[0].payload, b"hello");
}

#[test]
fn a_filter_that_somebody_else_has_changed_is_noticed_and_restored() {
    let mut members = Members::new();
    let index = members.nic.index();
    let state = members.change(V4, |socket| {
        // As another holder of the descriptor might.
        let group = [239, 71, 7, 7].into();
        let own = socket2::SockRef::from(&*socket);
        let index = socket2::InterfaceIndexOrAddress::Index(index);
        own.leave_multicast_v4_n(&group, &index).unwrap();
        socket.verify().unwrap();
        let membership = socket.memberships().next().unwrap();
        matches!(membership.state(), State::Lost(Loss::Forgotten))
    });
    assert!(state);
    assert_eq!(members.repair(V4), 1);
    members.assert_heard("restored");
}

#[test]
fn an_interface_made_anew_with_the_old_index_needs_no_other_socket_and_has_no_port_for_one() {
    let mut members = Members::new();
    members.nic.recreate_with_index(&ADDRESSES);
    let anew = interface(&members.nic);
    let reopened =
        [V4, V6].map(|family| members.change(family, |socket| socket.reopen(&anew).map(drop)));
    if tightest() == Pinning::Device {
        for error in reopened.map(Result::unwrap_err) {
            assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
        }
    } else {
        // Ours share a port that is no device's.
        reopened.into_iter().for_each(Result::unwrap);
    }
    assert_eq!([V4, V6].map(|family| members.repair(family)), [1, 1]);
    members.assert_heard("the old sockets, or new ones");
}
