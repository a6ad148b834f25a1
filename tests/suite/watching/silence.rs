//! What Linux changes without a word, and a watcher knows all the same.

use std::net::UdpSocket;

use ifcast_netlab::{AddressOptions, Lab};

use crate::{Watched, host_with_card};

#[test]
fn memberships_that_end_with_too_small_an_mtu_are_reported() {
    let (host, nic) = host_with_card(&["10.71.0.1/24", "fe80::71/64"]);
    let mut watched = Watched::new(&host);
    if !watched.watcher.follows_groups() {
        return; // Linux before 6.14 does not say
    }
    let socket = host.run(|| UdpSocket::bind("[::]:0").unwrap());
    let group = "ff02::7:7".parse().unwrap();
    host.run(|| socket.join_multicast_v6(&group, nic.index()).unwrap());
    let name = format!("lan0 (index {})", nic.index());
    watched.await_report(&format!("{name}: group {group} joined"));
    nic.set_mtu(1279);
    watched.await_report(&format!("{name}: group {group} left"));
    watched.assert_gets_up_to_date();
    nic.set_mtu(1500);
    watched.assert_gets_up_to_date();
}

#[test]
fn who_loses_what_is_below_it_to_another_host_has_nothing_below() {
    let lab = Lab::new();
    let (host, other) = (lab.host("host"), lab.host("other"));
    let [[left, right]] = host.add_veths("x", 1).try_into().unwrap();
    let mut watched = Watched::new(&host);
    let index = right.index();
    let _right = right.move_to(&other);
    let name = format!("{} (index {})", left.name(), left.index());
    watched.await_report(&format!("{name}: lower {index} -> none"));
    watched.assert_gets_up_to_date();
}

#[test]
fn an_address_that_is_kept_is_tentative_until_it_may_be_used_again() {
    let (host, nic) = host_with_card(&[]);
    host.sysctl("net/ipv6/conf/all/keep_addr_on_down", "1");
    nic.add_address_with(
        "fd71::1/64",
        AddressOptions {
            dad: true,
            ..AddressOptions::default()
        },
    );
    let mut watched = Watched::new(&host);
    let name = format!("lan0 (index {})", nic.index());
    watched.await_report(&format!("{name}: address fd71::1/64 added"));
    nic.set_up(false);
    watched.await_report(&format!("{name}: address fd71::1/64 removed"));
    watched.assert_gets_up_to_date();
    nic.set_up(true);
    watched.await_report(&format!("{name}: address fd71::1/64 added"));
    watched.assert_gets_up_to_date();
}
