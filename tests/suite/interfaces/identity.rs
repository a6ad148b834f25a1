//! Which interface an interface is: by its index, on its own host.

use std::fs;

use ifcast::broadcast::{BroadcastSocket, Target};
use ifcast::{Interface, Kind, Snapshot};
use ifcast_netlab::Lab;
use ifcast_tests::{interface, ip};

use crate::{host_with_card, index, name, named, names, snapshot};

#[test]
fn a_renamed_interface_keeps_its_index_and_addresses() {
    let (host, nic) = host_with_card(&["10.71.0.1/24", "fe80::71/64"]);
    let before = interface(&nic);
    nic.set_up(false); // kernels before 6.2 want that; the IPv6 address goes with it
    nic.rename("printer");
    nic.set_up(true);
    let after = interface(&nic);
    assert_eq!(after.id(), before.id());
    assert_eq!(after.name(), name("printer"));
    assert_eq!(after.ipv4(), before.ipv4());
    assert!(snapshot(&host).by_name(name("lan0")).is_none());
}

#[test]
fn two_interfaces_that_swap_names_keep_their_addresses() {
    let lab = Lab::new();
    let host = lab.host("host");
    let nics = [("lan0", "10.71.0.1/24"), ("lan1", "10.71.1.1/24")]
        .map(|(name, address)| lab.segment().attach(&host, name, &[address]));
    for nic in &nics {
        nic.set_up(false);
    }
    nics[0].rename("spare0");
    nics[1].rename("lan0");
    nics[0].rename("lan1");
    for (nic, address) in nics.iter().zip(["10.71.0.1", "10.71.1.1"]) {
        let interface = interface(nic);
        assert_eq!(interface.name(), name(&nic.name()));
        assert!(interface.owns(ip(address)));
        assert_eq!(interface.ipv4()[0].label(), None);
    }
}

#[test]
fn an_interface_made_anew_under_its_old_name_is_another_one() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let before = interface(&nic);
    nic.recreate(&["10.71.0.2/24"]);
    let after = interface(&nic);
    assert_eq!(after.name(), before.name());
    assert_ne!(after.id(), before.id());
    assert!(after.owns(ip("10.71.0.2")) && !after.owns(ip("10.71.0.1")));
    let snapshot = snapshot(&host);
    assert!(snapshot.by_index(before.index()).is_none());
    assert_eq!(
        snapshot.by_name(before.name()).map(Interface::index),
        Some(after.index())
    );
}

#[test]
fn an_interface_made_anew_with_its_old_index_has_only_what_is_new() {
    let (_host, nic) = host_with_card(&["10.71.0.1/24", "fd71::1/64"]);
    nic.set_mtu(9000);
    let before = interface(&nic);
    nic.delete();
    nic.recreate_with_index(&["10.71.0.2/24"]);
    let after = interface(&nic);
    assert_eq!(after.id(), before.id());
    assert_eq!(after.mtu(), Some(1500));
    assert_ne!(after.hardware_address(), before.hardware_address());
    assert!(after.owns(ip("10.71.0.2")) && !after.owns(ip("10.71.0.1")));
    assert!(after.ipv6().is_empty());
}

#[test]
fn a_deleted_interface_is_gone_and_its_addresses_are_nobodys() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    nic.delete();
    let snapshot = snapshot(&host);
    assert!(snapshot.by_index(index(nic.index())).is_none());
    assert!(snapshot.by_name(name("lan0")).is_none());
    assert!(snapshot.owner_of(ip("10.71.0.1")).is_none());
}

#[test]
fn a_name_may_be_as_long_as_the_kernel_allows_and_need_not_be_ascii() {
    let lab = Lab::new();
    let host = lab.host("host");
    for called in ["fifteen-bytes-0", "büro-drucker", "\"$(name)'\u{7f}", "-"] {
        let nic = lab.segment().attach(&host, called, &["10.71.0.1/24"]);
        let interface = interface(&nic);
        assert_eq!(interface.name().as_str(), Some(called));
        assert!(interface.owns(ip("10.71.0.1")));
        assert_eq!(interface.ipv4()[0].label(), None);
    }
}

#[test]
fn a_host_sees_only_its_own_interfaces() {
    let lab = Lab::new();
    let (segment, [left, right]) = (lab.segment(), ["left", "right"].map(|name| lab.host(name)));
    let nics = [
        segment.attach(&left, "lan0", &["10.71.0.1/24"]),
        segment.attach(&right, "lan0", &["10.71.0.2/24"]),
    ];
    for (nic, other) in [(&nics[0], &nics[1]), (&nics[1], &nics[0])] {
        let snapshot = snapshot(nic.host());
        assert_eq!(
            names(snapshot.interfaces()).len(),
            loopback_and(1, &snapshot)
        );
        assert!(snapshot.by_index(index(other.index())).is_none());
        assert_eq!(named(nic.host(), "lan0").index(), index(nic.index()));
    }
}

#[test]
fn sysfs_of_the_real_machine_is_not_believed() {
    let lab = Lab::new();
    let host = lab.host("host");
    let builtin = snapshot(&host);
    let real = fs::read_dir("/sys/class/net").into_iter().flatten();
    let namesake = real
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .find(|real| builtin.by_name(name(real)).is_none())
        .unwrap_or_else(|| "eth0".to_owned());
    let bridge = host.add_bridge(&namesake, &[]);
    let snapshot = snapshot(&host);
    let listed = snapshot.by_name(name(&namesake)).unwrap();
    assert_eq!(listed.index(), index(bridge));
    assert_eq!(listed.kind(), Kind::Bridge);
    assert_eq!(listed.mtu(), Some(1500));
    assert_eq!(snapshot.interfaces().len(), loopback_and(1, &snapshot));
}

/// How many interfaces there are on a host with so many besides `lo` and the
/// fallback tunnels (`sit0`, `ip6tnl0`) that some kernels put on every one.
fn loopback_and(more: usize, snapshot: &Snapshot) -> usize {
    let builtin =
        |interface: &&Interface| matches!(interface.kind(), Kind::Loopback | Kind::Tunnel);
    more + snapshot.interfaces().iter().filter(builtin).count()
}

#[test]
fn a_name_that_is_no_text_is_listed_and_its_interface_works_like_any_other() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    nic.set_up(false);
    nic.rename(b"b\xffd");
    nic.set_up(true);

    let listed = interface(&nic);
    assert_eq!(listed.name().as_bytes(), b"b\xffd");
    assert_eq!(listed.name().as_str(), None);
    assert_eq!(
        listed.id().to_string(),
        format!(r"b\xffd (index {})", nic.index())
    );
    assert_eq!(listed.usable_for_broadcast(), Ok(()));
    let by_name = snapshot(&host).by_name(listed.name()).map(Interface::id);
    assert_eq!(by_name, Some(listed.id()));
    let sent = host.run(|| BroadcastSocket::bind(&listed, 2222)?.send(b"x", Target::Limited));
    assert_eq!(sent.unwrap(), 1);
}
