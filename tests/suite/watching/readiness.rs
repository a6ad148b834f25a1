//! When a watcher wants attention, and when it does not.

use std::time::{Duration, Instant};

use ifcast::interfaces::Watcher;
use ifcast_netlab::Lab;

use crate::{Watched, host_with_card};

const SHORT: Duration = Duration::from_millis(100);

#[test]
fn every_change_wakes_an_edge_triggered_loop_that_has_drained() {
    let (host, nic) = host_with_card(&[]);
    let mut watched = Watched::new(&host);
    for number in 1..=20 {
        nic.add_address(&format!("10.71.0.{number}/24"));
        assert!(watched.wait(crate::PATIENCE), "change {number}");
        watched.drain();
        assert_eq!(watched.named("lan0").ipv4().len(), number);
    }
}

#[test]
fn without_changes_nobody_is_woken_and_nothing_is_awaited() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    assert_eq!(watched.watcher.next_deadline(), None);
    assert!(!watched.wait(SHORT));

    nic.set_mtu(1400);
    watched.reports();
    assert_eq!(watched.watcher.next_deadline(), None);
    assert!(!watched.wait(SHORT));
}

#[test]
fn a_change_is_awaited_for_the_time_it_takes_to_settle_and_not_longer() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let settle = Duration::from_secs(3600);
    let builder = Watcher::builder().settle(settle).max_delay(2 * settle);
    let mut watched = Watched::with(&host, builder);
    nic.set_mtu(1400);
    let before = Instant::now();
    assert!(watched.drain().is_empty());
    let deadline = watched.watcher.next_deadline().unwrap();
    assert!((before + settle..=Instant::now() + settle).contains(&deadline));
    assert_eq!(watched.named("lan0").mtu(), Some(1400));
}

#[test]
fn what_needs_no_settling_is_reported_by_the_first_drain() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::with(&host, Watcher::builder().settle(Duration::ZERO));
    nic.set_mtu(1400);
    assert_eq!(watched.drain().len(), 1);
    assert_eq!(watched.watcher.next_deadline(), None);
}

#[test]
fn a_watcher_stays_with_its_namespace_wherever_it_is_drained() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let other = Lab::new().host("other");
    let mut watched = Watched::with(
        &host,
        Watcher::builder().reconcile(Some(Duration::from_nanos(1))),
    );
    nic.set_mtu(1400);
    // It reads what its host said, and lists its host.
    other.run(|| watched.watcher.drain(|_| {}).unwrap());
    assert_eq!(watched.named("lan0").mtu(), Some(1400));
    watched.assert_up_to_date();
}

#[test]
fn several_watchers_see_the_same() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watchers = [(); 3].map(|()| Watched::new(&host));
    nic.set_mtu(1400);
    for watched in &mut watchers {
        assert_eq!(watched.reports().len(), 1);
    }
}
