//! What the network is told of memberships, and what it makes of that: routers
//! and switches that snoop learn exactly what was asked for.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ifcast::multicast::{MulticastSocket, SourceFilter};
use ifcast::socket::{BoundSocket, PacketInfo};
use ifcast::{Family, Group};
use ifcast_netlab::{
    Capture, Frame, GroupRecord, Host, Lab, MembershipVersion, Nic, Querier, Query, RecordKind,
    Segment, Task,
};
use ifcast_tests::{Ear, interface, ip};

const PORT: u16 = 2222;

/// A member, a neighbour that speaks with several addresses, and a router.
struct Stage {
    lan: Segment,
    member: Nic,
    speaker: Nic,
    router: Nic,
    family: Family,
    group: Group,
    sources: Vec<IpAddr>,
}

impl Stage {
    /// On a segment whose switch snoops, and is the querier; the member's host has these settings.
    fn snooping(family: Family, count: usize, settings: &[(&str, &str)]) -> Self {
        let lab = Lab::new();
        let lan = lab.snooping_segment();
        let member = lab.host("member");
        for (setting, value) in settings {
            member.sysctl(setting, value);
        }
        let stage = Self::on(&lab, lan, &member, family, count);
        stage.lan.set_querier(Querier {
            last_member_time: Duration::from_millis(100),
            ..Querier::default()
        });
        stage
    }

    /// On a segment that carries everything to everybody.
    fn flooding(family: Family) -> Self {
        let lab = Lab::new();
        Self::on(&lab, lab.segment(), &lab.host("member"), family, 4)
    }

    fn on(lab: &Lab, lan: Segment, member: &Host, family: Family, count: usize) -> Self {
        let attach = |host: &Host, addresses: &[&str]| lan.attach(host, "lan0", addresses);
        let member = attach(member, &["10.71.0.2/16", "fe80::71:2/64"]);
        let router = attach(&lab.host("router"), &["10.71.0.1/16", "fe80::1/64"]);
        let sources: Vec<IpAddr> = (1..=count)
            .map(|number| match family {
                Family::V4 => ip(&format!("10.71.1.{number}")),
                Family::V6 => ip(&format!("fe80::72:{number:x}")),
            })
            .collect();
        let length = match family {
            Family::V4 => 16,
            Family::V6 => 64,
        };
        let addresses: Vec<_> = sources.iter().map(|ip| format!("{ip}/{length}")).collect();
        let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
        let speaker = attach(&lab.host("speaker"), &addresses);
        let group = match family {
            Family::V4 => "239.71.7.7",
            Family::V6 => "ff15::71:7",
        };
        Self {
            member,
            speaker,
            router,
            family,
            group: group.parse().unwrap(),
            sources,
            lan,
        }
    }

    fn socket(&self) -> MulticastSocket {
        let interface = interface(&self.member);
        let open = || MulticastSocket::bind(&interface, self.family, PORT);
        self.member.host().run(open).unwrap()
    }

    /// Has every source speak once, in order.
    fn speak_once(&self) {
        self.voice()();
    }

    /// Has every source speak as fast as it can, as long as the value lives.
    fn speak(&self) -> Speech {
        let voice = self.voice();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let task = self.speaker.host().spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                voice();
            }
        });
        Speech {
            stop,
            task: Some(task),
        }
    }

    /// What has every source speak once.
    fn voice(&self) -> impl Fn() + Send + 'static {
        let interface = interface(&self.speaker);
        let open = || BoundSocket::builder(&interface, self.family).bind();
        let socket = self.speaker.host().run(open).unwrap();
        let to = self.group.socket_addr(PORT);
        let infos = self.sources.iter().map(|source| PacketInfo {
            source: Some(*source),
            ..PacketInfo::default()
        });
        let infos: Vec<_> = infos.collect();
        move || {
            for info in &infos {
                // A full queue is what full rate means.
                let _ = socket.send_with(b"hello", to, *info);
            }
        }
    }

    fn set_of(&self, places: &[usize]) -> BTreeSet<IpAddr> {
        places.iter().map(|place| self.sources[*place]).collect()
    }

    /// What a router that asks about the group must be told.
    #[track_caller]
    fn assert_answers(&self, capture: &mut Capture, expected: &SourceFilter) {
        let (version, router) = match self.family {
            Family::V4 => (MembershipVersion::Igmp3, ip("10.71.0.1")),
            Family::V6 => (MembershipVersion::Mld2, ip("fe80::1")),
        };
        let (kind, sources) = match expected {
            SourceFilter::Include(sources) => (RecordKind::IsInclude, sources),
            SourceFilter::Exclude(sources) => (RecordKind::IsExclude, sources),
        };
        let group = self.group.address();
        let expected = GroupRecord::new(kind, group, sources.iter().copied());
        self.router
            .send_query(&Query::about(version, router, group));
        let is_answer = |record: &GroupRecord| {
            matches!(record.kind, RecordKind::IsInclude | RecordKind::IsExclude)
        };
        let records = capture.records_until(&self.member, group, is_answer);
        assert_eq!(records.last(), Some(&expected));
    }
}

