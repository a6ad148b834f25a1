//! What is reported of each thing that can happen to an interface.

use std::net::{IpAddr, UdpSocket};

use ifcast::interfaces::{AddressState, Change, Difference, Watcher};
use ifcast_netlab::{AddressOptions, Lab};

use crate::{Watched, host_with_card};

#[test]
fn an_interface_that_appears_is_reported_once_with_what_it_has_by_then() {
    let lab = Lab::new();
    let host = lab.host("host");
    let mut watched = Watched::new(&host);
    let nic = lab
        .segment()
        .attach(&host, "lan0", &["10.71.0.1/24", "fd71::1/64"]);
    let mut appeared = 0;
    watched.drain_until(|watcher, change| {
        if let Some(change) = change {
            let Change::Added(interface) = change else {
                panic!("{change}");
            };
            assert_eq!(interface.index().get(), nic.index());
            assert_eq!(interface.ipv4().len(), 1);
            assert!(interface.owns("fd71::1".parse().unwrap()));
            assert!(interface.is_operational());
            appeared += 1;
        }
        watcher.is_some_and(|watcher| watcher.next_deadline().is_none())
    });
    assert_eq!(appeared, 1);
    watched.assert_gets_up_to_date();
}

#[test]
fn an_interface_that_is_deleted_is_reported_as_it_last_was() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    nic.delete();
    let mut removed = None;
    watched.drain_until(|watcher, change| {
        if let Some(Change::Removed(interface)) = change {
            removed = Some(interface.clone());
        }
        watcher.is_some_and(|watcher| watcher.next_deadline().is_none())
    });
    let removed = removed.unwrap();
    assert_eq!(removed.index().get(), nic.index());
    assert!(removed.owns("10.71.0.1".parse().unwrap()));
    watched.assert_gets_up_to_date();
}

#[test]
fn an_interface_that_is_moved_away_is_gone_here_and_appears_there() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let other = Lab::new().host("other");
    let (mut here, mut there) = (Watched::new(&host), Watched::new(&other));
    let index = nic.index();
    let moved = nic.move_to(&other);
    assert_eq!(here.reports(), [format!("lan0 (index {index}) is gone")]);
    let index = moved.index();
    assert_eq!(there.reports(), [format!("lan0 (index {index}) appeared")]);
}

#[test]
fn an_interface_made_anew_with_its_old_index_is_another_one() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    let before = watched.named("lan0").id();
    nic.recreate_with_index(&["10.71.0.1/24"]);
    let name = format!("lan0 (index {})", nic.index());
    assert_eq!(
        watched.reports(),
        [format!("{name} is gone"), format!("{name} appeared")]
    );
    let after = watched.named("lan0").id();
    assert_eq!(after.index(), before.index());
    assert_ne!(after, before);
    watched.assert_gets_up_to_date();
}

#[test]
fn each_setting_of_a_link_that_changes_is_reported_with_old_and_new() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    let name = format!("lan0 (index {})", nic.index());
    let old = watched.named("lan0").hardware_address().unwrap();

    nic.set_mtu(1400);
    assert_eq!(watched.reports(), [format!("{name}: MTU 1500 -> 1400")]);
    nic.set_hardware_address([2, 0, 0, 0, 0, 7]);
    assert_eq!(
        watched.reports(),
        [format!(
            "{name}: hardware address {old} -> 02:00:00:00:00:07"
        )]
    );
    nic.add_alternative_name("a name longer than fifteen bytes");
    assert_eq!(
        watched.reports(),
        [format!("{name}: other alternative names")]
    );
    watched.assert_gets_up_to_date();
}

#[test]
fn a_renamed_interface_stays_the_same_and_its_addresses_with_it() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    let before = watched.named("lan0").id();
    nic.set_up(false); // kernels before 6.2 want that
    nic.rename("printer0");
    nic.set_up(true);
    let told = watched.reports();
    let renamed = format!("printer0 (index {}): was called lan0", nic.index());
    assert!(told.contains(&renamed), "{told:?}");
    assert!(!told.iter().any(|change| change.contains("address")));
    assert_eq!(watched.named("printer0").id(), before);
    watched.assert_gets_up_to_date();
}

#[test]
fn an_unplugged_cable_and_a_switched_off_interface_are_told_apart() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    let mut saw = |what: &str, unexpected: &str| {
        let told = watched.reports().join("\n");
        assert!(told.contains(what) && !told.contains(unexpected), "{told}");
        watched.assert_gets_up_to_date();
    };
    nic.plug(false);
    saw(": has no carrier", ": down");
    nic.plug(true);
    saw(": has a carrier", ": up");
    nic.set_up(false);
    saw(": down", "has no carrier");
    nic.set_up(true);
    saw(": up", "has no carrier");
}

