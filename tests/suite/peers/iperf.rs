//! `iperf` 2: streams of multicasts, in both directions, and how much of ours
//! was lost.
//!
//! Its datagrams start with their number, from 1 on, and the time; the last one
//! has its number negated. It knows no scope ids, hence no link-local groups.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ifcast::multicast::MulticastSocket;
use ifcast::socket::BoundSocket;
use ifcast::{Cast, Family, Group, Interface, Pinning};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, Heard, Program, interface, ip, is_installed, pinnings, wait_until};

use crate::Neighbourhood;
use crate::peer::{await_listener, table};

const PORT: u16 = 5001;
const GROUPS: [&str; 2] = ["239.71.7.7", "ff05::71:7"];

/// A group of the ranges that are for chosen sources (RFC 4607), and who may be one.
#[derive(Clone, Copy, Debug)]
struct SourceSpecific {
    group: &'static str,
    us: &'static str,
    neighbour: &'static str,
    further_address: &'static str,
}

const SOURCE_SPECIFIC: [SourceSpecific; 2] = [
    SourceSpecific {
        group: "232.71.7.7",
        us: "10.71.0.1",
        neighbour: "10.71.0.2",
        further_address: "10.71.0.3/24",
    },
    SourceSpecific {
        group: "ff3e::71:7",
        us: "fd71:0::1",
        neighbour: "fd71:0::2",
        further_address: "fd71:0::3/64",
    },
];

/// RFC 1112, section 6.4: the lower 23 bits of 239.71.7.7.
const HARDWARE_GROUP: [u8; 6] = [0x01, 0x00, 0x5e, 71, 7, 7];

/// How many datagrams `iperf` sends before its last one. All of them fit into
/// the receive buffer of a kernel with Linux's default `rmem_max`, so that none
/// is lost however slow this machine is.
const FROM_IPERF: i32 = 500;

/// How many we send before the last one.
const FROM_US: i32 = 1000;

/// How many of ours `iperf` may have to catch up on.
const WINDOW: i32 = 50;

const LENGTH: usize = 128;

#[test]
fn a_stream_from_iperf_arrives_whole_and_only_where_it_was_sent() {
    if !is_installed("iperf") {
        return;
    }
    for (group, pinning) in every_case() {
        // Another test's program, between fork and exec, may hold the sockets of
        // the last round, and so its port.
        let neighbourhood = Neighbourhood::new();
        let sender = &neighbourhood.neighbours[0];
        sender.host().add_route("224.0.0.0/4", sender, None);
        let [mut here, mut elsewhere] = [0, 1].map(|i| {
            let nic = &neighbourhood.nics[i];
            let interface = interface(nic);
            Ear::on(nic, || member(&interface, group, pinning))
        });

        let _iperf = send_stream(sender.host(), group);

        let heard = here.hear(usize::try_from(FROM_IPERF).unwrap() + 1);
        for datagram in &heard {
            assert_eq!(datagram.cast, Cast::Multicast);
            assert_eq!(datagram.destination, ip(group));
            assert!(interface(sender).owns(datagram.source.ip()), "{datagram:?}");
        }
        assert_whole(&heard);
        here.assert_silent();
        elsewhere.assert_silent();
    }
}

#[test]
fn iperf_reports_no_loss_of_our_stream() {
    if !is_installed("iperf") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let interface = interface(&neighbourhood.nics[0]);
    let receiver = &neighbourhood.neighbours[0];
    for (group, pinning) in every_case() {
        let open = || sender(&interface, group, pinning);
        let socket = neighbourhood.ours.run(open);
        let iperf = receive_stream(receiver, group);

        stream(&socket, group, receiver.host(), &AtomicU64::new(0));

        assert_eq!(report(&iperf), "0/1001 (0%)", "{group} {pinning}");
    }
}

#[test]
fn iperf_reports_the_loss_of_every_tenth_datagram_of_our_stream() {
    if !is_installed("iperf") {
        return;
    }
    let [group, _] = GROUPS;
    for pinning in pinnings() {
        let lab = Lab::new();
        let [ours, theirs] = ["ours", "theirs"].map(|name| lab.host(name));
        let lost = Arc::new(AtomicU64::new(0));
        let wire = lab.wire(
            (&ours, "lan0", &["10.71.0.1/24"]),
            (&theirs, "lan0", &["10.71.0.2/24"]),
            losing_every_tenth_to_the_group(Arc::clone(&lost)),
        );
        let interface = interface(wire.left());
        let socket = ours.run(|| sender(&interface, group, pinning));
        let iperf = receive_stream(wire.right(), group);

        stream(&socket, group, &theirs, &lost);

        assert_eq!(report(&iperf), "100/1001 (10%)", "{pinning}");
        assert_eq!(lost.load(Ordering::Relaxed), 100);
    }
}

