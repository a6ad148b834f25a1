//! Why an interface is chosen or not, in words.

use ifcast::Selector;
use ifcast::interfaces::{Reason, Verdict};
use ifcast_netlab::{AddressOptions, Host, Lab};

use crate::everything::host_with_everything;
use crate::{host_with_card, index, name, named, snapshot, undisturbed, when};

/// What is said of the interface of this name.
fn verdict(host: &Host, selector: &Selector, called: &str) -> String {
    let snapshot = snapshot(host);
    let mut verdicts = snapshot.explain(selector);
    let (_, verdict) = verdicts
        .find(|(interface, _)| interface.is_called(called.as_bytes()))
        .unwrap();
    verdict.to_string()
}

#[test]
fn of_every_interface_it_is_said_whether_and_why_a_lan_protocol_wants_it() {
    let (_lab, host) = host_with_everything();
    let lan = Selector::lan();
    let (snapshot, ()) = undisturbed(&host, || ());
    let use_the_bridge = format!(
        "no, it is a port of the interface with index {}: use that one",
        named(&host, "br0").index()
    );
    let both = "yes, it can broadcast and multicast";
    let expected = [
        ("lo", "no, it reaches only this host"),
        ("lan0", both),
        (
            "ipv6-0",
            "yes, it can multicast, but not broadcast: it has no IPv4 address",
        ),
        ("bare0", "no, it has no IPv4 address, and it has no address"),
        (
            "deaf0",
            "yes, it can broadcast, but not multicast: its link has no multicast",
        ),
        ("unplugged0", "no, it has no carrier"),
        ("down0", "no, it is down"),
        ("dormant0", "no, it does not pass packets: it is dormant"),
        (r"b\xffd", both),
        ("named0", both),
        ("port0", &use_the_bridge),
        ("br0", both),
        ("off0", "no, it is down"),
        ("mac0", both),
        ("veth0", both),
        ("veth1", both),
        ("tun0", "no, it is a tunnel"),
        ("vxlan0", "no, it is a tunnel"),
        ("tap0", both),
        ("ifb0", "no, it leads to nobody"),
        ("odd0", both),
    ];
    let mut explained = 0;
    for (interface, verdict) in snapshot.explain(&lan) {
        let shown = interface.name().to_string();
        let said = expected.iter().find(|(name, _)| *name == shown);
        let fallback = ("", "no, it is a tunnel"); // of some kernels on every host
        assert_eq!(verdict.to_string(), said.unwrap_or(&fallback).1, "{shown}");
        explained += usize::from(said.is_some());
    }
    assert!(
        explained >= expected.len() - 4,
        "some are not permitted everywhere"
    );
    let chosen = snapshot
        .explain(&lan)
        .filter(|(_, verdict)| verdict.is_chosen());
    let chosen: Vec<_> = chosen.map(|(interface, _)| interface.index()).collect();
    let selected: Vec<_> = snapshot.select(&lan).map(|i| i.index()).collect();
    assert_eq!(chosen, selected);
}

#[test]
fn addresses_that_cannot_be_used_yet_are_no_addresses() {
    let (host, nic) = host_with_card(&[]);
    host.sysctl("net/ipv6/conf/lan0/dad_transmits", "60");
    let options = AddressOptions {
        dad: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fe80::71/64", options);
    assert_eq!(
        verdict(&host, &Selector::lan(), "lan0"),
        "no, it has no IPv4 address, and its addresses are not usable yet, or are another host's"
    );
}

#[test]
fn a_host_without_hardware_has_its_lan_on_veths_and_on_bridges_of_them() {
    let lab = Lab::new();
    let host = lab.host("container");
    let eth0 = lab.segment().attach(&host, "eth0", &["172.17.0.2/16"]);
    assert_eq!(
        verdict(&host, &Selector::lan(), "eth0"),
        "yes, it can broadcast and multicast"
    );
    // As a container engine within the container does.
    host.add_veth("veth0", "inside0");
    host.add_bridge("docker0", &[&host.nic("veth0")]);
    host.nic("docker0").add_address("172.18.0.1/16");
    let port = format!("{}", named(&host, "docker0").index());
    for end in ["veth0", "inside0"] {
        host.nic(end).set_up(true);
    }
    when(&host, "docker0", |bridge| bridge.is_operational());
    let said = |called| verdict(&host, &Selector::lan(), called);
    assert_eq!(said("docker0"), "yes, it can broadcast and multicast");
    assert_eq!(
        said("veth0"),
        format!("no, it is a port of the interface with index {port}: use that one")
    );
    assert_eq!(
        said("inside0"),
        "no, it has no IPv4 address, and it has no address"
    );

    eth0.plug(false);
    assert_eq!(said("eth0"), "no, it has no carrier");
    assert_eq!(said("docker0"), "yes, it can broadcast and multicast");
}

#[test]
fn the_reason_is_there_for_programs_too() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let bridge = host.add_bridge("br0", &[&nic]);
    let (snapshot, lan) = (snapshot(&host), Selector::lan());
    let reason = |called: &str| {
        let mut verdicts = snapshot.explain(&lan);
        let found = verdicts.find(|(interface, _)| interface.is_called(called.as_bytes()));
        found
            .map(|(_, verdict): (_, Verdict<'_>)| verdict.reason())
            .unwrap()
    };
    assert!(matches!(reason("lan0"), Reason::Port { master } if master == index(bridge)));
    assert!(matches!(reason("lo"), Reason::Kind(ifcast::Kind::Loopback)));
    assert!(matches!(reason("br0"), Reason::Unusable { .. }));
}

#[test]
fn what_was_asked_for_is_the_reason_of_every_other_selector() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let lan0 = || Selector::name(name("lan0"));
    let card = format!("yes, it matches \"index {}\"", nic.index());
    for (selector, of_lo, of_lan0) in [
        (
            Selector::all(),
            "yes, it matches \"all\"",
            "yes, it matches \"all\"",
        ),
        (
            lan0(),
            "no, it does not match \"name lan0\"",
            "yes, it matches \"name lan0\"",
        ),
        (
            !lan0(),
            "yes, it does not match \"name lan0\"",
            "no, it matches \"name lan0\"",
        ),
        (
            Selector::index(index(nic.index())),
            &*format!("no, it does not match \"index {}\"", nic.index()),
            &*card,
        ),
        (
            lan0().or(Selector::lan()),
            "no, it does not match \"name lan0\"",
            "yes, it matches \"name lan0\"",
        ),
        (
            Selector::lan().or(lan0()),
            "no, it reaches only this host",
            "yes, it can broadcast and multicast",
        ),
        (
            Selector::lan().and(!lan0()),
            "no, it reaches only this host",
            "no, it matches \"name lan0\"",
        ),
        (
            lan0().and(Selector::lan()),
            "no, it does not match \"name lan0\"",
            "yes, it matches \"name lan0\"",
        ),
        (
            !(lan0().or(Selector::ipv6())),
            "no, it matches \"ipv6\"",
            "no, it matches \"name lan0\"",
        ),
        (
            Selector::predicate("a jumbo interface", |i| i.mtu() >= Some(9000)),
            "yes, it matches \"a jumbo interface\"",
            "no, it does not match \"a jumbo interface\"",
        ),
    ] {
        assert_eq!(verdict(&host, &selector, "lo"), of_lo, "{selector}");
        assert_eq!(verdict(&host, &selector, "lan0"), of_lan0, "{selector}");
    }
}
