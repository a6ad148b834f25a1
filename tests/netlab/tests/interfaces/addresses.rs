//! The addresses of an interface, and what can be said of each.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use ifcast_netlab::{AddressOptions, Broadcast, Lab, Nic};

use crate::{ipv4, ipv6};

#[test]
fn the_broadcast_address_is_computed_unless_there_is_no_room() {
    let lab = Lab::new();
    let nic = lab.segment().attach(
        &lab.host("a"),
        "lan0",
        &["10.0.4.1/22", "10.1.0.0/31", "10.2.0.1/32"],
    );
    let broadcast: Vec<_> = getifaddrs_broadcast(&nic);
    assert_eq!(broadcast[0], Some(Ipv4Addr::new(10, 0, 7, 255)));
    // Without one `getifaddrs` gives the address itself; a `brd` would be another.
    assert_eq!(broadcast[1], Some(Ipv4Addr::new(10, 1, 0, 0)));
    assert_eq!(broadcast[2], Some(Ipv4Addr::new(10, 2, 0, 1)));
}

fn getifaddrs_broadcast(nic: &Nic) -> Vec<Option<Ipv4Addr>> {
    ipv4(nic).into_iter().map(|(.., other)| other).collect()
}

#[test]
fn the_broadcast_address_may_be_left_out_or_odd() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    for (address, broadcast) in [
        ("10.71.0.1/24", Broadcast::None),
        (
            "10.72.0.1/24",
            Broadcast::Custom(Ipv4Addr::new(10, 72, 9, 9)),
        ),
    ] {
        let options = AddressOptions {
            broadcast,
            ..AddressOptions::default()
        };
        nic.add_address_with(address, options);
    }
    let broadcast = getifaddrs_broadcast(&nic);
    assert_eq!(broadcast[0], Some(Ipv4Addr::new(10, 71, 0, 1)), "none");
    assert_eq!(broadcast[1], Some(Ipv4Addr::new(10, 72, 9, 9)));
}

#[test]
fn an_address_may_have_a_label_or_a_peer() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let labelled = AddressOptions {
        label: Some("lan0:1".to_owned()),
        ..AddressOptions::default()
    };
    nic.add_address_with("10.71.0.1/24", labelled);
    let paired = AddressOptions {
        peer: Some("10.72.0.9".parse().unwrap()),
        ..AddressOptions::default()
    };
    nic.add_address_with("10.72.0.1/32", paired);
    let addresses = ipv4(&nic);
    assert_eq!(addresses[0].0, "lan0:1");
    let fib = nic
        .host()
        .run(|| fs::read_to_string("/proc/thread-self/net/fib_trie").unwrap());
    assert!(fib.contains("10.72.0.9"), "a route to the peer: {fib}");
    nic.remove_address("10.72.0.1/32");
    nic.remove_address("10.71.0.1/24");
    assert!(ipv4(&nic).is_empty());
}

/// What the kernel says of the one IPv6 address that starts so: some of the bits below.
fn state(nic: &Nic, start: &str) -> u8 {
    let lines = ipv6(nic);
    let lines: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with(start))
        .collect();
    let [line] = lines[..] else {
        panic!("not one address: {lines:?}");
    };
    let flags = line.split_whitespace().nth(4).unwrap();
    let all = TEMPORARY | OPTIMISTIC | DEPRECATED | TENTATIVE;
    u8::from_str_radix(flags, 16).unwrap() & all
}

/// Lets duplicate address detection take two seconds, so that a busy machine sees it going on.
fn slow_detection(nic: &Nic) {
    let setting = format!("net/ipv6/conf/{}/dad_transmits", nic.name());
    nic.host().sysctl(&setting, "2");
}

// `IFA_F_TEMPORARY` and so on.
const TEMPORARY: u8 = 0x01;
const OPTIMISTIC: u8 = 0x04;
const DEPRECATED: u8 = 0x20;
const TENTATIVE: u8 = 0x40;

#[test]
fn an_ipv6_address_may_be_tentative_or_deprecated() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let tentative = AddressOptions {
        dad: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fd71::1/64", tentative);
    let deprecated = AddressOptions {
        deprecated: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fd72::1/64", deprecated);
    assert_eq!(state(&nic, "fd71"), TENTATIVE);
    assert_eq!(state(&nic, "fd72"), DEPRECATED);
    nic.remove_address("fd71::1/64");
    nic.remove_address("fd72::1/64");
    assert!(ipv6(&nic).is_empty());
}

#[test]
fn an_optimistic_address_can_be_bound_while_it_is_tentative() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let optimistic = AddressOptions {
        optimistic: true,
        ..AddressOptions::default()
    };
    slow_detection(&nic);
    nic.add_address_with("fd71::1/64", optimistic);
    assert_eq!(state(&nic, "fd71"), TENTATIVE | OPTIMISTIC);
    nic.host().run(|| UdpSocket::bind("[fd71::1]:0").unwrap());
}

