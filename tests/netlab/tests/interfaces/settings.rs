//! How an interface presents itself.

use std::net::UdpSocket;

use ifcast_netlab::{Lab, LinkFlag};
use nix::net::if_::{InterfaceFlags, if_nametoindex};

use crate::{entries, flags, is_running, is_up, pair, reaches};

#[test]
fn the_mtu_and_the_hardware_address_can_be_changed() {
    let (a, b) = pair(&Lab::new());
    a.set_mtu(9000);
    b.set_mtu(9000);
    a.set_hardware_address([2, 0, 0, 0, 0, 0xaa]);
    let address = entries(a.host(), "lan0")
        .into_iter()
        .find_map(|entry| entry.address?.as_link_addr()?.addr());
    assert_eq!(address, Some([2, 0, 0, 0, 0, 0xaa]));
    let received = b.host().run(|| UdpSocket::bind("10.71.0.2:9").unwrap());
    let mut frames = a.capture();
    a.host().run(|| {
        let sender = UdpSocket::bind("0.0.0.0:0").unwrap();
        sender.send_to(&[0; 8000], "10.71.0.2:9").unwrap();
    });
    assert_eq!(received.recv(&mut [0; 9000]).unwrap(), 8000);
    frames.frames_until(|frame| frame.udp().is_some_and(|udp| udp.payload.len() == 8000));
}

#[test]
fn a_flag_is_set_and_cleared() {
    let (a, _b) = pair(&Lab::new());
    assert!(flags(&a).contains(InterfaceFlags::IFF_MULTICAST));
    for (flag, seen) in [
        (LinkFlag::Promiscuous, InterfaceFlags::IFF_PROMISC),
        (LinkFlag::AllMulticast, InterfaceFlags::IFF_ALLMULTI),
        (LinkFlag::Multicast, InterfaceFlags::IFF_MULTICAST),
    ] {
        let before = flags(&a);
        a.set_flag(flag, true);
        assert_eq!(flags(&a), before | seen);
        a.set_flag(flag, false);
        assert_eq!(flags(&a), (before | seen) - seen);
    }
}

#[test]
fn an_interface_is_known_by_its_alternative_names_until_they_are_removed() {
    let (a, _b) = pair(&Lab::new());
    let host = a.host();
    let long = "l".repeat(127);
    a.add_alternative_name("uplink");
    a.add_alternative_name(&long);
    a.add_alternative_name(b"\xff");
    let known = |name: &[u8]| host.run(|| if_nametoindex(name).ok());
    assert_eq!(known(b"uplink"), Some(a.index()));
    assert_eq!(known(b"\xff"), Some(a.index()));
    for name in ["uplink", &long, "lan0"] {
        assert_eq!(
            (host.nic(name).index(), host.nic(name).name()),
            (a.index(), a.name())
        );
    }
    a.remove_alternative_name("uplink");
    a.remove_alternative_name(b"\xff");
    a.remove_alternative_name(&long);
    assert_eq!((known(b"uplink"), known(b"\xff")), (None, None));
    // Refused if it were still there.
    a.add_alternative_name(&long);
}

#[test]
fn a_dormant_interface_is_up_but_not_running_until_it_is_woken() {
    let (a, b) = pair(&Lab::new());
    a.set_dormant(true);
    assert!(is_up(&a) && !is_running(&a));
    a.set_dormant(false);
    assert!(is_running(&a));
    assert!(reaches(&a, &b));
}
