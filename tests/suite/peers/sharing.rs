//! Other listeners on our port: they hear, and we hear, whoever came first.

use std::net::{IpAddr, SocketAddr};

use ifcast::multicast::MulticastSocket;
use ifcast::socket::BoundSocket;
use ifcast::{Cast, Family, Group, Pinning, Sockets};
use ifcast_netlab::{Host, Nic};
use ifcast_tests::{Heard, Program, interface, ip, is_installed};

use crate::Neighbourhood;
use crate::daemon;
use crate::ours::{Order, Ours, in_every_way_and_order};

/// How many datagrams come from each neighbour for each group.
const COUNT: usize = 10;

/// A program that prints a line for each datagram that it hears.
struct Listener {
    program: &'static str,
    port: u16,
    groups: [&'static str; 2],
    start: fn(&Host, &Self) -> Program,
    /// A datagram that says a word.
    saying: fn(&str) -> String,
    /// Whether it prints that it heard this word.
    has_heard: fn(&str, &str) -> bool,
}

/// A few lines of Python, as in so many programs.
const PYTHON: Listener = Listener {
    program: "python3",
    port: 2222,
    groups: ["239.71.7.7", "ff02::71:7"],
    start: |host, listener| {
        let port = listener.port.to_string();
        let [v4, v6] = listener.groups;
        let arguments = ["-c", SCRIPT, &port, v4, v6, "lan0", "lan1"];
        let python = Program::start(host, "python3", &arguments);
        assert_eq!(python.line(), "listening");
        python
    },
    saying: str::to_owned,
    has_heard: |line, word| line == word,
};

const SCRIPT: &str = include_str!("listener.py");

/// Who takes note of `UPnP` devices.
const MINISSDPD: Listener = Listener {
    program: "minissdpd",
    port: 1900,
    groups: ["239.255.255.250", "ff02::c"],
    start: |host, _| {
        let arguments = ["-d", "-6", "-i", "lan0", "-i", "lan1"];
        let minissdpd = daemon::start(host, &[], "minissdpd", &arguments);
        // It hears itself ask, once it has joined everything.
        while !minissdpd.line().ends_with(" ST:ssdp:all") {}
        minissdpd
    },
    saying: |word| {
        let lines = [
            "M-SEARCH * HTTP/1.1",
            "HOST: 239.255.255.250:1900",
            "MAN: \"ssdp:discover\"",
            "MX: 1",
            &format!("ST: {word}"),
            "\r\n",
        ];
        lines.join("\r\n")
    },
    has_heard: |line, word| {
        line.contains("SSDP M-SEARCH from ") && line.ends_with(&format!(" ST:{word}"))
    },
};

#[test]
fn a_python_listener_and_we_hear_the_same_whoever_came_first() {
    if !is_installed(PYTHON.program) {
        return;
    }
    assert_that_both_hear(&PYTHON);
}

#[test]
fn minissdpd_and_we_hear_the_same_whoever_came_first() {
    if !daemon::is_runnable(MINISSDPD.program) {
        return;
    }
    assert_that_both_hear(&MINISSDPD);
}

#[track_caller]
fn assert_that_both_hear(listener: &Listener) {
    in_every_way_and_order(|way, order| {
        let neighbourhood = Neighbourhood::new();
        let (theirs, mut ours) = open(listener, &neighbourhood, way, order);
        let neighbours = neighbourhood.neighbours.each_ref().map(interface);
        let is_a_neighbours = |heard: &Heard| neighbours.iter().any(|n| n.owns(heard.source.ip()));

        for (nic, neighbour) in neighbourhood.nics.iter().zip(&neighbourhood.neighbours) {
            for group in listener.groups.map(ip) {
                let word = |number| format!("{}-{group}-{number}", neighbour.host().name());
                let words: Vec<_> = (0..COUNT).map(word).collect();
                let speaker = speaker(neighbour, group);
                let to = Group::new(group).unwrap();
                for word in &words {
                    let payload = (listener.saying)(word);
                    let sent = speaker.send_to_port(payload.as_bytes(), to, listener.port);
                    sent.unwrap();
                }

                for word in &words {
                    while !(listener.has_heard)(&theirs.line(), word) {}
                }
                for (heard, word) in ours.hear(COUNT, is_a_neighbours).iter().zip(&words) {
                    assert_eq!(heard.payload, (listener.saying)(word).as_bytes());
                    assert_eq!((heard.cast, heard.destination), (Cast::Multicast, group));
                    assert_eq!(heard.interface, interface(nic).id());
                }
            }
        }
        ours.assert_silent(is_a_neighbours);
    });
}

#[test]
fn a_unicast_to_a_shared_port_goes_to_who_is_tied_to_the_device_or_else_to_who_came_last() {
    if !is_installed(PYTHON.program) {
        return;
    }
    in_every_way_and_order(|way, order| {
        let neighbourhood = Neighbourhood::new();
        let (theirs, mut ours) = open(&PYTHON, &neighbourhood, way, order);
        let (_, pinning) = way;
        let is_for_us = pinning == Pinning::Device || order == Order::TheyFirst;
        let [we, they]: [&[&str]; 2] = if is_for_us {
            [&["for one", "for all"], &["for all"]]
        } else {
            [&["for all"], &["for one", "for all"]]
        };
        // Of our own sockets that are tied to no device the last one gets what is
        // meant for any, and drops what is not meant for it.
        let [_, neighbour] = &neighbourhood.neighbours;
        for (address, group) in ["10.71.1.1", "fd71:1::1"].into_iter().zip(PYTHON.groups) {
            let speaker = speaker(neighbour, ip(address));
            let to = SocketAddr::new(ip(address), PYTHON.port);
            speaker.socket().send(b"for one", to).unwrap();
            let group = Group::new(ip(group)).unwrap();
            let sent = speaker.send_to_port(b"for all", group, PYTHON.port);
            sent.unwrap();

            for (heard, word) in ours.hear(we.len(), |_| true).iter().zip(we) {
                assert_eq!(heard.payload, word.as_bytes(), "{way:?} {order:?}");
            }
            for word in they {
                assert_eq!(theirs.line(), *word, "{way:?} {order:?}");
            }
        }
        ours.assert_silent(|_| true);
        theirs.assert_silent();
    });
}

fn open(
    listener: &Listener,
    neighbourhood: &Neighbourhood,
    way: (Sockets, Pinning),
    order: Order,
) -> (Program, Ours) {
    let host = &neighbourhood.ours;
    let groups = listener.groups.map(|group| Group::new(ip(group)).unwrap());
    order.of(
        || (listener.start)(host, listener),
        || Ours::open(host, way, listener.port, &groups),
    )
}

/// A socket with a port of its own.
fn speaker(nic: &Nic, to: IpAddr) -> MulticastSocket {
    let interface = interface(nic);
    let builder = BoundSocket::builder(&interface, Family::of(to));
    MulticastSocket::new(nic.host().run(|| builder.bind()).unwrap())
}
