//! What goes wrong says what it is and what helps, and that does help.
//!
//! What there is too little of for a whole process is in `descriptors`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;

use ifcast::broadcast::{BroadcastSocket, Target};
use ifcast::multicast::MulticastSocket;
use ifcast::socket::{self, BoundSocket};
use ifcast::{Attempt, Class, Error, Family, Group, Interface, Lan, Outcome, Pinning, Sharing, To};
use ifcast_netlab::{AddressOptions, Host, Lab, Nic};
use ifcast_tests::{interface, is_installed, pinnings, tightest, wait_until};
use nix::libc::{EACCES, EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENETUNREACH, ENOBUFS, ENODEV, EPERM};
use socket2::SockRef;

const PORT: u16 = 2222;

/// A host on a segment, whose switch goes with the lab.
struct Desk {
    _lab: Lab,
    host: Host,
    nic: Nic,
}

impl Desk {
    fn new() -> Self {
        let lab = Lab::new();
        let host = lab.host("desk");
        let nic = lab
            .segment()
            .attach(&host, "lan0", &["10.71.0.1/24", "fe80::71:1/64"]);
        Self {
            _lab: lab,
            host,
            nic,
        }
    }

    /// A socket of each family, tied in each way, and whom it sends to.
    fn senders(&self) -> Vec<(BoundSocket, SocketAddr)> {
        let interface = interface(&self.nic);
        let mut senders = Vec::new();
        for pinning in pinnings() {
            for (family, to) in [
                (Family::V4, "255.255.255.255:2222"),
                (Family::V4, "239.71.7.7:2222"),
                (Family::V6, "[ff02::71:7]:2222"),
            ] {
                let builder = BoundSocket::builder(&interface, family).pinning(pinning);
                let socket = self.host.run(|| builder.bind()).unwrap();
                senders.push((socket, to.parse().unwrap()));
            }
        }
        senders
    }

    fn member(&self, family: Family) -> MulticastSocket {
        let interface = interface(&self.nic);
        self.host
            .run(|| MulticastSocket::bind(&interface, family, PORT))
            .unwrap()
    }
}

/// That an error says where it happened, what the system answered, what that means and,
/// with these words, what helps.
#[track_caller]
fn assert_teaches(
    error: impl Into<Error>,
    place: impl ToString,
    (errno, class): (i32, Class),
    words: &[&str],
) {
    let error = error.into();
    let text = error.to_string();
    let hint = error.hint().unwrap_or_else(|| panic!("{text}"));
    let answer = io::Error::from_raw_os_error(errno);
    assert_eq!(error.class(), class, "{text}");
    for word in words {
        assert!(hint.contains(word), "{text}");
    }
    assert!(text.contains(&place.to_string()), "{text}");
    assert!(text.ends_with(&format!(": {answer}: {hint}")), "{text}");
    let kind = error.kind();
    assert_eq!(kind, answer.kind(), "{text}");
    let converted = io::Error::from(error);
    assert_eq!(converted.kind(), kind);
    assert_eq!(converted.to_string(), text);
}

