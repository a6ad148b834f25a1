//! What happens to one interface, again and again.

use std::time::Duration;
use std::{mem, thread};

use ifcast_netlab::{Lab, Mishap};
use ifcast_tests::{Home, open_sockets};

use crate::WAYS;

const ROUNDS: u32 = 25;

/// Has this happen to an interface, in turns long enough to be noticed and shorter than
/// that, with a LAN of each kind.
#[track_caller]
fn survive(mishap: Mishap, says: Says) {
    thread::scope(|scope| {
        for sockets in WAYS {
            scope.spawn(move || {
                let lab = Lab::new();
                let host = lab.host("host");
                host.run(|| suffer(&mut Home::new(&lab, &host, 1, sockets), mishap, says));
            });
        }
    });
}

/// What a LAN says of an interface that suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// Nothing, since it stays.
    Nothing,
    /// That it leaves for this reason, and joins again.
    Leaves(&'static str),
    /// As before, however fast it is.
    AlwaysLeaves(&'static str),
    /// That its group of IPv6 cannot be had, and can again.
    Degrades,
}

#[track_caller]
fn suffer(home: &mut Home, mishap: Mishap, says: Says) {
    home.await_hearing();
    let before = open_sockets();
    for round in 0..ROUNDS {
        home.victims[0].begin(mishap);
        if round % 2 == 0 {
            notice(home, says);
        }
        home.victims[0].end();
        home.await_hearing();
        home.await_truth();
        check(&mem::take(&mut home.ledger.said), says);
    }
    home.assert_hears_once();
    assert_eq!(open_sockets(), before, "sockets");
}

/// Takes its time until the LAN has noticed what has begun.
#[track_caller]
fn notice(home: &mut Home, says: Says) {
    match says {
        Says::Nothing => home.poll_for(NOTICED),
        Says::Leaves(why) | Says::AlwaysLeaves(why) => {
            let word = format!("lan0 left: {why}");
            home.poll_until(&word, |home| home.ledger.said.contains(&word));
        }
        Says::Degrades => {
            let is_it = |said: &String| said.starts_with("lan0 degraded: ");
            home.poll_until("trouble", |home| home.ledger.said.iter().any(is_it));
            return;
        }
    }
    home.await_truth();
}

/// Checks what was said in a round.
#[track_caller]
fn check(said: &[String], says: Says) {
    let expected = match says {
        Says::Nothing => vec![],
        Says::Leaves(why) | Says::AlwaysLeaves(why) => {
            vec![format!("lan0 left: {why}"), "lan0 joined".to_owned()]
        }
        Says::Degrades => {
            let trouble = "lan0 degraded: join ff02::71:7 on lan0".to_owned();
            vec![trouble, "lan0 recovered".to_owned()]
        }
    };
    for said in said {
        let is_it = |expected: &String| said.starts_with(expected);
        assert!(expected.iter().any(is_it), "{said}, not {expected:?}");
    }
    let may_say_nothing = !matches!(says, Says::AlwaysLeaves(_));
    assert!(may_say_nothing || !said.is_empty(), "it said nothing");
}

/// Longer than a change takes to settle.
const NOTICED: Duration = Duration::from_millis(80);
const GONE: Says = Says::AlwaysLeaves("it is gone");
const NOT_SELECTED: Says = Says::Leaves("it is not selected any more");

#[test]
fn a_link_goes_down_and_up() {
    survive(Mishap::Down, NOT_SELECTED);
}

#[test]
fn a_cable_is_pulled_and_pushed_in() {
    survive(Mishap::Unplugged, NOT_SELECTED);
}

#[test]
fn the_last_addresses_go_and_others_come() {
    survive(Mishap::Readdressed, NOT_SELECTED);
}

#[test]
fn ipv6_is_switched_off_and_on() {
    survive(Mishap::WithoutIpv6, Says::Nothing);
}

#[test]
fn an_mtu_becomes_too_small_for_ipv6_and_large_again() {
    survive(Mishap::SmallMtu, Says::Degrades);
}

#[test]
fn a_name_changes_and_changes_back() {
    survive(Mishap::Renamed, Says::Nothing);
}

#[test]
fn a_bridge_takes_an_interface_and_gives_it_back() {
    survive(Mishap::Bridged, NOT_SELECTED);
}

#[test]
fn an_interface_is_deleted_and_made_anew() {
    survive(Mishap::MadeAnew, GONE);
}

#[test]
fn an_interface_is_deleted_and_made_anew_with_its_index() {
    survive(Mishap::MadeAnewWithIndex, GONE);
}

#[test]
fn an_interface_goes_to_another_host_and_comes_back() {
    survive(Mishap::Elsewhere, GONE);
}
