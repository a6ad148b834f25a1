//! What an address is: ours, a broadcast address or a peer's.

use std::net::{Ipv4Addr, Ipv6Addr};

use ifcast::Interface;
use ifcast::interfaces::{AddressState, AssignedIpv4, BroadcastOrigin, Scope, Unusable};
use ifcast_netlab::{AddressOptions, Broadcast, Lab, Nic};
use ifcast_tests::{interface, ip, wait_until};

use crate::{host_with_card, named, only, tunnel};

/// The address as listed after it was configured so on a network card.
#[track_caller]
fn listed(address: &str, options: AddressOptions) -> AssignedIpv4 {
    let (_host, nic) = host_with_card(&[]);
    nic.add_address_with(address, options);
    only(interface(&nic).ipv4())
}

/// The broadcast address listed for `address`, and where it comes from.
#[track_caller]
fn broadcast(address: &str, broadcast: Broadcast) -> Option<(Ipv4Addr, BroadcastOrigin)> {
    let options = AddressOptions {
        broadcast,
        ..AddressOptions::default()
    };
    let listed = listed(address, options);
    assert_eq!(listed.to_string(), address);
    assert_eq!(listed.peer(), None, "{address}");
    let broadcast = listed.broadcast()?;
    Some((broadcast.address(), broadcast.origin()))
}

#[test]
fn a_configured_broadcast_address_is_listed_as_it_is() {
    for (address, configured) in [
        ("10.71.0.1/24", [10, 71, 0, 255]),
        ("10.71.0.1/24", [10, 71, 0, 100]),
        ("10.71.0.1/24", [10, 71, 0, 0]),
        ("10.71.0.1/30", [10, 71, 0, 3]),
        ("10.71.0.1/24", [255, 255, 255, 255]),
        ("10.71.0.0/31", [10, 71, 0, 1]),
        ("10.71.0.1/32", [10, 71, 0, 255]),
    ] {
        let configured = Ipv4Addr::from(configured);
        assert_eq!(
            broadcast(address, Broadcast::Custom(configured)),
            Some((configured, BroadcastOrigin::Configured)),
            "{address}"
        );
    }
}

#[test]
fn where_no_broadcast_address_is_configured_it_follows_from_the_prefix() {
    for (address, computed) in [
        ("10.71.5.6/8", [10, 255, 255, 255]),
        ("10.71.5.6/22", [10, 71, 7, 255]),
        ("10.71.5.6/24", [10, 71, 5, 255]),
        ("10.71.5.6/30", [10, 71, 5, 7]),
    ] {
        assert_eq!(
            broadcast(address, Broadcast::None),
            Some((computed.into(), BroadcastOrigin::Computed)),
            "{address}"
        );
    }
}

#[test]
fn prefixes_of_31_and_32_have_no_broadcast_address_of_their_own() {
    for address in ["10.71.5.6/31", "10.71.5.7/31", "10.71.5.6/32"] {
        assert_eq!(broadcast(address, Broadcast::None), None, "{address}");
    }
}

#[test]
fn a_broadcast_address_that_is_the_own_one_or_none_counts_as_not_configured() {
    for senseless in [[10, 71, 5, 6], [0, 0, 0, 0]] {
        let senseless = Broadcast::Custom(senseless.into());
        assert_eq!(broadcast("10.71.5.6/32", senseless), None);
        let computed = ([10, 71, 5, 255].into(), BroadcastOrigin::Computed);
        assert_eq!(broadcast("10.71.5.6/24", senseless), Some(computed));
    }
}

#[test]
fn a_tunnels_peer_is_neither_its_address_nor_a_broadcast_address() {
    let (host, _nic) = host_with_card(&[]);
    let [local, peer] = [[10, 8, 0, 10], [10, 8, 0, 9]].map(Ipv4Addr::from);
    if tunnel(&host, "tun0", local, peer).is_none() {
        return;
    }
    let tun = named(&host, "tun0");
    let address = only(tun.ipv4());
    assert_eq!(address.address(), local);
    assert_eq!(address.peer(), Some(peer));
    assert_eq!(address.broadcast(), None);
    assert!(tun.owns(local.into()) && !tun.owns(peer.into()));
}

