//! Which interfaces a selector chooses.

use std::net::Ipv4Addr;

use ifcast::{Kind, Selector};
use ifcast_netlab::{AddressOptions, Host, Lab, LinkFlag, Nic};
use ifcast_tests::ip;

use crate::{index, name, names, snapshot, tunnel};

/// A host with one of everything.
struct Everything {
    host: Host,
    cards: [Nic; 2],
}

impl Everything {
    fn new() -> Self {
        let lab = Lab::new();
        let (host, segment) = (lab.host("host"), lab.segment());
        let attach = |name, addresses: &[&str]| segment.attach(&host, name, addresses);
        let cards = [
            attach("lan0", &["10.71.0.1/24", "fe80::71/64"]),
            attach("lan1", &["fe80::72/64"]),
        ];
        let port = attach("port0", &["10.71.0.2/24"]);
        host.add_bridge("br0", &[&port]);
        host.nic("br0").add_address("10.71.0.3/24");
        host.add_bridge("off0", &[]);
        host.nic("off0").set_up(false);
        attach("unplugged0", &["10.71.0.5/24"]).plug(false);
        attach("down0", &["10.71.0.6/24"]).set_up(false);
        attach("bare0", &[]);
        let [local, peer] = [[10, 8, 0, 10], [10, 8, 0, 9]].map(Ipv4Addr::from);
        let _ = tunnel(&host, "tun0", local, peer);
        Self { host, cards }
    }

    #[track_caller]
    fn assert_chosen(&self, selector: Selector, expected: &[&str]) {
        let snapshot = snapshot(&self.host);
        assert_eq!(names(snapshot.select(&selector)), expected, "{selector}");
    }
}

#[test]
fn lan_chooses_what_leads_to_other_hosts_and_can_be_used_now() {
    let everything = Everything::new();
    everything.assert_chosen(Selector::lan(), &["lan0", "lan1", "br0"]);
    everything.assert_chosen(Selector::default(), &["lan0", "lan1", "br0"]);
    everything.cards[0].plug(false);
    everything.assert_chosen(Selector::lan(), &["lan1", "br0"]);
}

#[test]
fn names_indexes_and_kinds_choose_in_whatever_state() {
    let everything = Everything::new();
    let second = index(everything.cards[1].index());
    everything.assert_chosen(Selector::name(name("down0")), &["down0"]);
    everything.assert_chosen(Selector::name(name("bare")), &[]);
    everything.assert_chosen(Selector::index(second), &["lan1"]);
    everything.assert_chosen(Selector::index(index(u32::MAX)), &[]);
    everything.assert_chosen(Selector::kind(Kind::Bridge), &["br0", "off0"]);
    everything.assert_chosen(Selector::kind(Kind::Loopback), &["lo"]);
    everything.assert_chosen(Selector::kind(Kind::Wifi), &[]);
}

#[test]
fn selectors_combine() {
    let everything = Everything::new();
    let bridges = || Selector::kind(Kind::Bridge);
    let lan0 = || Selector::name(name("lan0"));
    let bare0 = || Selector::name(name("bare0"));
    everything.assert_chosen(Selector::lan().and(!bridges()), &["lan0", "lan1"]);
    everything.assert_chosen(Selector::lan().and(bridges()), &["br0"]);
    everything.assert_chosen(lan0().or(bridges()), &["lan0", "br0", "off0"]);
    everything.assert_chosen(lan0().and(bare0()), &[]);
    everything.assert_chosen(!!bare0(), &["bare0"]);
    everything.assert_chosen(!Selector::all(), &[]);
    everything.assert_chosen(
        (!(lan0().or(bare0()))).and(Selector::lan()),
        &["lan1", "br0"],
    );
}

#[test]
fn addresses_and_subnets_choose_the_interfaces_that_have_them() {
    let everything = Everything::new();
    everything.assert_chosen(Selector::address(ip("10.71.0.1")), &["lan0"]);
    everything.assert_chosen(Selector::address(ip("fe80::72")), &["lan1"]);
    everything.assert_chosen(Selector::address(ip("10.71.0.255")), &[]);
    everything.assert_chosen(Selector::address(ip("10.71.0.6")), &["down0"]);
    for (subnet, chosen) in [
        ("10.71.0.0/30", &["lan0", "port0", "br0"][..]),
        (
            "10.71.0.99/24",
            &["lan0", "port0", "br0", "unplugged0", "down0"],
        ),
        ("127.0.0.0/8", &["lo"]),
        ("fe80::/64", &["lan0", "lan1"]),
        ("10.72.0.0/16", &[]),
    ] {
        everything.assert_chosen(Selector::subnet(subnet.parse().unwrap()), chosen);
    }
}

