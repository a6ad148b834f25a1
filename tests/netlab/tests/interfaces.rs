//! Interfaces: everything that can happen to one.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

use std::net::{Ipv4Addr, SocketAddrV6, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use std::{fs, thread};

use ifcast_netlab::{AddressOptions, Broadcast, Host, Lab, Nic};
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::{InterfaceFlags, if_nametoindex};

/// What `getifaddrs` says on a host about the names that start with `name`: labels count as names.
fn entries(host: &Host, name: &str) -> Vec<InterfaceAddress> {
    host.run(|| {
        getifaddrs()
            .unwrap()
            .filter(|entry| entry.interface_name.starts_with(name))
            .collect()
    })
}

fn flags(nic: &Nic) -> InterfaceFlags {
    entries(nic.host(), &nic.name())[0].flags
}

fn is_up(nic: &Nic) -> bool {
    flags(nic).contains(InterfaceFlags::IFF_UP)
}

fn is_running(nic: &Nic) -> bool {
    flags(nic).contains(InterfaceFlags::IFF_RUNNING)
}

/// The IPv4 addresses of an interface, each as name, address, broadcast or peer address.
fn ipv4(nic: &Nic) -> Vec<(String, Ipv4Addr, Option<Ipv4Addr>)> {
    let entries = entries(nic.host(), &nic.name()).into_iter();
    entries
        .filter_map(|entry| {
            let address = entry.address?.as_sockaddr_in()?.ip();
            let other = entry.broadcast.or(entry.destination);
            let other = other.and_then(|other| Some(other.as_sockaddr_in()?.ip()));
            Some((entry.interface_name, address, other))
        })
        .collect()
}

/// The lines of `/proc/net/if_inet6` about an interface.
fn ipv6(nic: &Nic) -> Vec<String> {
    let name = nic.name();
    let table = nic
        .host()
        .run(|| fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap());
    let lines = table.lines().filter(|line| line.ends_with(&name));
    lines.map(str::to_owned).collect()
}

/// A socket on each host, made before there is anything to send through: the first to broadcast, the second to listen.
fn sockets(from: &Host, to: &Host) -> (UdpSocket, UdpSocket) {
    let bind = || UdpSocket::bind("0.0.0.0:0").unwrap();
    let (sender, listener) = (from.run(bind), to.run(bind));
    sender.set_broadcast(true).unwrap();
    (sender, listener)
}

/// Whether a broadcast to `10.71.0.255` arrives that is sent this very moment.
fn arrives((sender, listener): &(UdpSocket, UdpSocket)) -> bool {
    let port = listener.local_addr().unwrap().port();
    let _ = sender.send_to(b"hello", ("10.71.0.255", port));
    listener
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    listener.recv(&mut [0; 8]).is_ok()
}

/// Whether a broadcast from `from` reaches `to`, in `10.71.0.0/24`.
fn reaches(from: &Nic, to: &Nic) -> bool {
    arrives(&sockets(from.host(), to.host()))
}

/// Two attached hosts in `10.71.0.0/24`.
fn pair(lab: &Lab) -> (Nic, Nic) {
    let lan = lab.segment();
    (
        lan.attach(&lab.host("a"), "lan0", &["10.71.0.1/24"]),
        lan.attach(&lab.host("b"), "lan0", &["10.71.0.2/24"]),
    )
}

#[test]
fn the_first_datagram_after_attaching_arrives() {
    for _ in 0..20 {
        let lab = Lab::new();
        let (lan, a, b) = (lab.segment(), lab.host("a"), lab.host("b"));
        let sockets = sockets(&a, &b);
        lan.attach(&a, "lan0", &["10.71.0.1/24"]);
        lan.attach(&b, "lan0", &["10.71.0.2/24"]);
        assert!(arrives(&sockets));
    }
}

#[test]
fn the_first_datagram_after_coming_up_or_plugging_in_arrives() {
    let (a, b) = pair(&Lab::new());
    let [there, back] = [(&a, &b), (&b, &a)].map(|(from, to)| sockets(from.host(), to.host()));
    for _ in 0..20 {
        a.set_up(false);
        a.set_up(true);
        assert!(arrives(&there));
        a.plug(false);
        a.plug(true);
        assert!(arrives(&back));
        a.recreate(&["10.71.0.1/24"]);
        assert!(arrives(&there));
    }
}

#[test]
fn ipv6_works_at_once_without_duplicate_address_detection() {
    let lab = Lab::new();
    let lan = lab.segment();
    let [a, b] = [("a", "fe80::1/64"), ("b", "fe80::2/64")]
        .map(|(name, address)| lan.attach(&lab.host(name), "lan0", &[address]));
    assert_eq!(ipv6(&a).len(), 1, "nothing but what was asked for");
    let index = b.index();
    let group = "ff12::7".parse().unwrap();
    let listener = b.host().run(|| {
        let socket = UdpSocket::bind("[::]:7").unwrap();
        socket.join_multicast_v6(&group, index).unwrap();
        socket
    });
    a.host().run(|| {
        let sender = UdpSocket::bind("[::]:0").unwrap();
        let to = SocketAddrV6::new(group, 7, 0, a.index());
        sender.send_to(b"hello", to).unwrap();
    });
    listener
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    assert_eq!(listener.recv(&mut [0; 8]).unwrap(), 5);
}

#[test]
fn an_interface_goes_down_and_comes_up_ready() {
    let (a, b) = pair(&Lab::new());
    a.set_up(false);
    assert!(!is_up(&a));
    assert!(is_running(&b));
    a.set_up(true);
    assert!(is_up(&a) && is_running(&a));
    assert!(reaches(&a, &b));
}

#[test]
fn an_unplugged_interface_is_up_without_a_carrier_and_plugged_in_again_works() {
    let (a, b) = pair(&Lab::new());
    a.plug(false);
    assert!(is_up(&a) && !is_running(&a));
    assert!(is_running(&b));
    assert!(!reaches(&b, &a));
    a.plug(true);
    assert!(is_running(&a));
    assert!(reaches(&b, &a) && reaches(&a, &b));
}

#[test]
fn an_interface_taken_up_without_its_cable_waits_for_it() {
    let (a, b) = pair(&Lab::new());
    a.set_up(false);
    a.plug(false);
    a.set_up(true);
    assert!(is_up(&a) && !is_running(&a));
    a.plug(true);
    assert!(reaches(&a, &b));
}

#[test]
fn a_cable_can_be_pulled_while_code_runs_on_the_host() {
    let (a, _b) = pair(&Lab::new());
    let carrier_lost = a.host().spawn({
        let a = a.clone();
        move || {
            let start = Instant::now();
            while is_running(&a) && start.elapsed() < Duration::from_secs(5) {
                thread::yield_now();
            }
            !is_running(&a)
        }
    });
    a.plug(false);
    assert!(carrier_lost.join());
}

#[test]
fn a_renamed_interface_keeps_its_index_and_works() {
    let (a, b) = pair(&Lab::new());
    let index = a.index();
    a.rename("lan9");
    assert_eq!((a.name().as_str(), a.index()), ("lan9", index));
    assert_eq!(a.host().run(|| if_nametoindex("lan9").unwrap()), index);
    assert!(reaches(&a, &b));
}

#[test]
fn a_deleted_interface_is_gone() {
    let (a, _b) = pair(&Lab::new());
    a.delete();
    assert!(entries(a.host(), "lan0").is_empty());
}

#[test]
fn a_recreated_interface_has_its_name_and_a_new_index() {
    let (a, b) = pair(&Lab::new());
    let before = a.index();
    a.delete();
    a.recreate(&["10.71.0.1/24"]);
    assert_ne!(a.index(), before);
    assert_eq!(a.host().run(|| if_nametoindex("lan0").unwrap()), a.index());
    assert!(reaches(&a, &b) && reaches(&b, &a));
}

#[test]
fn an_interface_may_be_recreated_with_the_index_it_had() {
    let (a, b) = pair(&Lab::new());
    let before = a.index();
    a.recreate_with_index(&["10.71.0.3/24"]);
    assert_eq!(a.index(), before);
    assert_eq!(a.host().run(|| if_nametoindex("lan0").unwrap()), before);
    assert_eq!(ipv4(&a)[0].1, Ipv4Addr::new(10, 71, 0, 3));
    assert!(reaches(&a, &b) && reaches(&b, &a));
}

#[test]
fn the_broadcast_address_is_computed_unless_there_is_no_room() {
    let lab = Lab::new();
    let nic = lab.segment().attach(
        &lab.host("a"),
        "lan0",
        &["10.0.4.1/22", "10.1.0.0/31", "10.2.0.1/32"],
    );
    let broadcast: Vec<_> = getifaddrs_broadcast(&nic);
    assert_eq!(broadcast[0], Some(Ipv4Addr::new(10, 0, 7, 255)));
    // Without one `getifaddrs` gives the address itself; a `brd` would be another.
    assert_eq!(broadcast[1], Some(Ipv4Addr::new(10, 1, 0, 0)));
    assert_eq!(broadcast[2], Some(Ipv4Addr::new(10, 2, 0, 1)));
}

fn getifaddrs_broadcast(nic: &Nic) -> Vec<Option<Ipv4Addr>> {
    ipv4(nic).into_iter().map(|(.., other)| other).collect()
}

#[test]
fn the_broadcast_address_may_be_left_out_or_odd() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    for (address, broadcast) in [
        ("10.71.0.1/24", Broadcast::None),
        (
            "10.72.0.1/24",
            Broadcast::Custom(Ipv4Addr::new(10, 72, 9, 9)),
        ),
    ] {
        let options = AddressOptions {
            broadcast,
            ..AddressOptions::default()
        };
        nic.add_address_with(address, options);
    }
    let broadcast = getifaddrs_broadcast(&nic);
    assert_eq!(broadcast[0], Some(Ipv4Addr::new(10, 71, 0, 1)), "none");
    assert_eq!(broadcast[1], Some(Ipv4Addr::new(10, 72, 9, 9)));
}

