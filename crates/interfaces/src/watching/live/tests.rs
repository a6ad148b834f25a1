//! What becomes of a snapshot when the system says something.

use std::time::Duration;

use super::*;
use crate::address_state::AddressState;
use crate::flags::Flags;
use crate::ipv4::Rank;
use crate::kind::Kind;
use crate::sys::flag;
use crate::watching::diff::Tentative;

const PRIMARY: Rank = Rank {
    secondary: Some(false),
    width: 255,
};
const SECONDARY: Rank = Rank {
    secondary: Some(true),
    width: 0,
};

fn live(knows_groups: bool) -> Live {
    let nothing = Snapshot {
        interfaces: Vec::new(),
        is_consistent: true,
    };
    Live::new(nothing, knows_groups)
}

/// With the running interfaces `v2` and `v3`, whose groups are followed.
fn two() -> Live {
    let mut live = live(true);
    say(&mut live, [2, 3].map(is_there));
    live
}

fn say(live: &mut Live, notices: impl IntoIterator<Item = Notice>) {
    for notice in notices {
        live.apply(notice, Instant::now(), |_| {});
    }
}

fn index(index: u32) -> InterfaceIndex {
    InterfaceIndex::new(index).unwrap()
}

fn link(number: u32) -> Link {
    let flags = Flags::from_bits(flag::BROADCAST | flag::UP | flag::RUNNING);
    Link::new(index(number), format!("v{number}").parse().unwrap(), flags)
}

fn is_now(link: Link) -> Notice {
    Notice::Link {
        link,
        alternative_names: Vec::new(),
    }
}

fn is_there(number: u32) -> Notice {
    is_now(link(number))
}

fn on(owner: u32, address: &str) -> AddressRecord {
    AddressRecord {
        owner: Some(index(owner)),
        ..AddressRecord::new(address.parse().unwrap(), 24)
    }
}

fn ranked(address: &str, rank: Rank) -> Notice {
    let record = on(2, address);
    Notice::Address(AddressRecord { rank, ..record })
}

fn joined(on: u32, group: &str) -> Notice {
    Notice::Joined(index(on), group.parse().unwrap())
}

fn left(on: u32, group: &str) -> Notice {
    Notice::Left(index(on), group.parse().unwrap())
}

fn interface(live: &Live, number: u32) -> &Interface {
    live.snapshot().by_index(index(number)).unwrap()
}

fn groups(live: &Live, of: u32) -> Vec<String> {
    let groups = interface(live, of).groups().unwrap();
    groups.iter().map(ToString::to_string).collect()
}

fn addresses(live: &Live, of: u32) -> Vec<String> {
    let own = interface(live, of);
    let v4 = own.ipv4().iter().map(|own| own.address().to_string());
    let v6 = own.ipv6().iter().map(|own| own.address().to_string());
    v4.chain(v6).collect()
}

#[test]
fn groups_are_in_order_each_once_where_they_were_joined() {
    let mut live = two();
    for group in ["ff02::2", "ff02::1", "ff02::2", "224.0.0.1"] {
        say(&mut live, [joined(3, group)]);
    }
    assert_eq!(groups(&live, 3), ["224.0.0.1", "ff02::1", "ff02::2"]);
    say(&mut live, [left(3, "ff02::1"), left(3, "ff02::9")]);
    assert_eq!(groups(&live, 3), ["224.0.0.1", "ff02::2"]);
    assert!(groups(&live, 2).is_empty());
}

#[test]
fn groups_that_are_joined_before_their_interface_is_told_of_are_its_groups() {
    let mut live = live(true);
    for group in ["ff02::2", "ff02::1", "ff02::2", "ff02::3"] {
        say(&mut live, [joined(3, group)]);
    }
    say(&mut live, [joined(4, "ff02::3"), left(3, "ff02::3")]);
    say(
        &mut live,
        [joined(5, "ff02::5"), Notice::LinkGone(index(5))],
    );
    say(&mut live, [3, 4, 5].map(is_there));
    assert_eq!(groups(&live, 3), ["ff02::1", "ff02::2"]);
    assert_eq!(groups(&live, 4), ["ff02::3"]);
    assert!(groups(&live, 5).is_empty());
}

#[test]
fn groups_that_are_not_followed_are_unknown_and_not_kept() {
    let mut live = live(false);
    say(&mut live, [joined(3, "ff02::1"), is_there(3)]);
    say(&mut live, [joined(3, "ff02::2")]);
    assert_eq!(interface(&live, 3).groups(), None);
    assert!(live.early.is_empty());
}

#[test]
fn what_a_link_is_is_asked_when_it_appears_and_when_it_is_switched_on_or_off() {
    let down = Link {
        flags: Flags::from_bits(flag::BROADCAST),
        ..link(2)
    };
    let large = Link {
        mtu: Some(9000),
        ..down.clone()
    };
    let mut live = live(false);
    for (said, found, kind) in [
        (link(2), Kind::Wired, Kind::Wired),
        (down, Kind::Wifi, Kind::Wifi),
        (large, Kind::Wired, Kind::Wifi),
        (link(2), Kind::WifiPeerToPeer, Kind::WifiPeerToPeer),
    ] {
        live.apply(is_now(said), Instant::now(), |link| link.kind = found);
        assert_eq!(interface(&live, 2).kind(), kind);
    }
}

