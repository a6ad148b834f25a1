//! How little interfaces notice of what befalls others.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ifcast::{Event, Lan, Sockets, To};
use ifcast_netlab::{Host, Lab, Nic};

use crate::processors::Processors;

use super::PORT;
use super::speaker::{self, Clock, Speaker};

/// What befalls four of eight interfaces.
pub(super) struct Trouble {
    name: &'static str,
    /// Whether it is theirs, or only the processors', while they are at peace.
    is_theirs: bool,
    /// The pause between bursts of 16 datagrams, if there are any.
    flood: Option<Duration>,
}

/// Each in peace, and then not.
pub(super) const ALL: [Trouble; 6] = [
    Trouble {
        name: "nothing",
        is_theirs: false,
        flood: None,
    },
    Trouble {
        name: "trouble without a flood",
        is_theirs: true,
        flood: None,
    },
    Trouble {
        name: "nothing, and other hosts have a flood of 16 every millisecond",
        is_theirs: false,
        flood: Some(Duration::from_millis(1)),
    },
    Trouble {
        name: "trouble with that flood",
        is_theirs: true,
        flood: Some(Duration::from_millis(1)),
    },
    Trouble {
        name: "nothing, and other hosts have a flood without pause",
        is_theirs: false,
        flood: Some(Duration::ZERO),
    },
    Trouble {
        name: "trouble with that flood",
        is_theirs: true,
        flood: Some(Duration::ZERO),
    },
];

/// What was heard on the interfaces to which nothing happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Delays {
    pub(super) heard: u64,
    pub(super) lost: u64,
    pub(super) times: Vec<Duration>,
}

impl Trouble {
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Listens for so long.
    pub(super) fn measure(&self, time: Duration, processors: Processors) -> io::Result<Delays> {
        let eight = Eight::new(&Lab::try_new()?);
        if self.is_theirs {
            reject_output(&eight.hub, &eight.nics[FIREWALLED].name());
        }
        let lan = eight.hub.run(|| super::lan(Sockets::PerInterface).build());
        let mut lan = lan.map_err(io::Error::other)?;
        let clock = Clock::start();
        let speakers = eight.ends[WELL..].iter();
        let speakers = speakers.map(|end| Speaker::on(end, clock));
        let speakers: Vec<_> = speakers.collect::<io::Result<_>>()?;
        let flooder = if self.is_theirs {
            &eight.ends[FLOODED]
        } else {
            &eight.stranger
        };
        let flooder = Speaker::on(flooder, clock)?;
        let is_over = &AtomicBool::new(false);
        thread::scope(|scope| {
            let said = scope.spawn(|| {
                let said = speak(&speakers, clock, time, processors);
                thread::sleep(LAST);
                is_over.store(true, Ordering::Relaxed);
                said
            });
            if let Some(pause) = self.flood {
                let flooder = &flooder;
                scope.spawn(move || flood(flooder, pause, is_over, processors));
            }
            if self.is_theirs {
                scope.spawn(|| {
                    thread::sleep(time / 4);
                    eight.nics[DELETED].delete();
                    eight.nics[UNPLUGGED].plug(false);
                });
            }
            let times = eight.listen(&mut lan, clock, is_over, processors)?;
            let said = said.join();
            let said = said.map_err(|_| io::Error::other("the speaker panicked"))?;
            let heard = u64::try_from(times.len()).map_err(io::Error::other)?;
            Ok(Delays {
                heard,
                lost: said - heard,
                times,
            })
        })
    }
}

/// Eight interfaces of a host, their neighbours, and a host that has nothing to do with
/// them.
struct Eight {
    hub: Host,
    nics: Vec<Nic>,
    ends: Vec<Nic>,
    stranger: Nic,
}

impl Eight {
    fn new(lab: &Lab) -> Self {
        let hub = lab.host("hub");
        let (mut nics, mut ends) = (Vec::new(), Vec::new());
        for i in 0..INTERFACES {
            let segment = lab.segment();
            nics.push(segment.attach(&hub, &format!("lan{i}"), &[&format!("10.71.{i}.1/24")]));
            let end = lab.host(&format!("end{i}"));
            ends.push(segment.attach(&end, "lan0", &[&format!("10.71.{i}.2/24")]));
        }
        let segment = lab.segment();
        segment.attach(&lab.host("other"), "lan0", &["10.72.0.1/24"]);
        let stranger = segment.attach(&lab.host("stranger"), "lan0", &["10.72.0.2/24"]);
        Self {
            hub,
            nics,
            ends,
            stranger,
        }
    }

    /// How long what the well interfaces heard had been on its way.
    fn listen(
        &self,
        lan: &mut Lan,
        clock: Clock,
        is_over: &AtomicBool,
        processors: Processors,
    ) -> io::Result<Vec<Duration>> {
        let well: Vec<_> = self.nics[WELL..].iter().map(Nic::index).collect();
        let mut times = Vec::new();
        self.hub.run(|| {
            processors.keep_to_main()?;
            let mut news = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) {
                let poll = lan.poll(Some(BETWEEN_NEWS), |event| {
                    let now = clock.now();
                    let Event::Datagram(datagram) = event else {
                        return;
                    };
                    if well.contains(&datagram.interface().index().get()) {
                        let read = speaker::read(&datagram);
                        times.extend(read.map(|(sent, _)| now.saturating_sub(sent)));
                    }
                });
                poll.map_err(io::Error::other)?;
                if clock.now() > news + BETWEEN_NEWS {
                    news = clock.now();
                    lan.send(b"news", To::AllHosts.port(PORT + 1));
                }
            }
            Ok(times)
        })
    }
}

/// Has everybody say something every millisecond, for so long; returns how much.
fn speak(speakers: &[Speaker], clock: Clock, time: Duration, processors: Processors) -> u64 {
    drop(processors.keep_to_main()); // elsewhere there would be more noise
    let mut said = 0;
    while clock.now() < time {
        for speaker in speakers {
            speaker.say(0);
            said += 1;
        }
        thread::sleep(BEAT);
    }
    said
}

fn flood(flooder: &Speaker, pause: Duration, is_over: &AtomicBool, processors: Processors) {
    drop(processors.keep_to_other()); // if there is one
    while !is_over.load(Ordering::Relaxed) {
        (0..BURST).for_each(|_| flooder.say(0));
        if !pause.is_zero() {
            thread::sleep(pause);
        }
    }
}

/// Has a firewall reject what would leave by an interface, where there is one.
fn reject_output(host: &Host, name: &str) {
    let rules = format!(
        "add table inet storm
         add chain inet storm output {{ type filter hook output priority 0; }}
         add rule inet storm output oifname {name} reject\n"
    );
    let run = || -> io::Result<bool> {
        let mut nft = Command::new("sh")
            .args(["-c", "PATH=$PATH:/usr/sbin exec nft -f -"])
            .stdin(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = nft.stdin.take() {
            input.write_all(rules.as_bytes())?;
        }
        Ok(nft.wait()?.success())
    };
    if !host.run(|| run().unwrap_or(false)) {
        eprintln!("nothing is firewalled");
    }
}

const INTERFACES: usize = 8;
const DELETED: usize = 0;
const UNPLUGGED: usize = 1;
const FIREWALLED: usize = 2;
const FLOODED: usize = 3;
const WELL: usize = 4;
const BURST: usize = 16;
const BEAT: Duration = Duration::from_millis(1);
const BETWEEN_NEWS: Duration = Duration::from_millis(10);
/// For the last datagrams to be heard.
const LAST: Duration = Duration::from_millis(100);