#[test]
fn an_address_may_have_a_label_or_a_peer() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let labelled = AddressOptions {
        label: Some("lan0:1".to_owned()),
        ..AddressOptions::default()
    };
    nic.add_address_with("10.71.0.1/24", labelled);
    let paired = AddressOptions {
        peer: Some("10.72.0.9".parse().unwrap()),
        ..AddressOptions::default()
    };
    nic.add_address_with("10.72.0.1/32", paired);
    let addresses = ipv4(&nic);
    assert_eq!(addresses[0].0, "lan0:1");
    let fib = nic
        .host()
        .run(|| fs::read_to_string("/proc/thread-self/net/fib_trie").unwrap());
    assert!(fib.contains("10.72.0.9"), "a route to the peer: {fib}");
    nic.remove_address("10.72.0.1/32");
    nic.remove_address("10.71.0.1/24");
    assert!(ipv4(&nic).is_empty());
}

#[test]
fn an_ipv6_address_may_be_tentative_or_deprecated() {
    let lab = Lab::new();
    let nic = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let tentative = AddressOptions {
        dad: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fd71::1/64", tentative);
    let deprecated = AddressOptions {
        deprecated: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fd72::1/64", deprecated);
    let flags = |start: &str| {
        let lines = ipv6(&nic);
        let line = lines.iter().find(|line| line.starts_with(start)).unwrap();
        let flags = line.split_whitespace().nth(4).unwrap();
        u8::from_str_radix(flags, 16).unwrap()
    };
    assert_eq!(flags("fd71") & 0x40, 0x40, "IFA_F_TENTATIVE");
    assert_eq!(flags("fd72") & 0x60, 0x20, "IFA_F_DEPRECATED alone");
    nic.remove_address("fd71::1/64");
    nic.remove_address("fd72::1/64");
    assert!(ipv6(&nic).is_empty());
}

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

#[test]
fn a_tunnel_is_a_point_to_point_interface() {
    let host = Lab::new().host("a");
    let (local, peer) = ([10, 9, 0, 1].into(), [10, 9, 0, 2].into());
    if fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/net/tun")
        .is_err()
    {
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
fn misuse_panics_at_the_line_that_did_it() {
    let host = Lab::new().host("a");
    let message = |misuse: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(misuse)).unwrap_err();
        *panic.downcast::<String>().unwrap()
    };
    let text = message(&|| host.nic("lo").plug(false));
    assert!(text.contains("no cable"), "{text}");
    let text = message(&|| host.nic("lo").add_address("10.0.0.1"));
    assert!(text.contains("address/prefix"), "{text}");
    let text = message(&|| drop(host.nic("lan0")));
    assert!(text.contains("No such device"), "{text}");
}