#[test]
fn an_address_has_a_temporary_one_beside_it_until_it_is_removed() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let options = AddressOptions {
        with_temporary: true,
        ..AddressOptions::default()
    };
    slow_detection(&nic);
    nic.add_address_with("fd71::1/64", options.clone());
    assert_eq!(state(&nic, "fd710000000000000000000000000001"), 0);
    let temporary = |line: &String| !line.starts_with("fd710000000000000000000000000001");
    let line = ipv6(&nic).into_iter().find(temporary).unwrap();
    assert_eq!(state(&nic, &line[..32]), TEMPORARY | TENTATIVE);
    nic.change_address("fd71::1/64", AddressOptions::default());
    assert_eq!(ipv6(&nic).len(), 1);
    nic.change_address("fd71::1/64", options);
    assert_eq!(ipv6(&nic).len(), 2);
    nic.remove_address("fd71::1/64");
    assert!(ipv6(&nic).is_empty());
}

#[test]
fn an_address_becomes_deprecated_in_place_and_preferred_again() {
    let lab = Lab::new();
    let nic = lab
        .segment()
        .attach(&lab.host("a"), "lan0", &["fd71::1/64"]);
    let deprecated = AddressOptions {
        deprecated: true,
        ..AddressOptions::default()
    };
    nic.change_address("fd71::1/64", deprecated);
    assert_eq!(state(&nic, "fd71"), DEPRECATED);
    nic.change_address("fd71::1/64", AddressOptions::default());
    assert_eq!(state(&nic, "fd71"), 0);
}

#[test]
fn a_changed_ipv4_address_keeps_its_label_and_its_broadcast_address() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let labelled = AddressOptions {
        label: Some("lan0:1".to_owned()),
        broadcast: Broadcast::Custom([10, 71, 0, 9].into()),
        ..AddressOptions::default()
    };
    nic.add_address_with("10.71.0.1/24", labelled.clone());
    let before = ipv4(&nic);
    let deprecated = AddressOptions {
        deprecated: true,
        ..AddressOptions::default()
    };
    nic.change_address("10.71.0.1/24", deprecated);
    assert_eq!(ipv4(&nic), before);
    let change = || nic.change_address("10.71.0.1/24", labelled);
    let panic = catch_unwind(AssertUnwindSafe(change)).unwrap_err();
    let text = panic.downcast::<String>().unwrap();
    assert!(text.contains("stay as they are"), "{text}");
}

#[test]
fn thousands_of_addresses_come_and_go_in_the_same_order() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let (high, low) = (0..12, 1..=250);
    let v4 = high.flat_map(|high| low.clone().map(move |low| format!("10.71.{high}.{low}/16")));
    let v4: Vec<_> = v4.collect();
    let v6: Vec<_> = (1..=3000).map(|n| format!("fd71::{n:x}/64")).collect();
    let start = Instant::now();
    nic.add_addresses(&v4);
    let v4_at = start.elapsed();
    nic.set_up(false);
    nic.add_addresses(&v6);
    nic.set_up(true);
    let v6_at = start.elapsed();
    assert_eq!((ipv4(&nic).len(), ipv6(&nic).len()), (3000, 3000));
    let listed_at = start.elapsed();
    nic.remove_addresses(&v4);
    nic.remove_addresses(&v6);
    println!(
        "IPv4 {v4_at:?}, IPv6 {v6_at:?}, listed {listed_at:?}, removed {:?}",
        start.elapsed()
    );
    assert_eq!((ipv4(&nic).len(), ipv6(&nic).len()), (0, 0));
}

#[test]
fn one_bad_address_among_many_is_named() {
    let host = Lab::new().host("a");
    let lo = host.nic("lo");
    let add = || lo.add_addresses(["10.71.0.1/24", "10.71.0.2/24", "10.71.0.1/24"]);
    let panic = catch_unwind(AssertUnwindSafe(add)).unwrap_err();
    let text = panic.downcast::<String>().unwrap();
    assert!(
        text.contains("add 10.71.0.1/24") && text.contains("lo"),
        "{text}"
    );
}
