//! `asmping` and `ssmpingd`: a conversation of others, overheard as a member.
//!
//! One asks from a port of its own, by unicast; the other answers to that port, by
//! unicast and to the group. The end of the group's address is the program's.

use std::net::SocketAddr;

use ifcast::multicast::MulticastSocket;
use ifcast::socket::BoundSocket;
use ifcast::{Cast, Family, Group, Pinning, Sharing};
use ifcast_netlab::{Lab, Nic};
use ifcast_tests::{Ear, PINNINGS, Program, interface, ip};

use crate::peer::{await_listener, is_installed, port_of};

/// Where `ssmpingd` is asked.
const PORT: u16 = 4321;

/// What `asmping` joins when it is asked for these.
const GROUPS: [(&str, &str); 2] = [
    ("239.71.7.7", "239.71.7.234"),
    ("ff05::71:7", "ff05::4321:1234"),
];

/// How many answers to wait for; there is one in a second.
const COUNT: usize = 2;

#[test]
fn what_ssmpingd_answers_to_asmping_we_hear_as_members() {
    if !is_installed("asmping") {
        return;
    }
    let lab = Lab::new();
    let segment = lab.segment();
    let [ours, asking, answering] = ["ours", "asking", "answering"].map(|name| lab.host(name));
    let nics = [(&ours, 1), (&asking, 2), (&answering, 3)].map(|(host, n)| {
        let (v4, v6) = (format!("10.71.0.{n}/24"), format!("fd71:0::{n}/64"));
        segment.attach(host, "lan0", &[&v4, &v6])
    });
    let [ours, _, answering] = &nics;
    answering.host().add_route("224.0.0.0/4", answering, None);
    let _ssmpingd = Program::start(answering.host(), "ssmpingd", &[]);
    for any in ["0.0.0.0", "::"] {
        await_listener(answering.host(), SocketAddr::new(ip(any), PORT));
    }

    let mut conversations: Vec<_> = GROUPS
        .into_iter()
        .zip(["10.71.0.3", "fd71:0::3"])
        .map(|((wish, group), server)| {
            let arguments = ["-I", "lan0", wish, server];
            let asmping = Program::start(&asking, "asmping", &arguments);
            let port = port_of(&asking, ip(group));
            let ears = PINNINGS.map(|pinning| Ear::on(ours, || member(ours, group, port, pinning)));
            (asmping, group, server, ears)
        })
        .collect();

    for (asmping, group, server, ears) in &mut conversations {
        for ear in ears {
            for heard in ear.hear(COUNT) {
                assert_eq!(
                    (heard.cast, heard.destination),
                    (Cast::Multicast, ip(group))
                );
                assert_eq!(heard.source, SocketAddr::new(ip(server), PORT));
                assert_eq!(heard.interface, interface(ours).id());
            }
        }
        // It has heard it too: multicast from 10.71.0.3, seq=1 dist=0 time=0.160 ms
        let answer = format!("multicast from {}", ip(server));
        while !asmping.line().starts_with(&answer) {}
    }
}

fn member(
    nic: &Nic,
    group: &str,
    port: u16,
    pinning: Pinning,
) -> Result<MulticastSocket, ifcast::multicast::Error> {
    let socket = BoundSocket::builder(&interface(nic), Family::of(ip(group)))
        .port(port)
        .pinning(pinning)
        .sharing(Sharing::WithOthers)
        .bind()?;
    let mut socket = MulticastSocket::new(socket);
    socket.join(Group::new(ip(group)).unwrap())?;
    Ok(socket)
}