#[test]
fn a_peer_on_a_network_card_is_neither_its_address_nor_a_broadcast_address() {
    let peer = [10, 71, 0, 9];
    for prefix_len in [24, 30, 31, 32] {
        let options = AddressOptions {
            peer: Some(peer.into()),
            ..AddressOptions::default()
        };
        let address = listed(&format!("10.71.0.10/{prefix_len}"), options);
        assert_eq!(address.address(), Ipv4Addr::new(10, 71, 0, 10));
        assert_eq!(address.prefix_len(), prefix_len);
        assert_eq!(address.peer(), Some(peer.into()), "/{prefix_len}");
        assert_eq!(address.broadcast(), None, "/{prefix_len}");
    }
}

#[test]
fn an_ipv6_peer_is_not_the_interfaces_address() {
    let (_host, nic) = host_with_card(&["fd71::1/64"]);
    let options = AddressOptions {
        peer: Some(ip("fd71::6")),
        ..AddressOptions::default()
    };
    nic.add_address_with("fd71::5/128", options);
    let lan0 = interface(&nic);
    assert!(lan0.owns(ip("fd71::1")) && lan0.owns(ip("fd71::5")));
    assert!(!lan0.owns(ip("fd71::6")));
    let peer_of = |address: &str| {
        let mut addresses = lan0.ipv6().iter();
        let found = addresses.find(|own| ip(address) == own.address());
        found.unwrap().peer()
    };
    assert_eq!(peer_of("fd71::1"), None);
    assert_eq!(peer_of("fd71::5"), "fd71::6".parse().ok());
}

#[test]
fn ipv6_addresses_are_listed_with_prefix_scope_and_the_scope_id_they_need() {
    let (host, nic) = host_with_card(&["fe80::71/64", "fec0::71/64", "fd71::71/48"]);
    let mut listed: Vec<_> = interface(&nic)
        .ipv6()
        .iter()
        .map(|own| (own.to_string(), own.scope(), own.scope_id()))
        .collect();
    listed.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    assert_eq!(
        listed,
        [
            ("fd71::71/48".to_owned(), Scope::Global, 0),
            ("fe80::71/64".to_owned(), Scope::Link, nic.index()),
            ("fec0::71/64".to_owned(), Scope::Site, 0),
        ]
    );
    let localhost = only(named(&host, "lo").ipv6());
    assert_eq!(localhost.address(), Ipv6Addr::LOCALHOST);
    assert_eq!((localhost.scope(), localhost.scope_id()), (Scope::Host, 0));
}

#[test]
fn a_broadcast_address_is_of_the_interface_whose_subnet_it_closes() {
    let (_host, nic) = host_with_card(&["10.71.0.1/24", "10.71.8.1/22"]);
    let [narrow, wide] = interface(&nic).ipv4().to_vec().try_into().unwrap();
    assert!(narrow.is_broadcast([10, 71, 0, 255].into()));
    assert!(!narrow.is_broadcast([10, 71, 11, 255].into()));
    assert!(wide.is_broadcast([10, 71, 11, 255].into()));
    assert!(!wide.is_broadcast([10, 71, 8, 255].into()));
}