fn firewall(host: &Host, rules: &str) {
    let run = "PATH=$PATH:/usr/sbin:/sbin; exec nft \"$1\"";
    let output = host.run(|| Command::new("sh").args(["-c", run, "sh", rules]).output());
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_firewall_that_drops_or_rejects_is_a_policy_until_it_lets_through() {
    if !is_installed("nft") {
        return;
    }
    for verdict in ["drop", "reject"] {
        let desk = Desk::new();
        let place = interface(&desk.nic).id();
        let senders = desk.senders();
        let mut lan = desk.host.run(|| Lan::builder().port(PORT).build()).unwrap();
        let group = "239.71.7.7".parse().unwrap();
        firewall(
            &desk.host,
            &format!(
                "add table inet filter; \
                 add chain inet filter output {{ type filter hook output priority 0; }}; \
                 add rule inet filter output udp dport {PORT} {verdict}"
            ),
        );
        let found = (EPERM, Class::Policy);
        let words = ["firewall", "output"];
        for (socket, to) in &senders {
            let error = socket.send(b"x", *to).unwrap_err();
            assert_teaches(error, place, found, &words);
        }
        for to in [To::AllHosts, To::Subnets, To::Group(group)] {
            let report = lan.send(b"x", to);
            let text = report.to_string();
            let [(_, Outcome::Failed(error))] = report.iter().collect::<Vec<_>>()[..] else {
                panic!("{text}");
            };
            assert_eq!(error.class(), Class::Policy, "{text}");
            assert!(text.ends_with(error.hint().unwrap()), "{text}");
        }
        firewall(&desk.host, "delete table inet filter");
        for (socket, to) in &senders {
            socket.send(b"x", *to).unwrap();
        }
    }
}

#[test]
fn a_port_in_use_says_who_may_share_it_and_then_it_can_be_shared() {
    let desk = Desk::new();
    let interface = interface(&desk.nic);
    let found = (EADDRINUSE, Class::Other);
    let ours = |sharing| {
        let builder = BoundSocket::builder(&interface, Family::V4).port(PORT);
        desk.host.run(|| builder.sharing(sharing).bind())
    };
    let words = ["Sharing::WithOthers", "SO_REUSEADDR", "SO_REUSEPORT alone"];
    let theirs = |set: fn(&socket2::Socket)| {
        let open = || {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None);
            let socket = socket.unwrap();
            set(&socket);
            let wildcard: SocketAddr = ([0, 0, 0, 0], PORT).into();
            socket.bind(&wildcard.into()).unwrap();
            UdpSocket::from(socket)
        };
        desk.host.run(open)
    };
    let unshared: [fn(&socket2::Socket); 2] =
        [|_| {}, |socket| socket.set_reuse_port(true).unwrap()];
    for set in unshared {
        let _theirs = theirs(set);
        for sharing in [Sharing::Exclusive, Sharing::WithOthers] {
            let error = ours(sharing).unwrap_err();
            assert_teaches(error, interface.id(), found, &words);
        }
    }
    let _theirs = theirs(|socket| socket.set_reuse_address(true).unwrap());
    let exclusive = ours(Sharing::Exclusive);
    if tightest() == Pinning::Device {
        assert_teaches(exclusive.unwrap_err(), interface.id(), found, &words);
    } else {
        // It has to share with those of other interfaces, whoever else is among them.
        exclusive.unwrap();
    }
    ours(Sharing::WithOthers).unwrap();
}

#[test]
fn a_port_that_may_not_be_bound_is_a_policy() {
    let desk = Desk::new();
    let interface = interface(&desk.nic);
    for family in Family::ALL {
        let builder = BoundSocket::builder(&interface, family).port(67);
        let error = desk.host.run_without_bind(|| builder.bind()).unwrap_err();
        let words = ["ip_unprivileged_port_start", "CAP_NET_BIND_SERVICE"];
        assert_teaches(error, interface.id(), (EACCES, Class::Policy), &words);
    }
}

#[test]
fn a_deleted_interface_is_gone_even_if_one_of_its_name_is_made() {
    let desk = Desk::new();
    let before = interface(&desk.nic);
    let senders = desk.senders();
    let assert_gone = || {
        for (socket, to) in &senders {
            let error = socket.send(b"x", *to).unwrap_err();
            if to.is_ipv4() {
                let words = ["deleted", "another socket"];
                assert_teaches(error, before.id(), (ENODEV, Class::Gone), &words);
            } else {
                // The kernel says the same of one that is down.
                let words = ["down or gone"];
                assert_teaches(error, before.id(), (ENETUNREACH, Class::Transient), &words);
            }
        }
    };
    desk.nic.delete();
    assert_gone();
    for family in Family::ALL {
        for pinning in pinnings() {
            let error = open(&desk.host, &before, family, pinning).unwrap_err();
            assert_eq!(error.class(), Class::Gone, "{error}");
            let hint = error.hint().unwrap();
            assert!(hint.contains("looked up again"), "{error}");
            assert!(error.to_string().ends_with(hint), "{error}");
        }
    }
    desk.nic.recreate(&["10.71.0.1/24", "fe80::71:1/64"]);
    assert_eq!(interface(&desk.nic).name(), before.name());
    assert_gone();
    for (socket, to) in desk.senders() {
        socket.send(b"x", to).unwrap();
    }
}

#[test]
fn an_interface_that_is_down_is_transient() {
    let desk = Desk::new();
    let interface = interface(&desk.nic);
    let place = interface.id();
    let senders = desk.senders();
    let broadcaster = desk.host.run(|| BroadcastSocket::bind(&interface, 0));
    let broadcaster = broadcaster.unwrap();
    let member = desk.member(Family::V4);
    let found = (ENETUNREACH, Class::Transient);
    desk.nic.set_up(false);
    for (socket, to) in &senders {
        let error = socket.send(b"x", *to).unwrap_err();
        assert_teaches(error, place, found, &["is down"]);
    }
    let error = broadcaster.send(b"x", Target::Limited).unwrap_err();
    assert_teaches(error, place, found, &["is down"]);
    let error = member.send(b"x", "239.71.7.7".parse().unwrap());
    assert_teaches(error.unwrap_err(), place, found, &["is down"]);
    desk.nic.set_up(true);
    desk.nic.add_address("fe80::71:2/64"); // the other one went
    for (socket, to) in &senders {
        socket.send(b"x", *to).unwrap();
    }
}

