//! The addresses of an interface, and what can be said of each.

use std::fs;
use std::net::Ipv4Addr;

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