#[test]
fn families_choose_the_interfaces_that_have_an_address_to_use() {
    let lab = Lab::new();
    let host = lab.host("host");
    let attach = |name, addresses: &[&str]| lab.segment().attach(&host, name, addresses);
    attach("v4", &["10.71.0.1/24"]);
    attach("v6", &["fe80::71/64"]);
    attach("both", &["10.71.1.1/24", "fd71::1/64"]);
    attach("none", &[]);
    let waiting = attach("waiting", &[]);
    host.sysctl("net/ipv6/conf/waiting/dad_transmits", "60");
    let options = AddressOptions {
        dad: true,
        ..AddressOptions::default()
    };
    waiting.add_address_with("fe80::72/64", options);
    let snapshot = snapshot(&host);
    let chosen =
        |selector: Selector| names(snapshot.select(selector.and(!Selector::name(name("lo")))));
    assert_eq!(chosen(Selector::ipv4()), ["v4", "both"]);
    assert_eq!(chosen(Selector::ipv6()), ["v6", "both"]);
    assert_eq!(chosen(Selector::ipv4().and(Selector::ipv6())), ["both"]);
    assert_eq!(
        chosen(!(Selector::ipv4().or(Selector::ipv6()))),
        ["none", "waiting"]
    );
}

#[test]
fn states_and_abilities_choose_what_works_now() {
    let lab = Lab::new();
    let host = lab.host("host");
    let attach = |name, addresses: &[&str]| lab.segment().attach(&host, name, addresses);
    attach("lan0", &["10.71.0.1/24"]);
    attach("six0", &["fe80::71/64"]);
    attach("deaf0", &["10.71.1.1/24"]).set_flag(LinkFlag::Multicast, false);
    attach("unplugged0", &["10.71.2.1/24"]).plug(false);
    attach("down0", &["10.71.3.1/24"]).set_up(false);
    attach("dormant0", &["10.71.4.1/24"]).set_dormant(true);
    let snapshot = snapshot(&host);
    let of_cards =
        |selector: Selector| names(snapshot.select(selector.and(Selector::kind(Kind::Virtual))));
    assert_eq!(
        of_cards(Selector::up()),
        ["lan0", "six0", "deaf0", "unplugged0", "dormant0"]
    );
    assert_eq!(of_cards(Selector::operational()), ["lan0", "six0", "deaf0"]);
    assert_eq!(of_cards(Selector::broadcast()), ["lan0", "deaf0"]);
    assert_eq!(of_cards(Selector::multicast()), ["lan0", "six0"]);
    let lo = Selector::kind(Kind::Loopback);
    assert_eq!(
        names(snapshot.select(lo.and(Selector::operational()))),
        ["lo"]
    );
}

#[test]
fn patterns_and_predicates_choose_by_what_they_look_at() {
    let everything = Everything::new();
    everything.assert_chosen(Selector::pattern("lan?"), &["lan0", "lan1"]);
    everything.assert_chosen(
        Selector::pattern("*0").and(!Selector::kind(Kind::Tunnel)),
        &[
            "lan0",
            "port0",
            "br0",
            "off0",
            "unplugged0",
            "down0",
            "bare0",
        ],
    );
    everything.assert_chosen(Selector::pattern("an0"), &[]);
    everything.cards[1].set_mtu(9000);
    let jumbo = Selector::predicate("jumbo", |interface| interface.mtu() == Some(9000));
    everything.assert_chosen(jumbo.clone(), &["lan1"]);
    everything.assert_chosen(Selector::lan().and(!jumbo), &["lan0", "br0"]);
}

#[test]
fn what_a_user_says_is_understood_and_said_back() {
    let everything = Everything::new();
    let second = everything.cards[1].index().to_string();
    for (said, understood, chosen) in [
        ("lan", "lan", &["lan0", "lan1", "br0"][..]),
        ("lan1", "name lan1", &["lan1"]),
        ("lan*", "name lan*", &["lan0", "lan1"]),
        (&second, &format!("index {second}"), &["lan1"]),
        ("10.71.0.1", "address 10.71.0.1", &["lan0"]),
        ("fe80::72", "address fe80::72", &["lan1"]),
        ("fe80::/10", "subnet fe80::/10", &["lan0", "lan1"]),
        ("!lan1", "(lan and not name lan1)", &["lan0", "br0"]),
        ("lan1,br0", "(name lan1 or name br0)", &["lan1", "br0"]),
        (
            "fe80::/10,!lan0",
            "(subnet fe80::/10 and not name lan0)",
            &["lan1"],
        ),
        ("wired", "(lan and kind wired)", &[]), // they are virtual
        ("0", "name 0", &[]),
        ("4294967296", "name 4294967296", &[]),
        ("LAN", "name LAN", &[]),
        ("sixteen-bytes-00", "name sixteen-bytes-00", &[]),
    ] {
        let selector: Selector = said.parse().unwrap();
        assert_eq!(selector.to_string(), understood);
        everything.assert_chosen(selector, chosen);
    }
    let every = "all".parse::<Selector>().unwrap();
    let snapshot = snapshot(&everything.host);
    assert_eq!(snapshot.select(every).count(), snapshot.interfaces().len());
    for nothing in ["", &"l".repeat(128), "10.71.0.0/33", "10.71.0/24", "lan0/"] {
        assert!(nothing.parse::<Selector>().is_err(), "{nothing:?}");
    }
}
