//! Thousands of groups, with the limits that every system starts with. One test, so
//! that all descriptors of the process are its own.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use std::{fs, io};

use ifcast::multicast::{MulticastSocket, SharedMulticastSocket};
use ifcast::socket::{BoundSocket, SharedSocket};
use ifcast::{EventLoop, Family, Group};
use ifcast_netlab::{Lab, Nic};
use ifcast_tests::interface;
use mio::event::Source;

const PORT: u16 = 2222;
const COUNT: u16 = 2000;
const PATIENCE: Duration = Duration::from_secs(20);

fn groups(family: Family) -> impl Iterator<Item = Group> + Clone {
    (0..COUNT).map(move |number| match family {
        Family::V4 => format!("239.71.{}.{}", number / 250, number % 250)
            .parse()
            .unwrap(),
        Family::V6 => format!("ff15::71:{number:x}").parse().unwrap(),
    })
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Sends to each group by each of the far ends; each must be heard once on each near
/// end, and nothing else.
fn assert_each_is_heard_once<S: ifcast::socket::Receive + Source>(
    sockets: &mut EventLoop<S>,
    speakers: &[BoundSocket],
    family: Family,
) {
    let mut heard: BTreeMap<(u32, IpAddr), usize> = BTreeMap::new();
    let deadline = Instant::now() + PATIENCE;
    let mut sent = 0;
    for group in groups(family) {
        for speaker in speakers {
            speaker.send(b"x", group.socket_addr(PORT)).unwrap();
            sent += 1;
        }
        // The queue never gets long.
        take(sockets, &mut heard, Duration::ZERO);
    }
    while heard.values().sum::<usize>() < sent {
        assert!(Instant::now() < deadline, "{} of {sent}", heard.len());
        take(sockets, &mut heard, Duration::from_millis(100));
    }
    take(sockets, &mut heard, Duration::from_millis(100));
    assert_eq!(heard.len(), sent);
    assert!(heard.values().all(|count| *count == 1));
}

fn take<S: ifcast::socket::Receive + Source>(
    sockets: &mut EventLoop<S>,
    heard: &mut BTreeMap<(u32, IpAddr), usize>,
    timeout: Duration,
) {
    let visit = |_: &S, received: io::Result<ifcast::Datagram<'_>>| {
        let datagram = received.unwrap();
        let place = (datagram.interface().index().get(), datagram.destination());
        *heard.entry(place).or_default() += 1;
    };
    sockets.poll(Some(timeout), visit).unwrap();
}

#[test]
fn two_thousand_groups_on_each_of_two_interfaces_are_heard_once_each_and_left_cleanly() {
    let lab = Lab::new();
    let (host, other) = (lab.host("host"), lab.host("other"));
    let ends: Vec<[Nic; 2]> = (0..2)
        .map(|i| {
            let segment = lab.segment();
            let attach = |host, end: u8| {
                let v4 = format!("10.71.{i}.{end}/24");
                let v6 = format!("fe80::{i}:{end}/64");
                segment.attach(host, &format!("lan{i}"), &[&v4, &v6])
            };
            [attach(&host, 1), attach(&other, 2)]
        })
        .collect();
    let before = descriptors();
    for family in Family::ALL {
        let speakers: Vec<_> = ends
            .iter()
            .map(|[_, far]| {
                let theirs = interface(far);
                other.run(|| BoundSocket::builder(&theirs, family).bind().unwrap())
            })
            .collect();

        // A socket for each interface.
        let mut sockets = EventLoop::new().unwrap();
        for [near, _] in &ends {
            let ours = interface(near);
            let socket = host.run(|| {
                let start = Instant::now();
                let mut socket = MulticastSocket::bind(&ours, family, PORT).unwrap();
                groups(family).for_each(|group| socket.join(group).unwrap());
                eprintln!("{COUNT} {family} groups joined in {:?}", start.elapsed());
                socket
            });
            sockets.add(socket).unwrap();
        }
        assert_each_is_heard_once(&mut sockets, &speakers, family);
        drop(sockets);

        // One for both.
        let mut sockets = EventLoop::new().unwrap();
        let ours: Vec<_> = ends.iter().map(|[near, _]| interface(near)).collect();
        let socket = host.run(|| {
            let builder = SharedSocket::builder(family).port(PORT);
            let mut socket = SharedMulticastSocket::new(builder.bind().unwrap());
            for interface in &ours {
                socket.add(interface).unwrap();
                groups(family).for_each(|group| socket.join(interface.index(), group).unwrap());
            }
            socket
        });
        let id = sockets.add(socket).unwrap();
        assert_each_is_heard_once(&mut sockets, &speakers, family);
        let socket = sockets.get_mut(id).unwrap();
        let open = descriptors();
        host.run(|| {
            for interface in &ours {
                groups(family).for_each(|group| socket.leave(interface.index(), group).unwrap());
            }
        });
        assert!(descriptors() < open, "keepers are closed");
        drop((sockets, speakers));
        assert_eq!(descriptors(), before);
        let left = host.run(|| fs::read_to_string("/proc/thread-self/net/igmp").unwrap());
        assert!(!left.contains("47EF"), "{left}"); // 239.71.x.y, as it is written there
    }
}
