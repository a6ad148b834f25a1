//! Reads messages about memberships.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use super::query::{IGMP_QUERY, MLD_QUERY, ONE_TENTH, ROBUSTNESS_MASK, SUPPRESS, V1_RESPONSE_TIME};
use super::time::TimeCode;
use super::{GroupRecord, MembershipMessage, MembershipVersion, Query, RecordKind, Report};
use crate::checksum::{icmpv6_sum, internet_sum};
use crate::frame::IpPacket;

/// Reads the message in a packet.
pub(super) fn message(packet: &IpPacket<'_>) -> Option<MembershipMessage> {
    if packet.fragment {
        return None;
    }
    match packet.protocol {
        IGMP if internet_sum(packet.payload) == CORRECT => igmp(packet),
        ICMPV6 => {
            let sum = icmpv6_sum(packet.source, packet.destination, packet.payload);
            (sum == CORRECT).then(|| mld(packet))?
        }
        _ => None,
    }
}

fn igmp(packet: &IpPacket<'_>) -> Option<MembershipMessage> {
    let mut reader = Reader(packet.payload);
    let [kind, code, _, _] = reader.take()?; // type, code, checksum
    let one_group = |version, kind, group| Some(report(packet, version, vec![record(kind, group)]));
    match kind {
        IGMP_QUERY => {
            // RFC 3376, section 7.1: the length tells the version.
            let version = match (packet.payload.len(), code) {
                (8, 0) => MembershipVersion::Igmp1,
                (8, _) => MembershipVersion::Igmp2,
                (12.., _) => MembershipVersion::Igmp3,
                _ => return None,
            };
            let tenths = match version {
                MembershipVersion::Igmp3 => TimeCode::IGMP.decode(code.into()),
                _ => code.into(),
            };
            let response_time = match version {
                MembershipVersion::Igmp1 => V1_RESPONSE_TIME,
                _ => ONE_TENTH * tenths,
            };
            let group = reader.address::<4>()?;
            query::<4>(packet, version, response_time, group, reader)
        }
        IGMPV1_REPORT => one_group(
            MembershipVersion::Igmp1,
            RecordKind::Member,
            reader.address::<4>()?,
        ),
        IGMPV2_REPORT => one_group(
            MembershipVersion::Igmp2,
            RecordKind::Member,
            reader.address::<4>()?,
        ),
        IGMPV2_LEAVE => one_group(
            MembershipVersion::Igmp2,
            RecordKind::Left,
            reader.address::<4>()?,
        ),
        IGMPV3_REPORT => {
            let records = records::<4>(reader)?;
            Some(report(packet, MembershipVersion::Igmp3, records))
        }
        _ => None,
    }
}

fn mld(packet: &IpPacket<'_>) -> Option<MembershipMessage> {
    let mut reader = Reader(packet.payload);
    let [kind, _, _, _] = reader.take()?; // type, code, checksum
    match kind {
        MLD_QUERY => {
            // RFC 3810, section 8.1: the length tells the version.
            let version = match packet.payload.len() {
                24 => MembershipVersion::Mld1,
                28.. => MembershipVersion::Mld2,
                _ => return None,
            };
            let code = u32::from(reader.u16()?);
            reader.take::<2>()?; // reserved
            let milliseconds = match version {
                MembershipVersion::Mld2 => TimeCode::MLD.decode(code),
                _ => code,
            };
            let response_time = Duration::from_millis(milliseconds.into());
            let group = reader.address::<16>()?;
            query::<16>(packet, version, response_time, group, reader)
        }
        MLDV1_REPORT | MLDV1_DONE => {
            reader.take::<4>()?; // delay, reserved
            let kind = if kind == MLDV1_DONE {
                RecordKind::Left
            } else {
                RecordKind::Member
            };
            let record = record(kind, reader.address::<16>()?);
            Some(report(packet, MembershipVersion::Mld1, vec![record]))
        }
        MLDV2_REPORT => {
            let records = records::<16>(reader)?;
            Some(report(packet, MembershipVersion::Mld2, records))
        }
        _ => None,
    }
}

/// Reads what follows the group of a query whose addresses have `N` bytes.
fn query<const N: usize>(
    packet: &IpPacket<'_>,
    version: MembershipVersion,
    response_time: Duration,
    group: IpAddr,
    mut reader: Reader<'_>,
) -> Option<MembershipMessage>
where
    IpAddr: From<[u8; N]>,
{
    let mut query = Query {
        version,
        querier: packet.source,
        group: (!group.is_unspecified()).then_some(group),
        sources: BTreeSet::new(),
        response_time,
        suppress: false,
        robustness: 0,
        interval: Duration::ZERO,
    };
    if version.has_sources() {
        let [flags, interval] = reader.take()?;
        query.suppress = flags & SUPPRESS != 0;
        query.robustness = flags & ROBUSTNESS_MASK;
        query.interval = Duration::from_secs(TimeCode::IGMP.decode(interval.into()).into());
        let count = reader.u16()?;
        query.sources = reader.addresses::<N>(count)?;
    }
    Some(MembershipMessage::Query(query))
}

/// Reads the records of an IGMPv3 or MLDv2 report whose addresses have `N` bytes.
fn records<const N: usize>(mut reader: Reader<'_>) -> Option<Vec<GroupRecord>>
where
    IpAddr: From<[u8; N]>,
{
    reader.take::<2>()?; // reserved
    let count = reader.u16()?;
    let mut records = Vec::new();
    for _ in 0..count {
        let [kind, auxiliary_words] = reader.take()?;
        let sources = reader.u16()?;
        let group = reader.address::<N>()?;
        let sources = reader.addresses::<N>(sources)?;
        reader.skip(usize::from(auxiliary_words) * 4)?;
        let kind = match kind {
            1 => RecordKind::IsInclude,
            2 => RecordKind::IsExclude,
            3 => RecordKind::ToInclude,
            4 => RecordKind::ToExclude,
            5 => RecordKind::Allow,
            6 => RecordKind::Block,
            // RFC 3376, section 4.2.12: others must be ignored.
            _ => continue,
        };
        records.push(GroupRecord {
            kind,
            group,
            sources,
        });
    }
    Some(records)
}

fn record(kind: RecordKind, group: IpAddr) -> GroupRecord {
    GroupRecord::new(kind, group, [])
}

fn report(
    packet: &IpPacket<'_>,
    version: MembershipVersion,
    records: Vec<GroupRecord>,
) -> MembershipMessage {
    MembershipMessage::Report(Report {
        version,
        reporter: packet.source,
        destination: packet.destination,
        records,
    })
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length..)?;
        Some(())
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn address<const N: usize>(&mut self) -> Option<IpAddr>
    where
        IpAddr: From<[u8; N]>,
    {
        self.take::<N>().map(IpAddr::from)
    }

    fn addresses<const N: usize>(&mut self, count: u16) -> Option<BTreeSet<IpAddr>>
    where
        IpAddr: From<[u8; N]>,
    {
        (0..count).map(|_| self.address::<N>()).collect()
    }
}

const IGMP: u8 = 2;
const ICMPV6: u8 = 58;
/// The sum over what contains its own checksum.
const CORRECT: u16 = 0xffff;
const IGMPV1_REPORT: u8 = 0x12;
const IGMPV2_REPORT: u8 = 0x16;
const IGMPV2_LEAVE: u8 = 0x17;
const IGMPV3_REPORT: u8 = 0x22;
const MLDV1_REPORT: u8 = 131;
const MLDV1_DONE: u8 = 132;
const MLDV2_REPORT: u8 = 143;
