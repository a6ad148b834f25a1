//! Hosts: isolation, running code, settings.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::mpsc;
use std::{fs, io, thread};

use ifcast_netlab::{DeadEnd, Host, Lab, Nic, Segment, Task};
use nix::net::if_::{if_nameindex, if_nametoindex};

fn interfaces() -> Vec<String> {
    let interfaces = if_nameindex().unwrap();
    interfaces
        .iter()
        .map(|interface| interface.name().to_str().unwrap().to_owned())
        .collect()
}

fn is_default_route_to(line: &str, interface: &str) -> bool {
    line.starts_with(&format!("{interface}\t00000000\t"))
}

#[test]
fn handles_may_be_sent_and_shared() {
    fn assert_send_sync<T: Send + Sync>() {}
    assert_send_sync::<Lab>();
    assert_send_sync::<Host>();
    assert_send_sync::<Segment>();
    assert_send_sync::<Nic>();
    assert_send_sync::<Task<u8>>();
}

#[test]
fn neither_the_process_nor_a_host_sees_a_real_interface() {
    let lab = Lab::new();
    assert_eq!(interfaces(), ["lo"]);
    assert_eq!(lab.host("a").run(interfaces), ["lo"]);
}

#[test]
fn loopback_works_in_the_process_and_on_a_host() {
    let hear_oneself = || {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        socket.send_to(b"hello", address).unwrap();
        socket.recv_from(&mut [0; 8]).unwrap()
    };
    let lab = Lab::new();
    assert_eq!(hear_oneself().0, 5);
    assert_eq!(lab.host("a").run(hear_oneself).0, 5);
}

#[test]
fn an_interface_of_one_host_is_unknown_on_another() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    lab.segment().attach(&a, "lan0", &[]);
    assert_eq!(a.run(interfaces), ["lo", "lan0"]);
    assert_eq!(b.run(interfaces), ["lo"]);
}

#[test]
fn a_closure_may_borrow_and_returns_its_value() {
    let host = Lab::new().host("a");
    let words = ["broad".to_owned(), "cast".to_owned()];
    assert_eq!(host.run(|| words.concat()), "broadcast");
}

#[test]
fn closures_on_one_host_run_at_the_same_time() {
    let host = Lab::new().host("a");
    let (sender, receiver) = mpsc::channel();
    let waiting = host.spawn(move || receiver.recv().unwrap());
    host.run(|| sender.send(7).unwrap());
    assert_eq!(waiting.join(), 7);
}

#[test]
fn bind_is_refused_where_that_was_asked_for_and_nowhere_else() {
    let host = Lab::new().host("a");
    let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let refused = host.run_without_bind(|| [bind(), thread::spawn(bind).join().unwrap()]);
    for refused in refused {
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
    assert!(host.run(bind).is_ok() && bind().is_ok());
}

#[test]
fn a_closure_may_use_its_own_host_and_others() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    lab.segment().attach(&b, "lan0", &[]);
    let seen = a.run(|| (a.run(interfaces), b.run(interfaces), interfaces()));
    assert_eq!(seen.0, ["lo"]);
    assert_eq!(seen.1, ["lo", "lan0"]);
    assert_eq!(seen.2, ["lo"]);
}

#[test]
fn a_panic_on_a_host_reaches_the_test_with_its_message() {
    let host = Lab::new().host("a");
    let run = catch_unwind(AssertUnwindSafe(|| host.run(|| panic!("on a"))));
    assert_eq!(*run.unwrap_err().downcast::<&str>().unwrap(), "on a");
    let task = host.spawn(|| panic!("on a, later"));
    let joined = catch_unwind(AssertUnwindSafe(|| task.join()));
    assert_eq!(
        *joined.unwrap_err().downcast::<&str>().unwrap(),
        "on a, later"
    );
    assert_eq!(host.run(|| 1), 1, "the host has survived");
}

#[test]
fn threads_and_child_processes_started_on_a_host_live_there() {
    let lab = Lab::new();
    let host = lab.host("a");
    lab.segment().attach(&host, "lan0", &[]);
    let thread = host.run(|| thread::spawn(interfaces).join().unwrap());
    assert_eq!(thread, ["lo", "lan0"]);
    let child = host.run(|| Command::new("cat").arg("/proc/net/dev").output().unwrap());
    assert!(String::from_utf8(child.stdout).unwrap().contains("lan0:"));
}