#[test]
fn an_address_that_is_still_tentative_is_transient() {
    let lab = Lab::new();
    let host = lab.host("desk");
    let nic = lab.segment().attach(&host, "lan0", &["10.71.0.1/24"]);
    // So that the kernel is not done with it before this test is.
    host.sysctl("net/ipv6/conf/lan0/dad_transmits", "60");
    let options = AddressOptions {
        dad: true,
        ..AddressOptions::default()
    };
    nic.add_address_with("fe80::71:1/64", options);
    let interface = interface(&nic);
    let group: Group = "ff02::71:7".parse().unwrap();
    for pinning in pinnings() {
        let socket = open(&host, &interface, Family::V6, pinning).unwrap();
        let send = || socket.send(b"x", group.socket_addr(PORT));
        let found = (EADDRNOTAVAIL, Class::Transient);
        // There is no route yet at the very beginning.
        wait_until("the address is tentative", || {
            send().unwrap_err().raw_os_error() == Some(EADDRNOTAVAIL)
        });
        let error = send().unwrap_err();
        assert_teaches(error, interface.id(), found, &["tentative", "second"]);
    }
    nic.add_address("fe80::71:2/64");
    let socket = open(&host, &interface, Family::V6, Pinning::Automatic).unwrap();
    wait_until("an address is ready", || {
        socket.send(b"x", group.socket_addr(PORT)).is_ok()
    });
}

#[test]
fn more_memberships_than_there_may_be_are_a_limit_that_is_named_and_can_be_raised() {
    let desk = Desk::new();
    let place = interface(&desk.nic).id();
    let group: Group = "239.71.7.7".parse().unwrap();
    let mut socket = desk.member(Family::V4);
    desk.host.sysctl("net/ipv4/igmp_max_memberships", "0");
    let error = desk.host.run(|| socket.join(group)).unwrap_err();
    let words = [
        "net.ipv4.igmp_max_memberships",
        "net.ipv4.igmp_max_msf",
        "optmem_max",
    ];
    assert_teaches(error, place, (ENOBUFS, Class::Limit), &words);
    desk.host.sysctl("net/ipv4/igmp_max_memberships", "20");
    desk.host.run(|| socket.join(group)).unwrap();

    // Before Linux 6.8 it is the whole machine's.
    let optmem_max = Path::new("/proc/sys/net/core/optmem_max");
    if !desk.host.run(|| optmem_max.exists()) {
        return;
    }
    let group: Group = "ff02::71:7".parse().unwrap();
    let mut socket = desk.member(Family::V6);
    desk.host.sysctl("net/core/optmem_max", "0");
    let error = desk.host.run(|| socket.join(group)).unwrap_err();
    assert!(!error.to_string().contains("ipv4"), "{error}");
    let words = ["net.ipv6.mld_max_msf", "net.core.optmem_max"];
    assert_teaches(error, place, (ENOBUFS, Class::Limit), &words);
    desk.host.sysctl("net/core/optmem_max", "131072");
    desk.host.run(|| socket.join(group)).unwrap();
}

#[test]
fn an_interface_without_ipv6_for_want_of_mtu_is_transient() {
    let desk = Desk::new();
    let place = interface(&desk.nic).id();
    let group: Group = "ff02::71:7".parse().unwrap();
    let mut socket = desk.member(Family::V6);
    desk.nic.set_mtu(1000);
    let error = desk.host.run(|| socket.join(group)).unwrap_err();
    let words = ["IPv6", "MTU", "1280"];
    assert_teaches(error, place, (EINVAL, Class::Transient), &words);
    desk.nic.set_mtu(1500);
    desk.host.run(|| socket.join(group)).unwrap();
}

#[test]
fn a_group_cannot_be_joined_on_an_interface_that_is_gone() {
    for (family, group) in [(Family::V4, "239.71.7.7"), (Family::V6, "ff02::71:7")] {
        let desk = Desk::new();
        let place = interface(&desk.nic).id();
        let mut socket = desk.member(family);
        desk.nic.delete();
        let error = desk.host.run(|| socket.join(group.parse().unwrap()));
        let error = error.unwrap_err();
        assert_teaches(error, place, (ENODEV, Class::Gone), &["deleted"]);
    }
}

