//! Messages as Linux 6.18 sends them, and what is made of them.

use std::net::IpAddr;
use std::time::Duration;

use super::{GroupRecord, MembershipMessage, MembershipVersion, Query, RecordKind, Report};
use crate::frame::Frame;

/// 10.71.0.12 wants of 239.1.2.3 what two sources send.
const IGMPV3_REPORT: &str = "01005e000016 9e0cdff17038 0800
    46c00030000040000102f99e0a47000ce000001694040000
    2200d49e00000001 03000002ef010203 0a470065 0a470066";

/// 10.71.0.12 has joined 239.1.2.3.
const IGMPV2_REPORT: &str = "01005e010203 3eb58d85efd5 0800
    46c00020000040000102e8c00a47000cef01020394040000
    1600f8faef010203";

/// 10.71.0.12 has left 239.1.2.3.
const IGMPV2_LEAVE: &str = "01005e000002 3eb58d85efd5 0800
    46c00020000040000102f9c20a47000ce000000294040000
    1700f7faef010203";

/// fe80::12 wants of ff12::123 what two sources no longer send, and joins another group.
const MLDV2_REPORT: &str = "333300000016 0ec6b0ecce33 86dd
    6000000000580001 fe800000000000000000000000000012 ff020000000000000000000000000016
    3a00050200000100 8f006d9100000002
    06000002ff120000000000000000000000000123
    fd710000000000000000000000000102 fd710000000000000000000000000101
    04000000ff0200000000000000000001ff000012";

/// fe80::12 has joined ff12::123.
const MLDV1_REPORT: &str = "333300000123 1ee52bd6fd70 86dd
    6000000000200001 fe800000000000000000000000000012 ff120000000000000000000000000123
    3a00050200000100 83007dae00000000 ff120000000000000000000000000123";

/// fe80::12 has left ff12::123.
const MLDV1_DONE: &str = "333300000002 1ee52bd6fd70 86dd
    6000000000200001 fe800000000000000000000000000012 ff020000000000000000000000000002
    3a00050200000100 84007ddf00000000 ff120000000000000000000000000123";

const ALL: [&str; 6] = [
    IGMPV3_REPORT,
    IGMPV2_REPORT,
    IGMPV2_LEAVE,
    MLDV2_REPORT,
    MLDV1_REPORT,
    MLDV1_DONE,
];

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    digits.chunks(2).map(|two| two[0] << 4 | two[1]).collect()
}

fn decode(frame: &[u8]) -> Option<MembershipMessage> {
    Frame::new(&[0; 10], frame).membership()
}

