//! Segments and wires: who hears whom, and what a capture shows.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ifcast_netlab::{Frame, Host, Lab, Passage};

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 1, 2, 3);
const GROUP6: Ipv6Addr = Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0, 0, 0x123);

fn listener(host: &Host, port: u16) -> UdpSocket {
    let socket = host.run(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap());
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    socket
}

fn send(host: &Host, payload: &[u8], to: &str) {
    host.run(|| {
        let any = if to.starts_with('[') {
            "[::]:0"
        } else {
            "0.0.0.0:0"
        };
        let socket = UdpSocket::bind(any).unwrap();
        socket.set_broadcast(true).unwrap();
        socket.send_to(payload, to).unwrap();
    });
}

fn payload_is(frame: &Frame, payload: &[u8]) -> bool {
    frame.udp().is_some_and(|udp| udp.payload == payload)
}

/// The payloads of the UDP datagrams among `frames`.
fn payloads(frames: &[Frame]) -> Vec<&[u8]> {
    let datagrams = frames.iter().filter_map(Frame::udp);
    datagrams.map(|udp| udp.payload).collect()
}

#[test]
fn a_broadcast_reaches_everybody_on_its_segment_and_nobody_elsewhere() {
    let lab = Lab::new();
    let (left, right) = (lab.segment(), lab.segment());
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| lab.host(name));
    for (host, address) in [
        (&a, "10.71.0.1/24"),
        (&b, "10.71.0.2/24"),
        (&c, "10.71.0.3/24"),
    ] {
        left.attach(host, "lan0", &[address]);
    }
    right.attach(&d, "lan0", &["10.71.0.4/24"]);
    let (mut on_left, mut on_right) = (left.capture(), right.capture());
    let listeners = [&b, &c].map(|host| listener(host, 7));
    send(&a, b"hello", "10.71.0.255:7");
    for listener in listeners {
        assert_eq!(listener.recv(&mut [0; 8]).unwrap(), 5);
    }
    on_left.frames_until(|frame| payload_is(frame, b"hello"));
    assert_eq!(on_right.frames(), []);
}

#[test]
fn a_capture_shows_each_frame_once_whoever_it_is_for() {
    let lab = Lab::new();
    let (lan, a, b) = (lab.segment(), lab.host("a"), lab.host("b"));
    lan.attach(&a, "lan0", &["10.71.0.1/24"]);
    lan.attach(&b, "lan0", &["10.71.0.2/24"]);
    let _listener = listener(&b, 7);
    let mut capture = lan.capture();
    send(&a, b"unicast", "10.71.0.2:7");
    send(&a, b"broadcast", "10.71.0.255:7");
    send(&a, b"end", "10.71.0.2:7");
    let frames = capture.frames_until(|frame| payload_is(frame, b"end"));
    assert_eq!(payloads(&frames), [&b"unicast"[..], b"broadcast", b"end"]);
    let broadcast = frames.iter().find(|frame| payload_is(frame, b"broadcast"));
    let broadcast = broadcast.unwrap();
    assert_eq!(broadcast.destination(), [0xff; 6]);
    let udp = broadcast.udp().unwrap();
    assert_eq!(udp.destination, "10.71.0.255:7".parse().unwrap());
    assert_eq!(udp.source.ip(), IpAddr::from([10, 71, 0, 1]));
    assert!(has_valid_udp_checksum(broadcast));
}

/// Sums an IPv4 frame's UDP datagram with its pseudo header (RFC 768).
fn has_valid_udp_checksum(frame: &Frame) -> bool {
    let ip = frame.ip().unwrap();
    let (IpAddr::V4(source), IpAddr::V4(destination)) = (ip.source, ip.destination) else {
        return false;
    };
    let length = u16::try_from(ip.payload.len()).unwrap().to_be_bytes();
    let pseudo = [0, 17, length[0], length[1]];
    let covered = [
        &source.octets(),
        &destination.octets(),
        &pseudo[..],
        ip.payload,
    ]
    .concat();
    let mut sum: u32 = covered
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)])))
        .sum();
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum == 0xffff
}

