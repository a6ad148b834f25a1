//! `avahi-daemon`: the port of Multicast DNS, shared with who answers there.
//!
//! A neighbour asks for the address of a host name from a port of its own, so
//! that Avahi answers it alone and with the question's number (RFC 6762, section
//! 6.7): which cannot be taken for anything that Avahi says unasked.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use std::{io, thread};

use ifcast::multicast::MulticastSocket;
use ifcast::{Cast, Family, Group, RecvBatch};
use ifcast_netlab::{Host, Nic};
use ifcast_tests::{Heard, Program, interface, ip};

use crate::Neighbourhood;
use crate::daemon;
use crate::ours::{Ours, in_every_way, in_every_way_and_order};

const PORT: u16 = 5353;
const GROUPS: [&str; 2] = ["224.0.0.251", "ff02::fb"];

/// Avahi makes sure for about a second that its name is free before it answers.
const MOST_QUESTIONS: u16 = 200;

/// How long to wait for an answer before asking again.
const A_WHILE: Duration = Duration::from_millis(100);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(1);

#[test]
fn avahi_goes_on_answering_when_we_come_to_its_port_and_when_we_leave() {
    if !daemon::is_runnable("avahi-daemon") {
        return;
    }
    in_every_way(|way| {
        let neighbourhood = Neighbourhood::new();
        let _avahi = start(&neighbourhood.ours, "desk");
        let askers = Asker::on_each(&neighbourhood.neighbours);
        for asker in &askers {
            asker.ask("desk");
        }

        let mut ours = Ours::open(&neighbourhood.ours, way, PORT, &groups());
        assert_that_both_hear(&askers, &neighbourhood, &mut ours);

        drop(ours);
        for asker in &askers {
            asker.ask("desk");
        }
    });
}

#[test]
fn we_go_on_hearing_when_avahi_comes_to_our_port_and_when_it_leaves() {
    if !daemon::is_runnable("avahi-daemon") {
        return;
    }
    in_every_way(|way| {
        let neighbourhood = Neighbourhood::new();
        let mut ours = Ours::open(&neighbourhood.ours, way, PORT, &groups());
        let avahi = start(&neighbourhood.ours, "desk");
        let askers = Asker::on_each(&neighbourhood.neighbours);
        assert_that_both_hear(&askers, &neighbourhood, &mut ours);

        drop(avahi);
        for asker in &askers {
            let question = asker.send_question("desk");
            ours.hear(1, |heard| heard.payload == question);
        }
    });
}

#[test]
fn avahis_unicast_answers_come_to_a_private_port_whoever_shares_the_public_one() {
    if !daemon::is_runnable("avahi-daemon") {
        return;
    }
    in_every_way_and_order(|way, order| {
        let neighbourhood = Neighbourhood::new();
        let [neighbour, _] = &neighbourhood.neighbours;
        let _printer = start(neighbour.host(), "printer");
        let start = || {
            let desk = start(&neighbourhood.ours, "desk");
            Asker::on(neighbour, 0, Family::V4).ask("desk");
            desk
        };
        let open = || Ours::open(&neighbourhood.ours, way, PORT, &groups());
        let (_desk, mut ours) = order.of(start, open);
        for family in Family::ALL {
            let private = Asker::on(&neighbourhood.nics[0], 0, family);

            let (_, answer) = private.ask("printer");

            assert!(answer.tells(address(family, 0, 2)), "{answer:?}");
            let Answer(Heard { cast, source, .. }) = answer;
            assert_eq!((cast, source.port()), (Cast::Unicast, PORT));
            assert!(interface(neighbour).owns(source.ip()), "{source}");
        }
        ours.assert_silent(|heard| heard.cast == Cast::Unicast);
    });
}

/// Has every neighbour ask for our own host's address, which Avahi must tell it,
/// and has us hear every question.
#[track_caller]
fn assert_that_both_hear(askers: &[Asker], neighbourhood: &Neighbourhood, ours: &mut Ours) {
    let mut all_questions = Vec::new();
    for asker in askers {
        let (questions, answer) = asker.ask("desk");

        let (family, side) = (asker.socket.socket().family(), asker.side);
        assert!(answer.tells(address(family, side, 1)), "{answer:?}");
        let is_one = |heard: &Heard| questions.contains(&heard.payload);
        let heard = ours.hear(questions.len(), is_one);
        for (heard, question) in heard.iter().zip(&questions) {
            assert_eq!(heard.payload, *question);
            assert_eq!(heard.cast, Cast::Multicast);
            assert_eq!(heard.destination, group(family).address());
            assert_eq!(heard.interface, interface(&neighbourhood.nics[side]).id());
            let asking = asker.socket.socket().interface();
            assert!(asking.owns(heard.source.ip()), "{heard:?}");
        }
        all_questions.extend(questions);
    }
    ours.assert_silent(|heard| all_questions.contains(&heard.payload));
}

