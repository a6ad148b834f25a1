//! What an interface is, and whether it can be used.

use std::net::Ipv4Addr;

use ifcast::interfaces::{HardwareAddress, Unusable};
use ifcast::{Interface, Kind};
use ifcast_netlab::{Host, Lab};
use ifcast_tests::interface;

use crate::{host_with_card, index, name, named, names, snapshot, tunnel, when};

/// For broadcast and for multicast.
fn usable(interface: &Interface) -> [Result<(), Unusable>; 2] {
    [
        interface.usable_for_broadcast(),
        interface.usable_for_multicast(),
    ]
}

fn tunnel_to_nowhere(host: &Host) -> Option<u32> {
    let [local, peer] = [[10, 8, 0, 10], [10, 8, 0, 9]].map(Ipv4Addr::from);
    tunnel(host, "tun0", local, peer)
}

#[test]
fn interfaces_without_addresses_are_listed() {
    let (host, nic) = host_with_card(&[]);
    host.add_bridge("br0", &[]);
    let (left, right) = host.add_veth("left0", "right0");
    let snapshot = snapshot(&host);
    for (index_of, called) in [(nic.index(), "lan0"), (left, "left0"), (right, "right0")] {
        let interface = snapshot.by_index(index(index_of)).unwrap();
        assert_eq!(interface.name(), name(called));
        assert!(interface.ipv4().is_empty() && interface.ipv6().is_empty());
    }
    assert!(snapshot.by_name(name("br0")).is_some());
}

#[test]
fn more_interfaces_than_one_answer_of_the_kernel_holds_are_all_listed_in_order() {
    let (host, _nic) = host_with_card(&[]);
    let made: Vec<_> = (0..60)
        .flat_map(|i| {
            let (left, right) = host.add_veth(&format!("left{i}"), &format!("right{i}"));
            let [l, r] = ["left", "right"].map(|end| format!("{end}{i}"));
            [(left, l), (right, r)]
        })
        .collect();
    let snapshot = snapshot(&host);
    for (index_of, called) in made {
        let interface = snapshot.by_index(index(index_of)).unwrap();
        assert_eq!(interface.name(), name(&called));
        assert_eq!(interface.kind(), Kind::Virtual);
        assert_eq!(interface.mtu(), Some(1500));
    }
    let indexes = snapshot.interfaces().iter().map(Interface::index);
    assert!(indexes.is_sorted_by(|a, b| a < b));
}

#[test]
fn the_kind_is_what_the_kernel_says_and_not_what_the_name_suggests() {
    let lab = Lab::new();
    let (host, segment) = (lab.host("host"), lab.segment());
    let nic = segment.attach(&host, "wlan0", &[]);
    let second = segment.attach(&host, "tun1", &[]);
    host.add_bridge("eth0", &[]);
    host.add_macvlan("br0", &second);
    assert_eq!(named(&host, "lo").kind(), Kind::Loopback);
    assert_eq!(interface(&nic).kind(), Kind::Virtual);
    assert_eq!(named(&host, "eth0").kind(), Kind::Bridge);
    assert_eq!(named(&host, "br0").kind(), Kind::Virtual);
    if tunnel_to_nowhere(&host).is_some() {
        assert_eq!(named(&host, "tun0").kind(), Kind::Tunnel);
    }
}

#[test]
fn a_bridge_stands_for_its_ports() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let bridge = host.add_bridge("br0", &[&nic]);
    host.nic("br0").add_address("10.71.0.2/24");
    let port = interface(&nic);
    let master = index(bridge);
    assert_eq!(port.master(), Some(master));
    assert_eq!(usable(&port), [Err(Unusable::Port { master }); 2]);
    let bridge = named(&host, "br0");
    assert_eq!(bridge.master(), None);
    assert_eq!(usable(&bridge), [Ok(()); 2]);

    nic.set_bridge(None);
    let freed = interface(&nic);
    assert_eq!(freed.master(), None);
    assert_eq!(usable(&freed), [Ok(()); 2]);
}

#[test]
fn a_bridge_has_no_carrier_when_no_port_has() {
    let (host, nic) = host_with_card(&[]);
    host.add_bridge("br0", &[&nic]);
    host.nic("br0").add_address("10.71.0.2/24");
    assert_eq!(usable(&named(&host, "br0")), [Ok(()); 2]);
    nic.plug(false);
    let bridge = when(&host, "br0", |bridge| bridge.carrier() == Some(false));
    assert!(bridge.flags().is_up());
    assert_eq!(usable(&bridge), [Err(Unusable::NoCarrier); 2]);
}

