//! Snapshots captured while interfaces come, go and change names.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ifcast::Interface;
use ifcast::interfaces::{Enumerator, OperationalState};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::interface;

use crate::{host_with_card, when};

/// What nobody touches, and how many addresses of each family it has.
const ANCHOR: &str = "anchor0";
const ANCHOR_ADDRESSES: u8 = 10;

/// More addresses than the kernel tells of in one read.
const CROWD: usize = 1500;
const STORM: usize = 3000;

const OPERATIONS: usize = 300;
const OBSERVERS: usize = 4;
const PAIRS: usize = 3;

/// One more than there are interfaces, so that names keep changing hands.
const NAMES: [&str; 7] = ["v0", "v1", "v2", "v3", "v4", "v5", "v6"];

#[test]
fn whatever_changes_meanwhile_no_index_name_or_address_is_ever_wrong() {
    let host = Lab::new().host("host");
    let anchor = anchor(&host);
    let stop = Arc::new(AtomicBool::new(false));
    let observers: Vec<_> = (0..OBSERVERS)
        .map(|_| {
            let (stop, anchor) = (Arc::clone(&stop), anchor.clone());
            host.spawn(move || observe(&stop, &anchor))
        })
        .collect();
    let mut administrator = Administrator::new(host);
    for operation in 0..OPERATIONS {
        administrator.change_something(operation);
    }
    stop.store(true, Ordering::Relaxed);
    let mut torn = 0;
    for observer in observers {
        let (captured, inconsistent) = observer.join();
        assert!(captured > inconsistent);
        torn += inconsistent;
    }
    println!("{torn} inconsistent");
}

#[test]
fn a_listing_that_takes_many_reads_is_whole_whenever_it_says_so() {
    let (host, busy) = host_with_card(&[]);
    let lo = host.nic("lo");
    lo.add_addresses((0..CROWD).map(|n| format!("10.80.{}.{}/32", n / 256, n % 256)));
    let steady = interface(&lo);
    assert_eq!(steady.ipv4().len(), 1 + CROWD);
    let stop = Arc::new(AtomicBool::new(false));
    let observer = {
        let stop = Arc::clone(&stop);
        host.spawn(move || observe_crowd(&stop, &steady))
    };
    for _ in 0..STORM {
        busy.add_address("10.71.0.1/24");
        busy.remove_address("10.71.0.1/24");
    }
    stop.store(true, Ordering::Relaxed);
    let (captured, inconsistent) = observer.join();
    assert!(captured > 0);
    println!("{inconsistent} of {captured} inconsistent");
}

/// Checks snapshots in which one interface does not change until told to stop;
/// returns how many, and how many of them say that they are inconsistent.
fn observe_crowd(stop: &AtomicBool, steady: &Interface) -> (u32, u32) {
    let (mut captured, mut inconsistent) = (0, 0);
    let mut enumerator = Enumerator::new().unwrap();
    while !stop.load(Ordering::Relaxed) {
        let snapshot = enumerator.capture().unwrap();
        captured += 1;
        if snapshot.is_consistent() {
            assert!(snapshot.by_index(steady.index()) == Some(steady));
        } else {
            inconsistent += 1;
        }
    }
    (captured, inconsistent)
}

/// Makes an interface with many addresses, which stays as it is.
fn anchor(host: &Host) -> Interface {
    let [[anchor, other]] = host.add_veths("anchor", 1).try_into().unwrap();
    for end in [&anchor, &other] {
        end.set_up(true);
    }
    anchor.add_addresses((1..=ANCHOR_ADDRESSES).map(|n| format!("10.72.{n}.1/24")));
    anchor.add_addresses((1..=ANCHOR_ADDRESSES).map(|n| format!("fd72::{n}/64")));
    let is_up = Some(OperationalState::Up);
    when(host, ANCHOR, |anchor| anchor.operational_state() == is_up)
}

/// Checks snapshots until told to stop; returns how many, and how many of them
/// say that they are inconsistent.
fn observe(stop: &AtomicBool, anchor: &Interface) -> (u32, u32) {
    let (mut captured, mut inconsistent) = (0, 0);
    let mut enumerator = Enumerator::new().unwrap();
    while !stop.load(Ordering::Relaxed) {
        let snapshot = enumerator.capture().unwrap();
        let mut indexes = HashSet::new();
        for interface in snapshot.interfaces() {
            assert!(indexes.insert(interface.index()), "{snapshot:?}");
            assert!(!interface.name().as_bytes().is_empty(), "{snapshot:?}");
            assert!(interface.mtu().is_some(), "{snapshot:?}");
        }
        let lo = snapshot.owner_of(Ipv4Addr::LOCALHOST.into());
        assert!(lo.is_some_and(|lo| lo.flags().is_loopback()));
        for (interface, address) in snapshot.addresses() {
            assert!(
                interface.index() == anchor.index()
                    || address.is_loopback()
                    || address == own(interface, address),
                "{address} is not of {interface:?}"
            );
        }
        if snapshot.is_consistent() {
            assert_eq!(snapshot.by_index(anchor.index()), Some(anchor));
        }
        assert_eq!(
            enumerator.by_index(anchor.index()).unwrap().as_ref(),
            Some(anchor)
        );
        assert_eq!(enumerator.by_name(ANCHOR).unwrap().as_ref(), Some(anchor));
        captured += 1;
        inconsistent += u32::from(!snapshot.is_consistent());
    }
    (captured, inconsistent)
}

/// The address of this family that the administrator gives this interface.
fn own(interface: &Interface, family: IpAddr) -> IpAddr {
    let [v4, v6] = addresses(interface.index().get());
    if family.is_ipv4() { v4 } else { v6 }
}

/// The addresses that tell an interface's index.
fn addresses(index: u32) -> [IpAddr; 2] {
    let [_, _, high, low] = index.to_be_bytes();
    let v6 = [0xfd71, 0, 0, 0, 0, 0, 0, u16::from_be_bytes([high, low])];
    [[10, 71, high, low].into(), v6.into()]
}

/// Makes, renames and deletes veth pairs.
struct Administrator {
    host: Host,
    pairs: VecDeque<[Nic; 2]>,
    spare: VecDeque<String>,
}

impl Administrator {
    fn new(host: Host) -> Self {
        let mut administrator = Self {
            host,
            pairs: VecDeque::new(),
            spare: NAMES.map(str::to_owned).into(),
        };
        for _ in 0..PAIRS {
            administrator.make_a_pair();
        }
        administrator
    }

    fn change_something(&mut self, operation: usize) {
        if operation % 10 == 0 {
            self.delete_the_oldest_pair();
            self.make_a_pair();
        } else {
            let pair = &self.pairs[operation % PAIRS];
            let nic = &pair[operation / PAIRS % 2];
            let (old, new) = (nic.name(), self.spare.pop_front().unwrap());
            nic.rename(&new);
            self.spare.push_back(old);
        }
    }

    fn make_a_pair(&mut self) {
        let [left, right] = [(); 2].map(|()| self.spare.pop_front().unwrap());
        self.host.add_veth(&left, &right);
        let pair = [left, right].map(|name| self.host.nic(&name));
        for nic in &pair {
            let [v4, v6] = addresses(nic.index());
            nic.add_address(&format!("{v4}/32"));
            nic.add_address(&format!("{v6}/128"));
        }
        self.pairs.push_back(pair);
    }

    fn delete_the_oldest_pair(&mut self) {
        let pair = self.pairs.pop_front().unwrap();
        pair[0].delete();
        self.spare.extend(pair.map(|nic| nic.name()));
    }
}