/// Somebody speaks as long as this lives.
struct Speech {
    stop: Arc<AtomicBool>,
    task: Option<Task<()>>,
}

impl Drop for Speech {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(task) = self.task.take() {
            task.join();
        }
    }
}

/// What is done to a membership in a test of every mode.
type Step = (
    &'static str,
    fn(&mut MulticastSocket, Group, &[IpAddr]),
    RecordKind,
    &'static [usize], // whom that record names
    &'static [usize], // who is heard then
);

const STEPS: [Step; 8] = [
    (
        "one source",
        |socket, group, sources| socket.join_source(group, sources[0]).unwrap(),
        RecordKind::Allow,
        &[0],
        &[0],
    ),
    (
        "another",
        |socket, group, sources| socket.join_source(group, sources[1]).unwrap(),
        RecordKind::Allow,
        &[1],
        &[0, 1],
    ),
    (
        "one less",
        |socket, group, sources| socket.leave_source(group, sources[0]).unwrap(),
        RecordKind::Block,
        &[0],
        &[1],
    ),
    (
        "all but two",
        |socket, group, sources| {
            let filter = SourceFilter::Exclude([sources[1], sources[2]].into());
            socket.set_filter(group, filter).unwrap();
        },
        RecordKind::ToExclude,
        &[1, 2],
        &[0, 3],
    ),
    (
        "all but one",
        |socket, group, sources| socket.unblock(group, sources[1]).unwrap(),
        RecordKind::Allow,
        &[1],
        &[0, 1, 3],
    ),
    (
        "all but two others",
        |socket, group, sources| socket.block(group, sources[3]).unwrap(),
        RecordKind::Block,
        &[3],
        &[0, 1],
    ),
    (
        "only one",
        |socket, group, sources| {
            let filter = SourceFilter::Include([sources[2]].into());
            socket.set_filter(group, filter).unwrap();
        },
        RecordKind::ToInclude,
        &[2],
        &[2],
    ),
    (
        "everybody",
        |socket, group, _| socket.set_filter(group, SourceFilter::any()).unwrap(),
        RecordKind::ToExclude,
        &[],
        &[0, 1, 2, 3],
    ),
];

#[test]
fn routers_are_told_exactly_what_was_asked_for() {
    for family in Family::ALL {
        let stage = Stage::flooding(family);
        let (group, mut socket) = (stage.group, stage.socket());
        let mut capture = stage.lan.capture();
        for (step, change, kind, named, _) in STEPS {
            let (host, sources) = (stage.member.host(), &stage.sources);
            host.run(|| change(&mut socket, group, sources));
            let filter = socket.filter(group).expect(step);
            // What changed just before may be repeated in the same record. And while a change of
            // mode is repeated, what else changes goes with it (RFC 3810, section 6.1).
            let named = stage.set_of(named);
            let whole = match filter {
                SourceFilter::Include(sources) => (RecordKind::ToInclude, sources),
                SourceFilter::Exclude(sources) => (RecordKind::ToExclude, sources),
            };
            let says = |record: &GroupRecord| {
                record.kind == kind && record.sources.is_superset(&named)
                    || (record.kind, &record.sources) == whole
            };
            capture.records_until(&stage.member, group.address(), says);
            stage.assert_answers(&mut capture, filter);
        }
        stage.member.host().run(|| socket.leave(group)).unwrap();
        let left = GroupRecord::new(RecordKind::ToInclude, group.address(), []);
        capture.records_until(&stage.member, group.address(), |record| *record == left);
    }
}