#[test]
fn of_two_iperfs_streams_we_hear_only_that_of_our_source() {
    if !is_installed("iperf") {
        return;
    }
    for (case, pinning) in every_source_specific_case() {
        let neighbourhood = Neighbourhood::new();
        let ([nic, _], [sender, _]) = (&neighbourhood.nics, &neighbourhood.neighbours);
        sender.host().add_route("224.0.0.0/4", sender, None);
        sender.add_address(case.further_address);
        let group = Group::new(ip(case.group)).unwrap();
        let interface = interface(nic);
        let mut ear = Ear::on(nic, || {
            let mut socket = receiver(&interface, case.group, pinning)?;
            socket.join_source(group, ip(case.neighbour))?;
            Ok::<_, ifcast::multicast::Error>(socket)
        });

        let (further_address, _) = case.further_address.split_once('/').unwrap();
        let other = send_stream_from(sender.host(), case.group, Some(further_address));
        while !other.line().contains("Sent ") {}
        let _chosen = send_stream_from(sender.host(), case.group, Some(case.neighbour));

        let heard = ear.hear(usize::try_from(FROM_IPERF).unwrap() + 1);
        let is_chosen = |heard: &Heard| heard.source.ip() == ip(case.neighbour);
        assert!(heard.iter().all(is_chosen), "{heard:?}");
        assert_whole(&heard);
        ear.assert_silent();
        assert_eq!(ear.socket().socket().counters().unwanted_source, 0);
    }
}

#[test]
fn an_iperf_whose_source_we_are_loses_nothing_and_hears_nobody_else() {
    if !is_installed("iperf") {
        return;
    }
    for (case, pinning) in every_source_specific_case() {
        let neighbourhood = Neighbourhood::new();
        let ([nic, _], [receiver, _]) = (&neighbourhood.nics, &neighbourhood.neighbours);
        let ours = interface(nic);
        let us = neighbourhood
            .ours
            .run(|| sender(&ours, case.group, pinning));
        let theirs = interface(receiver);
        let other = receiver.host().run(|| sender(&theirs, case.group, pinning));
        let iperf = receive_stream_of(receiver, case.group, Some(case.us));

        // Its own host's, which would reach it first.
        let group = Group::new(ip(case.group)).unwrap();
        other.send_to_port(&datagram(1), group, PORT).unwrap();
        stream(&us, case.group, receiver.host(), &AtomicU64::new(0));

        // [  1] local 232.71.7.7 port 5001 connected with 10.71.0.1 port 41217
        let speaker = loop {
            if let Some((_, speaker)) = iperf.line().split_once(" connected with ") {
                break speaker.to_owned();
            }
        };
        let (speaker, _) = speaker.split_once(' ').unwrap();
        assert_eq!(ip(speaker), ip(case.us));
        assert_eq!(report(&iperf), "0/1001 (0%)", "{case:?} {pinning}");
    }
}

fn every_case() -> impl Iterator<Item = (&'static str, Pinning)> {
    let with_each_pinning = |group| pinnings().map(move |pinning| (group, pinning));
    GROUPS.into_iter().flat_map(with_each_pinning)
}

fn every_source_specific_case() -> impl Iterator<Item = (SourceSpecific, Pinning)> {
    let with_each_pinning = |case| pinnings().map(move |pinning| (case, pinning));
    SOURCE_SPECIFIC.into_iter().flat_map(with_each_pinning)
}

fn losing_every_tenth_to_the_group(lost: Arc<AtomicU64>) -> impl FnMut(&[u8]) -> usize + Send {
    let mut seen = 0;
    move |frame| {
        if !frame.starts_with(&HARDWARE_GROUP) {
            return 1;
        }
        seen += 1;
        if seen % 10 == 0 {
            lost.fetch_add(1, Ordering::Relaxed);
            return 0;
        }
        1
    }
}

/// Fails unless these are all datagrams of a stream from `iperf`.
#[track_caller]
fn assert_whole(heard: &[Heard]) {
    let mut numbers: Vec<_> = heard.iter().map(|d| number(&d.payload)).collect();
    numbers.sort_unstable();
    assert_eq!(numbers[0], -(FROM_IPERF + 1));
    assert!(
        numbers[1..].iter().copied().eq(1..=FROM_IPERF),
        "{numbers:?}"
    );
}

/// Starts an `iperf` that sends to `group` by its host's only route there.
fn send_stream(host: &Host, group: &str) -> Program {
    send_stream_from(host, group, None)
}

/// The same, from this source.
fn send_stream_from(host: &Host, group: &str, source: Option<&str>) -> Program {
    let (port, length) = (PORT.to_string(), LENGTH.to_string());
    let bytes = (LENGTH * usize::try_from(FROM_IPERF).unwrap()).to_string();
    let mut arguments = vec!["-c", group, "-u", "-p", &port, "-l", &length, "-n", &bytes];
    arguments.extend(["-b", "2000pps"]);
    arguments.extend(source.into_iter().flat_map(|source| ["-B", source]));
    arguments.extend(family_option(group));
    Program::start(host, "iperf", &arguments)
}

/// Starts an `iperf` that joins `group`. It serves one stream well; at the start
/// of a second it may not have its new socket yet.
fn receive_stream(nic: &Nic, group: &str) -> Program {
    receive_stream_of(nic, group, None)
}

