//! Snapshots captured while interfaces come, go and change names.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ifcast::{Interface, Snapshot};
use ifcast_netlab::{Host, Lab, Nic};

const OPERATIONS: usize = 300;
const OBSERVERS: usize = 4;
const PAIRS: usize = 3;

/// One more than there are interfaces, so that names keep changing hands.
const NAMES: [&str; 7] = ["v0", "v1", "v2", "v3", "v4", "v5", "v6"];

#[test]
fn whatever_changes_meanwhile_no_index_name_or_address_is_ever_wrong() {
    let host = Lab::new().host("host");
    let stop = Arc::new(AtomicBool::new(false));
    let observers: Vec<_> = (0..OBSERVERS)
        .map(|_| {
            let stop = Arc::clone(&stop);
            host.spawn(move || observe(&stop))
        })
        .collect();
    let mut administrator = Administrator::new(host);
    for operation in 0..OPERATIONS {
        administrator.change_something(operation);
    }
    stop.store(true, Ordering::Relaxed);
    for observer in observers {
        assert!(observer.join() > 0);
    }
}

/// Checks snapshots until told to stop; returns how many.
fn observe(stop: &AtomicBool) -> u32 {
    let mut captured = 0;
    while !stop.load(Ordering::Relaxed) {
        let snapshot = Snapshot::capture().unwrap();
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
                address.is_loopback() || address == own(interface, address),
                "{address} is not of {interface:?}"
            );
        }
        captured += 1;
    }
    captured
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