#[test]
fn a_socket_stays_on_its_host_wherever_it_is_used() {
    let lab = Lab::new();
    let host = lab.host("a");
    let socket = host.run(|| UdpSocket::bind((Ipv4Addr::LOCALHOST, 4321)).unwrap());
    let address = socket.local_addr().unwrap();
    drop(host);
    socket.send_to(b"hello", address).unwrap();
    assert_eq!(socket.recv_from(&mut [0; 8]).unwrap(), (5, address));
}

#[test]
fn a_setting_changes_on_one_host_only() {
    let lab = Lab::new();
    let (a, b) = (lab.host("a"), lab.host("b"));
    let setting = "net/ipv4/igmp_max_memberships";
    let before = b.read_sysctl(setting);
    a.sysctl(setting, "33");
    assert_eq!(a.read_sysctl(setting), "33");
    assert_eq!(b.read_sysctl(setting), before);
    assert_eq!(
        fs::read_to_string(format!("/proc/sys/{setting}"))
            .unwrap()
            .trim(),
        before
    );
}

#[test]
fn a_setting_of_one_interface_can_be_changed() {
    let lab = Lab::new();
    let host = lab.host("a");
    lab.segment().attach(&host, "lan0", &[]);
    host.sysctl("net/ipv4/conf/lan0/rp_filter", "1");
    assert_eq!(host.read_sysctl("net/ipv4/conf/lan0/rp_filter"), "1");
    assert_eq!(host.read_sysctl("net/ipv4/conf/all/rp_filter"), "0");
}

#[test]
fn no_two_interfaces_of_a_lab_have_the_same_index() {
    let lab = Lab::new();
    let (lan, a, b) = (lab.segment(), lab.host("a"), lab.host("b"));
    let nics = [
        lan.attach(&a, "lan0", &[]),
        lan.attach(&a, "lan1", &[]),
        lan.attach(&b, "lan0", &[]),
    ];
    let (x0, x1) = b.add_veth("x0", "x1");
    let mut indexes: Vec<u32> = nics.iter().map(Nic::index).collect();
    indexes.extend([x0, x1, a.add_bridge("br0", &[&nics[1]])]);
    for nic in &nics {
        let name = nic.name();
        let index = nic.host().run(|| if_nametoindex(name.as_str()).unwrap());
        assert_eq!(index, nic.index());
    }
    let total = indexes.len();
    indexes.sort_unstable();
    indexes.dedup();
    assert_eq!(indexes.len(), total, "{indexes:?}");
    assert!(indexes[0] > 10, "{indexes:?}");
}

#[test]
fn a_default_route_through_a_gateway_lets_a_host_send_beyond_its_subnet() {
    let lab = Lab::new();
    let (lan, a) = (lab.segment(), lab.host("a"));
    let nic = lan.attach(&a, "lan0", &["10.71.0.1/24", "fd71::1/64"]);
    let send = |to: &'static str| {
        a.run(move || {
            let any = if to.starts_with('[') {
                "[::]:0"
            } else {
                "0.0.0.0:0"
            };
            UdpSocket::bind(any).unwrap().send_to(b"", to).is_ok()
        })
    };
    assert_eq!([send("192.0.2.1:9"), send("[2001:db8::1]:9")], [false; 2]);
    a.add_default_route(&nic, Some("10.71.0.254".parse().unwrap()));
    assert_eq!(
        [send("192.0.2.1:9"), send("[2001:db8::1]:9")],
        [true, false]
    );
    a.add_default_route(&nic, Some("fd71::ffff".parse().unwrap()));
    assert_eq!([send("192.0.2.1:9"), send("[2001:db8::1]:9")], [true; 2]);
    a.remove_route("default", &nic);
    a.remove_route("::/0", &nic);
    assert_eq!([send("192.0.2.1:9"), send("[2001:db8::1]:9")], [false; 2]);
}

