//! Which multicast groups were joined on an interface, by anybody on its host.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Instant;

use ifcast::Interface;
use ifcast::interfaces::Enumerator;
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Judge, ip};

use crate::{PATIENCE, WAYS, host_with_card, index};

const ADDRESSES: [&str; 2] = ["239.255.71.7", "ff15::71"];

/// The groups of a network card, which all ways of asking agree on.
#[track_caller]
fn groups(nic: &Nic) -> Vec<IpAddr> {
    let index = index(nic.index());
    let told = WAYS.map(|way| {
        nic.host().run(|| {
            let mut enumerator = way().unwrap().groups(true);
            let one = enumerator.by_index(index).unwrap().unwrap();
            let all = enumerator.capture().unwrap();
            let groups = |interface: &Interface| interface.groups().map(<[_]>::to_vec);
            assert_eq!(groups(&one), all.by_index(index).and_then(groups));
            groups(&one).unwrap()
        })
    });
    assert_eq!(told[0], told[1]);
    assert!(told[0].is_sorted_by(|a, b| a < b), "{:?}", told[0]);
    told[0].clone()
}

/// The groups of the card as the kernel shows them to people.
fn shown(nic: &Nic) -> Vec<IpAddr> {
    let number = nic.index().to_string();
    let read = |file: &str| {
        let path = format!("/proc/thread-self/net/{file}");
        nic.host().run(|| fs::read_to_string(path).unwrap())
    };
    let ipv4 = read("igmp");
    let of_card = ipv4
        .lines()
        .skip_while(|line| !line.starts_with(&format!("{number}\t")));
    let of_card = of_card.skip(1).take_while(|line| line.starts_with('\t'));
    let mut groups: Vec<IpAddr> = of_card
        .map(|line| {
            let number = u32::from_str_radix(line.split_whitespace().next().unwrap(), 16).unwrap();
            Ipv4Addr::from(number.to_ne_bytes()).into()
        })
        .collect();
    groups.extend(read("igmp6").lines().filter_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let group = u128::from_str_radix(columns[2], 16).unwrap();
        (columns[0] == number).then(|| IpAddr::from(Ipv6Addr::from(group)))
    }));
    groups.sort_unstable();
    groups
}

/// Two cards whose addresses have joined the groups that their neighbours ask,
/// which the kernel does in its own time.
fn two_cards(host: &Host, lab: &Lab) -> [Nic; 2] {
    let nics = [
        ("lan0", "10.71.0.1/24", "fe80::71/64"),
        ("lan1", "10.71.1.1/24", "fe80::71/64"),
    ]
    .map(|(name, ipv4, ipv6)| lab.segment().attach(host, name, &[ipv4, ipv6]));
    let deadline = Instant::now() + PATIENCE;
    while !nics
        .iter()
        .all(|nic| shown(nic).contains(&ip("ff02::1:ff00:71")))
    {
        assert!(Instant::now() < deadline);
    }
    nics
}

#[test]
fn a_group_is_joined_where_somebody_joined_it_and_nowhere_else() {
    let lab = Lab::new();
    let host = lab.host("host");
    let [lan0, lan1] = two_cards(&host, &lab);
    let before = [groups(&lan0), groups(&lan1)];
    assert!(before[0].contains(&ip("224.0.0.1")) && before[0].contains(&ip("ff02::1")));

    let judge = Judge::listen(&lan0, 4321, &ADDRESSES.map(ip));
    let joined = groups(&lan0);
    for group in ADDRESSES {
        assert!(joined.contains(&ip(group)) && !before[0].contains(&ip(group)));
    }
    assert_eq!(joined.len(), before[0].len() + ADDRESSES.len());
    assert_eq!(groups(&lan1), before[1]);

    drop(judge);
    assert_eq!(groups(&lan0), before[0]);
}

#[test]
fn a_name_that_is_no_text_hides_nobodys_groups() {
    let lab = Lab::new();
    let host = lab.host("host");
    let [lan0, lan1] = two_cards(&host, &lab);
    lan0.set_up(false);
    lan0.rename(b"\xff");
    lan0.set_up(true);
    for nic in [lan0, lan1] {
        assert!(groups(&nic).contains(&ip("224.0.0.1")), "{nic:?}");
    }
}

#[test]
fn a_group_is_listed_once_however_many_have_joined_it_until_the_last_has_left() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let group = Ipv4Addr::new(239, 255, 71, 7);
    let joined = || {
        let listed = groups(&nic).into_iter();
        listed.filter(|other| *other == group).count()
    };
    let sockets = [(); 2].map(|()| {
        host.run(|| {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            socket
                .join_multicast_v4(&group, &[10, 71, 0, 1].into())
                .unwrap();
            socket
        })
    });
    let [first, second] = sockets;
    assert_eq!(joined(), 1);
    drop(first);
    assert_eq!(joined(), 1);
    second
        .leave_multicast_v4(&group, &[10, 71, 0, 1].into())
        .unwrap();
    assert_eq!(joined(), 0);
}

#[test]
fn the_groups_are_those_that_the_kernel_shows_to_people() {
    let lab = Lab::new();
    let host = lab.host("host");
    let [lan0, lan1] = two_cards(&host, &lab);
    let _judges = [
        Judge::listen(&lan0, 4321, &ADDRESSES.map(ip)),
        Judge::listen(&lan1, 4322, &[ip("239.255.71.8"), ip("ff15::72")]),
    ];
    for nic in [&lan0, &lan1, &host.nic("lo")] {
        assert!(!shown(nic).is_empty());
        assert_eq!(groups(nic), shown(nic), "{nic:?}");
    }
}

#[test]
fn an_interface_without_groups_has_none_and_not_an_unknown_number() {
    let (_host, nic) = host_with_card(&[]);
    nic.set_mtu(576); // too little for IPv6, which has groups always
    nic.set_up(false);
    assert_eq!(groups(&nic), Vec::<IpAddr>::new());
}

#[test]
fn groups_that_nobody_asked_for_are_unknown() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    for way in WAYS {
        host.run(|| {
            let mut enumerator = way().unwrap();
            let all = enumerator.capture().unwrap();
            assert!(all.interfaces().iter().all(|i| i.groups().is_none()));
            let one = enumerator.by_index(index(nic.index())).unwrap();
            assert_eq!(one.unwrap().groups(), None);
            let one = enumerator.by_name("lan0").unwrap();
            assert_eq!(one.unwrap().groups(), None);
        });
    }
}

#[test]
fn the_groups_are_those_of_the_host_and_not_of_the_process() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let _judge = Judge::listen(&nic, 4321, &ADDRESSES.map(ip));
    for way in WAYS {
        let elsewhere = way().unwrap().groups(true).capture().unwrap();
        for interface in elsewhere.interfaces() {
            let groups = interface.groups().unwrap();
            assert!(!groups.iter().any(|group| ADDRESSES.map(ip).contains(group)));
        }
    }
    let mut enumerator = host.run(|| Enumerator::new().unwrap().groups(true));
    let found = enumerator.by_name("lan0").unwrap().unwrap();
    assert!(found.groups().unwrap().contains(&ip(ADDRESSES[0])));
}
