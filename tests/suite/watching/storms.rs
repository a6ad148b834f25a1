//! More changes than anybody can follow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ifcast::interfaces::Watcher;
use ifcast_netlab::{AddressOptions, Host, Lab, Nic};
use ifcast_tests::{interface, ip};

use crate::{Watched, host_with_card};

const ADDED: usize = 3000;
const REMOVED: usize = 1500;
const FLAPS: usize = 1000;

fn address(number: usize) -> String {
    format!("10.72.{}.{}/32", number / 250, number % 250 + 1)
}

fn addresses(numbers: std::ops::Range<usize>) -> impl Iterator<Item = String> {
    numbers.map(address)
}

fn storm(nic: &Nic) {
    nic.add_addresses(addresses(0..ADDED));
    nic.remove_addresses(addresses(ADDED - REMOVED..ADDED));
}

#[test]
fn after_a_storm_that_nobody_drained_one_drain_is_enough() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    storm(&nic);
    let told = watched.drain();
    watched.assert_up_to_date();
    assert_eq!(watched.named("lan0").ipv4().len(), 1 + ADDED - REMOVED);
    // The kernel had no room for that, and the watcher says so.
    assert_eq!(told, ["all interfaces were listed anew"]);

    let told = watched.reports();
    assert_eq!(told.len(), ADDED - REMOVED, "each once, and no more");
    assert!(told.iter().all(|change| change.ends_with("added")));
}

#[test]
fn a_storm_among_interfaces_that_come_and_go_ends_in_the_truth() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    let stop = Arc::new(AtomicBool::new(false));
    let administrator = host.spawn({
        let (host, stop) = (host.clone(), Arc::clone(&stop));
        move || make_and_delete(&host, &stop)
    });
    storm(&nic);
    watched.drain();
    nic.remove_addresses(addresses(0..ADDED - REMOVED));
    watched.drain();
    stop.store(true, Ordering::Relaxed);
    assert!(administrator.join() > 0);

    watched.drain();
    watched.assert_up_to_date();
    watched.reports();
    watched.assert_up_to_date();
}

fn make_and_delete(host: &Host, stop: &AtomicBool) -> usize {
    let mut rounds = 0;
    while !stop.load(Ordering::Relaxed) {
        for [left, _] in host.add_veths("storm", 4) {
            left.delete();
        }
        rounds += 1;
    }
    rounds
}

#[test]
fn a_thousand_flaps_are_reported_a_few_times_and_end_in_the_last_state() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let max_delay = Duration::from_millis(200);
    let builder = Watcher::builder().max_delay(max_delay).groups(true);
    let mut watched = Watched::with(&host, builder);
    let mut told = Vec::new();
    let start = Instant::now();
    for _ in 0..FLAPS {
        // As fast as they come, without waiting for the carrier.
        nic.set_mtu(1400);
        nic.set_mtu(1500);
        told.extend(watched.drain());
    }
    nic.set_mtu(1400);
    let rounds = start.elapsed().div_duration_f64(max_delay).ceil() + 2.0;
    told.extend(watched.reports());
    assert_eq!(watched.named("lan0").mtu(), Some(1400));
    assert!(
        told.last().is_some_and(|last| last.ends_with("-> 1400")),
        "{told:?}"
    );
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let reports = told.len() as f64;
    assert!(reports <= rounds, "{reports} reports in {rounds} rounds");
    watched.assert_up_to_date();
}

#[test]
fn an_interface_switched_on_and_off_a_thousand_times_is_reported_at_rest() {
    let (host, _nic) = host_with_card(&[]);
    host.add_veth("left0", "right0");
    let (left, right) = (host.nic("left0"), host.nic("right0"));
    right.set_up(true);
    let mut watched = Watched::new(&host);
    for _ in 0..FLAPS {
        left.set_up(true);
        left.set_up(false);
    }
    left.set_up(true);
    let told = watched.reports();
    assert!(watched.named("left0").flags().is_up());
    let ups = told.iter().filter(|change| change.starts_with("left0"));
    assert_eq!(
        ups.filter(|change| change.ends_with(": up")).count(),
        1,
        "{told:?}"
    );
    watched.assert_up_to_date();
}

#[test]
fn whatever_is_done_in_whatever_order_the_watcher_keeps_up() {
    let lab = Lab::new();
    let (host, segment) = (lab.host("host"), lab.segment());
    // Or those that lost IPv6 and have it again spend a second on a link-local address.
    host.sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
    let bridge = host.add_bridge("br0", &[]);
    let nics: Vec<_> = (0..4)
        .map(|number| segment.attach(&host, &format!("lan{number}"), &[]))
        .collect();
    let mut watched = Watched::new(&host);
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut done = Vec::new();
        for _ in 0..STEPS {
            let at = random.usize(..nics.len());
            done.push(do_something(&nics[at], at, bridge, &mut random));
            if random.u8(..4) == 0 {
                watched.drain();
            }
        }
        watched.drain();
        println!("seed {seed}: {done:#?}"); // shown if it does not
        watched.assert_gets_up_to_date();
    }
    watched.reports();
    watched.assert_gets_up_to_date();
}

/// Does something at random to a network card, and says what.
fn do_something(nic: &Nic, at: usize, bridge: u32, random: &mut fastrand::Rng) -> String {
    let number = random.u8(1..=3);
    let v4 = format!("10.71.{number}.{at}/24");
    let v6 = format!("fd71::{number}:{at}/64");
    let what = random.choice(WHAT).unwrap();
    let interface = interface(nic);
    let has = |address: &str| {
        let (address, _) = address.split_once('/').unwrap();
        interface.owns(ip(address))
    };
    match *what {
        "mtu" => nic.set_mtu(random.u32(1300..1500)),
        "small mtu" => {
            nic.set_mtu(1000); // takes IPv6 away
            nic.set_mtu(1500);
        }
        "ipv4" if has(&v4) => nic.remove_address(&v4),
        "ipv4" => nic.add_address(&v4),
        "labelled" if !has(&v4) => {
            let label = Some(format!("{}:1", nic.name()));
            let options = AddressOptions {
                label,
                ..AddressOptions::default()
            };
            nic.add_address_with(&v4, options);
        }
        "ipv6" if has(&v6) => nic.remove_address(&v6),
        "ipv6" => nic.add_address(&v6),
        "down and up" => {
            nic.set_up(false);
            nic.set_up(true);
        }
        "unplugged" => {
            nic.plug(false);
            nic.plug(true);
        }
        "renamed" => {
            let name = nic.name();
            nic.set_up(false);
            nic.rename("other0");
            nic.rename(&name);
            nic.set_up(true);
        }
        "bridged" => {
            nic.set_bridge(Some(bridge));
            nic.set_bridge(None);
        }
        "made anew" => nic.recreate(&[]),
        "made anew with its index" => nic.recreate_with_index(&[]),
        _ => {}
    }
    format!("{what} {}: {v4} {v6}", nic.index())
}

const WHAT: &[&str] = &[
    "mtu",
    "small mtu",
    "ipv4",
    "ipv4",
    "labelled",
    "ipv6",
    "ipv6",
    "down and up",
    "unplugged",
    "renamed",
    "bridged",
    "made anew",
    "made anew with its index",
];
const SEEDS: u64 = 12;
const STEPS: usize = 25;