#[test]
fn routers_are_told_of_more_sources_than_a_filter_has_room_for() {
    for (family, count) in [(Family::V4, 30), (Family::V6, 70)] {
        let stage = Stage::flooding(family);
        let (group, mut socket) = (stage.group, stage.socket());
        let sources = (1..=count).map(|number| match family {
            Family::V4 => ip(&format!("10.71.2.{number}")),
            Family::V6 => ip(&format!("fd71::{number}")),
        });
        let filter = SourceFilter::Include(sources.collect());
        let host = stage.member.host();
        host.run(|| socket.set_filter(group, filter.clone()))
            .unwrap();
        stage.assert_answers(&mut stage.lan.capture(), &filter);
    }
}

#[test]
fn nobody_else_is_heard_from_the_moment_that_a_filter_is_set_however_fast_he_speaks() {
    for family in Family::ALL {
        let stage = Stage::flooding(family);
        let group = stage.group;
        let mut ear = Ear::to(stage.socket());
        let _speech = stage.speak();
        for (step, change, _, _, heard) in STEPS {
            let mut socket = ear.into_socket();
            let (host, sources) = (stage.member.host(), &stage.sources);
            host.run(|| change(&mut socket, group, sources));
            ear = Ear::to(socket);
            let expected = stage.set_of(heard);
            let mut missing = expected.clone();
            let mut count = 0;
            while count < 500 || !missing.is_empty() {
                for datagram in ear.hear(1) {
                    let source = datagram.source.ip();
                    assert!(expected.contains(&source), "{family} {step}: {source}");
                    missing.remove(&source);
                    count += 1;
                }
            }
        }
        let mut socket = ear.into_socket();
        stage.member.host().run(|| socket.leave(group)).unwrap();
        Ear::to(socket).assert_silent();
    }
}

#[test]
fn a_switch_that_snoops_forwards_what_was_asked_for_from_join_to_leave() {
    for family in Family::ALL {
        let stage = Stage::snooping(family, 2, &[]);
        let (group, mut socket) = (stage.group, stage.socket());
        let [one, other] = *stage.sources else {
            unreachable!()
        };
        let Stage { lan, member, .. } = &stage;
        let address = group.address();
        let forwards = |expected: [bool; 2]| {
            lan.await_forwarding(one, address, member, expected[0]);
            lan.await_forwarding(other, address, member, expected[1]);
        };
        let host = member.host();
        forwards([false, false]);
        host.run(|| socket.join_source(group, one)).unwrap();
        forwards([true, false]);
        host.run(|| socket.leave_source(group, one)).unwrap();
        forwards([false, false]);
        host.run(|| socket.join(group)).unwrap();
        forwards([true, true]);
        host.run(|| socket.block(group, one)).unwrap();
        forwards([false, true]);

        // What nobody wants does not even come this far.
        let mut capture = member.capture();
        stage.speak_once();
        let from = |frame: &Frame, source| frame.udp().is_some_and(|udp| udp.source.ip() == source);
        let frames = capture.frames_until(|frame| from(frame, other));
        assert!(!frames.iter().any(|frame| from(frame, one)), "{frames:?}");
        let mut ear = Ear::to(socket);
        assert_eq!(ear.hear(1)[0].source.ip(), other);

        drop(ear);
        forwards([false, false]);
    }
}

#[test]
fn where_an_older_version_is_spoken_all_sources_come_and_only_those_asked_for_are_heard() {
    // It is forced before there is an interface: an answer to a query that was heard earlier would be given in the
    // version of the query.
    for (family, setting, version) in [
        (
            Family::V4,
            ("net/ipv4/conf/default/force_igmp_version", "2"),
            MembershipVersion::Igmp2,
        ),
        (
            Family::V6,
            ("net/ipv6/conf/default/force_mld_version", "1"),
            MembershipVersion::Mld1,
        ),
    ] {
        let stage = Stage::snooping(family, 2, &[setting]);
        let (group, mut socket) = (stage.group, stage.socket());
        let [one, other] = *stage.sources else {
            unreachable!()
        };
        let Stage { lan, member, .. } = &stage;
        let host = member.host();
        let mut capture = member.capture();
        host.run(|| socket.join_source(group, one)).unwrap();
        let joined = GroupRecord::new(RecordKind::Member, group.address(), []);
        let reports = capture.reports_until(member, |report| report.records.contains(&joined));
        assert_eq!(reports.last().unwrap().version, version);
        for source in [one, other] {
            lan.await_forwarding(source, group.address(), member, true);
        }

        let mut ear = Ear::to(socket);
        for _ in 0..10 {
            stage.speak_once();
            assert_eq!(ear.hear(1)[0].source.ip(), one);
        }
        ear.assert_silent();

        drop(ear);
        lan.await_forwarding(one, group.address(), member, false);
    }
}