#[test]
fn the_default_route_added_first_is_preferred() {
    let lab = Lab::new();
    let (lan, a) = (lab.segment(), lab.host("a"));
    let first = lan.attach(&a, "lan0", &["10.71.0.1/24"]);
    let second = lan.attach(&a, "lan1", &["10.72.0.1/24"]);
    a.add_default_route(&second, None);
    a.add_default_route(&first, None);
    let source = || {
        a.run(|| {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            socket.connect("192.0.2.1:9").unwrap();
            socket.local_addr().unwrap().ip()
        })
    };
    assert_eq!(source(), Ipv4Addr::new(10, 72, 0, 1));
    a.remove_route("default", &second);
    assert_eq!(source(), Ipv4Addr::new(10, 71, 0, 1));
    let table = a.run(|| fs::read_to_string("/proc/thread-self/net/route").unwrap());
    assert!(table.lines().any(|line| is_default_route_to(line, "lan0")));
    assert!(!table.lines().any(|line| is_default_route_to(line, "lan1")));
}

#[test]
fn a_device_route_may_lead_multicast_out_of_an_interface() {
    let lab = Lab::new();
    let (lan, a) = (lab.segment(), lab.host("a"));
    lan.attach(&a, "lan0", &["10.71.0.1/24"]);
    let other = lan.attach(&a, "lan1", &["10.72.0.1/24"]);
    a.add_route("239.0.0.0/8", &other, None);
    let source = a.run(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.connect("239.1.2.3:9").unwrap();
        socket.local_addr().unwrap().ip()
    });
    assert_eq!(source, Ipv4Addr::new(10, 72, 0, 1));
}

#[test]
fn a_device_route_leads_ipv6_multicast_out_of_its_interface() {
    let lab = Lab::new();
    let (lan, a) = (lab.segment(), lab.host("a"));
    lan.attach(&a, "lan0", &["fd71::1/64"]);
    let other = lan.attach(&a, "lan1", &["fd72::1/64"]);
    let source = || {
        a.run(|| {
            let socket = UdpSocket::bind("[::]:0").unwrap();
            socket.connect("[ff05::7]:9").unwrap();
            socket.local_addr().unwrap().ip()
        })
    };
    assert_eq!(source(), "fd71::1".parse::<IpAddr>().unwrap());
    a.add_route("ff00::/8", &other, None);
    assert_eq!(source(), "fd72::1".parse::<IpAddr>().unwrap());
}

#[test]
fn a_dead_end_refuses_in_its_own_way_whatever_other_route_there_is() {
    let lab = Lab::new();
    for (dead_end, kind) in [
        (DeadEnd::Unreachable, io::ErrorKind::HostUnreachable),
        (DeadEnd::Blackhole, io::ErrorKind::InvalidInput),
        (DeadEnd::Prohibited, io::ErrorKind::PermissionDenied),
    ] {
        let host = lab.host("a");
        let nic = lab
            .segment()
            .attach(&host, "lan0", &["10.71.0.1/24", "fd71::1/64"]);
        host.add_default_route(&nic, None);
        host.add_dead_end("192.0.2.0/24", dead_end);
        host.add_dead_end("2001:db8::/32", dead_end);
        let refused = |from: &'static str, to: &'static str| {
            let connected = host.run(|| UdpSocket::bind(from).unwrap().connect(to));
            connected.err().map(|error| error.kind())
        };
        assert_eq!(refused("0.0.0.0:0", "192.0.2.1:9"), Some(kind));
        assert_eq!(refused("[::]:0", "[2001:db8::1]:9"), Some(kind));
        assert_eq!(refused("0.0.0.0:0", "192.0.3.1:9"), None);
        assert_eq!(refused("[::]:0", "[2001:db9::1]:9"), None);
    }
}

#[test]
fn an_ipv4_route_may_lead_through_an_ipv6_gateway() {
    let lab = Lab::new();
    let (lan, a) = (lab.segment(), lab.host("a"));
    let nic = lan.attach(&a, "lan0", &["10.71.0.1/24", "fe80::1/64"]);
    a.add_route("192.0.2.0/24", &nic, Some("fe80::2".parse().unwrap()));
    let sent = a.run(|| {
        UdpSocket::bind("0.0.0.0:0")
            .unwrap()
            .send_to(b"", "192.0.2.1:9")
    });
    assert_eq!(sent.unwrap(), 0);
}
