//! `asmping`, `ssmping` and `ssmpingd`: conversations of others, overheard as a member.
//!
//! One asks from a port of its own, by unicast; the other answers to that port, by
//! unicast and to a group. `ssmping` has joined one that is the program's, for what
//! this one source sends; `asmping` one that is the user's but for its end.

use std::net::{IpAddr, SocketAddr};

use ifcast::multicast::{Error, MulticastSocket};
use ifcast::socket::BoundSocket;
use ifcast::{Cast, Group, Pinning, Sharing};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, Program, interface, ip, is_installed, pinnings};

use crate::peer::{await_listener, port_of};

/// Where `ssmpingd` is asked.
const PORT: u16 = 4321;

/// Who answers, over each family.
const SERVERS: [&str; 2] = ["10.71.0.3", "fd71:0::3"];

/// Two who do not.
const OTHERS: [&str; 2] = ["10.71.0.2", "fd71:0::2"];

/// What `asmping` is told to join, and what it joins.
const WISHES: [&str; 2] = ["239.71.7.7", "ff05::71:7"];
const GROUPS: [&str; 2] = ["239.71.7.234", "ff05::4321:1234"];

/// What `ssmping` joins.
const SOURCE_SPECIFIC_GROUPS: [&str; 2] = ["232.43.211.234", "ff3e::4321:1234"];

/// How many answers to wait for; there is one in a second.
const COUNT: usize = 2;

#[test]
fn what_ssmpingd_answers_to_asmping_we_hear_as_members() {
    if !is_installed("asmping") {
        return;
    }
    let trio = Trio::new();
    let conversations = [0, 1].map(|i| {
        let arguments = ["-I", "lan0", WISHES[i], SERVERS[i]];
        let asmping = Program::start(&trio.asking, "asmping", &arguments);
        let group = Group::new(ip(GROUPS[i])).unwrap();
        let open = |pinning| trio.member(group, pinning, |socket| socket.join(group));
        (asmping, pinnings().map(open).collect::<Vec<_>>())
    });
    for (i, (asmping, mut ears)) in conversations.into_iter().enumerate() {
        for ear in &mut ears {
            trio.assert_hears(ear, GROUPS[i], SERVERS[i]);
        }
        assert_has_heard(&asmping, SERVERS[i]);
    }
}

#[test]
fn what_ssmpingd_answers_to_ssmping_we_hear_if_it_is_our_source() {
    if !is_installed("ssmping") {
        return;
    }
    let trio = Trio::new();
    let conversations = [0, 1].map(|i| {
        let arguments = ["-I", "lan0", SERVERS[i]];
        let ssmping = Program::start(&trio.asking, "ssmping", &arguments);
        let group = Group::new(ip(SOURCE_SPECIFIC_GROUPS[i])).unwrap();
        let ears = [SERVERS[i], OTHERS[i]].map(|source| {
            let join = |socket: &mut MulticastSocket| socket.join_source(group, ip(source));
            let members = pinnings().map(|pinning| trio.member(group, pinning, join));
            members.collect::<Vec<_>>()
        });
        (ssmping, ears)
    });
    for (i, (ssmping, [chosen, others])) in conversations.into_iter().enumerate() {
        for mut ear in chosen {
            trio.assert_hears(&mut ear, SOURCE_SPECIFIC_GROUPS[i], SERVERS[i]);
        }
        for mut ear in others {
            ear.assert_silent();
            assert_eq!(ear.socket().socket().counters().unwanted_source, 0);
        }
        assert_has_heard(&ssmping, SERVERS[i]);
    }
}

/// Us, who asks and who answers, on one segment.
struct Trio {
    ours: Nic,
    asking: Host,
    _ssmpingd: Program,
}

impl Trio {
    fn new() -> Self {
        let lab = Lab::new();
        let segment = lab.segment();
        let attach = |name, addresses: [&str; 2]| {
            let addresses = addresses.map(|address| match ip(address) {
                IpAddr::V4(address) => format!("{address}/24"),
                IpAddr::V6(address) => format!("{address}/64"),
            });
            let addresses = addresses.each_ref().map(String::as_str);
            segment.attach(&lab.host(name), "lan0", &addresses)
        };
        let ours = attach("ours", ["10.71.0.1", "fd71:0::1"]);
        let asking = attach("asking", OTHERS);
        let answering = attach("answering", SERVERS);
        answering.host().add_route("224.0.0.0/4", &answering, None);
        let ssmpingd = Program::start(answering.host(), "ssmpingd", &[]);
        for any in ["0.0.0.0", "::"] {
            await_listener(answering.host(), SocketAddr::new(ip(any), PORT));
        }
        Self {
            ours,
            asking: asking.host().clone(),
            _ssmpingd: ssmpingd,
        }
    }

    /// A socket on the port where the answers to `group` arrive, once it is known.
    fn member(
        &self,
        group: Group,
        pinning: Pinning,
        join: impl FnOnce(&mut MulticastSocket) -> Result<(), Error> + Send,
    ) -> Ear<MulticastSocket> {
        let port = port_of(&self.asking, group.address());
        let interface = interface(&self.ours);
        let builder = BoundSocket::builder(&interface, group.family())
            .port(port)
            .pinning(pinning)
            .sharing(Sharing::WithOthers);
        Ear::on(&self.ours, || {
            let mut socket = MulticastSocket::new(builder.bind()?);
            join(&mut socket)?;
            Ok::<_, Error>(socket)
        })
    }

    #[track_caller]
    fn assert_hears(&self, ear: &mut Ear<MulticastSocket>, group: &str, server: &str) {
        for heard in ear.hear(COUNT) {
            let expected = (Cast::Multicast, ip(group));
            assert_eq!((heard.cast, heard.destination), expected);
            assert_eq!(heard.source, SocketAddr::new(ip(server), PORT));
            assert_eq!(heard.interface, interface(&self.ours).id());
        }
    }
}

/// Fails unless it says `multicast from 10.71.0.3, seq=1 dist=0 time=0.160 ms`.
#[track_caller]
fn assert_has_heard(program: &Program, server: &str) {
    let answer = format!("multicast from {}, ", ip(server));
    while !program.line().starts_with(&answer) {}
}
