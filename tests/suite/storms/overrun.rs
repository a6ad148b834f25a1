//! More changes than the system has room to tell of.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ifcast_netlab::{Host, Lab, Mishap, Nic};
use ifcast_tests::{Home, open_sockets};

use crate::{Ending, WAYS};

/// Whose coming and going nobody has room for.
const ADDRESSES: usize = 3000;
/// Whose coming and going there is room for.
const SOME: usize = 100;
const ROUNDS: usize = 2;

/// Two interfaces that the LAN does not have, whose addresses come and go.
fn noisy(host: &Host) -> [Nic; 2] {
    host.add_veth("noise0", "noise1");
    ["noise0", "noise1"].map(|name| host.nic(name))
}

fn make_noise(noise: &Nic, count: usize) {
    noise.add_addresses(addresses(0..count));
    noise.remove_addresses(addresses(0..count));
}

fn addresses(numbers: Range<usize>) -> impl Iterator<Item = String> {
    numbers.map(|number| format!("10.72.{}.{}/32", number / 250, number % 250 + 1))
}

/// Has everything happen that loses memberships, and some of what does not.
fn befall(home: &mut Home) {
    for (victim, mishap) in home.victims.iter_mut().zip([
        Mishap::MadeAnewWithIndex,
        Mishap::SmallMtu,
        Mishap::MadeAnew,
        Mishap::Elsewhere,
        Mishap::Down,
        Mishap::Readdressed,
    ]) {
        victim.begin(mishap);
        victim.end();
    }
}

fn has_resynced(home: &Home) -> bool {
    home.ledger.said.iter().any(|said| said == "Resynced")
}

#[test]
fn what_was_lost_in_a_storm_that_nobody_polled_is_found_out() {
    for sockets in WAYS {
        let lab = Lab::new();
        let host = lab.host("host");
        host.run(|| {
            let [noise, _] = noisy(&host);
            let mut home = Home::new(&lab, &host, 6, sockets);
            let before = open_sockets();
            noise.add_addresses(addresses(0..ADDRESSES));
            befall(&mut home);
            noise.remove_addresses(addresses(0..ADDRESSES));
            home.poll_until("it was too much", |home| has_resynced(home));
            home.await_truth();
            home.await_hearing();
            home.assert_hears_once();
            assert_eq!(open_sockets(), before);
        });
    }
}

#[test]
fn a_storm_that_goes_on_while_it_is_polled_ends_in_the_truth() {
    for sockets in WAYS {
        let lab = Lab::new();
        let host = lab.host("host");
        host.run(|| {
            let [noise, more] = noisy(&host);
            let mut home = Home::new(&lab, &host, 6, sockets);
            let before = open_sockets();
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                let _ending = Ending(&is_over);
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        make_noise(&more, SOME);
                    }
                });
                for _ in 0..ROUNDS {
                    home.ledger.said.clear();
                    befall(&mut home);
                    make_noise(&noise, ADDRESSES);
                    home.poll_until("it was too much", |home| has_resynced(home));
                    home.await_hearing();
                }
            });
            home.await_truth();
            home.assert_hears_once();
            assert_eq!(open_sockets(), before);
        });
    }
}
