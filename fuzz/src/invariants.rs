//! What is true of interfaces, whatever the system says.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::hint;

use ifcast_interfaces::{AssignedIpv4, AssignedIpv6, Interface, Selector, Snapshot};

/// Panics unless all of it is true.
pub fn check(snapshot: &Snapshot) {
    let interfaces = snapshot.interfaces();
    assert!(interfaces.is_sorted_by(|a, b| a.index() < b.index()));
    for interface in interfaces {
        assert_eq!(snapshot.by_index(interface.index()), Some(interface));
        check_interface(interface);
    }
    for (interface, address) in snapshot.addresses() {
        assert!(interface.owns(address));
        assert!(snapshot.owner_of(address).is_some());
    }
    for (interface, verdict) in snapshot.explain(&Selector::lan()) {
        let usable = interface.usable_for_broadcast();
        hint::black_box(format!("{interface:?} {verdict:?} {usable:?}"));
    }
}

fn check_interface(interface: &Interface) {
    let index = interface.index();
    let mut seen = HashSet::new();
    for own in interface.ipv4() {
        assert_eq!(own.interface(), index);
        assert!(own.prefix_len() <= 32, "{own}");
        assert!(own.contains(own.address()) && own.contains(own.network()));
        assert_ne!(own.peer(), Some(own.address()));
        assert_ne!(own.label(), Some(interface.name()));
        assert!(
            seen.insert((own.address(), own.prefix_len(), own.peer())),
            "{own} twice"
        );
        if let Some(broadcast) = own.broadcast() {
            assert!(own.is_broadcast(broadcast.address()));
        }
    }
    assert!(
        interface
            .ipv4()
            .is_sorted_by_key(AssignedIpv4::is_secondary)
    );
    for own in interface.ipv6() {
        assert_eq!(own.interface(), index);
        assert!(own.prefix_len() <= 128, "{own}");
        assert!(own.contains(own.address()));
        assert_ne!(own.peer(), Some(own.address()));
    }
    let place = |own: &AssignedIpv6| (Reverse(own.scope()), own.address());
    assert!(interface.ipv6().is_sorted_by(|a, b| place(a) < place(b)));
    let groups = interface.groups().expect("they were asked for");
    assert!(groups.is_sorted_by(|a, b| a < b));
    for name in interface.alternative_names() {
        assert!(!name.as_bytes().is_empty() && interface.is_called(name.as_bytes()));
    }
    assert_ne!(interface.lower(), Some(index));
}
