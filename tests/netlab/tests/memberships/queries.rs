//! What hosts answer.

use std::time::Duration;

use ifcast_netlab::{
    Capture, GroupRecord, Lab, MembershipMessage, MembershipVersion, Nic, Query, RecordKind,
};

use crate::sys::Mode;
use crate::{Hosts, families};

/// What was asked last, as it crossed.
#[track_caller]
fn query(capture: &mut Capture) -> Query {
    let is_query = |frame: &ifcast_netlab::Frame| {
        matches!(frame.membership(), Some(MembershipMessage::Query(_)))
    };
    let frames = capture.frames_until(is_query);
    let frame = frames.last().unwrap();
    let ip = frame.ip().unwrap();
    assert_eq!((ip.hops, ip.router_alert), (1, true));
    match frame.membership() {
        Some(MembershipMessage::Query(query)) => query,
        _ => unreachable!("it was one a moment ago"),
    }
}

#[track_caller]
fn expect(capture: &mut Capture, nic: &Nic, expected: &GroupRecord) {
    capture.records_until(nic, expected.group, |record| record == expected);
}

#[test]
fn a_general_query_is_answered_with_the_state_of_each_group() {
    for family in families() {
        let lab = Lab::new();
        let lan = lab.segment();
        let hosts = Hosts::on(&lab, &lan);
        let member = &hosts.member;
        let [a, b] = family.others;
        let mut capture = lan.capture();
        let (group, socket) = (family.on(member), family.socket(member.host(), 7));
        let record =
            |kind, sources: &[_]| GroupRecord::new(kind, family.group, sources.iter().copied());

        let general = Query::general(family.latest, family.router);
        group.join(&socket);
        group.filter(&socket, Mode::Include, &[a, b]);
        hosts.other.send_query(&general);
        assert_eq!(query(&mut capture), general);
        expect(
            &mut capture,
            member,
            &record(RecordKind::IsInclude, &[a, b]),
        );
        group.filter(&socket, Mode::Exclude, &[b]);
        hosts.other.send_query(&general);
        expect(&mut capture, member, &record(RecordKind::IsExclude, &[b]));
    }
}

#[test]
fn a_query_about_a_group_or_its_sources_is_answered_by_its_members() {
    for family in families() {
        let lab = Lab::new();
        let lan = lab.segment();
        let hosts = Hosts::on(&lab, &lan);
        let member = &hosts.member;
        let [a, b] = family.others;
        let mut capture = lan.capture();
        let (group, socket) = (family.on(member), family.socket(member.host(), 7));
        group.join(&socket);
        group.filter(&socket, Mode::Include, &[a, b]);

        let about_group = Query::about(family.latest, family.router, family.group);
        hosts.other.send_query(&about_group);
        assert_eq!(query(&mut capture), about_group);
        let both = GroupRecord::new(RecordKind::IsInclude, family.group, [a, b]);
        expect(&mut capture, member, &both);

        let about_source = Query {
            sources: [a].into(),
            ..about_group
        };
        hosts.other.send_query(&about_source);
        assert_eq!(query(&mut capture), about_source);
        let one = GroupRecord::new(RecordKind::IsInclude, family.group, [a]);
        expect(&mut capture, member, &one);
    }
}

#[test]
fn a_query_of_an_older_version_is_answered_in_it() {
    for family in families() {
        for version in [family.before, MembershipVersion::Igmp1] {
            if version.is_igmp() != family.group.is_ipv4() {
                continue;
            }
            let lab = Lab::new();
            let lan = lab.segment();
            let hosts = Hosts::on(&lab, &lan);
            let member = &hosts.member;
            let mut capture = lan.capture();
            let (group, socket) = (family.on(member), family.socket(member.host(), 7));

            let general = Query::general(version, family.router);
            hosts.other.send_query(&general);
            assert_eq!(query(&mut capture), general);
            // Which asks nobody about anything yet, but tells in which version to report.
            let mut at_member = member.capture();
            hosts.other.send_query(&general);
            query(&mut at_member);
            group.join(&socket);
            let joined = GroupRecord::new(RecordKind::Member, family.group, []);
            let reports = capture.reports_until(member, |report| report.records.contains(&joined));
            assert_eq!(reports.last().unwrap().version, version);
        }
    }
}

#[test]
fn the_fields_of_a_query_arrive_as_they_were_asked() {
    for family in families() {
        let lab = Lab::new();
        let lan = lab.segment();
        let hosts = Hosts::on(&lab, &lan);
        let mut capture = lan.capture();
        let asked = Query {
            response_time: Duration::from_millis(12_800),
            suppress: true,
            robustness: 7,
            interval: Duration::from_secs(31_744),
            ..Query::about(family.latest, family.router, family.group)
        };
        hosts.other.send_query(&asked);
        assert_eq!(query(&mut capture), asked);
    }
}

#[test]
#[should_panic(expected = "sources are asked about by IGMPv3 and MLDv2")]
fn a_query_that_its_version_cannot_express_is_refused() {
    let [family, _] = families();
    let lab = Lab::new();
    let hosts = Hosts::on(&lab, &lab.segment());
    hosts.other.send_query(&Query {
        sources: family.others.into(),
        ..Query::about(family.before, family.router, family.group)
    });
}