#[track_caller]
fn report(hexadecimal: &str) -> Report {
    match decode(&bytes(hexadecimal)) {
        Some(MembershipMessage::Report(report)) => report,
        other => panic!("{other:?}"),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_report_of_the_latest_versions_is_read_with_all_its_records() {
    let sources = [ip("10.71.0.101"), ip("10.71.0.102")];
    let expected = Report {
        version: MembershipVersion::Igmp3,
        reporter: ip("10.71.0.12"),
        destination: ip("224.0.0.22"),
        records: vec![GroupRecord::new(
            RecordKind::ToInclude,
            ip("239.1.2.3"),
            sources,
        )],
    };
    assert_eq!(report(IGMPV3_REPORT), expected);

    let sources = [ip("fd71::101"), ip("fd71::102")];
    let expected = Report {
        version: MembershipVersion::Mld2,
        reporter: ip("fe80::12"),
        destination: ip("ff02::16"),
        records: vec![
            GroupRecord::new(RecordKind::Block, ip("ff12::123"), sources),
            GroupRecord::new(RecordKind::ToExclude, ip("ff02::1:ff00:12"), []),
        ],
    };
    assert_eq!(report(MLDV2_REPORT), expected);
}

#[test]
fn reports_of_older_versions_say_who_joins_and_who_leaves() {
    let (four, six) = ("239.1.2.3", "ff12::123");
    for (message, version, kind, group, destination) in [
        (
            IGMPV2_REPORT,
            MembershipVersion::Igmp2,
            RecordKind::Member,
            four,
            four,
        ),
        (
            IGMPV2_LEAVE,
            MembershipVersion::Igmp2,
            RecordKind::Left,
            four,
            "224.0.0.2",
        ),
        (
            MLDV1_REPORT,
            MembershipVersion::Mld1,
            RecordKind::Member,
            six,
            six,
        ),
        (
            MLDV1_DONE,
            MembershipVersion::Mld1,
            RecordKind::Left,
            six,
            "ff02::2",
        ),
    ] {
        let report = report(message);
        assert_eq!(report.version, version);
        assert_eq!(report.destination, ip(destination));
        assert_eq!(report.records, [GroupRecord::new(kind, ip(group), [])]);
    }
}

#[test]
fn every_kind_of_record_is_told_from_the_others_and_auxiliary_data_is_skipped() {
    let kinds = [
        RecordKind::IsInclude,
        RecordKind::IsExclude,
        RecordKind::ToInclude,
        RecordKind::ToExclude,
        RecordKind::Allow,
        RecordKind::Block,
    ];
    // Seven records, the last of a kind that nobody knows, each with a word of auxiliary data.
    let mut message = vec![0x22, 0, 0, 0, 0, 0, 0, 7];
    for kind in 1..=7 {
        message.extend([kind, 1, 0, 1, 239, 1, 2, kind, 10, 0, 0, kind, 1, 2, 3, 4]);
    }
    let frame = igmp_frame(message);
    let Some(MembershipMessage::Report(report)) = decode(&frame) else {
        panic!("{:?}", decode(&frame));
    };
    let expected = kinds.iter().zip(1..).map(|(kind, number)| {
        GroupRecord::new(
            *kind,
            [239, 1, 2, number].into(),
            [[10, 0, 0, number].into()],
        )
    });
    assert_eq!(report.records, expected.collect::<Vec<_>>());
}

/// Puts an IGMP message into a frame and corrects its checksum.
fn igmp_frame(mut message: Vec<u8>) -> Vec<u8> {
    let sum = !crate::checksum::internet_sum(&message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    let mut frame = bytes(IGMPV3_REPORT)[..38].to_vec();
    let length = u16::try_from(24 + message.len()).unwrap();
    frame[16..18].copy_from_slice(&length.to_be_bytes());
    frame.extend(message);
    frame
}

#[test]
fn a_query_is_read_as_it_was_asked() {
    for (version, querier, group, source) in [
        (MembershipVersion::Igmp1, "10.71.0.1", None, None),
        (MembershipVersion::Igmp2, "10.71.0.1", None, None),
        (
            MembershipVersion::Igmp2,
            "0.0.0.0",
            Some("239.129.2.3"),
            None,
        ),
        (MembershipVersion::Igmp3, "10.71.0.1", None, None),
        (
            MembershipVersion::Igmp3,
            "10.71.0.1",
            Some("239.1.2.3"),
            Some("10.71.0.2"),
        ),
        (MembershipVersion::Mld1, "fe80::1", None, None),
        (MembershipVersion::Mld1, "fe80::1", Some("ff12::123"), None),
        (MembershipVersion::Mld2, "fe80::1", None, None),
        (
            MembershipVersion::Mld2,
            "fe80::1",
            Some("ff12::123"),
            Some("fe80::2"),
        ),
    ] {
        let mut query = Query::general(version, ip(querier));
        query.group = group.map(ip);
        query.sources = source.map(ip).into_iter().collect();
        let frame = query.frame([2, 0, 0, 0, 0, 1]).unwrap();
        assert_eq!(decode(&frame), Some(MembershipMessage::Query(query)));
        let frame = Frame::new(&[0; 10], &frame);
        assert_eq!(frame.source(), [2, 0, 0, 0, 0, 1]);
        let packet = frame.ip().unwrap();
        assert_eq!((packet.hops, packet.router_alert), (1, true));
    }
}

#[test]
fn a_query_goes_to_all_hosts_or_to_its_group() {
    for (version, querier, group, hardware, destination) in [
        (
            MembershipVersion::Igmp3,
            "0.0.0.0",
            None,
            [1, 0, 0x5e, 0, 0, 1],
            "224.0.0.1",
        ),
        (
            MembershipVersion::Igmp3,
            "0.0.0.0",
            Some("239.129.2.3"),
            [1, 0, 0x5e, 1, 2, 3],
            "239.129.2.3",
        ),
        (
            MembershipVersion::Mld2,
            "fe80::1",
            None,
            [0x33, 0x33, 0, 0, 0, 1],
            "ff02::1",
        ),
        (
            MembershipVersion::Mld2,
            "fe80::1",
            Some("ff12::9:123"),
            [0x33, 0x33, 0, 9, 1, 0x23],
            "ff12::9:123",
        ),
    ] {
        let mut query = Query::general(version, ip(querier));
        query.group = group.map(ip);
        let frame = Frame::new(&[0; 10], &query.frame([2; 6]).unwrap());
        assert_eq!(frame.destination(), hardware);
        assert_eq!(frame.ip().unwrap().destination, ip(destination));
    }
}

#[test]
fn a_query_that_its_version_cannot_express_is_refused() {
    let (router, group) = (ip("10.71.0.1"), ip("239.1.2.3"));
    let refused = [
        Query::general(MembershipVersion::Igmp3, ip("fe80::1")),
        Query::about(MembershipVersion::Mld2, ip("fe80::1"), group),
        Query::about(MembershipVersion::Igmp1, router, group),
        Query {
            sources: [router].into(),
            ..Query::about(MembershipVersion::Igmp2, router, group)
        },
        Query {
            sources: [router].into(),
            ..Query::general(MembershipVersion::Igmp3, router)
        },
        Query {
            response_time: Duration::from_millis(99),
            ..Query::general(MembershipVersion::Igmp2, router)
        },
    ];
    for query in refused {
        assert!(query.frame([2; 6]).is_err(), "{query:?}");
    }
}

#[test]
fn whoever_errs_in_a_bit_has_said_nothing() {
    for message in ALL {
        let whole = bytes(message);
        let start = whole.len() - if message == IGMPV3_REPORT { 24 } else { 8 };
        for place in start..whole.len() {
            let mut wrong = whole.clone();
            wrong[place] ^= 4;
            assert_eq!(decode(&wrong), None, "{message}, byte {place}");
        }
    }
}

#[test]
fn any_truncation_is_survived_whatever_the_lengths_say() {
    for message in ALL {
        let whole = bytes(message);
        for end in 0..whole.len() {
            assert_eq!(decode(&whole[..end]), None, "{message}, {end} bytes");
        }
    }
    // With correct checksums, and lengths that fit the packet but not each other.
    let report = &bytes(IGMPV3_REPORT)[38..];
    let query = Query {
        sources: [ip("10.71.0.2")].into(),
        ..Query::about(MembershipVersion::Igmp3, ip("10.71.0.1"), ip("239.1.2.3"))
    };
    let query = &query.frame([2; 6]).unwrap()[38..];
    for message in [report, query] {
        for end in 4..message.len() {
            let _ = decode(&igmp_frame(message[..end].to_vec()));
        }
        for place in 4..message.len() {
            for value in 0..=255 {
                let mut wrong = message.to_vec();
                wrong[place] = value;
                let _ = decode(&igmp_frame(wrong));
            }
        }
    }
}
