//! How soon a LAN hears again.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ifcast::{Event, Lan, Sockets};
use ifcast_netlab::{Lab, Mishap, Victim};

use super::speaker::{self, Clock, Speaker, WAYS};

/// How long something lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Until the LAN has noticed.
    Noticed,
    /// No time at all.
    Sudden,
}

impl Pace {
    pub(super) const ALL: [Self; 2] = [Self::Noticed, Self::Sudden];
}

/// As it stands in the table.
pub(super) const fn name(mishap: Mishap) -> &'static str {
    match mishap {
        Mishap::Down => "link down, up",
        Mishap::Unplugged => "carrier lost, back",
        Mishap::Readdressed => "last addresses removed, others added",
        Mishap::WithoutIpv6 => "disable_ipv6 1, 0",
        Mishap::SmallMtu => "MTU 1000, 1500",
        Mishap::Renamed => "renamed, and back",
        Mishap::Bridged => "enslaved to a bridge, freed",
        Mishap::MadeAnew => "deleted, made anew",
        Mishap::MadeAnewWithIndex => "deleted, made anew with its index",
        Mishap::Elsewhere => "to another namespace, and back",
    }
}

/// Has something happen so often, and tells how long it took each time until everything
/// was heard again.
pub(super) fn measure(
    mishap: Mishap,
    sockets: Sockets,
    pace: Pace,
    rounds: usize,
) -> io::Result<Vec<Duration>> {
    let lab = Lab::try_new()?;
    let (host, neighbour, elsewhere) = (
        lab.host("host"),
        lab.host("neighbour"),
        lab.host("elsewhere"),
    );
    // Or it gets an IPv6 address of its own accord, a second or two later.
    host.sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
    let segment = lab.segment();
    let addresses = [
        ["10.71.0.1/24", "fe80::71:1/64"],
        ["10.72.0.1/24", "fe80::72:1/64"],
    ];
    let mut victim = Victim::attach(&segment, &host, "lan0", addresses, &elsewhere);
    let far = segment.attach(&neighbour, "lan0", &["10.71.0.2/24", "fe80::71:2/64"]);
    let clock = Clock::start();
    let speaker = Speaker::on(&far, clock)?;
    let lan = host.run(|| super::lan(sockets).build());
    let mut lan = lan.map_err(io::Error::other)?;
    let scene = Scene {
        clock,
        is_over: AtomicBool::new(false),
        told: AtomicUsize::new(0),
        ending: Mutex::default(),
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            while !scene.is_over.load(Ordering::Relaxed) {
                (0..WAYS.len()).for_each(|way| speaker.say(way));
                thread::sleep(BEAT);
            }
        });
        let administrator = scope.spawn(|| {
            let times = (0..rounds).map(|_| scene.round(&mut victim, mishap, pace));
            let times: io::Result<Vec<_>> = times.collect();
            scene.is_over.store(true, Ordering::Relaxed);
            times
        });
        let listened = host.run(|| scene.listen(&mut lan));
        let times = administrator.join();
        listened?;
        times.map_err(|_| io::Error::other("the administrator panicked"))?
    })
}

/// What those who take part know of each other.
struct Scene {
    clock: Clock,
    is_over: AtomicBool,
    /// How much the LAN has told of.
    told: AtomicUsize,
    ending: Mutex<Ending>,
}

/// What ends, and what of it was heard.
#[derive(Clone, Copy, Debug, Default)]
struct Ending {
    since: Duration,
    heard: [Option<Duration>; WAYS.len()],
}

impl Scene {
    /// One thing that happens, and how long it took until everything was heard.
    fn round(&self, victim: &mut Victim, mishap: Mishap, pace: Pace) -> io::Result<Duration> {
        let told = self.told.load(Ordering::Relaxed);
        victim.begin(mishap);
        if pace == Pace::Noticed {
            let is_told = || self.told.load(Ordering::Relaxed) > told;
            await_that(NOTICED, is_told);
        }
        *self.lock() = Ending {
            since: self.clock.now(),
            ..Ending::default()
        };
        victim.end();
        let ending = || *self.lock();
        if !await_that(PATIENCE, || !ending().heard.contains(&None)) {
            return Err(io::Error::other(format!("{} for ever", name(mishap))));
        }
        // What this has begun shall not be the next one's.
        thread::sleep(PAUSE);
        let ending = ending();
        let last = ending.heard.into_iter().flatten().max();
        Ok(last.unwrap_or_default() - ending.since)
    }

    fn listen(&self, lan: &mut Lan) -> io::Result<()> {
        while !self.is_over.load(Ordering::Relaxed) {
            let poll = lan.poll(Some(NOTICED), |event| match event {
                Event::Datagram(datagram) => {
                    let now = self.clock.now();
                    let Some((sent, way)) = speaker::read(&datagram) else {
                        return;
                    };
                    let mut ending = self.lock();
                    if sent >= ending.since {
                        ending.heard[way].get_or_insert(now);
                    }
                }
                _ => drop(self.told.fetch_add(1, Ordering::Relaxed)),
            });
            poll.map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ending> {
        let ending = self.ending.lock();
        ending.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Waits so long until this is so; whether it is.
fn await_that(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + patience;
    while !is_so() {
        if Instant::now() > end {
            return false;
        }
        thread::sleep(BEAT);
    }
    true
}

const BEAT: Duration = Duration::from_millis(1);
const NOTICED: Duration = Duration::from_millis(150);
const PAUSE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(20);
