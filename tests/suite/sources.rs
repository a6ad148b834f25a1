//! From whom a member receives: exactly from those that were asked for.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::net::IpAddr;

use ifcast::multicast::{Error, MulticastSocket, SourceFilter};
use ifcast::socket::{BoundSocket, PacketInfo};
use ifcast::{Family, Group};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, interface, ip};

const PORT: u16 = 2222;

/// A member, and a neighbour with many addresses.
struct Stage {
    host: Host,
    nic: Nic,
    speaker: BoundSocket,
    ear: Option<Ear<MulticastSocket>>,
    family: Family,
    group: Group,
    sources: Vec<IpAddr>,
    _lab: Lab,
}

impl Stage {
    fn new(family: Family, count: usize) -> Self {
        let lab = Lab::new();
        let segment = lab.segment();
        let (host, other) = (lab.host("host"), lab.host("other"));
        let nic = segment.attach(&host, "lan0", &["10.71.0.1/16", "fe80::71:1/64"]);
        let source = |number: usize| match family {
            Family::V4 => format!("10.71.{}.{}", 1 + number / 200, 1 + number % 200),
            Family::V6 => format!("fe80::72:{number:x}"),
        };
        let length = match family {
            Family::V4 => 16,
            Family::V6 => 64,
        };
        let sources: Vec<String> = (0..count).map(source).collect();
        let addresses: Vec<_> = sources
            .iter()
            .map(|text| format!("{text}/{length}"))
            .collect();
        let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
        let far = segment.attach(&other, "lan0", &addresses);
        let (ours, theirs) = (interface(&nic), interface(&far));
        let speaker = other.run(|| BoundSocket::builder(&theirs, family).bind());
        let socket = host.run(|| MulticastSocket::bind(&ours, family, PORT));
        let group = match family {
            Family::V4 => "239.71.7.7",
            Family::V6 => "ff15::71:7",
        };
        Self {
            host,
            nic,
            speaker: speaker.unwrap(),
            ear: Some(Ear::to(socket.unwrap())),
            family,
            group: group.parse().unwrap(),
            sources: sources.iter().map(|text| ip(text)).collect(),
            _lab: lab,
        }
    }

    fn change<R: Send>(&mut self, work: impl FnOnce(&mut MulticastSocket) -> R + Send) -> R {
        let mut socket = self.ear.take().unwrap().into_socket();
        let result = self.host.run(|| work(&mut socket));
        self.ear = Some(Ear::to(socket));
        result
    }

    /// Has every source say something; those that are heard must be these.
    #[track_caller]
    fn assert_hears(&mut self, expected: &[usize]) {
        for source in &self.sources {
            let info = PacketInfo {
                source: Some(*source),
                ..PacketInfo::default()
            };
            let to = self.group.socket_addr(PORT);
            self.speaker.send_with(b"hello", to, info).unwrap();
        }
        let ear = self.ear.as_mut().unwrap();
        let mut heard = ear.hear(expected.len());
        ear.assert_silent();
        heard.sort_by_key(|heard| heard.source.ip());
        let mut expected: Vec<_> = expected.iter().map(|i| self.sources[*i]).collect();
        expected.sort();
        let heard: Vec<_> = heard.iter().map(|heard| heard.source.ip()).collect();
        assert_eq!(heard, expected, "{:?}", self.family);
    }

    fn some(&self, places: impl IntoIterator<Item = usize>) -> BTreeSet<IpAddr> {
        places
            .into_iter()
            .map(|place| self.sources[place])
            .collect()
    }

    #[track_caller]
    fn assert_filter(&mut self, expected: &SourceFilter) {
        let (group, socket) = (self.group, self.ear.as_ref().unwrap().socket());
        assert_eq!(socket.filter(group), Some(expected));
        assert_eq!(&socket.kernel_filter(group).unwrap(), expected);
    }
}

#[test]
fn exactly_those_are_heard_that_were_asked_for_in_every_mode() {
    for family in Family::ALL {
        let mut stage = Stage::new(family, 4);
        let (group, sources) = (stage.group, stage.sources.clone());
        let [one, two, three, _] = *sources else {
            unreachable!()
        };
        stage.assert_hears(&[]);
        stage
            .change(|socket| socket.join_source(group, one))
            .unwrap();
        stage.assert_hears(&[0]);
        stage
            .change(|socket| socket.join_source(group, two))
            .unwrap();
        stage.assert_hears(&[0, 1]);
        stage.assert_filter(&SourceFilter::Include([one, two].into()));
        stage
            .change(|socket| socket.leave_source(group, one))
            .unwrap();
        stage.assert_hears(&[1]);
        let all_but = SourceFilter::Exclude([two, three].into());
        stage
            .change(|socket| socket.set_filter(group, all_but.clone()))
            .unwrap();
        stage.assert_hears(&[0, 3]);
        stage.assert_filter(&all_but);
        stage.change(|socket| socket.unblock(group, three)).unwrap();
        stage.assert_hears(&[0, 2, 3]);
        stage.change(|socket| socket.block(group, one)).unwrap();
        stage.assert_hears(&[2, 3]);
        let only = SourceFilter::Include([three].into());
        stage
            .change(|socket| socket.set_filter(group, only.clone()))
            .unwrap();
        stage.assert_hears(&[2]);
        stage.assert_filter(&only);
        stage
            .change(|socket| socket.set_filter(group, SourceFilter::any()))
            .unwrap();
        stage.assert_hears(&[0, 1, 2, 3]);
        stage.change(|socket| socket.leave(group)).unwrap();
        stage.assert_hears(&[]);
        stage
            .change(|socket| socket.join_source(group, one))
            .unwrap();
        stage
            .change(|socket| socket.leave_source(group, one))
            .unwrap();
        assert_eq!(stage.ear.as_ref().unwrap().socket().groups().count(), 0);
        stage.assert_hears(&[]);
    }
}