/// The same, and joins it for what this source sends.
fn receive_stream_of(nic: &Nic, group: &str, source: Option<&str>) -> Program {
    let port = PORT.to_string();
    let joined = format!("{group}%{}", nic.name());
    let mut arguments = vec!["-s", "-u", "-p", &port, "-B", &joined];
    arguments.extend(source.into_iter().flat_map(|source| ["-H", source]));
    arguments.extend(family_option(group));
    let peer = Program::start(nic.host(), "iperf", &arguments);
    await_listener(nic.host(), SocketAddr::new(ip(group), PORT));
    peer
}

fn family_option(group: &str) -> Option<&'static str> {
    ip(group).is_ipv6().then_some("-V")
}

/// How many datagrams it missed, of how many, in its own words.
#[track_caller]
fn report(iperf: &Program) -> String {
    loop {
        // [  1] 0.0000-0.2058 sec   125 KBytes  4.98 Mbits/sec   0.001 ms 0/1001 (0%)
        if let Some((_, lost_of_total)) = iperf.line().split_once(" ms ") {
            return lost_of_total.trim().to_owned();
        }
    }
}

fn member(
    interface: &Interface,
    group: &str,
    pinning: Pinning,
) -> Result<MulticastSocket, ifcast::multicast::Error> {
    let mut socket = receiver(interface, group, pinning)?;
    socket.join(Group::new(ip(group)).unwrap())?;
    Ok(socket)
}

fn receiver(
    interface: &Interface,
    group: &str,
    pinning: Pinning,
) -> Result<MulticastSocket, ifcast::multicast::Error> {
    let socket = BoundSocket::builder(interface, Family::of(ip(group)))
        .port(PORT)
        .pinning(pinning)
        .receive_buffer(1 << 20)
        .bind()?;
    Ok(MulticastSocket::new(socket))
}

fn sender(interface: &Interface, group: &str, pinning: Pinning) -> MulticastSocket {
    let builder = BoundSocket::builder(interface, Family::of(ip(group)));
    MulticastSocket::new(builder.pinning(pinning).bind().unwrap())
}

/// Sends a whole stream, waiting now and then until `receiver` has taken what
/// was sent and not `lost`.
///
/// `iperf` connects its socket to where the first datagram came from. While it
/// does so Linux may fail to match a datagram to it (seen with IPv6, once in some
/// hundred streams, counted as `Udp6IgnoredMulti`), so that is waited for too.
fn stream(socket: &MulticastSocket, group: &str, receiver: &Host, lost: &AtomicU64) {
    let address = ip(group);
    let group = Group::new(address).unwrap();
    receiver.run(|| {
        let before = received(address);
        for number in 1..=FROM_US {
            socket.send_to_port(&datagram(number), group, PORT).unwrap();
            if number == 1 {
                let port = socket.socket().port();
                wait_until("iperf is connected", || is_connected(address, port));
            }
            if number % WINDOW == 0 {
                let sent = before + u64::try_from(number).unwrap();
                wait_until("iperf has taken what was sent", || {
                    received(address) + lost.load(Ordering::Relaxed) >= sent
                });
            }
        }
        let last = datagram(-(FROM_US + 1));
        socket.send_to_port(&last, group, PORT).unwrap();
    });
}

/// Whether a socket on this host, of the family of `address`, is connected to
/// `port`.
fn is_connected(address: IpAddr, port: u16) -> bool {
    let sockets = table(if address.is_ipv4() { "udp" } else { "udp6" });
    sockets.contains(&format!(":{port:04X} 01 ")) // TCP_ESTABLISHED
}

/// How many datagrams of this family programs have received on this host.
fn received(address: IpAddr) -> u64 {
    let count = if address.is_ipv4() {
        let table = table("snmp");
        // A line of names, then a line of numbers.
        let mut lines = table.lines().filter_map(|line| line.strip_prefix("Udp: "));
        lines.nth(1).unwrap().split(' ').next().unwrap().parse()
    } else {
        let table = table("snmp6");
        let mut lines = table.lines();
        let count = lines.find_map(|line| line.strip_prefix("Udp6InDatagrams"));
        count.unwrap().trim().parse()
    };
    count.unwrap()
}

/// A datagram as `iperf` 2.1 sends it: its number's lower half, seconds,
/// microseconds, the upper half, and no flags.
fn datagram(number: i32) -> [u8; LENGTH] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seconds = u32::try_from(now.as_secs()).unwrap();
    let upper_half: i32 = if number < 0 { -1 } else { 0 };
    let mut datagram = [0; LENGTH];
    datagram[..4].copy_from_slice(&number.to_be_bytes());
    datagram[4..8].copy_from_slice(&seconds.to_be_bytes());
    datagram[8..12].copy_from_slice(&now.subsec_micros().to_be_bytes());
    datagram[12..16].copy_from_slice(&upper_half.to_be_bytes());
    datagram
}

/// The number of a datagram, which is negative in the last one.
fn number(payload: &[u8]) -> i32 {
    i32::from_be_bytes(*payload.first_chunk().unwrap())
}