#[test]
fn an_interface_can_be_captured_in_both_directions() {
    let lab = Lab::new();
    let (lan, a, b) = (lab.segment(), lab.host("a"), lab.host("b"));
    let nic = lan.attach(&a, "lan0", &["10.71.0.1/24"]);
    lan.attach(&b, "lan0", &["10.71.0.2/24"]);
    let _listeners = [listener(&a, 7), listener(&b, 7)];
    let mut capture = nic.capture();
    send(&a, b"out", "10.71.0.255:7");
    send(&b, b"in", "10.71.0.255:7");
    let frames = capture.frames_until(|frame| payload_is(frame, b"in"));
    assert_eq!(payloads(&frames), [&b"out"[..], b"in"]);
}

#[test]
fn nothing_but_what_is_sent_crosses_an_ipv4_segment() {
    let lab = Lab::new();
    let (lan, a, b) = (lab.segment(), lab.host("a"), lab.host("b"));
    let mut capture = lan.capture();
    lan.attach(&a, "lan0", &["10.71.0.1/24"]);
    lan.attach(&b, "lan0", &["10.71.0.2/24"]);
    send(&a, b"end", "10.71.0.255:7");
    let frames = capture.frames_until(|frame| payload_is(frame, b"end"));
    let noise: Vec<_> = frames
        .iter()
        .filter(|frame| !frame.ip().is_some_and(|ip| ip.destination.is_ipv6()))
        .collect();
    assert_eq!(noise.len(), 1, "{noise:?}");
}

#[test]
fn no_router_is_solicited() {
    let lab = Lab::new();
    let (lan, a) = (lab.segment(), lab.host("a"));
    let mut capture = lan.capture();
    lan.attach(&a, "lan0", &["10.71.0.1/24", "fe80::1/64"]);
    send(&a, b"end", "10.71.0.255:7");
    let frames = capture.frames_until(|frame| payload_is(frame, b"end"));
    let solicits = |frame: &Frame| {
        let ip = frame.ip();
        ip.is_some_and(|ip| ip.protocol == 58 && ip.payload[0] == 133)
    };
    assert!(!frames.iter().any(solicits), "{frames:?}");
}

#[test]
fn a_snooping_segment_carries_a_multicast_to_its_members_only() {
    let lab = Lab::new();
    let lan = lab.snooping_segment();
    let [a, b, c] = ["a", "b", "c"].map(|name| lab.host(name));
    lan.attach(&a, "lan0", &["10.71.0.1/24", "fe80::1/64"]);
    let member = lan.attach(&b, "lan0", &["10.71.0.2/24", "fe80::2/64"]);
    let other = lan.attach(&c, "lan0", &["10.71.0.3/24", "fe80::3/64"]);
    let (mut at_member, mut at_other) = (member.capture(), other.capture());
    let index = member.index();
    let _joined = b.run(|| {
        let v4 = UdpSocket::bind("0.0.0.0:7").unwrap();
        v4.join_multicast_v4(&GROUP, &Ipv4Addr::new(10, 71, 0, 2))
            .unwrap();
        let v6 = UdpSocket::bind("[::]:8").unwrap();
        v6.join_multicast_v6(&GROUP6, index).unwrap();
        (v4, v6)
    });
    at_member.records_until(&member, GROUP.into(), |_| true);
    at_member.records_until(&member, GROUP6.into(), |_| true);
    a.add_default_route(&a.nic("lan0"), None);
    send(&a, b"four", "239.1.2.3:7");
    send(&a, b"six", "[ff12::123]:8");
    send(&a, b"end", "10.71.0.255:9");
    let end = |frame: &Frame| payload_is(frame, b"end");
    assert_eq!(
        payloads(&at_member.frames_until(end)),
        [&b"four"[..], b"six", b"end"]
    );
    assert_eq!(payloads(&at_other.frames_until(end)), [b"end"]);
}

#[test]
fn a_segment_without_snooping_carries_every_multicast_to_everybody() {
    let lab = Lab::new();
    let (lan, a, b) = (lab.segment(), lab.host("a"), lab.host("b"));
    let nic = lan.attach(&a, "lan0", &["10.71.0.1/24"]);
    let other = lan.attach(&b, "lan0", &["10.71.0.2/24"]);
    let mut capture = other.capture();
    a.add_default_route(&nic, None);
    send(&a, b"four", "239.1.2.3:7");
    capture.frames_until(|frame| payload_is(frame, b"four"));
}

