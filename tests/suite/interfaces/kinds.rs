//! What interfaces are made of, and on top of what.

use ifcast::interfaces::KindSource;
use ifcast::{Interface, Kind};
use ifcast_netlab::{Host, Lab, LinkKind};
use ifcast_tests::interface;

use crate::{host_with_card, index, named, tunnel};

/// Its kind, how that is known, and what the kernel calls it.
fn made_of(interface: &Interface) -> (Kind, KindSource, Option<String>) {
    let link_kind = interface.link_kind().map(|kind| kind.to_string());
    (interface.kind(), interface.kind_source(), link_kind)
}

#[track_caller]
fn assert_made_of(host: &Host, name: &str, kind: Kind, source: KindSource, link_kind: &str) {
    let link_kind = Some(link_kind.to_owned()).filter(|kind| !kind.is_empty());
    let found = made_of(&named(host, name));
    assert_eq!(found, (kind, source, link_kind), "{name}");
}

#[test]
fn the_kind_follows_from_what_the_kernel_calls_it_or_else_from_its_link_type() {
    let (host, nic) = host_with_card(&[]);
    host.add_bridge("br0", &[]);
    host.add_macvlan("mac0", &nic);
    let by_kind = KindSource::LinkKind;
    assert_made_of(&host, "lo", Kind::Loopback, KindSource::LinkType, "");
    assert_made_of(&host, "lan0", Kind::Virtual, by_kind, "veth");
    assert_made_of(&host, "br0", Kind::Bridge, by_kind, "bridge");
    assert_made_of(&host, "mac0", Kind::Virtual, by_kind, "macvlan");
    if tunnel(&host, "tun0", [10, 8, 0, 10].into(), [10, 8, 0, 9].into()).is_some() {
        assert_made_of(&host, "tun0", Kind::Tunnel, KindSource::LinkType, "tun");
    }
    if host.try_add_tap("tap0").is_ok() {
        assert_made_of(&host, "tap0", Kind::Virtual, by_kind, "tun");
    }
    for (name, made, kind, link_kind) in [
        ("ifb0", LinkKind::Plain("ifb"), Kind::Virtual, "ifb"),
        ("dummy0", LinkKind::Plain("dummy"), Kind::Virtual, "dummy"),
        ("bond0", LinkKind::Plain("bond"), Kind::Bond, "bond"),
        ("vxlan0", LinkKind::Vxlan { id: 7 }, Kind::Tunnel, "vxlan"),
        (
            "vlan5",
            LinkKind::Vlan {
                parent: &nic,
                id: 5,
            },
            Kind::Vlan,
            "vlan",
        ),
        (
            "macvtap0",
            LinkKind::Macvtap { parent: &nic },
            Kind::Virtual,
            "macvtap",
        ),
    ] {
        if host.try_add_link(name, made).is_ok() {
            assert_made_of(&host, name, kind, by_kind, link_kind);
        }
    }
    // A tunnel, and not what its Ethernet header makes of it: nothing of WireGuard
    // has one.
    if host
        .try_add_link("wg0", LinkKind::Plain("wireguard"))
        .is_ok()
    {
        assert_made_of(
            &host,
            "wg0",
            Kind::Tunnel,
            KindSource::LinkType,
            "wireguard",
        );
    }
}

#[test]
fn what_is_made_on_top_of_an_interface_says_of_which() {
    let (host, nic) = host_with_card(&[]);
    host.add_macvlan("mac0", &nic);
    assert_eq!(named(&host, "mac0").lower(), Some(index(nic.index())));
    let vlan = LinkKind::Vlan {
        parent: &nic,
        id: 5,
    };
    if host.try_add_link("vlan5", vlan).is_ok() {
        assert_eq!(named(&host, "vlan5").lower(), Some(index(nic.index())));
    }
    for name in ["lo", "lan0"] {
        assert_eq!(named(&host, name).lower(), None, "{name}");
    }
}

#[test]
fn the_ends_of_a_veth_pair_on_one_host_name_each_other_until_one_moves_away() {
    let lab = Lab::new();
    let (host, other) = (lab.host("host"), lab.host("other"));
    let [[left, right]] = host.add_veths("veth", 1).try_into().unwrap();
    assert_eq!(interface(&left).lower(), Some(index(right.index())));
    assert_eq!(interface(&right).lower(), Some(index(left.index())));

    let right = right.move_to(&other);
    assert_eq!(interface(&left).lower(), None);
    assert_eq!(interface(&right).lower(), None);
}

#[test]
fn a_parent_on_another_host_is_none_although_its_index_is_taken_here() {
    let [lab, other] = [Lab::new(), Lab::new()];
    let (here, there) = (lab.host("here"), other.host("there"));
    let parent = lab.segment().attach(&here, "lan0", &[]);
    here.add_macvlan("mac0", &parent);
    let namesake = other.segment().attach(&there, "lan1", &[]);
    assert_eq!(parent.index(), namesake.index());
    let moved = here.nic("mac0").move_to(&there);
    assert_eq!(interface(&moved).lower(), None);
}

#[test]
fn an_interface_made_of_software_has_no_permanent_address() {
    let (host, nic) = host_with_card(&[]);
    let before = interface(&nic).hardware_address();
    nic.set_hardware_address([2, 0, 0x5e, 0x10, 0x71, 1]);
    assert_ne!(interface(&nic).hardware_address(), before);
    for name in ["lan0", "lo"] {
        assert_eq!(named(&host, name).permanent_address(), None, "{name}");
    }
}
