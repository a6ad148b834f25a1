//! Which way the kernel would send, were it not told.

use std::net::IpAddr;

use ifcast::interfaces::{Enumerator, Route};
use ifcast_netlab::{DeadEnd, Host, Lab, Nic};
use ifcast_tests::ip;

use crate::{WAYS, host_with_card, index};

/// What is asked for and answered: interface, source and gateway.
type Way = (u32, IpAddr, Option<IpAddr>);

fn route(host: &Host, to: &str) -> Option<Route> {
    host.run(|| Route::to(ip(to)).unwrap())
}

/// Fails unless both ways of asking give this one, but for the gateway, which
/// only the kernel tells.
#[track_caller]
fn assert_route(host: &Host, to: &str, nic: &Nic, source: &str, gateway: Option<&str>) {
    let found = WAYS.map(|way| host.run(|| way().unwrap().route_for(ip(to)).unwrap()));
    for (found, gateway) in found.into_iter().zip([gateway.map(ip), None]) {
        let route = found.unwrap_or_else(|| panic!("no route to {to}"));
        let told = (route.interface(), route.source(), route.gateway());
        let expected = (index(nic.index()), Some(ip(source)), gateway);
        assert_eq!(told, expected, "{to}");
    }
    assert_eq!(route(host, to), found[0]);
}

#[track_caller]
fn assert_no_route(host: &Host, to: &str) {
    for way in WAYS {
        let found = host.run(|| way().unwrap().route_for(ip(to)).unwrap());
        assert_eq!(found, None, "{to}");
    }
}

fn two_cards() -> (Host, [Nic; 2]) {
    let lab = Lab::new();
    let host = lab.host("host");
    let nics = [
        ("lan0", ["10.71.0.1/24", "fd71::1/64", "fe80::71/64"]),
        ("lan1", ["10.71.1.1/24", "fd71:1::1/64", "fe80::72/64"]),
    ]
    .map(|(name, addresses)| lab.segment().attach(&host, name, &addresses));
    (host, nics)
}

#[test]
fn a_neighbour_is_reached_directly_from_the_address_in_its_subnet() {
    let (host, [lan0, lan1]) = two_cards();
    lan0.add_address("10.72.0.1/24");
    assert_route(&host, "10.71.0.9", &lan0, "10.71.0.1", None);
    assert_route(&host, "10.72.0.9", &lan0, "10.72.0.1", None);
    assert_route(&host, "10.71.1.9", &lan1, "10.71.1.1", None);
    assert_route(&host, "fd71::9", &lan0, "fd71::1", None);
    assert_route(&host, "fd71:1::9", &lan1, "fd71:1::1", None);
}

#[test]
fn without_a_route_there_is_none() {
    let (host, [lan0, _]) = two_cards();
    assert_no_route(&host, "192.0.2.1");
    assert_no_route(&host, "2001:db8::1");
    lan0.set_up(false);
    assert_no_route(&host, "10.71.0.9");
    assert_no_route(&host, "fd71::9");
    assert_no_route(&Lab::new().host("bare"), "10.71.0.9");
}

#[test]
fn a_stranger_is_reached_through_the_gateway() {
    let (host, [lan0, lan1]) = two_cards();
    host.add_route("192.0.2.0/24", &lan1, Some(ip("10.71.1.254")));
    host.add_route("2001:db8::/32", &lan1, Some(ip("fe80::254")));
    assert_route(&host, "192.0.2.1", &lan1, "10.71.1.1", Some("10.71.1.254"));
    assert_route(&host, "2001:db8::1", &lan1, "fd71:1::1", Some("fe80::254"));
    assert_no_route(&host, "192.0.3.1");

    host.add_default_route(&lan0, Some(ip("10.71.0.254")));
    host.add_default_route(&lan0, Some(ip("fd71::ffff")));
    assert_route(&host, "192.0.3.1", &lan0, "10.71.0.1", Some("10.71.0.254"));
    assert_route(&host, "2001:db9::1", &lan0, "fd71::1", Some("fd71::ffff"));
    assert_route(&host, "192.0.2.1", &lan1, "10.71.1.1", Some("10.71.1.254"));
}