#[test]
fn a_port_that_joins_or_leaves_a_bridge_is_not_gone() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let bridge = host.add_bridge("br0", &[]);
    let mut watched = Watched::new(&host);
    let port = format!("lan0 (index {})", nic.index());
    for (master, told) in [
        (Some(bridge), format!("{port}: master none -> {bridge}")),
        (None, format!("{port}: master {bridge} -> none")),
    ] {
        nic.set_bridge(master);
        let reports = watched.reports();
        assert!(reports.contains(&told), "{reports:?}");
        assert!(!reports.iter().any(|change| change.contains("gone")));
        watched.assert_gets_up_to_date();
    }
}

#[test]
fn addresses_that_come_change_and_go_are_reported() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    let name = format!("lan0 (index {})", nic.index());
    for address in ["10.71.0.2/24", "10.72.0.1/16", "fd71::1/64", "fe80::71/64"] {
        nic.add_address(address);
        // The kernel tells of IPv6 addresses a little later.
        watched.await_report(&format!("{name}: address {address} added"));
        watched.assert_gets_up_to_date();
    }
    watched.reports();
    let deprecated = AddressOptions {
        deprecated: true,
        ..AddressOptions::default()
    };
    nic.change_address("fd71::1/64", deprecated);
    assert_eq!(
        watched.reports(),
        [format!("{name}: address fd71::1/64 changed")]
    );
    nic.remove_address("10.71.0.2/24");
    assert_eq!(
        watched.reports(),
        [format!("{name}: address 10.71.0.2/24 removed")]
    );
    watched.assert_gets_up_to_date();
}

#[test]
fn addresses_keep_the_systems_order_while_they_come_and_go() {
    let (host, nic) = host_with_card(&[]);
    host.sysctl("net/ipv4/conf/all/promote_secondaries", "1");
    let mut watched = Watched::new(&host);
    for address in [
        "10.71.0.1/24",
        "10.72.0.1/24",
        "10.71.0.2/24",
        "10.71.0.3/24",
    ] {
        nic.add_address(address);
        watched.drain();
        watched.assert_gets_up_to_date();
    }
    // The second of its subnet becomes the first, behind the other subnet's.
    nic.remove_address("10.71.0.1/24");
    watched.drain();
    watched.assert_gets_up_to_date();
}

#[test]
fn a_tentative_address_is_reported_when_it_can_be_used() {
    let (host, nic) = host_with_card(&[]);
    let mut watched = Watched::new(&host);
    let mut eager = Watched::with(&host, Watcher::builder().report_tentative(true));
    let asking = AddressOptions {
        dad: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fd71::1/64", asking);
    watched.drain();
    let state = watched.named("lan0").ipv6()[0].state();
    assert_eq!(state, Some(AddressState::Tentative));
    let added = format!("lan0 (index {}): address fd71::1/64 added", nic.index());
    assert_eq!(eager.reports(), [added]);

    let mut at_last = None;
    watched.drain_until(|_, change| {
        if let Some(Change::Modified {
            difference: Difference::AddressAdded(address),
            ..
        }) = change
        {
            at_last = Some(address.ip());
        }
        at_last.is_some()
    });
    assert_eq!(at_last, Some("fd71::1".parse().unwrap()));
    let state = watched.named("lan0").ipv6()[0].state();
    assert_eq!(state, Some(AddressState::Preferred));
}

#[test]
fn groups_that_somebody_joins_and_leaves_are_reported() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    if !watched.watcher.follows_groups() {
        return; // Linux before 6.14 does not say
    }
    let name = format!("lan0 (index {})", nic.index());
    let (v4, v6) = host.run(|| {
        let [v4, v6] = ["0.0.0.0:0", "[::]:0"].map(|any| UdpSocket::bind(any).unwrap());
        v4.join_multicast_v4(&[239, 255, 7, 7].into(), &[10, 71, 0, 1].into())
            .unwrap();
        v6.join_multicast_v6(&"ff02::7:7".parse().unwrap(), nic.index())
            .unwrap();
        (v4, v6)
    });
    assert_eq!(
        watched.reports(),
        [
            format!("{name}: group 239.255.7.7 joined"),
            format!("{name}: group ff02::7:7 joined")
        ]
    );
    let group: IpAddr = [239, 255, 7, 7].into();
    assert!(watched.named("lan0").groups().unwrap().contains(&group));
    watched.assert_gets_up_to_date();

    drop((v4, v6));
    assert_eq!(
        watched.reports(),
        [
            format!("{name}: group 239.255.7.7 left"),
            format!("{name}: group ff02::7:7 left")
        ]
    );
    watched.assert_gets_up_to_date();
}

#[test]
fn what_happened_between_two_drains_and_was_undone_is_not_reported() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let mut watched = Watched::new(&host);
    nic.set_mtu(1400);
    nic.set_mtu(1500);
    nic.add_address("10.72.0.1/24");
    nic.remove_address("10.72.0.1/24");
    host.add_veth("left0", "right0");
    host.nic("left0").delete();
    assert!(watched.reports().is_empty());
    watched.assert_gets_up_to_date();
}
