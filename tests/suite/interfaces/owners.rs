//! Whose an address is, whatever it is labelled and whoever else has it.

use std::net::{Ipv4Addr, SocketAddr};

use ifcast::interfaces::{InterfaceName, Scope};
use ifcast_netlab::{AddressOptions, Lab, Nic};
use ifcast_tests::{interface, ip};

use crate::{host_with_card, index, name, names, only, snapshot};

fn add_labelled(nic: &Nic, address: &str, label: &str) {
    let options = AddressOptions {
        label: Some(label.to_owned()),
        ..AddressOptions::default()
    };
    nic.add_address_with(address, options);
}

fn labels(nic: &Nic) -> Vec<(Ipv4Addr, Option<InterfaceName>)> {
    let interface = interface(nic);
    let addresses = interface.ipv4().iter();
    addresses.map(|own| (own.address(), own.label())).collect()
}

/// Two network cards of one host, in that order also by index.
fn two_cards(first: &[&str], second: &[&str]) -> [Nic; 2] {
    let lab = Lab::new();
    let host = lab.host("host");
    [("lan0", first), ("lan1", second)]
        .map(|(name, addresses)| lab.segment().attach(&host, name, addresses))
}

#[test]
fn a_label_makes_no_interface_and_stays_on_its_address() {
    for label in ["lan0:1", "printer", "lan", "lan00", "lan0:lan0:lan0"] {
        let (host, nic) = host_with_card(&["10.71.0.1/24", "fd71::1/64", "fe80::1/64"]);
        add_labelled(&nic, "10.71.0.2/24", label);
        add_labelled(&nic, "10.72.0.2/24", label);
        let snapshot = snapshot(&host);
        assert!(snapshot.by_name(name(label)).is_none(), "{label}");
        assert_eq!(
            labels(&nic),
            [
                ([10, 71, 0, 1].into(), None),
                ([10, 72, 0, 2].into(), Some(name(label))), // first in its subnet
                ([10, 71, 0, 2].into(), Some(name(label))),
            ]
        );
        for address in ["10.71.0.2", "10.72.0.2", "fd71::1", "fe80::1"] {
            let owner = snapshot.owner_of(ip(address)).unwrap();
            assert_eq!(owner.index(), index(nic.index()), "{address} at {label}");
        }
    }
}

#[test]
fn a_label_that_is_another_interfaces_name_does_not_give_the_address_away() {
    let [lan0, lan1] = two_cards(&["10.71.0.1/24"], &["10.71.1.1/24"]);
    add_labelled(&lan0, "10.71.0.2/24", "lan1");
    add_labelled(&lan1, "10.71.1.2/24", "lan0:1");
    assert_eq!(
        labels(&lan0),
        [
            ([10, 71, 0, 1].into(), None),
            ([10, 71, 0, 2].into(), Some(name("lan1"))),
        ]
    );
    assert_eq!(
        labels(&lan1),
        [
            ([10, 71, 1, 1].into(), None),
            ([10, 71, 1, 2].into(), Some(name("lan0:1"))),
        ]
    );
}

#[test]
fn one_address_on_two_interfaces_is_on_both_whatever_the_labels() {
    let [lan0, lan1] = two_cards(&["10.71.0.1/24"], &["10.71.0.1/24"]);
    add_labelled(&lan0, "10.72.0.1/24", "printer");
    add_labelled(&lan1, "10.72.0.1/24", "printer");
    for nic in [&lan0, &lan1] {
        assert_eq!(
            labels(nic),
            [
                ([10, 71, 0, 1].into(), None),
                ([10, 72, 0, 1].into(), Some(name("printer"))),
            ]
        );
    }
    let owner = snapshot(lan0.host()).owner_of(ip("10.71.0.1")).cloned();
    assert_eq!(owner.unwrap().index(), index(lan0.index()));
}

#[test]
fn the_same_link_local_address_on_two_interfaces_stays_two() {
    let nics = two_cards(&["fe80::71/64"], &["fe80::71/64"]);
    for nic in &nics {
        let interface = interface(nic);
        let address = only(interface.ipv6());
        assert_eq!(address.address(), ip("fe80::71"));
        assert_eq!(address.scope(), Scope::Link);
        let expected: SocketAddr = format!("[fe80::71%{}]:5353", nic.index()).parse().unwrap();
        assert_eq!(SocketAddr::from(address.socket_addr(5353)), expected);
    }
    let shared = snapshot(nics[0].host());
    let holders = shared
        .addresses()
        .filter(|(_, address)| *address == ip("fe80::71"))
        .map(|(interface, _)| interface);
    assert_eq!(names(holders), ["lan0", "lan1"]);
}

#[test]
fn every_address_is_listed_with_its_interface_and_found_by_it() {
    let [lan0, lan1] = two_cards(
        &["10.71.0.1/24", "10.71.0.2/24", "fe80::1/64"],
        &["10.71.1.1/24", "fd71::1/64"],
    );
    let snapshot = snapshot(lan0.host());
    let listed: Vec<_> = snapshot
        .addresses()
        .map(|(interface, address)| (interface.index().get(), address))
        .collect();
    let expected = [
        (1, "127.0.0.1"),
        (1, "::1"),
        (lan0.index(), "10.71.0.1"),
        (lan0.index(), "10.71.0.2"),
        (lan0.index(), "fe80::1"),
        (lan1.index(), "10.71.1.1"),
        (lan1.index(), "fd71::1"),
    ];
    assert_eq!(
        listed,
        expected.map(|(owner, address)| (owner, ip(address)))
    );
    for (owner, address) in listed {
        assert_eq!(snapshot.owner_of(address).unwrap().index(), index(owner));
    }
    for stranger in ["10.71.0.3", "10.71.0.255", "0.0.0.0", "fe80::2", "::"] {
        assert!(snapshot.owner_of(ip(stranger)).is_none(), "{stranger}");
    }
}

#[test]
fn a_removed_address_is_gone_and_an_added_one_is_there() {
    let (_host, nic) = host_with_card(&["10.71.0.1/24", "fd71::1/64"]);
    nic.remove_address("10.71.0.1/24");
    nic.remove_address("fd71::1/64");
    nic.add_address("10.72.0.1/24");
    let lan0 = interface(&nic);
    assert!(lan0.owns(ip("10.72.0.1")));
    assert!(!lan0.owns(ip("10.71.0.1")) && !lan0.owns(ip("fd71::1")));
}