/// Starts an Avahi that has no files but those of its own, talks to no bus, and is
/// content with not being alone.
fn start(host: &Host, name: &str) -> Program {
    let configuration = format!(
        "[server]\n\
         host-name={name}\n\
         allow-interfaces=lan0,lan1\n\
         use-ipv4=yes\n\
         use-ipv6=yes\n\
         enable-dbus=no\n\
         [publish]\n\
         publish-workstation=no\n"
    );
    let arguments = [
        "--file=/run/avahi.conf",
        "--no-rlimits",
        "--no-drop-root",
        "--no-chroot",
    ];
    let files = [("avahi.conf", configuration.as_str())];
    daemon::start(host, &files, "avahi-daemon", &arguments)
}

/// Somebody who asks, from a port of its own.
struct Asker {
    socket: MulticastSocket,
    side: usize,
}

impl Asker {
    /// One of each family on each of these.
    fn on_each(nics: &[Nic; 2]) -> Vec<Self> {
        let each = |(side, nic)| Family::ALL.map(|family| Self::on(nic, side, family));
        nics.iter().enumerate().flat_map(each).collect()
    }

    fn on(nic: &Nic, side: usize, family: Family) -> Self {
        let interface = interface(nic);
        let bind = || MulticastSocket::bind(&interface, family, 0);
        let socket = nic.host().run(bind).unwrap();
        Self { socket, side }
    }

    /// Asks for the address of a host until it is told; returns the questions too.
    #[track_caller]
    fn ask(&self, name: &str) -> (Vec<Vec<u8>>, Answer) {
        let mut questions = Vec::new();
        for _ in 0..MOST_QUESTIONS {
            questions.push(self.send_question(name));
            let deadline = Instant::now() + A_WHILE;
            while Instant::now() < deadline {
                if let Some(answer) = self.answer_to_one_of(&questions) {
                    return (questions, answer);
                }
                thread::sleep(PAUSE);
            }
        }
        panic!("nobody tells {:?} where {name} is", self.socket);
    }

    fn send_question(&self, name: &str) -> Vec<u8> {
        let family = self.socket.socket().family();
        let question = question(name, family);
        let sent = self.socket.send_to_port(&question, group(family), PORT);
        sent.unwrap();
        question
    }

    fn answer_to_one_of(&self, questions: &[Vec<u8>]) -> Option<Answer> {
        let mut batch = RecvBatch::new();
        match self.socket.recv_batch(&mut batch) {
            Ok(answers) => answers
                .map(|answer| Answer(Heard::from(&answer)))
                .find(|answer| answer.is_to_one_of(questions)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }
}

#[derive(Debug)]
struct Answer(Heard);

impl Answer {
    /// Whether it is a response with the number of one of the questions.
    fn is_to_one_of(&self, questions: &[Vec<u8>]) -> bool {
        let (number, rest) = self.0.payload.split_at(2);
        let is_response = rest[0] & 0x80 != 0;
        is_response && questions.iter().any(|question| question[..2] == *number)
    }

    fn tells(&self, address: IpAddr) -> bool {
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let mut parts = self.0.payload.windows(octets.len());
        parts.any(|part| part == octets)
    }
}

/// A question for the address of `name.local` (RFC 1035, section 4.1), with a
/// number that no other has.
fn question(name: &str, family: Family) -> Vec<u8> {
    static NUMBER: AtomicU16 = AtomicU16::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let kind = match family {
        Family::V4 => 1,  // A
        Family::V6 => 28, // AAAA
    };
    let mut question = number.to_vec();
    question.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]); // one question, nothing else
    for label in [name, "local", ""] {
        question.push(label.len().try_into().unwrap());
        question.extend(label.as_bytes());
    }
    question.extend([0, kind, 0, 1]); // of the Internet
    question
}

/// The address that Avahi tells: of our host (1) or a neighbour (2) on a side, and
/// not the link-local one.
fn address(family: Family, side: usize, host: usize) -> IpAddr {
    ip(&match family {
        Family::V4 => format!("10.71.{side}.{host}"),
        Family::V6 => format!("fd71:{side}::{host}"),
    })
}

fn groups() -> [Group; 2] {
    Family::ALL.map(group)
}

fn group(family: Family) -> Group {
    let mut groups = GROUPS.iter().map(|group| Group::new(ip(group)).unwrap());
    groups.find(|group| group.family() == family).unwrap()
}
