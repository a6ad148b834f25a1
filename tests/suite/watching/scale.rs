//! As many interfaces as a large router or container host has.

use ifcast::Selector;
use ifcast::interfaces::{Enumerator, InterfaceIndex};
use ifcast_netlab::Lab;

use crate::Watched;

const PAIRS: usize = 500;
const DELETED: usize = 50;

#[test]
fn a_thousand_interfaces_are_listed_watched_and_chosen_from() {
    let host = Lab::new().host("host");
    let mut watched = Watched::new(&host);
    let builtin = watched.watcher.snapshot().interfaces().len();
    let pairs = host.add_veths("v", PAIRS);
    for (number, pair) in pairs.iter().enumerate() {
        let (high, low) = (number / 250, number % 250);
        for (nic, end) in pair.iter().zip(1..) {
            nic.add_address(&format!("10.{high}.{low}.{end}/30"));
            nic.add_address(&format!("fd71:{number:x}::{end}/64"));
            nic.set_up(true);
        }
    }
    let mut appeared = 0;
    watched.drain_until(|watcher, change| {
        if let Some(change) = change {
            appeared += usize::from(change.to_string().ends_with("appeared"));
        }
        watcher.is_some_and(|watcher| {
            let is_ready = |i: &ifcast::Interface| i.is_operational() && i.ipv4().len() == 1;
            let ready = watcher
                .snapshot()
                .interfaces()
                .iter()
                .filter(|i| is_ready(i));
            ready.count() > 2 * PAIRS && watcher.next_deadline().is_none()
        })
    });
    assert_eq!(appeared, 2 * PAIRS);
    watched.assert_gets_up_to_date();

    let snapshot = watched.watcher.snapshot();
    assert_eq!(snapshot.interfaces().len(), builtin + 2 * PAIRS);
    assert_eq!(snapshot.select(Selector::lan()).count(), 2 * PAIRS);
    let mut enumerator = host.run(Enumerator::new).unwrap().groups(true);
    for pair in pairs.iter().step_by(50) {
        let index = InterfaceIndex::new(pair[1].index()).unwrap();
        let found = enumerator.by_index(index).unwrap();
        assert_eq!(found.as_ref(), snapshot.by_index(index));
    }

    // A few, because the kernel takes its time for each.
    for pair in &pairs[..DELETED] {
        pair[0].delete();
    }
    let told = watched.reports();
    let gone = told.iter().filter(|change| change.ends_with("is gone"));
    assert_eq!(gone.count(), 2 * DELETED);
    watched.assert_gets_up_to_date();
}
