//! What a switch that snoops forwards to whom.

use std::net::{IpAddr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::{Duration, Instant};

use ifcast_netlab::{
    Capture, Frame, GroupRecord, Lab, MembershipMessage, MembershipVersion, Nic, Querier, Query,
    RecordKind,
};

use crate::sys::Mode;
use crate::{Family, Hosts, families, ip};

/// A querier with which nobody waits long.
fn brisk() -> Querier {
    Querier {
        response_time: Duration::from_millis(100),
        last_member_time: Duration::from_millis(100),
        ..Querier::default()
    }
}

/// Sends to the group, and then to everybody; returns what has crossed until the latter did.
#[track_caller]
fn cross(hosts: &Hosts, family: &Family, payload: &str, capture: &mut Capture) -> Vec<Frame> {
    let sender = &hosts.sender;
    let scoped = |address, port| match SocketAddr::new(address, port) {
        SocketAddr::V6(address) => SocketAddrV6::new(*address.ip(), port, 0, sender.index()).into(),
        address => address,
    };
    sender.host().run(|| {
        let socket = UdpSocket::bind(scoped(family.sender, 0)).unwrap();
        let group = scoped(family.group, 7);
        socket.send_to(payload.as_bytes(), group).unwrap();
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.set_broadcast(true).unwrap();
        socket.send_to(payload.as_bytes(), "10.71.0.255:9").unwrap();
    });
    capture.frames_until(|frame| is_sent(frame, ip("10.71.0.255"), payload))
}

fn is_sent(frame: &Frame, destination: IpAddr, payload: &str) -> bool {
    frame
        .udp()
        .is_some_and(|udp| udp.payload == payload.as_bytes() && udp.destination.ip() == destination)
}

/// Whether what is sent to the group gets there.
#[track_caller]
fn reaches(hosts: &Hosts, family: &Family, payload: &str, capture: &mut Capture) -> bool {
    let frames = cross(hosts, family, payload, capture);
    frames
        .iter()
        .any(|frame| is_sent(frame, family.group, payload))
}

fn query(frame: &Frame) -> Option<Query> {
    match frame.membership() {
        Some(MembershipMessage::Query(query)) => Some(query),
        _ => None,
    }
}

#[test]
fn a_group_is_forwarded_from_the_join_until_after_the_leave() {
    for family in families() {
        for fast in [false, true] {
            let lab = Lab::new();
            let lan = lab.snooping_segment();
            let hosts = Hosts::on(&lab, &lan);
            let Hosts { member, other, .. } = &hosts;
            lan.set_querier(Querier {
                // Nobody would wait for the answer.
                last_member_time: Duration::from_millis(if fast { 20_000 } else { 100 }),
                ..brisk()
            });
            lan.set_fast_leave(member, fast);
            let (mut at_member, mut at_other) = (member.capture(), other.capture());
            let (group, socket) = (family.on(member), family.socket(member.host(), 7));

            assert!(!lan.forwards(family.sender, family.group, member));
            assert!(!reaches(&hosts, &family, "before", &mut at_member));
            group.join(&socket);
            lan.await_forwarding(family.sender, family.group, member, true);
            assert!(reaches(&hosts, &family, "joined", &mut at_member));
            assert!(!lan.forwards(family.sender, family.group, other));
            assert!(!reaches(&hosts, &family, "not joined", &mut at_other));
            group.leave(&socket);
            lan.await_forwarding(family.sender, family.group, member, false);
            assert!(!reaches(&hosts, &family, "left", &mut at_member));
        }
    }
}

#[test]
fn a_switch_asks_whether_others_are_left_and_nobody_answers() {
    for family in families() {
        let lab = Lab::new();
        let lan = lab.snooping_segment();
        let hosts = Hosts::on(&lab, &lan);
        let member = &hosts.member;
        lan.set_querier(brisk());
        let mut capture = member.capture();
        let (group, socket) = (family.on(member), family.socket(member.host(), 7));
        group.join(&socket);
        lan.await_forwarding(family.sender, family.group, member, true);
        group.leave(&socket);
        lan.await_forwarding(family.sender, family.group, member, false);

        let frames = cross(&hosts, &family, "left", &mut capture);
        let about_group = |query: &Query| query.group == Some(family.group);
        let mut asked = frames.iter().filter_map(query).filter(about_group);
        let query = asked.next().unwrap();
        assert_eq!(query.version, family.latest);
        assert_eq!(query.response_time, Duration::from_millis(100));
    }
}

#[test]
fn a_switch_forwards_exactly_the_sources_that_were_asked_for() {
    for family in families() {
        let lab = Lab::new();
        let lan = lab.snooping_segment();
        let hosts = Hosts::on(&lab, &lan);
        let member = &hosts.member;
        lan.set_querier(brisk());
        let mut capture = member.capture();
        let (group, socket) = (family.on(member), family.socket(member.host(), 7));
        let [a, _] = family.others;
        group.join(&socket);
        for (mode, sources, forwarded) in [
            (Mode::Include, [a], false),
            (Mode::Include, [family.sender], true),
            (Mode::Exclude, [family.sender], false),
            (Mode::Exclude, [a], true),
        ] {
            group.filter(&socket, mode, &sources);
            let text = format!("{mode:?} {sources:?}");
            lan.await_forwarding(family.sender, family.group, member, forwarded);
            lan.await_forwarding(a, family.group, member, !forwarded);
            // What comes of a source that was asked for by name is settled some ticks after it is not any more.
            let deadline = Instant::now() + Duration::from_secs(10);
            while reaches(&hosts, &family, &text, &mut capture) != forwarded {
                assert!(forwarded && Instant::now() < deadline, "{text}");
            }
        }
    }
}

#[test]
fn a_switch_that_asks_often_soon_forgets_who_leaves_without_a_word() {
    let [family, _] = families();
    let lab = Lab::new();
    let lan = lab.snooping_segment();
    let hosts = Hosts::on(&lab, &lan);
    let member = &hosts.member;
    // IGMPv1 has no word for it.
    let setting = "net/ipv4/conf/lan0/force_igmp_version";
    member.host().sysctl(setting, "1");
    lan.set_querier(Querier {
        interval: Duration::from_secs(1),
        ..brisk()
    });
    let mut capture = member.capture();
    let (group, socket) = (family.on(member), family.socket(member.host(), 7));
    group.join(&socket);
    lan.await_forwarding(family.sender, family.group, member, true);
    let is_general = |frame: &Frame| query(frame).is_some_and(|query| query.group.is_none());
    for _ in 0..2 {
        capture.frames_until(is_general);
    }
    assert_eq!(member.host().read_sysctl(setting), "1");
    group.leave(&socket);
    lan.await_forwarding(family.sender, family.group, member, false);
    let left = |record: &GroupRecord| {
        matches!(
            record.kind,
            RecordKind::Left | RecordKind::ToInclude | RecordKind::Block
        )
    };
    assert!(!capture.records(member, family.group).iter().any(left));
}

#[test]
fn a_switch_of_an_older_version_is_answered_in_it() {
    for family in families() {
        let lab = Lab::new();
        let lan = lab.snooping_segment();
        let hosts = Hosts::on(&lab, &lan);
        let member = &hosts.member;
        let mut capture = member.capture();
        lan.set_querier(Querier {
            igmp: MembershipVersion::Igmp2,
            mld: MembershipVersion::Mld1,
            ..brisk()
        });
        let is_older =
            |frame: &Frame| query(frame).is_some_and(|query| query.version == family.before);
        capture.frames_until(is_older);
        let (group, socket) = (family.on(member), family.socket(member.host(), 7));
        group.join_source(&socket, family.sender);
        let joined = GroupRecord::new(RecordKind::Member, family.group, []);
        let reports = capture.reports_until(member, |report| report.records.contains(&joined));
        assert_eq!(reports.last().unwrap().version, family.before);
        // Which is why the switch does not know that it is about one source only.
        let [a, _] = family.others;
        lan.await_forwarding(a, family.group, member, true);
        assert!(reaches(&hosts, &family, "joined", &mut capture));
        group.leave_source(&socket, family.sender);
        lan.await_forwarding(a, family.group, member, false);
        assert!(!reaches(&hosts, &family, "left", &mut capture));
    }
}

#[test]
fn a_host_that_asks_is_a_router_to_the_switch_and_gets_every_group() {
    for family in families() {
        let lab = Lab::new();
        let lan = lab.snooping_segment();
        let hosts = Hosts::on(&lab, &lan);
        let router: &Nic = &hosts.other;
        let mut capture = router.capture();
        assert!(!reaches(&hosts, &family, "before", &mut capture));
        router.send_query(&Query::general(family.latest, family.router));
        lan.await_router(router);
        assert!(reaches(&hosts, &family, "asked", &mut capture));
    }
}
