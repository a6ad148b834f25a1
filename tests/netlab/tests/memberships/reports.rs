//! What hosts report unasked.

use std::net::IpAddr;

use ifcast_netlab::{Capture, Frame, GroupRecord, Lab, MembershipMessage, RecordKind};

use crate::sys::Mode;
use crate::{Family, Hosts, families};

/// Does something to memberships and awaits the record that it must lead to.
struct Reporter {
    hosts: Hosts,
    family: Family,
    capture: Capture,
}

impl Reporter {
    fn new(family: Family) -> Self {
        let lab = Lab::new();
        let lan = lab.segment();
        let hosts = Hosts::on(&lab, &lan);
        let capture = lan.capture();
        Self {
            hosts,
            family,
            capture,
        }
    }

    /// Awaits a record of this kind about these sources, and of others that changed at about the same time.
    #[track_caller]
    fn expect(&mut self, kind: RecordKind, sources: &[IpAddr]) {
        let says = |record: &GroupRecord| {
            record.kind == kind && sources.iter().all(|source| record.sources.contains(source))
        };
        self.capture
            .records_until(&self.hosts.member, self.family.group, says);
    }

    /// Awaits a record of this kind about a source, or one that all sources but these are wanted: while that one is being
    /// repeated, what changes goes with it (RFC 3376, section 5.1; RFC 3810, section 6.1).
    #[track_caller]
    fn expect_or_all(&mut self, kind: RecordKind, source: IpAddr, all_but: &[IpAddr]) {
        let group = self.family.group;
        let all = GroupRecord::new(RecordKind::ToExclude, group, all_but.iter().copied());
        let says = |record: &GroupRecord| {
            *record == all || record.kind == kind && record.sources.contains(&source)
        };
        self.capture.records_until(&self.hosts.member, group, says);
    }
}

#[test]
fn joining_and_leaving_are_reported() {
    for family in families() {
        let mut reporter = Reporter::new(family);
        let member = reporter.hosts.member.clone();
        let group = family.on(&member);
        let socket = family.socket(member.host(), 7);

        group.join(&socket);
        let joined = GroupRecord::new(RecordKind::ToExclude, family.group, []);
        let reports = reporter
            .capture
            .reports_until(&member, |report| report.records.contains(&joined));
        let report = reports.last().unwrap();
        assert_eq!(report.version, family.latest);
        assert_eq!(report.destination, family.destinations[1]);

        group.leave(&socket);
        let left = GroupRecord::new(RecordKind::ToInclude, family.group, []);
        let records = reporter
            .capture
            .records_until(&member, family.group, |record| *record == left);
        // What was reported before may be repeated, but nothing else is.
        assert!(
            records
                .iter()
                .all(|record| [&joined, &left].contains(&record)),
            "{records:?}"
        );
    }
}

#[test]
fn reports_carry_a_router_alert_and_go_no_further_than_the_next_router() {
    for family in families() {
        let mut reporter = Reporter::new(family);
        let member = &reporter.hosts.member;
        let socket = family.socket(member.host(), 7);
        family.on(member).join(&socket);
        let about_group = |frame: &Frame| match frame.membership() {
            Some(MembershipMessage::Report(report)) => report
                .records
                .iter()
                .any(|record| record.group == family.group),
            _ => false,
        };
        let frames = reporter.capture.frames_until(about_group);
        let ip = frames.last().unwrap().ip().unwrap();
        assert_eq!((ip.hops, ip.router_alert), (1, true));
    }
}

#[test]
fn sources_that_are_joined_and_left_are_reported_one_by_one() {
    for family in families() {
        let mut reporter = Reporter::new(family);
        let member = reporter.hosts.member.clone();
        let (group, socket) = (family.on(&member), family.socket(member.host(), 7));
        let [a, b] = family.others;
        group.join_source(&socket, a);
        reporter.expect(RecordKind::Allow, &[a]);
        group.join_source(&socket, b);
        reporter.expect(RecordKind::Allow, &[b]);
        group.leave_source(&socket, a);
        reporter.expect(RecordKind::Block, &[a]);
        group.leave_source(&socket, b);
        reporter.expect(RecordKind::Block, &[b]);
    }
}

#[test]
fn sources_that_are_blocked_and_unblocked_are_reported() {
    for family in families() {
        let mut reporter = Reporter::new(family);
        let member = reporter.hosts.member.clone();
        let (group, socket) = (family.on(&member), family.socket(member.host(), 7));
        let [a, _] = family.others;
        group.join(&socket);
        reporter.expect(RecordKind::ToExclude, &[]);
        group.block(&socket, a);
        reporter.expect_or_all(RecordKind::Block, a, &[a]);
        group.unblock(&socket, a);
        reporter.expect_or_all(RecordKind::Allow, a, &[]);
    }
}

#[test]
fn a_filter_that_changes_its_mode_is_reported_with_all_its_sources() {
    for family in families() {
        let mut reporter = Reporter::new(family);
        let member = reporter.hosts.member.clone();
        let (group, socket) = (family.on(&member), family.socket(member.host(), 7));
        let [a, b] = family.others;
        group.join(&socket);
        reporter.expect(RecordKind::ToExclude, &[]);
        group.filter(&socket, Mode::Include, &[a, b]);
        reporter.expect(RecordKind::ToInclude, &[a, b]);
        group.filter(&socket, Mode::Exclude, &[b]);
        reporter.expect(RecordKind::ToExclude, &[b]);
    }
}

#[test]
fn a_socket_that_is_closed_leaves() {
    for family in families() {
        let mut reporter = Reporter::new(family);
        let member = reporter.hosts.member.clone();
        let (group, socket) = (family.on(&member), family.socket(member.host(), 7));
        let [a, b] = family.others;
        group.join_source(&socket, a);
        group.join_source(&socket, b);
        reporter.expect(RecordKind::Allow, &[b]);
        drop(socket);
        reporter.expect(RecordKind::Block, &[a, b]);
    }
}

#[test]
fn an_older_version_that_is_forced_is_what_is_reported_in_without_sources() {
    for family in families() {
        let mut reporter = Reporter::new(family);
        let member = reporter.hosts.member.clone();
        let setting = if family.group.is_ipv4() {
            ("net/ipv4/conf/lan0/force_igmp_version", "2")
        } else {
            ("net/ipv6/conf/lan0/force_mld_version", "1")
        };
        member.host().sysctl(setting.0, setting.1);
        let (group, socket) = (family.on(&member), family.socket(member.host(), 7));

        group.join_source(&socket, family.sender);
        let joined = GroupRecord::new(RecordKind::Member, family.group, []);
        let reports = reporter
            .capture
            .reports_until(&member, |report| report.records.contains(&joined));
        let report = reports.last().unwrap();
        assert_eq!(report.version, family.before);
        assert_eq!(report.destination, family.group);

        group.leave_source(&socket, family.sender);
        reporter.expect(RecordKind::Left, &[]);
    }
}
