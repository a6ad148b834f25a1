//! Which interfaces a selector chooses.

use std::net::Ipv4Addr;

use ifcast::{Kind, Selector};
use ifcast_netlab::{Host, Lab, Nic};

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
