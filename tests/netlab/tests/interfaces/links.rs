//! Interfaces that a host makes for itself.

use std::fs;
use std::io::ErrorKind;
use std::time::Instant;

use ifcast_netlab::{Lab, LinkKind};
use nix::ifaddrs::InterfaceAddress;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{AddressFamily, SockaddrLike};

use crate::{entries, flags, ipv4, ipv6, is_running, is_up, pair, reaches};

#[test]
fn a_bridge_of_a_host_hears_through_its_ports() {
    let lab = Lab::new();
    let (a, b) = pair(&lab);
    let index = a.host().add_bridge("br0", &[&a]);
    let bridge = a.host().nic("br0");
    assert_eq!(bridge.index(), index);
    bridge.add_address("10.71.0.9/24");
    a.remove_address("10.71.0.1/24");
    assert!(is_running(&bridge));
    assert!(reaches(&bridge, &b) && reaches(&b, &bridge));
    a.set_bridge(None);
    bridge.delete();
    a.add_address("10.71.0.1/24");
    assert!(reaches(&b, &a), "free again");
}

#[test]
fn a_veth_pair_on_one_host_is_down_until_taken_up() {
    let host = Lab::new().host("a");
    let (left, right) = host.add_veth("x0", "x1");
    let [x0, x1] = ["x0", "x1"].map(|name| host.nic(name));
    assert_eq!((x0.index(), x1.index()), (left, right));
    assert!(!is_up(&x0) && !is_up(&x1));
    x0.set_up(true);
    x1.set_up(true);
    assert!(is_up(&x0) && is_up(&x1));
}

#[test]
fn a_macvlan_hears_the_segment_but_not_its_parent() {
    let (a, b) = pair(&Lab::new());
    a.host().add_macvlan("mac0", &a);
    let child = a.host().nic("mac0");
    child.add_address("10.71.0.9/24");
    assert!(is_running(&child));
    assert!(reaches(&b, &child));
}

/// Whether this user may make tunnels.
fn tunnels_are_permitted() -> bool {
    let mut options = fs::File::options();
    options.read(true).write(true).open("/dev/net/tun").is_ok()
}

#[test]
fn a_tunnel_is_a_point_to_point_interface() {
    let host = Lab::new().host("a");
    let (local, peer) = ([10, 9, 0, 1].into(), [10, 9, 0, 2].into());
    if !tunnels_are_permitted() {
        assert!(host.try_add_tun("tun0", local, peer).is_err());
        return;
    }
    let index = host.add_tun("tun0", local, peer);
    let tunnel = host.nic("tun0");
    assert_eq!(tunnel.index(), index);
    let wanted = InterfaceFlags::IFF_POINTOPOINT | InterfaceFlags::IFF_RUNNING;
    assert!(flags(&tunnel).contains(wanted));
    assert_eq!(ipv4(&tunnel), [("tun0".to_owned(), local, Some(peer))]);
}

#[test]
fn a_tap_is_an_ethernet_interface() {
    let host = Lab::new().host("a");
    if !tunnels_are_permitted() {
        assert!(host.try_add_tap("tap0").is_err());
        return;
    }
    let index = host.try_add_tap("tap0").unwrap();
    let tap = host.nic("tap0");
    assert_eq!(tap.index(), index);
    let wanted = InterfaceFlags::IFF_BROADCAST | InterfaceFlags::IFF_RUNNING;
    assert!(flags(&tap).contains(wanted));
    assert!(ipv4(&tap).is_empty() && ipv6(&tap).is_empty());
}

#[test]
fn a_link_of_a_kind_that_the_kernel_has_is_made_down_and_comes_up() {
    let lab = Lab::new();
    let host = lab.host("a");
    let parent = lab.segment().attach(&host, "lan0", &[]);
    let mut made = 0;
    for (name, kind) in [
        ("ifb0", LinkKind::Plain("ifb")),
        ("dummy0", LinkKind::Plain("dummy")),
        ("vxlan0", LinkKind::Vxlan { id: 7 }),
        ("tap0", LinkKind::Macvtap { parent: &parent }),
        (
            "lan0.5",
            LinkKind::Vlan {
                parent: &parent,
                id: 5,
            },
        ),
        ("br0", LinkKind::Plain("bridge")),
    ] {
        let index = match host.try_add_link(name, kind) {
            Ok(index) => index,
            Err(error) if error.kind() == ErrorKind::Unsupported => continue,
            Err(error) => panic!("{kind:?}: {error}"),
        };
        let link = host.nic(name);
        assert_eq!(link.index(), index);
        assert!(!is_up(&link));
        link.set_up(true);
        assert!(is_up(&link) && ipv6(&link).is_empty(), "{kind:?}");
        made += 1;
    }
    assert!(made > 0, "every kernel that labs run on has bridges");
}

#[test]
fn a_cable_joins_two_hosts_without_a_switch() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    let [[left, right]] = a.add_cables(&b, "x", 1).try_into().unwrap();
    assert_eq!((left.name(), right.name()), ("x0".into(), "x1".into()));
    for (nic, address) in [(&left, "10.71.0.1/24"), (&right, "10.71.0.2/24")] {
        nic.add_address(address);
        nic.set_up(true);
    }
    // The end that came up first is ready when the kernel has got round to that.
    let comes_to_reach = |from, to| (0..50).any(|_| reaches(from, to));
    assert!(comes_to_reach(&left, &right) && comes_to_reach(&right, &left));
}

#[test]
fn a_kind_that_the_kernel_does_not_have_is_unsupported() {
    let host = Lab::new().host("a");
    let refused = host.try_add_link("none0", LinkKind::Plain("no-such-kind"));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_thousand_interfaces_of_one_host_are_there_with_their_addresses() {
    let host = Lab::new().host("a");
    let start = Instant::now();
    let pairs = host.add_veths("x", 500);
    let made_at = start.elapsed();
    for (n, nic) in (0..).zip(pairs.as_flattened()) {
        nic.set_up(true);
        let [high, low] = u16::to_be_bytes(n);
        nic.add_address(&format!("10.{high}.{low}.1/24"));
        nic.add_address(&format!("fd71:{n:x}::1/64"));
    }
    println!("made {made_at:?}, configured {:?}", start.elapsed());
    let all = entries(&host, "x");
    let with = |family| {
        let has =
            |entry: &&InterfaceAddress| entry.address.and_then(|a| a.family()) == Some(family);
        all.iter().filter(has).count()
    };
    let families = [
        AddressFamily::Packet,
        AddressFamily::Inet,
        AddressFamily::Inet6,
    ];
    assert_eq!(families.map(with), [1000; 3]);
    assert!(
        all.iter()
            .all(|entry| entry.flags.contains(InterfaceFlags::IFF_UP))
    );
    let [first, second] = &pairs[499];
    assert_eq!(
        (first.name(), second.name()),
        ("x998".to_owned(), "x999".to_owned())
    );
}
