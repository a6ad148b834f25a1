//! The addresses of an interface, and what can be said of each.

use std::fs;
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

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
    let flags = |start: &str| {
        let lines = ipv6(&nic);
        let line = lines.iter().find(|line| line.starts_with(start)).unwrap();
        let flags = line.split_whitespace().nth(4).unwrap();
        u8::from_str_radix(flags, 16).unwrap()
    };
    assert_eq!(flags("fd71") & 0x40, 0x40, "IFA_F_TENTATIVE");
    assert_eq!(flags("fd72") & 0x60, 0x20, "IFA_F_DEPRECATED alone");
    nic.remove_address("fd71::1/64");
    nic.remove_address("fd72::1/64");
    assert!(ipv6(&nic).is_empty());
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
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
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
