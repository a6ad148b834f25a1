//! A LAN in a storm of hot-plug operations, in random order, that can be had again:
//! `IFCAST_STORM_SEED` says which, and `IFCAST_STORM_OPERATIONS` how many. What failed
//! tells its seed. One test at a time, since it counts the descriptors of the process.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs};

use fastrand::Rng;
use ifcast::Sockets;
use ifcast_netlab::{Lab, Mishap};
use ifcast_tests::{Home, open_sockets};

const INTERFACES: usize = 5;
const OPERATIONS: usize = 800;
/// How often the operations are interrupted, everything is made good, and compared.
const LULLS: usize = 4;
/// As long as changes take to settle.
const SETTLED: Duration = Duration::from_millis(60);
/// By how many bytes what a LAN keeps may grow from one lull to the next, each time. Now and
/// then a list needs more room than ever before, and keeps it; what leaks does so always.
const SLACK: i64 = 512;

static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn with_sockets_of_their_own_interfaces_come_and_go_in_whatever_order() {
    weather(Sockets::PerInterface);
}

#[test]
fn with_shared_sockets_interfaces_come_and_go_in_whatever_order() {
    weather(Sockets::Shared);
}

#[track_caller]
fn weather(sockets: Sockets) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = wish("IFCAST_STORM_SEED").unwrap_or_else(|| fastrand::u64(..));
    let operations = wish("IFCAST_STORM_OPERATIONS").unwrap_or(OPERATIONS);
    println!("IFCAST_STORM_SEED={seed} IFCAST_STORM_OPERATIONS={operations}");
    let lab = Lab::new();
    let host = lab.host("host");
    host.run(|| {
        let start = Instant::now();
        let mut home = Home::new(&lab, &host, INTERFACES, sockets);
        let mut random = Rng::with_seed(seed);
        let (mut kept, mut open) = (Vec::new(), Vec::new());
        for _ in 0..LULLS {
            let mut done = 0;
            while done < operations / LULLS {
                done += operate(&mut home, &mut random);
            }
            calm_down(&mut home);
            kept.push(home.growth);
            open.push((open_sockets(), descriptors()));
        }
        println!("{:?}: {kept:?} bytes, open {open:?}", start.elapsed());
        let steps = kept.windows(2).map(|lulls| lulls[1] - lulls[0]);
        let growth = steps.min().unwrap();
        assert!(growth < SLACK, "it keeps ever more bytes: {kept:?}");
        assert!(open.iter().all(|now| *now == open[0]), "open are {open:?}");
    });
}

/// What the environment asks for.
fn wish<T: FromStr<Err: Debug>>(name: &str) -> Option<T> {
    env::var(name).ok().map(|value| value.parse().unwrap())
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Does something to an interface at random, and polls now and then; returns how many
/// operations that were.
fn operate(home: &mut Home, random: &mut Rng) -> usize {
    let i = random.usize(..INTERFACES);
    let victim = &mut home.victims[i];
    let operations = if victim.suffers().is_some() {
        victim.end();
        1
    } else {
        match random.u8(..8) {
            0 => {
                victim.nic().set_mtu(random.u32(1280..1500));
                1
            }
            1 => {
                let more = format!("10.73.{i}.1/24");
                victim.nic().add_address(&more);
                if random.bool() {
                    home.say(i);
                }
                home.victims[i].nic().remove_address(&more);
                2
            }
            2 | 3 => {
                for _ in 0..2 {
                    victim.begin(random.choice(Mishap::ALL).unwrap());
                    victim.end();
                }
                4
            }
            _ => {
                victim.begin(random.choice(Mishap::ALL).unwrap());
                1
            }
        }
    };
    match random.u8(..32) {
        0 => home.poll_for(SETTLED),
        1..16 => {
            home.say(random.usize(..INTERFACES));
            home.poll(Duration::ZERO);
        }
        _ => {}
    }
    operations
}

/// Has all mishaps end, and waits until everything is heard everywhere, and the LAN is as
/// if it had just been built.
#[track_caller]
fn calm_down(home: &mut Home) {
    for victim in &mut home.victims {
        victim.end();
        victim.nic().set_mtu(1500);
    }
    home.await_truth();
    home.await_hearing();
    home.assert_hears_once();
    home.ledger.said.clear();
}
