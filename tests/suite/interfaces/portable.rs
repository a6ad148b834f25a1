//! What `getifaddrs(3)` tells of interfaces is what rtnetlink tells, as far as it
//! goes, be it glibc's or musl's.

use ifcast::interfaces::{AssignedIpv4, Enumerator, KindSource};
use ifcast::{Interface, Kind, Snapshot};
use ifcast_netlab::{AddressOptions, Broadcast, Host, Lab, Nic};
use ifcast_tests::{interface, ip};

use crate::everything::host_with_everything;
use crate::{host_with_card, name, only, tunnel, undisturbed};

fn portable(host: &Host) -> Snapshot {
    host.run(|| Enumerator::portable().unwrap().capture().unwrap())
}

/// The interface behind a network card, as `getifaddrs(3)` shows it.
fn listed(nic: &Nic) -> Interface {
    let interfaces = portable(nic.host()).interfaces().to_vec();
    let mut same = interfaces
        .into_iter()
        .filter(|i| i.index().get() == nic.index());
    same.next().unwrap()
}

/// All that `getifaddrs(3)` can tell of an interface, a line for each thing.
fn told(interface: &Interface) -> Vec<String> {
    let link = format!(
        "{} {:?} {:?} carrier {:?} at {:?}",
        interface.id(),
        interface.name(),
        interface.flags(),
        interface.carrier(),
        interface.hardware_address(),
    );
    let ipv4 = interface.ipv4().iter().map(|own| {
        let (broadcast, peer, label) = (own.broadcast(), own.peer(), own.label());
        format!(
            "{own} {broadcast:?} {peer:?} {label:?} of {}",
            own.interface()
        )
    });
    let ipv6 = interface.ipv6().iter().map(|own| {
        let (peer, scope_id) = (own.peer(), own.scope_id());
        format!("{own} {peer:?} %{scope_id} of {}", own.interface())
    });
    [link].into_iter().chain(ipv4).chain(ipv6).collect()
}

#[test]
fn both_ways_of_asking_agree_on_all_that_getifaddrs_can_tell() {
    let (_lab, host) = host_with_everything();
    let (asked, listed) = undisturbed(&host, || Enumerator::portable().unwrap().capture().unwrap());
    assert!(asked.is_consistent() && listed.is_consistent());
    let [asked, listed] = [asked, listed].map(|all| {
        let interfaces = all.interfaces().iter();
        interfaces.flat_map(told).collect::<Vec<_>>()
    });
    assert!(asked.len() > 40, "{asked:#?}");
    assert_eq!(asked, listed);
}

#[test]
fn what_getifaddrs_does_not_tell_is_left_unsaid() {
    let (_lab, host) = host_with_everything();
    for interface in portable(&host).interfaces() {
        assert_eq!(interface.mtu(), None);
        assert_eq!(interface.link_kind(), None);
        assert_eq!(interface.operational_state(), None);
        assert_eq!(interface.permanent_address(), None);
        assert_eq!((interface.master(), interface.lower()), (None, None));
        assert_eq!(interface.alternative_names().count(), 0);
        assert_eq!(interface.groups(), None);
        assert!(
            interface
                .ipv4()
                .iter()
                .all(|own| own.is_secondary().is_none())
        );
        for own in interface.ipv6() {
            assert_eq!((own.state(), own.is_temporary()), (None, None));
            assert!(own.is_usable());
        }
        // The link type is all that tells, of those that have a hardware address.
        let expected = match interface.hardware_address() {
            _ if interface.flags().is_loopback() => (Kind::Loopback, KindSource::LinkType),
            Some(_) => (Kind::Wired, KindSource::LinkType),
            None => (Kind::Unknown, KindSource::Nothing),
        };
        assert_eq!((interface.kind(), interface.kind_source()), expected);
    }
}

#[test]
fn an_interface_without_any_address_is_listed_both_ways() {
    let (host, nic) = host_with_card(&[]);
    host.add_bridge("br0", &[]);
    host.nic("br0").set_up(false);
    let [local, peer] = [[10, 8, 0, 10], [10, 8, 0, 9]];
    // It has no hardware address either, so that `ifa_addr` is null.
    if tunnel(&host, "tun0", local.into(), peer.into()).is_some() {
        let tun = host.nic("tun0");
        tun.remove_address("10.8.0.10/32");
        tun.set_up(false);
        let found = portable(&host).by_name(name("tun0")).cloned().unwrap();
        assert_eq!(told(&found), told(&interface(&tun)));
        assert_eq!((found.ipv4().len(), found.ipv6().len()), (0, 0));
    }
    for nic in [&nic, &host.nic("br0")] {
        assert_eq!(told(&listed(nic)), told(&interface(nic)));
    }
}

#[test]
fn an_address_whose_label_names_no_interface_is_lost_by_getifaddrs_which_shows() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let options = AddressOptions {
        label: Some("printer".to_owned()),
        ..AddressOptions::default()
    };
    nic.add_address_with("10.71.0.2/24", options);
    let portable = portable(&host);
    assert!(!portable.is_consistent());
    assert!(portable.by_name(name("printer")).is_none());
    assert!(portable.owner_of(ip("10.71.0.2")).is_none());
    assert_eq!(told(&listed(&nic))[..2], told(&interface(&nic))[..2]);
    assert!(interface(&nic).owns(ip("10.71.0.2")));
}

#[test]
fn an_address_labelled_with_another_interfaces_name_is_given_to_that_by_getifaddrs() {
    let lab = Lab::new();
    let host = lab.host("host");
    let nics = ["lan0", "lan1"].map(|name| lab.segment().attach(&host, name, &[]));
    let options = AddressOptions {
        label: Some("lan1".to_owned()),
        ..AddressOptions::default()
    };
    nics[0].add_address_with("10.71.0.2/24", options);
    assert!(interface(&nics[0]).owns(ip("10.71.0.2")));
    assert!(listed(&nics[1]).owns(ip("10.71.0.2")));
}

#[test]
fn a_peer_with_room_for_a_broadcast_address_is_taken_for_one_by_getifaddrs() {
    let (_host, nic) = host_with_card(&[]);
    let options = AddressOptions {
        peer: Some(ip("10.71.0.9")),
        ..AddressOptions::default()
    };
    nic.add_address_with("10.71.0.1/24", options);
    let [asked, listed] = [interface(&nic), listed(&nic)].map(|lan0| only(lan0.ipv4()));
    assert_eq!(
        (asked.peer(), asked.broadcast()),
        (Some([10, 71, 0, 9].into()), None)
    );
    assert_eq!(listed.peer(), None);
    assert_eq!(
        listed.broadcast().unwrap().address().octets(),
        [10, 71, 0, 9]
    );
}

#[test]
fn a_broadcast_address_for_which_there_is_no_room_is_taken_for_a_peer_by_getifaddrs() {
    let (_host, nic) = host_with_card(&[]);
    let options = AddressOptions {
        broadcast: Broadcast::Custom([10, 71, 0, 255].into()),
        ..AddressOptions::default()
    };
    nic.add_address_with("10.71.0.1/32", options);
    let [asked, listed] = [interface(&nic), listed(&nic)].map(|lan0| only(lan0.ipv4()));
    let broadcast = |own: &AssignedIpv4| own.broadcast().map(|broadcast| broadcast.address());
    assert_eq!(
        (broadcast(&asked), asked.peer()),
        (Some([10, 71, 0, 255].into()), None)
    );
    assert_eq!(
        (broadcast(&listed), listed.peer()),
        (None, Some([10, 71, 0, 255].into()))
    );
}