#[test]
fn an_unplugged_interface_has_no_carrier_until_it_is_plugged_in_again() {
    let (_host, nic) = host_with_card(&["10.71.0.1/24"]);
    assert_eq!(interface(&nic).carrier(), Some(true));
    nic.plug(false);
    let unplugged = interface(&nic);
    assert!(unplugged.flags().is_up());
    assert_eq!(unplugged.carrier(), Some(false));
    assert_eq!(usable(&unplugged), [Err(Unusable::NoCarrier); 2]);
    nic.plug(true);
    let plugged = interface(&nic);
    assert_eq!(plugged.carrier(), Some(true));
    assert_eq!(usable(&plugged), [Ok(()); 2]);
}

#[test]
fn an_interface_that_is_down_says_so_and_nothing_of_its_carrier() {
    let (_host, nic) = host_with_card(&["10.71.0.1/24"]);
    nic.set_up(false);
    let down = interface(&nic);
    assert!(!down.flags().is_up());
    assert_eq!(down.carrier(), None);
    assert_eq!(usable(&down), [Err(Unusable::Down); 2]);
    nic.set_up(true);
    assert_eq!(usable(&interface(&nic)), [Ok(()); 2]);
}

#[test]
fn interfaces_whose_drivers_know_no_carrier_have_one() {
    let (host, _nic) = host_with_card(&[]);
    assert_eq!(named(&host, "lo").carrier(), Some(true));
    if tunnel_to_nowhere(&host).is_some() {
        assert_eq!(named(&host, "tun0").carrier(), Some(true));
    }
}

#[test]
fn broadcast_needs_an_ipv4_address_and_multicast_any() {
    let (_host, nic) = host_with_card(&[]);
    assert_eq!(
        usable(&interface(&nic)),
        [Err(Unusable::NoIpv4Address), Err(Unusable::NoAddress)]
    );
    nic.add_address("fe80::71/64");
    assert_eq!(
        usable(&interface(&nic)),
        [Err(Unusable::NoIpv4Address), Ok(())]
    );
    nic.add_address("10.71.0.1/32");
    assert_eq!(usable(&interface(&nic)), [Ok(()); 2]);
}

#[test]
fn a_link_without_broadcast_or_multicast_says_so() {
    let (host, _nic) = host_with_card(&[]);
    assert_eq!(
        usable(&named(&host, "lo")),
        [Err(Unusable::NoBroadcast), Err(Unusable::NoMulticast)]
    );
    if tunnel_to_nowhere(&host).is_some() {
        let tun = named(&host, "tun0");
        assert!(tun.flags().is_point_to_point());
        assert_eq!(usable(&tun), [Err(Unusable::NoBroadcast), Ok(())]);
    }
}

#[test]
fn the_mtu_and_the_hardware_address_are_those_that_were_set() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    assert_eq!(interface(&nic).mtu(), Some(1500));
    let hardware_address = [0x02, 0, 0x5e, 0x10, 0x71, 0x01];
    for mtu in [576, 1280, 9000, 65535] {
        nic.set_mtu(mtu);
        assert_eq!(interface(&nic).mtu(), Some(mtu));
    }
    nic.set_hardware_address(hardware_address);
    assert_eq!(
        interface(&nic).hardware_address(),
        HardwareAddress::new(&hardware_address)
    );
    assert_eq!(named(&host, "lo").mtu(), Some(65536));
}

#[test]
fn loopback_and_tunnels_have_no_hardware_address() {
    let (host, _nic) = host_with_card(&[]);
    assert_eq!(named(&host, "lo").hardware_address(), None);
    if tunnel_to_nowhere(&host).is_some() {
        assert_eq!(named(&host, "tun0").hardware_address(), None);
    }
}

#[test]
fn a_host_without_network_cards_has_loopback() {
    let host = Lab::new().host("host");
    let snapshot = snapshot(&host);
    let lo = snapshot.by_index(index(1)).unwrap();
    assert_eq!(names([lo]), ["lo"]);
    assert!(lo.flags().is_loopback() && lo.flags().is_up());
}