#[test]
fn a_wire_loses_and_doubles_as_its_policy_says() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    let mut seen = 0;
    let wire = lab.wire(
        (&a, "lan0", &["10.71.0.1/24"]),
        (&b, "lan0", &["10.71.0.2/24"]),
        move |frame| {
            if frame[12..14] != [8, 0] {
                return 1; // ARP
            }
            seen += 1;
            if seen % 2 == 0 { 0 } else { 2 }
        },
    );
    assert_eq!(wire.left().host().name(), "a");
    let listener = listener(&b, 7);
    a.run(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        for number in 0..5u8 {
            socket.send_to(&[number], "10.71.0.2:7").unwrap();
        }
    });
    let mut received = [0; 6];
    for place in &mut received {
        listener.recv(std::slice::from_mut(place)).unwrap();
    }
    assert_eq!(received, [0, 0, 2, 2, 4, 4]);
}

#[test]
fn an_unruly_wire_has_frames_pass_behind_later_ones() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    let mut seen = 0;
    let _wire = lab.unruly_wire(
        (&a, "lan0", &["10.71.0.1/24"]),
        (&b, "lan0", &["10.71.0.2/24"]),
        move |frame| {
            if frame[12..14] != [8, 0] {
                return Passage::Copies(1); // ARP
            }
            seen += 1;
            match seen {
                1 => Passage::Behind(2),
                4 => Passage::Behind(1),
                _ => Passage::Copies(1),
            }
        },
    );
    let listener = listener(&b, 7);
    a.run(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.set_broadcast(true).unwrap();
        for number in 1..=6u8 {
            socket.send_to(&[number], "10.71.0.255:7").unwrap();
        }
    });
    let mut received = [0; 6];
    for place in &mut received {
        listener.recv(std::slice::from_mut(place)).unwrap();
    }
    assert_eq!(received, [2, 3, 1, 5, 4, 6]);
}

#[test]
fn a_wire_passes_frames_both_ways_until_it_is_dropped() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    let passed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&passed);
    let wire = lab.wire(
        (&a, "lan0", &["10.71.0.1/24"]),
        (&b, "lan0", &["10.71.0.2/24"]),
        move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            1
        },
    );
    let (at_a, at_b) = (listener(&a, 7), listener(&b, 7));
    send(&a, b"there", "10.71.0.2:7");
    at_b.recv(&mut [0; 8]).unwrap();
    send(&b, b"back", "10.71.0.1:7");
    at_a.recv(&mut [0; 8]).unwrap();
    drop(wire);
    let count = passed.load(Ordering::Relaxed);
    send(&a, b"lost", "10.71.0.2:7");
    at_b.set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    assert!(at_b.recv(&mut [0; 8]).is_err());
    assert_eq!(passed.load(Ordering::Relaxed), count);
}

#[test]
fn a_policy_that_panics_fails_the_test_that_laid_the_wire() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    let (reached, panics) = mpsc::channel();
    let wire = lab.wire(
        (&a, "lan0", &["10.71.0.1/24"]),
        (&b, "lan0", &["10.71.0.2/24"]),
        move |_| {
            reached.send(()).unwrap();
            panic!("on the wire");
        },
    );
    send(&a, b"hello", "10.71.0.255:7");
    panics.recv_timeout(Duration::from_secs(5)).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| drop(wire))).unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "on the wire");
}

#[test]
fn a_lab_of_twenty_hosts_is_quick_to_set_up_and_to_leave() {
    let start = Instant::now();
    let lab = Lab::new();
    let segments: Vec<_> = (0..8).map(|_| lab.segment()).collect();
    let segments_at = start.elapsed();
    let hosts: Vec<_> = (0..20).map(|n| lab.host(&format!("h{n}"))).collect();
    let hosts_at = start.elapsed();
    let nics: Vec<_> = hosts
        .iter()
        .zip(segments.iter().cycle())
        .zip(1..)
        .map(|((host, segment), n)| {
            segment.attach(
                host,
                "lan0",
                &[&format!("10.71.0.{n}/24"), &format!("fe80::{n}/64")],
            )
        })
        .collect();
    let nics_at = start.elapsed();
    drop((lab, segments, hosts, nics));
    let dropped_at = start.elapsed();
    println!(
        "segments {segments_at:?}, hosts {hosts_at:?}, attached {nics_at:?}, left {dropped_at:?}"
    );
}
