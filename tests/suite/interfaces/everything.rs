//! A host with one of everything, for what must hold whatever there is.

use std::net::Ipv4Addr;

use ifcast_netlab::{AddressOptions, Broadcast, Host, Lab, LinkFlag, LinkKind};
use ifcast_tests::ip;

use crate::{tunnel, when};

/// Makes a host with one of everything, whose carriers have come up, and the lab
/// that its cables lead to.
pub(crate) fn host_with_everything() -> (Lab, Host) {
    let lab = Lab::new();
    let (host, segment) = (lab.host("host"), lab.segment());
    let attach = |name: &str, addresses: &[&str]| segment.attach(&host, name, addresses);

    let lan0 = attach("lan0", &["10.71.0.1/24", "fd71::1/64", "fe80::71/64"]);
    attach("ipv6-0", &["fe80::72/64", "fec0::72/64"]);
    attach("bare0", &[]);
    attach("deaf0", &["10.71.1.1/24"]).set_flag(LinkFlag::Multicast, false);
    attach("unplugged0", &["10.71.2.1/24"]).plug(false);
    attach("down0", &["10.71.3.1/24"]).set_up(false);
    attach("dormant0", &["10.71.4.1/24"]).set_dormant(true);
    let called = attach("text0", &["10.71.5.1/24"]);
    called.set_up(false); // kernels before 6.2 want that
    called.rename(b"b\xffd");
    called.set_up(true);
    let named = attach("named0", &["10.71.6.1/24"]);
    named.add_alternative_name("uplink");
    named.add_alternative_name(b"u\xffp");
    named.add_alternative_name("l".repeat(127));

    let port = attach("port0", &["10.71.7.1/24"]);
    host.add_bridge("br0", &[&port]);
    host.nic("br0").add_address("10.71.7.2/24");
    host.add_bridge("off0", &[]);
    host.nic("off0").set_up(false);
    host.add_macvlan("mac0", &lan0);
    host.nic("mac0").add_address("10.71.8.1/24");
    for end in host.add_veths("veth", 1).as_flattened() {
        end.set_up(true);
    }
    for name in ["veth0", "veth1"] {
        when(&host, name, |end| end.flags().is_running());
        host.nic(name).add_address("10.71.9.1/24");
    }
    add_what_is_permitted(&host);
    add_odd_addresses(&host, &attach("odd0", &["10.72.0.1/24", "10.72.0.2/24"]));
    (lab, host)
}

/// Adds what not every kernel and user can make.
fn add_what_is_permitted(host: &Host) {
    let [local, peer] = [[10, 8, 0, 10], [10, 8, 0, 9]].map(Ipv4Addr::from);
    let _ = tunnel(host, "tun0", local, peer);
    for (name, kind) in [
        ("ifb0", LinkKind::Plain("ifb")),
        ("vxlan0", LinkKind::Vxlan { id: 7 }),
    ] {
        if host.try_add_link(name, kind).is_ok() {
            host.nic(name).set_up(true);
            host.nic(name).add_address("10.71.10.1/24");
        }
    }
    if host.try_add_tap("tap0").is_ok() {
        host.nic("tap0").add_address("10.71.11.1/24");
    }
}

/// Adds addresses of every form, the odd ones included.
fn add_odd_addresses(host: &Host, nic: &ifcast_netlab::Nic) {
    let plain = AddressOptions::default;
    for (address, broadcast) in [
        ("10.72.1.1/24", Broadcast::None),
        ("10.72.2.1/24", Broadcast::Custom([10, 72, 2, 100].into())),
        ("10.72.3.1/30", Broadcast::None),
        ("10.72.4.0/31", Broadcast::None),
        ("10.72.5.1/32", Broadcast::None),
        ("10.72.7.1/24", Broadcast::Custom([0, 0, 0, 0].into())),
    ] {
        let options = AddressOptions {
            broadcast,
            ..plain()
        };
        nic.add_address_with(address, options);
    }
    for (address, peer) in [
        ("10.72.8.1/32", "10.72.8.2"),
        ("10.72.9.0/31", "10.72.9.1"),
        ("fd72::1/128", "fd72::2"),
    ] {
        let options = AddressOptions {
            peer: Some(ip(peer)),
            ..plain()
        };
        nic.add_address_with(address, options);
    }
    for label in ["odd0:1", "odd0:odd0:1"] {
        let options = AddressOptions {
            label: Some(label.to_owned()),
            ..plain()
        };
        nic.add_address_with(&format!("10.73.0.{}/24", label.len()), options);
    }
    // Long enough for every test.
    host.sysctl("net/ipv6/conf/odd0/dad_transmits", "60");
    for (address, dad, deprecated) in [
        ("fd73::1/64", true, false),
        ("fd73::2/64", false, true),
        ("fd73::3/48", false, false),
    ] {
        let options = AddressOptions {
            dad,
            deprecated,
            ..plain()
        };
        nic.add_address_with(address, options);
    }
}
