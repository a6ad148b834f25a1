//! `smcroute`: somebody else on our host who has joined groups.

use std::net::SocketAddr;

use ifcast::multicast::{Error, MulticastSocket};
use ifcast::socket::{BoundSocket, Counters, PacketInfo};
use ifcast::{Family, Group, Pinning};
use ifcast_netlab::Host;
use ifcast_tests::{Ear, Program, interface, ip, pinnings, wait_until};

use crate::Neighbourhood;
use crate::daemon;
use crate::peer::{as_the_kernel_prints, table};

const PORT: u16 = 2222;

/// What it joins on both interfaces: of each family one of ours, and two others.
const JOINED: [&str; 6] = [
    "239.71.7.7",
    "239.71.8.1",
    "239.71.8.2",
    "ff02::71:7",
    "ff02::71:81",
    "ff05::71:82",
];

const OUR_FAMILIES: [(Family, &str); 2] = [(Family::V4, "239.71.7.7"), (Family::V6, "ff02::71:7")];

/// More than Linux lets one socket have over IPv4.
const MANY: u8 = 25;

#[test]
fn what_smcroute_has_joined_we_do_not_hear() {
    if !daemon::is_runnable("smcrouted") {
        return;
    }
    for pinning in pinnings() {
        for (family, ours) in OUR_FAMILIES {
            let counters = counters_beside_smcroute(family, pinning, &[ours]);
            // IPV6_MULTICAST_ALL=0 asks for the group, not for the interface.
            let leaks = family == Family::V6 && pinning == Pinning::AddressFree;
            assert_eq!(counters.received, 1);
            assert_eq!(counters.foreign_interface, u64::from(leaks));
            assert_eq!((counters.unwanted, counters.without_packet_info), (0, 0));
        }
    }
}

#[test]
fn what_smcroute_has_joined_is_dropped_and_counted_if_we_have_more_groups_than_a_socket_may() {
    if !daemon::is_runnable("smcrouted") {
        return;
    }
    for pinning in pinnings() {
        let ours: Vec<_> = (1..=MANY).map(|n| format!("239.71.7.{n}")).collect();
        let ours: Vec<_> = ours.iter().map(String::as_str).collect();
        let counters = counters_beside_smcroute(Family::V4, pinning, &ours);
        assert_eq!(counters.received, u64::from(MANY));
        assert_eq!(counters.unwanted, 2);
        // All that it has joined on the other one.
        let is_filtered = pinning == Pinning::Device;
        assert_eq!(counters.foreign_interface, if is_filtered { 0 } else { 3 });
        assert_eq!(counters.without_packet_info, 0);
    }
}

#[test]
fn what_smcroute_has_joined_from_everybody_we_hear_only_from_our_source() {
    if !daemon::is_runnable("smcrouted") {
        return;
    }
    // With room for all memberships in one socket, and without.
    for count in [1, MANY] {
        for pinning in pinnings() {
            let neighbourhood = Neighbourhood::new();
            let ([nic, _], [neighbour, _]) = (&neighbourhood.nics, &neighbourhood.neighbours);
            neighbour.add_address("10.71.0.3/24");
            let [ours, theirs] = [nic, neighbour].map(interface);
            let builder = BoundSocket::builder(&ours, Family::V4);
            let mut ear = Ear::on(nic, || {
                let mut socket = MulticastSocket::new(builder.port(PORT).pinning(pinning).bind()?);
                for number in (1..=count).rev() {
                    let group = Group::new([239, 71, 8, number]).unwrap();
                    socket.join_source(group, ip("10.71.0.2"))?;
                }
                Ok::<_, Error>(socket)
            });
            let _smcroute = start(&neighbourhood.ours);

            let bind = || BoundSocket::builder(&theirs, Family::V4).bind();
            let speaker = neighbour.host().run(bind).unwrap();
            let to = SocketAddr::new(ip("239.71.8.1"), PORT);
            for source in ["10.71.0.3", "10.71.0.2"] {
                let info = PacketInfo {
                    source: Some(ip(source)),
                    ..PacketInfo::default()
                };
                speaker.send_with(source.as_bytes(), to, info).unwrap();
            }

            let [heard] = ear.hear(1).try_into().unwrap();
            assert_eq!(heard.payload, b"10.71.0.2");
            ear.assert_silent();
            // What the one socket has joined itself, the kernel filters by source.
            let dropped_here = ear.socket().socket().counters().unwanted_source;
            assert_eq!(dropped_here, u64::from(count == MANY), "{pinning}");
        }
    }
}

/// Joins `groups` on the first interface beside an smcroute that has `JOINED` its own
/// on both, and has the neighbours of both send to all; says what reached our socket,
/// which heard what it should.
#[track_caller]
fn counters_beside_smcroute(family: Family, pinning: Pinning, groups: &[&str]) -> Counters {
    let neighbourhood = Neighbourhood::new();
    let [nic, _] = &neighbourhood.nics;
    let interface_of_ours = interface(nic);
    let builder = BoundSocket::builder(&interface_of_ours, family)
        .port(PORT)
        .pinning(pinning);
    let mut ear = Ear::on(nic, || {
        let mut socket = MulticastSocket::new(builder.bind()?);
        for group in groups {
            socket.join(Group::new(ip(group)).unwrap())?;
        }
        Ok::<_, Error>(socket)
    });
    let _smcroute = start(&neighbourhood.ours);

    let foreign = JOINED.into_iter().filter(|group| !groups.contains(group));
    let foreign = foreign.filter(|group| Family::of(ip(group)) == family);
    let all: Vec<_> = foreign.chain(groups.iter().copied()).collect();
    for neighbour in neighbourhood.neighbours.iter().rev() {
        let interface = interface(neighbour);
        let bind = || MulticastSocket::bind(&interface, family, 0);
        let speaker = neighbour.host().run(bind).unwrap();
        for &group in &all {
            let to = Group::new(ip(group)).unwrap();
            speaker.send_to_port(group.as_bytes(), to, PORT).unwrap();
        }
    }

    let heard = ear.hear(groups.len());
    for (heard, group) in heard.iter().zip(groups) {
        assert_eq!(heard.payload, group.as_bytes());
        assert_eq!(heard.destination, ip(group));
        assert_eq!(heard.interface, interface_of_ours.id());
    }
    ear.assert_silent();
    ear.socket().socket().counters()
}

/// Starts an smcroute that joins what it is told to.
fn start(host: &Host) -> Program {
    let join = |interface| JOINED.map(|group| format!("mgroup from {interface} group {group}\n"));
    let configuration = ["lan0", "lan1"].map(join).concat().concat();
    let files = [("smcroute.conf", configuration.as_str())];
    let arguments = ["-n", "-N", "-f", "/run/smcroute.conf"];
    let program = daemon::start(host, &files, "smcrouted", &arguments);
    host.run(|| {
        wait_until("smcroute has joined everything", || {
            let tables = [table("igmp"), table("igmp6")].concat();
            let joined = JOINED.map(|group| as_the_kernel_prints(ip(group)));
            joined
                .iter()
                .all(|group| tables.matches(group.as_str()).count() == 2)
        });
    });
    program
}