#[test]
fn an_ipv4_stranger_may_be_reached_through_an_ipv6_gateway() {
    let (host, [_, lan1]) = two_cards();
    host.add_route("192.0.2.0/24", &lan1, Some(ip("fe80::254")));
    assert_route(&host, "192.0.2.1", &lan1, "10.71.1.1", Some("fe80::254"));
}

#[test]
fn broadcasts_leave_by_the_interface_of_their_subnet_or_by_default() {
    let (host, [lan0, lan1]) = two_cards();
    assert_route(&host, "10.71.0.255", &lan0, "10.71.0.1", None);
    assert_route(&host, "10.71.1.255", &lan1, "10.71.1.1", None);
    assert_no_route(&host, "255.255.255.255");
    host.add_default_route(&lan1, Some(ip("10.71.1.254")));
    assert_route(&host, "255.255.255.255", &lan1, "10.71.1.1", None);
}

#[test]
fn multicasts_leave_by_their_route_or_by_default() {
    let (host, [lan0, lan1]) = two_cards();
    for group in ["224.0.0.251", "239.255.71.7"] {
        assert_no_route(&host, group);
    }
    host.add_default_route(&lan0, Some(ip("10.71.0.254")));
    assert_route(&host, "224.0.0.251", &lan0, "10.71.0.1", None);
    host.add_route("239.0.0.0/8", &lan1, None);
    assert_route(&host, "239.255.71.7", &lan1, "10.71.1.1", None);
    assert_route(&host, "224.0.0.251", &lan0, "10.71.0.1", None);

    assert_route(&host, "ff15::71", &lan0, "fd71::1", None);
    host.add_route("ff00::/8", &lan1, None);
    assert_route(&host, "ff15::71", &lan1, "fd71:1::1", None);
}

#[test]
fn a_dead_end_is_no_route_whatever_other_there_is() {
    for dead_end in [
        DeadEnd::Unreachable,
        DeadEnd::Blackhole,
        DeadEnd::Prohibited,
    ] {
        let (host, [lan0, _]) = two_cards();
        host.add_default_route(&lan0, None);
        host.add_dead_end("192.0.2.0/24", dead_end);
        host.add_dead_end("2001:db8::/32", dead_end);
        assert_no_route(&host, "192.0.2.1");
        assert_no_route(&host, "2001:db8::1");
        assert_route(&host, "192.0.3.1", &lan0, "10.71.0.1", None);
        assert_route(&host, "10.71.0.9", &lan0, "10.71.0.1", None);
    }
}

#[test]
fn what_is_sent_to_oneself_stays_on_loopback() {
    let (host, _nics) = two_cards();
    let lo = host.nic("lo");
    for own in ["10.71.0.1", "10.71.1.1", "fd71::1", "127.0.0.1", "::1"] {
        assert_route(&host, own, &lo, own, None);
    }
    assert_route(&host, "127.0.0.9", &lo, "127.0.0.1", None);
}

#[test]
fn a_link_local_address_is_on_every_link_so_that_one_way_is_as_good_as_another() {
    let (host, nics) = two_cards();
    let route = route(&host, "fe80::9").unwrap();
    let nic = nics
        .iter()
        .find(|nic| index(nic.index()) == route.interface());
    assert!(nic.is_some(), "{route:?}");
    // A socket has no address before it is told which link is meant.
    let portable = host.run(|| Enumerator::portable().unwrap().route_for(ip("fe80::9")));
    assert_eq!(portable.unwrap(), None);
}

#[test]
fn the_way_follows_what_becomes_of_the_interfaces() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut enumerator = host.run(|| Enumerator::new().unwrap());
    let mut way = || -> Option<Way> {
        let route = enumerator.route_for(ip("10.71.0.9")).unwrap()?;
        Some((route.interface().get(), route.source()?, route.gateway()))
    };
    assert_eq!(way(), Some((nic.index(), ip("10.71.0.1"), None)));
    nic.delete();
    assert_eq!(way(), None);
    nic.recreate(&["10.71.0.2/24"]);
    assert_eq!(way(), Some((nic.index(), ip("10.71.0.2"), None)));
}