#[test]
fn a_tentative_address_is_no_use_until_it_is_preferred() {
    let (host, nic) = host_with_card(&[]);
    // Two seconds of asking, so that a busy machine sees it in that state.
    host.sysctl(&format!("net/ipv6/conf/{}/dad_transmits", nic.name()), "2");
    let options = AddressOptions {
        dad: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fe80::71/64", options);
    let fresh = interface(&nic);
    assert_eq!(only(fresh.ipv6()).state(), Some(AddressState::Tentative));
    assert_eq!(fresh.usable_for_multicast(), Err(Unusable::NoUsableAddress));

    let ready = await_state(&nic, AddressState::Preferred);
    assert_eq!(ready.usable_for_multicast(), Ok(()));
    assert_eq!(only(ready.ipv6()).is_temporary(), Some(false));
}

#[test]
fn an_address_that_another_host_has_is_duplicated() {
    let lab = Lab::new();
    let segment = lab.segment();
    let (first, second) = (lab.host("first"), lab.host("second"));
    segment.attach(&first, "lan0", &["fd71::1/64"]);
    let nic = segment.attach(&second, "lan0", &[]);
    let options = AddressOptions {
        dad: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fd71::1/64", options);
    let interface = await_state(&nic, AddressState::Duplicated);
    assert_eq!(
        interface.usable_for_multicast(),
        Err(Unusable::NoUsableAddress)
    );
}

#[test]
fn a_deprecated_address_can_still_be_used() {
    let (_host, nic) = host_with_card(&[]);
    let options = AddressOptions {
        deprecated: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fd71::1/64", options);
    let interface = interface(&nic);
    assert_eq!(
        only(interface.ipv6()).state(),
        Some(AddressState::Deprecated)
    );
    assert_eq!(interface.usable_for_multicast(), Ok(()));
}

#[test]
fn an_optimistic_address_is_of_use_while_the_link_is_still_being_asked() {
    let (host, nic) = host_with_card(&[]);
    host.sysctl("net/ipv6/conf/lan0/dad_transmits", "3");
    let options = AddressOptions {
        optimistic: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fe80::71/64", options);
    let fresh = interface(&nic);
    assert_eq!(only(fresh.ipv6()).state(), Some(AddressState::Optimistic));
    assert_eq!(fresh.usable_for_multicast(), Ok(()));
    await_state(&nic, AddressState::Preferred);
}

#[test]
fn a_temporary_address_is_told_from_the_lasting_one_beside_it() {
    let (_host, nic) = host_with_card(&[]);
    let options = AddressOptions {
        with_temporary: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fd71::1/64", options);
    let interface = interface(&nic);
    let [lasting, temporary] = [false, true].map(|wanted| {
        let addresses = interface.ipv6().iter();
        let of_kind = addresses.filter(|own| own.is_temporary() == Some(wanted));
        only(&of_kind.cloned().collect::<Vec<_>>())
    });
    assert_eq!(lasting.to_string(), "fd71::1/64");
    assert_eq!(temporary.prefix_len(), 64);
    assert!(lasting.contains(temporary.address()));
}

#[test]
fn an_address_beside_an_older_one_in_its_subnet_is_secondary_and_not_temporary() {
    let (_host, nic) = host_with_card(&[]);
    nic.add_addresses([
        "10.71.0.1/24",
        "10.71.0.2/24",
        "10.72.0.1/24",
        "10.71.0.3/32",
        "10.71.0.4/24",
    ]);
    let listed = || {
        let interface = interface(&nic);
        let addresses = interface.ipv4().iter();
        let addresses = addresses.map(|own| (own.to_string(), own.is_secondary().unwrap()));
        addresses.collect::<Vec<_>>()
    };
    let expected = |addresses: &[(&str, bool)]| {
        let addresses = addresses.iter();
        addresses
            .map(|(address, is_secondary)| ((*address).to_owned(), *is_secondary))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        listed(),
        expected(&[
            ("10.71.0.1/24", false),
            ("10.72.0.1/24", false),
            ("10.71.0.3/32", false),
            ("10.71.0.2/24", true),
            ("10.71.0.4/24", true),
        ])
    );
    nic.host()
        .sysctl("net/ipv4/conf/lan0/promote_secondaries", "1");
    nic.remove_address("10.71.0.1/24");
    assert_eq!(
        listed(),
        expected(&[
            ("10.72.0.1/24", false),
            ("10.71.0.3/32", false),
            ("10.71.0.2/24", false),
            ("10.71.0.4/24", true),
        ])
    );
}

/// Waits until the only IPv6 address of an interface is in this state.
#[track_caller]
fn await_state(nic: &Nic, state: AddressState) -> Interface {
    let mut found = interface(nic);
    wait_until(&format!("an address is {state:?}"), || {
        found = interface(nic);
        only(found.ipv6()).state() == Some(state)
    });
    found
}