#[test]
fn an_ipv4_address_moves_when_its_rank_does_and_only_then() {
    let mut live = two();
    say(
        &mut live,
        [
            ranked("10.71.0.1", PRIMARY),
            ranked("10.71.0.2", SECONDARY),
            ranked("10.71.0.3", PRIMARY),
        ],
    );
    assert_eq!(addresses(&live, 2), ["10.71.0.1", "10.71.0.3", "10.71.0.2"]);
    let labelled = AddressRecord {
        rank: PRIMARY,
        name: "v2:1".parse().ok(),
        ..on(2, "10.71.0.1")
    };
    say(&mut live, [Notice::Address(labelled)]);
    assert_eq!(addresses(&live, 2), ["10.71.0.1", "10.71.0.3", "10.71.0.2"]);
    assert_eq!(interface(&live, 2).ipv4()[0].label(), labelled.name);
    assert!(!live.may_be_out_of_order());

    say(&mut live, [ranked("10.71.0.1", SECONDARY)]);
    assert_eq!(addresses(&live, 2), ["10.71.0.3", "10.71.0.2", "10.71.0.1"]);
    assert!(live.may_be_out_of_order());
}

#[test]
fn an_ipv6_address_stands_in_its_place_once_as_it_was_last_said_to_be() {
    let mut live = two();
    let said = ["fe80::1", "fd71::2", "fd71::1"].map(|address| Notice::Address(on(2, address)));
    say(&mut live, said);
    let deprecated = AddressRecord {
        state: Some(AddressState::Deprecated),
        ..on(2, "fd71::2")
    };
    say(&mut live, [Notice::Address(deprecated)]);
    assert_eq!(addresses(&live, 2), ["fd71::1", "fd71::2", "fe80::1"]);
    let states = interface(&live, 2).ipv6().iter().map(|own| own.state());
    assert!(states.eq([None, deprecated.state, None]));

    say(&mut live, [Notice::AddressGone(on(2, "fd71::2"))]);
    assert_eq!(addresses(&live, 2), ["fd71::1", "fe80::1"]);
}

#[test]
fn what_is_said_again_is_no_change() {
    let settling = Settling {
        settle: Duration::ZERO,
        max_delay: Duration::ZERO,
        tentative: Tentative::Reported,
    };
    let said = || {
        [
            is_there(3),
            Notice::Address(on(3, "10.71.0.1")),
            Notice::Address(on(3, "fd71::1")),
            joined(3, "ff02::1"),
        ]
    };
    let mut live = two();
    say(&mut live, said());
    live.tell(Instant::now(), &settling, |_| {});
    say(&mut live, said());
    assert_eq!(live.next_deadline(&settling), None);
}

#[test]
fn an_address_comes_to_its_own_interface_or_to_none() {
    let mut live = two();
    for owner in [3, 4] {
        say(&mut live, [Notice::Address(on(owner, "10.71.0.1"))]);
    }
    assert_eq!(addresses(&live, 3), ["10.71.0.1"]);
    say(&mut live, [Notice::AddressGone(on(2, "10.71.0.1"))]);
    assert_eq!(live.snapshot().addresses().count(), 1);
}

#[test]
fn a_label_that_becomes_the_name_of_the_interface_is_no_label_any_more() {
    let mut live = two();
    for (address, label) in [("10.71.0.1", "v9"), ("10.71.0.2", "v2:1")] {
        let record = AddressRecord {
            name: label.parse().ok(),
            ..on(2, address)
        };
        say(&mut live, [Notice::Address(record)]);
    }
    let renamed = Link {
        name: "v9".parse().unwrap(),
        ..link(2)
    };
    say(&mut live, [is_now(renamed)]);
    let labels = interface(&live, 2).ipv4().iter().map(|own| own.label());
    assert!(labels.eq([None, "v2:1".parse().ok()]));
}

#[test]
fn alternative_names_are_those_that_were_said_last() {
    let mut live = live(false);
    for names in [&b"one\0"[..], b"one\0uno\0", b""] {
        let notice = Notice::Link {
            link: link(2),
            alternative_names: names.to_vec(),
        };
        say(&mut live, [notice]);
        assert_eq!(interface(&live, 2).holdings.alternative_names(), names);
    }
}

#[test]
fn what_was_below_an_interface_that_is_gone_is_below_none() {
    let mut live = two();
    say(
        &mut live,
        [is_now(Link {
            lower: Some(index(2)),
            ..link(3)
        })],
    );
    say(&mut live, [Notice::LinkGone(index(2))]);
    assert_eq!(live.snapshot().interfaces()[0].lower(), None);
}

#[test]
fn what_may_have_changed_in_silence_is_a_gap_once() {
    let of_mtu = |mtu| {
        is_now(Link {
            mtu: Some(mtu),
            ..link(2)
        })
    };
    let down = || {
        is_now(Link {
            flags: Flags::from_bits(flag::BROADCAST),
            ..link(2)
        })
    };
    for (mut notices, groups, expected) in [
        (vec![of_mtu(1500), of_mtu(1280)], true, false),
        (vec![of_mtu(1500), of_mtu(1279)], true, true),
        (vec![of_mtu(1279), of_mtu(1500)], true, true),
        (vec![of_mtu(1279), of_mtu(68)], true, false),
        (vec![of_mtu(1279), of_mtu(67)], true, true),
        (vec![of_mtu(1500), of_mtu(1279)], false, false),
        (vec![down()], true, false),
        (
            vec![Notice::Address(on(2, "10.71.0.1")), down()],
            true,
            false,
        ),
        (vec![Notice::Address(on(2, "fd71::1")), down()], false, true),
    ] {
        let mut live = live(groups);
        let shown = format!("{notices:?}");
        say(&mut live, [is_there(2)]);
        let last = notices.pop();
        say(&mut live, notices);
        live.take_gap();
        say(&mut live, last);
        assert_eq!(live.take_gap(), expected, "{shown}");
        assert!(!live.take_gap());
    }
}
