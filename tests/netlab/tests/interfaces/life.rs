//! What happens to an attached interface in its life.

use std::net::{Ipv4Addr, SocketAddrV6, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use ifcast_netlab::{Lab, Mishap, Victim};
use nix::net::if_::if_nametoindex;

use crate::{PATIENCE, arrives, entries, ipv4, ipv6, is_running, is_up, pair, reaches, sockets};

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
            while is_running(&a) && start.elapsed() < PATIENCE {
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
fn an_interface_moves_to_another_host_with_its_cable_and_its_index() {
    let lab = Lab::new();
    let (a, b) = pair(&lab);
    let host = lab.host("c");
    let moved = a.move_to(&host);
    assert!(entries(a.host(), "lan0").is_empty());
    assert_eq!((moved.index(), moved.name()), (a.index(), a.name()));
    assert_eq!(host.run(|| if_nametoindex("lan0").unwrap()), moved.index());
    assert!(!is_up(&moved) && ipv4(&moved).is_empty());
    moved.set_up(true);
    assert!(ipv6(&moved).is_empty());
    moved.add_address("10.71.0.1/24");
    assert!(reaches(&moved, &b) && reaches(&b, &moved));
    moved.plug(false);
    assert!(is_up(&moved) && !is_running(&moved));
}

#[test]
fn an_interface_moves_to_a_host_where_its_index_is_taken() {
    let [lab, other] = [Lab::new(), Lab::new()];
    let moving = lab.segment().attach(&lab.host("a"), "lan0", &[]);
    let host = other.host("b");
    let there = other.segment().attach(&host, "lan1", &[]);
    assert_eq!(moving.index(), there.index());
    let moved = moving.move_to(&host);
    assert_ne!(moved.index(), there.index());
    assert_eq!(host.run(|| if_nametoindex("lan0").unwrap()), moved.index());
    assert_eq!(host.run(|| if_nametoindex("lan1").unwrap()), there.index());
}

#[test]
fn an_end_of_a_veth_pair_moves_to_another_host() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    let [[left, right]] = a.add_veths("x", 1).try_into().unwrap();
    let right = right.move_to(&b);
    for (nic, address) in [(&left, "10.71.0.1/24"), (&right, "10.71.0.2/24")] {
        nic.set_up(true);
        nic.add_address(address);
    }
    let start = Instant::now();
    while ![&left, &right].into_iter().all(is_running) {
        assert!(start.elapsed() < PATIENCE, "they do not run yet");
        thread::yield_now();
    }
    assert!(reaches(&left, &right) && reaches(&right, &left));
}

#[test]
fn every_mishap_ends_with_the_interface_reachable_and_its_addresses_there() {
    let lab = Lab::new();
    let (lan, host, other) = (lab.segment(), lab.host("a"), lab.host("b"));
    let far = lan.attach(&other, "lan0", &["10.71.0.2/24"]);
    let addresses = [
        ["10.71.0.1/24", "fe80::1/64"],
        ["10.71.0.3/24", "fe80::3/64"],
    ];
    let mut victim = Victim::attach(&lan, &host, "lan0", addresses, &lab.host("elsewhere"));
    for mishap in Mishap::ALL {
        let near = victim.nic().clone();
        victim.begin(mishap);
        assert_eq!(victim.suffers(), Some(mishap));
        let cut_off = [
            Mishap::Down,
            Mishap::Unplugged,
            Mishap::MadeAnew,
            Mishap::Elsewhere,
        ];
        if cut_off.contains(&mishap) {
            assert!(!reaches(&far, &near), "{mishap:?}");
        }
        victim.end();
        assert_eq!(victim.suffers(), None);
        assert!(reaches(&far, victim.nic()), "{mishap:?}");
        let v4: Vec<_> = ipv4(victim.nic())
            .into_iter()
            .map(|own| own.1.to_string())
            .collect();
        assert_eq!(
            v4,
            [victim.addresses()[0].trim_end_matches("/24")],
            "{mishap:?}"
        );
        assert!(!ipv6(victim.nic()).is_empty(), "{mishap:?}");
    }
}

#[test]
fn misuse_panics_at_the_line_that_did_it() {
    let lab = Lab::new();
    let host = lab.host("a");
    let message = |misuse: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(misuse)).unwrap_err();
        *panic.downcast::<String>().unwrap()
    };
    let text = message(&|| host.nic("lo").plug(false));
    assert!(text.contains("no cable"), "{text}");
    let text = message(&|| host.nic("lo").add_address("10.0.0.1"));
    assert!(text.contains("address/prefix"), "{text}");
    let text = message(&|| drop(host.nic("lo").move_to(&lab.host("b"))));
    assert!(text.contains("move") && text.contains("to Host"), "{text}");
    let text = message(&|| drop(host.nic("lan0")));
    assert!(text.contains("No such device"), "{text}");
}
