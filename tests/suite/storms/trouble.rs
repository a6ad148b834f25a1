//! What happens to some interfaces is no matter to the others.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ifcast::socket::BoundSocket;
use ifcast::{Event, Family, Lan, Outcome, Pinning, Sockets, To};
use ifcast_netlab::Nic;
use ifcast_tests::{Home, Judge, Star, interface, ip, is_installed, skip, tightest};

use crate::{Ending, WAYS};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(5);
const INTERFACES: usize = 8;
const DELETED: usize = 0;
const UNPLUGGED: usize = 1;
const FIREWALLED: usize = 2;
const FLOODED: usize = 3;
/// The first of those to which nothing happens.
const WELL: usize = 4;
/// How much is said on each of those, and how far speakers may be ahead of listeners.
const COUNT: u32 = 3000;
const AHEAD: u32 = 40;
/// Who has heard so much of it sends to everybody, too.
const BETWEEN_NEWS: u32 = 250;

#[test]
fn trouble_on_four_of_eight_interfaces_costs_the_others_nothing() {
    if !is_installed("nft") {
        return;
    }
    for sockets in WAYS {
        let star = Star::<INTERFACES>::new();
        if !reject_all_output(&star.nics[FIREWALLED]) {
            return;
        }
        let lan = star
            .hub
            .run(|| Home::builder(PORT, sockets).build())
            .unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        // What is shared is a receive buffer too, which a flood fills for all; and so it
        // does with each buffer where the kernel does not filter.
        let floods = sockets == Sockets::PerInterface && tightest() == Pinning::Device;
        let judges = star.ends[WELL..]
            .iter()
            .map(|end| Judge::listen(end, PORT + 1, &[]));
        let judges: Vec<_> = judges.collect();

        let heard: [AtomicU32; INTERFACES] = Default::default();
        let is_over = AtomicBool::new(false);
        let news = thread::scope(|scope| {
            let _ending = Ending(&is_over);
            for i in WELL..INTERFACES {
                let (end, heard) = (&star.ends[i], &heard[i]);
                scope.spawn(move || speak(end, heard));
            }
            if floods {
                scope.spawn(|| flood(&star.ends[FLOODED], &is_over));
            }
            scope.spawn(|| {
                star.nics[DELETED].delete();
                star.nics[UNPLUGGED].plug(false);
                star.nics[UNPLUGGED].plug(true);
                star.nics[UNPLUGGED].plug(false);
            });
            let mut listener = Listener {
                star: &star,
                lan,
                heard: &heard,
                floods,
            };
            star.hub.run(|| listener.listen())
        });
        for judge in judges {
            assert_eq!(judge.hear(news).len(), news);
            judge.assert_silent();
        }
    }
}

/// Says all numbers to everybody, never far ahead of who listens.
fn speak(end: &Nic, heard: &AtomicU32) {
    let theirs = interface(end);
    let builder = BoundSocket::builder(&theirs, Family::V4);
    let speaker = end.host().run(|| builder.bind()).unwrap();
    let deadline = Instant::now() + PATIENCE;
    for number in 0..COUNT {
        while number >= heard.load(Ordering::Relaxed) + AHEAD {
            assert!(Instant::now() < deadline, "{number} was not heard");
            thread::yield_now();
        }
        let to = if number % 2 == 0 {
            EVERYBODY
        } else {
            Home::GROUPS[0]
        };
        speaker
            .send(&number.to_be_bytes(), (ip(to), PORT).into())
            .unwrap();
    }
}

/// Says as much as it can.
fn flood(end: &Nic, is_over: &AtomicBool) {
    let theirs = interface(end);
    let builder = BoundSocket::builder(&theirs, Family::V4);
    let speaker = end.host().run(|| builder.bind()).unwrap();
    while !is_over.load(Ordering::Relaxed) {
        drop(speaker.send(&[0; 1000], (ip(EVERYBODY), PORT).into()));
    }
}

struct Listener<'a> {
    star: &'a Star<INTERFACES>,
    lan: Lan,
    heard: &'a [AtomicU32; INTERFACES],
    floods: bool,
}

impl Listener<'_> {
    /// Listens until everything was heard, in order; returns how often it sent something
    /// itself.
    fn listen(&mut self) -> usize {
        let mut news = 0;
        let deadline = Instant::now() + PATIENCE;
        let mut flooded = 0;
        loop {
            let heard = self.heard[WELL..].iter();
            let least = heard.map(|heard| heard.load(Ordering::Relaxed)).min();
            if least.unwrap() == COUNT {
                assert_eq!(self.floods, flooded > 0);
                return news;
            }
            assert!(Instant::now() < deadline, "{:?}", self.heard);
            let visit = |event: Event<'_>| match event {
                Event::Datagram(datagram) => {
                    let is_it = |nic: &Nic| nic.index() == datagram.interface().index().get();
                    let i = self.star.nics.iter().position(is_it).unwrap();
                    if i == FLOODED {
                        flooded += 1;
                    } else {
                        let number = self.heard[i].fetch_add(1, Ordering::Relaxed);
                        assert_eq!(datagram.payload(), number.to_be_bytes(), "lan{i}");
                    }
                }
                Event::Dropped { scope, .. } => {
                    assert!(self.floods, "{scope}");
                    assert!(scope.to_string().contains("lan3"), "{scope}");
                }
                Event::InterfaceLeft { interface, .. } | Event::InterfaceJoined { interface } => {
                    let name = interface.name().to_string();
                    assert!(name == "lan0" || name == "lan1", "{name}");
                }
                event => panic!("{event:?}"),
            };
            self.lan.poll(Some(MOMENT), visit).unwrap();
            if least > Some(BETWEEN_NEWS * u32::try_from(news).unwrap()) {
                news += 1;
                self.tell();
            }
        }
    }

    /// Sends to everybody, which only those cannot that have trouble.
    fn tell(&mut self) {
        let report = self.lan.send(b"news", To::AllHosts.port(PORT + 1));
        for (interface, outcome) in report.iter() {
            let is_it = |nic: &Nic| nic.index() == interface.index().get();
            let i = self.star.nics.iter().position(is_it).unwrap();
            match (i, outcome) {
                (DELETED | UNPLUGGED, _) => {}
                (FIREWALLED, Outcome::Failed(error)) => {
                    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
                }
                (FLOODED.., Outcome::Sent { .. }) => {}
                _ => panic!("{interface}: {outcome}"),
            }
        }
        assert!(report.iter().count() >= INTERFACES - FIREWALLED, "{report}");
    }
}

/// Has a firewall reject what would leave by a network card; whether that can be.
fn reject_all_output(nic: &Nic) -> bool {
    let rules = format!(
        "add table inet storm
         add chain inet storm output {{ type filter hook output priority 0; }}
         add rule inet storm output oifname {} reject\n",
        nic.name()
    );
    let run = || {
        let mut nft = Command::new("sh")
            .args(["-c", "PATH=$PATH:/usr/sbin exec nft -f -"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        nft.stdin
            .take()
            .unwrap()
            .write_all(rules.as_bytes())
            .unwrap();
        nft.wait_with_output().unwrap()
    };
    let output = nic.host().run(run);
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        skip(&format!("nft cannot filter: {}", why.trim()));
    }
    output.status.success()
}

const EVERYBODY: &str = "255.255.255.255";