#[test]
fn a_membership_that_the_kernel_has_lost_says_what_repairs_it() {
    let desk = Desk::new();
    let group = [239, 71, 7, 7].into();
    let on = socket2::InterfaceIndexOrAddress::Index(desk.nic.index());
    // Of a socket that is not ours, whose memberships would know better.
    let socket = desk.host.run(|| UdpSocket::bind("0.0.0.0:0")).unwrap();
    let socket = socket2::SockRef::from(&socket);
    socket.join_multicast_v4_n(&group, &on).unwrap();
    desk.nic.recreate_with_index(&["10.71.0.1/24"]);
    let error = socket.join_multicast_v4_n(&group, &on).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(EADDRINUSE));
    let explained = Attempt::Join(Family::V4).explain(&error);
    assert_eq!(explained.class(), Class::Gone);
    assert!(explained.hint().unwrap().starts_with("the kernel has lost"));
    let text = explained.to_string();
    assert!(text.contains("leave the group and join it again"), "{text}");
    socket.leave_multicast_v4_n(&group, &on).unwrap();
    socket.join_multicast_v4_n(&group, &on).unwrap();
    socket.leave_multicast_v4_n(&group, &on).unwrap();
    let error = socket.leave_multicast_v4_n(&group, &on).unwrap_err();
    assert_eq!(Attempt::Leave.explain(&error).class(), Class::Gone);
}

#[test]
fn what_makes_no_sense_is_invalid() {
    let desk = Desk::new();
    let place = interface(&desk.nic).id();
    for (socket, mut to) in desk.senders() {
        let error = socket.send(&[0; 60_000], to).unwrap_err();
        assert_eq!(error.class(), Class::Invalid, "{error}");
        assert_eq!(error.hint(), None, "{error}");
        to.set_port(0);
        let error = socket.send(b"x", to).unwrap_err();
        assert_teaches(error, place, (EINVAL, Class::Invalid), &["port"]);
    }
}

#[test]
fn what_the_program_finds_out_itself_has_a_class_too() {
    let lab = Lab::new();
    let host = lab.host("desk");
    let nic = lab.segment().attach(&host, "lan0", &["10.71.0.1/24"]);
    let interface = interface(&nic);
    let no_address = open(&host, &interface, Family::V6, Pinning::Automatic);
    assert_eq!(no_address.unwrap_err().class(), Class::Transient);
    let nobody = ifcast::Selector::name("nonesuch0".parse().unwrap());
    let nobody = Lan::builder().interfaces(nobody);
    let error = host.run(|| nobody.build()).unwrap_err();
    assert_eq!(error.class(), Class::Gone);
    let socket = open(&host, &interface, Family::V4, Pinning::Automatic).unwrap();
    let wrong = socket.send(b"x", "[ff02::71:7]:2222".parse().unwrap());
    assert_eq!(wrong.unwrap_err().class(), Class::Invalid);
    let lo = ifcast_tests::interface(&host.nic("lo"));
    let no_broadcast = host.run(|| BroadcastSocket::bind(&lo, PORT));
    let error = Error::from(no_broadcast.unwrap_err());
    assert_eq!((error.class(), error.hint()), (Class::Other, None));
    nic.remove_address("10.71.0.1/24");
    nic.add_address("10.71.0.1/32");
    let lonely = ifcast_tests::interface(&nic);
    let socket = host.run(|| BroadcastSocket::bind(&lonely, PORT)).unwrap();
    let no_subnet = socket.send(b"x", Target::Directed);
    assert_eq!(no_subnet.unwrap_err().class(), Class::Transient);
}

fn open(
    host: &Host,
    interface: &Interface,
    family: Family,
    pinning: Pinning,
) -> Result<BoundSocket, socket::Error> {
    let builder = BoundSocket::builder(interface, family).pinning(pinning);
    host.run(|| builder.bind())
}

#[test]
fn who_may_not_tie_sockets_to_devices_is_told_so_or_has_the_other_way() {
    let desk = Desk::new();
    let ours = interface(&desk.nic);
    for family in Family::ALL {
        let bind = |pinning| BoundSocket::builder(&ours, family).pinning(pinning).bind();
        let (refused, automatic) = desk
            .host
            .run_without_device_binding(|| (bind(Pinning::Device), bind(Pinning::Automatic)));
        let refused = refused.unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(EPERM), "{refused}");
        assert_eq!(refused.class(), Class::Policy);
        assert!(refused.hint().unwrap().contains("CAP_NET_RAW"), "{refused}");
        assert_eq!(automatic.unwrap().pinning(), Pinning::AddressFree);
        // Nor by the name, as before Linux 5.1.
        let by_name = || SockRef::from(&UdpSocket::bind("[::]:0")?).bind_device(Some(b"lan0"));
        let error = desk.host.run_without_device_binding(by_name).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(EPERM), "{error}");
        assert_eq!(
            desk.host.run(by_name).is_ok(),
            tightest() == Pinning::Device
        );
    }
}
