//! Asking for one interface by its index or name.

use std::io::ErrorKind;
use std::net::UdpSocket;

use ifcast::interfaces::Enumerator;
use ifcast::{Interface, Snapshot};
use ifcast_netlab::{Host, Lab};
use ifcast_tests::ip;

use crate::everything::host_with_everything;
use crate::{WAYS, host_with_card, index, name, undisturbed};

fn by_index(host: &Host, number: u32) -> Option<Interface> {
    host.run(|| {
        let mut enumerator = Enumerator::new().unwrap();
        enumerator.by_index(index(number)).unwrap()
    })
}

/// All that have this name, be it asked for either way.
fn by_name(host: &Host, called: impl AsRef<[u8]> + Sync) -> [Option<Interface>; 2] {
    WAYS.map(|enumerator| {
        host.run(|| {
            let mut enumerator = enumerator().unwrap();
            enumerator.by_name(called.as_ref()).unwrap()
        })
    })
}

#[test]
fn whatever_interface_is_asked_for_is_as_it_is_among_all() {
    let (_lab, host) = host_with_everything();
    for way in WAYS {
        for groups in [false, true] {
            let enumerator = || way().unwrap().groups(groups);
            let (_, (all, found)) = undisturbed(&host, || {
                let mut enumerator = enumerator();
                let all = enumerator.capture().unwrap();
                let found: Vec<_> = all
                    .interfaces()
                    .iter()
                    .map(|interface| {
                        let by_index = enumerator.by_index(interface.index()).unwrap();
                        (by_index, enumerator.by_name(interface.name()).unwrap())
                    })
                    .collect();
                (all, found)
            });
            assert!(all.interfaces().len() > 10);
            for (interface, (by_index, by_name)) in all.interfaces().iter().zip(found) {
                assert_eq!(by_index.as_ref(), Some(interface));
                assert_eq!(by_name.as_ref(), Some(interface));
                assert_eq!(interface.groups().is_some(), groups);
            }
        }
    }
}

#[test]
fn one_of_two_hundred_interfaces_is_found_and_nothing_else() {
    let host = Lab::new().host("host");
    let ends = host.add_veths("x", 100);
    let ends = ends.as_flattened();
    for (n, nic) in (0..).zip(ends) {
        nic.add_address(&format!("10.71.{n}.1/24"));
        nic.add_address(&format!("fd71:{n:x}::1/64"));
    }
    let all = host.run(|| Snapshot::capture().unwrap());
    host.run(|| {
        let mut enumerator = Enumerator::new().unwrap();
        for nic in ends.iter().step_by(33) {
            let found = enumerator.by_index(index(nic.index())).unwrap().unwrap();
            assert_eq!(Some(&found), all.by_index(found.index()));
            assert_eq!((found.ipv4().len(), found.ipv6().len()), (1, 1));
            let by_name = enumerator.by_name(nic.name()).unwrap();
            assert_eq!(by_name, Some(found));
        }
    });
}

#[test]
fn what_was_never_there_is_not_found() {
    let (host, nic) = host_with_card(&[]);
    for number in [
        2,
        nic.index() + 1,
        i32::MAX.cast_unsigned(),
        1 << 31,
        u32::MAX,
    ] {
        for way in WAYS {
            let found = host.run(|| way().unwrap().by_index(index(number)).unwrap());
            assert_eq!(found, None, "{number}");
        }
    }
    let long = "l".repeat(127);
    let too_long = "l".repeat(128);
    for called in [
        "",
        "lan",
        "lan00",
        "LAN0",
        " lan0",
        "lan0:1",
        "lan0\0",
        "\0",
        "a/b",
        "lan%d",
        "*",
        ".",
        "sixteen-bytes-00",
        &long,
        &too_long,
    ] {
        assert_eq!(by_name(&host, called), [None, None], "{called:?}");
    }
}

#[test]
fn a_deleted_interface_is_not_found_and_its_successor_is() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let before = nic.index();
    assert!(by_index(&host, before).is_some());
    nic.delete();
    assert_eq!(by_index(&host, before), None);
    assert_eq!(by_name(&host, "lan0"), [None, None]);

    nic.recreate(&["10.71.0.2/24"]);
    assert_eq!(by_index(&host, before), None);
    for found in by_name(&host, "lan0") {
        let found = found.unwrap();
        assert_eq!(found.index(), index(nic.index()));
        assert!(found.owns(ip("10.71.0.2")) && !found.owns(ip("10.71.0.1")));
    }
}

#[test]
fn an_interface_that_moves_to_another_host_is_found_there_and_no_longer_here() {
    let lab = Lab::new();
    let (here, there) = (lab.host("here"), lab.host("there"));
    let nic = lab.segment().attach(&here, "lan0", &["10.71.0.1/24"]);
    let [mut asks_here, mut asks_there] =
        [&here, &there].map(|host| host.run(|| Enumerator::new().unwrap()));
    let number = index(nic.index());
    let before = asks_here.by_index(number).unwrap().unwrap();
    assert_eq!(asks_there.by_index(number).unwrap(), None);

    let moved = nic.move_to(&there);
    assert_eq!(asks_here.by_index(number).unwrap(), None);
    assert_eq!(asks_here.by_name("lan0").unwrap(), None);
    let after = asks_there.by_name("lan0").unwrap().unwrap();
    assert_eq!(after.index(), index(moved.index()));
    assert_eq!(after.hardware_address(), before.hardware_address());
    assert!(!after.flags().is_up() && after.ipv4().is_empty());
}

#[test]
fn an_enumerator_asks_about_the_host_that_it_was_made_on_wherever_it_is_used() {
    let lab = Lab::new();
    let hosts = ["left", "right"].map(|called| {
        let host = lab.host(called);
        lab.segment().attach(&host, called, &["10.71.0.1/24"]);
        host
    });
    let mut enumerator = hosts[0].run(|| Enumerator::new().unwrap());
    hosts[1].run(|| {
        let snapshot = enumerator.capture().unwrap();
        assert!(snapshot.by_name(name("left")).is_some());
        assert!(snapshot.by_name(name("right")).is_none());
        assert!(enumerator.by_name("right").unwrap().is_none());
    });
}

#[test]
fn nothing_that_is_asked_needs_bind_which_android_refuses_to_apps() {
    let (_lab, host) = host_with_everything();
    let (expected, (all, one, route)) = undisturbed(&host, || {
        host.run_without_bind(|| {
            let refused = UdpSocket::bind("127.0.0.1:0").unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
            let mut enumerator = Enumerator::new().unwrap();
            let all = enumerator.capture().unwrap();
            let one = enumerator.by_name("lan0").unwrap();
            (all, one, enumerator.route_for(ip("10.71.0.9")).unwrap())
        })
    });
    // Not by `getifaddrs(3)`, which knows no MTU.
    assert_eq!(all.interfaces(), expected.interfaces());
    assert!(all.interfaces().iter().all(|i| i.mtu().is_some()));
    assert_eq!(one.as_ref(), expected.by_name(name("lan0")));
    assert_eq!(
        route.map(|route| route.interface()),
        one.map(|lan0| lan0.index())
    );
}