#[test]
fn more_sources_than_a_filter_has_room_for_are_heard_or_not_all_the_same() {
    for (family, count) in [(Family::V4, 30), (Family::V6, 100)] {
        let mut stage = Stage::new(family, count);
        let group = stage.group;
        let all_but_one = SourceFilter::Include(stage.some(1..count));
        stage
            .change(|socket| socket.set_filter(group, all_but_one.clone()))
            .unwrap();
        stage.assert_hears(&(1..count).collect::<Vec<_>>());
        stage.assert_filter(&all_but_one);
        let first = stage.sources[0];
        stage
            .change(|socket| socket.join_source(group, first))
            .unwrap();
        stage.assert_hears(&(0..count).collect::<Vec<_>>());
        let few = SourceFilter::Include(stage.some(0..3));
        stage
            .change(|socket| socket.set_filter(group, few.clone()))
            .unwrap();
        stage.assert_hears(&[0, 1, 2]);
        stage.assert_filter(&few);
        let blocked = SourceFilter::Exclude(stage.some(0..count - 2));
        stage
            .change(|socket| socket.set_filter(group, blocked))
            .unwrap();
        stage.assert_hears(&[count - 2, count - 1]);
        let counters = stage.ear.as_ref().unwrap().socket().socket().counters();
        assert!(counters.unwanted_source > 0, "{counters:?}");
        stage.change(|socket| {
            socket.verify().unwrap();
            let membership = socket.memberships().next().unwrap();
            assert_eq!(membership.state().to_string(), "joined");
        });
        stage.change(|socket| socket.leave(group)).unwrap();
        stage.assert_hears(&[]);
    }
}

#[test]
fn sources_of_the_same_group_are_told_apart_by_who_asked_for_them() {
    for family in Family::ALL {
        let mut stage = Stage::new(family, 3);
        let (group, sources) = (stage.group, stage.sources.clone());
        // Another socket on this host wants other sources of the group.
        let ours = interface(&stage.nic);
        let mut other = stage
            .host
            .run(|| MulticastSocket::bind(&ours, family, PORT + 1))
            .unwrap();
        stage
            .host
            .run(|| other.join_source(group, sources[2]))
            .unwrap();
        stage
            .change(|socket| socket.join_source(group, sources[0]))
            .unwrap();
        stage.assert_hears(&[0]);
    }
}

#[test]
fn requests_at_the_wrong_time_are_the_same_errors_for_both_families() {
    let mut said = Vec::new();
    for family in Family::ALL {
        let mut stage = Stage::new(family, 2);
        let (group, sources) = (stage.group, stage.sources.clone());
        let [one, two] = *sources else { unreachable!() };
        let (foreign, specific) = match family {
            Family::V4 => ("fe80::1", "232.1.1.1"),
            Family::V6 => ("10.71.0.1", "ff35::1"),
        };
        let (foreign, specific): (IpAddr, Group) = (ip(foreign), specific.parse().unwrap());
        let errors = stage.change(|socket| {
            let mut errors = vec![
                socket.block(group, one).unwrap_err(),
                socket.leave_source(group, one).unwrap_err(),
                socket.join(specific).unwrap_err(),
                socket.join_source(group, foreign).unwrap_err(),
                socket.join_source(group, group.address()).unwrap_err(),
            ];
            socket.join_source(specific, one).unwrap();
            socket.leave(specific).unwrap();
            socket.join_source(group, one).unwrap();
            errors.extend([
                socket.join(group).unwrap_err(),
                socket.join_source(group, one).unwrap_err(),
                socket.leave_source(group, two).unwrap_err(),
                socket.block(group, two).unwrap_err(),
                socket.unblock(group, one).unwrap_err(),
            ]);
            socket.set_filter(group, SourceFilter::any()).unwrap();
            errors.extend([
                socket.join_source(group, one).unwrap_err(),
                socket.leave_source(group, one).unwrap_err(),
                socket.unblock(group, one).unwrap_err(),
            ]);
            errors
        });
        stage.assert_hears(&[0, 1]);
        let kinds = errors.iter().map(|error| format!("{error:?}"));
        let names = kinds.map(|text| text.split(' ').next().unwrap().to_owned());
        said.push(names.collect::<Vec<_>>());
        assert!(errors.iter().all(|error| error.raw().is_none()));
    }
    let [v4, v6] = &said[..] else { unreachable!() };
    assert_eq!(v4, v6);
    let expected = [
        "NotJoined",
        "NotJoined",
        "NeedsSource",
        "ImpossibleSource",
        "ImpossibleSource",
        "AlreadyJoined",
        "SourceAlready",
        "SourceUnknown",
        "OtherMode",
        "OtherMode",
        "OtherMode",
        "OtherMode",
        "SourceUnknown",
    ];
    assert_eq!(v4, &expected);
}

trait Raw {
    fn raw(&self) -> Option<i32>;
}

impl Raw for Error {
    /// What the operating system said, if it was asked.
    fn raw(&self) -> Option<i32> {
        match self {
            Self::Join { source, .. } | Self::Leave { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }
}
