//! Whether an interface passes packets, as its driver sees it.

use std::net::Ipv4Addr;

use ifcast::Interface;
use ifcast::interfaces::{OperationalState, Unusable};
use ifcast_netlab::LinkKind;
use ifcast_tests::interface;

use crate::{host_with_card, named, tunnel, when};

/// Of an interface below which nothing works.
const LACKING: (Option<OperationalState>, bool) = (Some(OperationalState::LowerLayerDown), false);

fn state(interface: &Interface) -> (Option<OperationalState>, bool) {
    (interface.operational_state(), interface.is_operational())
}

#[test]
fn an_interface_that_works_is_up() {
    let (_host, nic) = host_with_card(&[]);
    assert_eq!(state(&interface(&nic)), (Some(OperationalState::Up), true));
}

#[test]
fn an_interface_whose_driver_does_not_say_works_all_the_same() {
    let (host, _nic) = host_with_card(&[]);
    let unknown = (Some(OperationalState::Unknown), true);
    assert_eq!(state(&named(&host, "lo")), unknown);
    let [local, peer] = [[10, 8, 0, 10], [10, 8, 0, 9]].map(Ipv4Addr::from);
    if tunnel(&host, "tun0", local, peer).is_some() {
        assert_eq!(state(&named(&host, "tun0")), unknown);
    }
    if host.try_add_link("ifb0", LinkKind::Plain("ifb")).is_ok() {
        host.nic("ifb0").set_up(true);
        assert_eq!(state(&named(&host, "ifb0")), unknown);
    }
}

#[test]
fn an_unplugged_interface_is_down_although_it_is_switched_on() {
    let (_host, nic) = host_with_card(&[]);
    nic.plug(false);
    let lan0 = interface(&nic);
    assert!(lan0.flags().is_up());
    assert_eq!(lan0.carrier(), Some(false));
    assert_eq!(state(&lan0), (Some(OperationalState::Down), false));
}

#[test]
fn an_end_of_a_veth_pair_lacks_its_lower_layer_while_the_other_end_is_down() {
    let (host, _nic) = host_with_card(&[]);
    host.add_veth("left0", "right0");
    host.nic("left0").set_up(true);
    let left = when(&host, "left0", |left| state(left) == LACKING);
    assert_eq!(left.carrier(), Some(false));
    assert_eq!(left.usable_for_broadcast(), Err(Unusable::NoCarrier));
    host.nic("right0").set_up(true);
    when(&host, "left0", |left| {
        state(left) == (Some(OperationalState::Up), true)
    });
}

#[test]
fn a_macvlan_has_no_lower_layer_when_its_parent_has_none() {
    let (host, nic) = host_with_card(&[]);
    host.add_macvlan("mac0", &nic);
    assert!(named(&host, "mac0").is_operational());
    nic.plug(false);
    when(&host, "mac0", |mac0| state(mac0) == LACKING);
}

#[test]
fn an_interface_that_is_switched_off_is_down() {
    let (_host, nic) = host_with_card(&[]);
    nic.set_up(false);
    let (state, is_operational) = state(&interface(&nic));
    assert_eq!(state, Some(OperationalState::Down));
    assert!(!is_operational);
}

#[test]
fn an_interface_that_waits_for_authentication_is_dormant_and_no_use_meanwhile() {
    let (_host, nic) = host_with_card(&["10.71.0.1/24"]);
    nic.set_dormant(true);
    let dormant = interface(&nic);
    let waiting = Some(OperationalState::Dormant);
    assert_eq!(state(&dormant), (waiting, false));
    assert_eq!(dormant.carrier(), Some(true));
    let not_operational = Err(Unusable::NotOperational { state: waiting });
    assert_eq!(dormant.usable_for_broadcast(), not_operational);
    assert_eq!(dormant.usable_for_multicast(), not_operational);

    nic.set_dormant(false);
    assert_eq!(interface(&nic).usable_for_broadcast(), Ok(()));
}
