//! Messages about memberships: what hosts say of the groups they have joined, and what routers ask.
//!
//! IGMP (RFC 2236, RFC 3376) for IPv4 and MLD (RFC 2710, RFC 3810) for IPv6 say the same in two ways, so that there is
//! one type for both. Bytes in, values out: nothing here touches a network.

mod decode;
mod query;
mod time;

use std::collections::BTreeSet;
use std::net::IpAddr;

pub use self::query::Query;
use crate::frame::IpPacket;

/// A message about memberships, as [`Frame::membership`](crate::Frame::membership) finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MembershipMessage {
    /// A router asks.
    Query(Query),
    /// A host answers, or says unasked what has changed.
    Report(Report),
}

impl MembershipMessage {
    /// Reads the message in a packet, if there is a whole one with a correct checksum.
    pub(crate) fn decode(packet: &IpPacket<'_>) -> Option<Self> {
        decode::message(packet)
    }
}

/// What a host says of its memberships.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The protocol and its version.
    pub version: MembershipVersion,
    /// The host's address; `0.0.0.0` or `::` while it has none that it may use.
    pub reporter: IpAddr,
    /// Where it was sent: `224.0.0.22` or `ff02::16`, and by older versions to the group itself or, when leaving, to all
    /// routers.
    pub destination: IpAddr,
    /// One record a group; of older versions always one.
    pub records: Vec<GroupRecord>,
}

/// What a report says of one group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupRecord {
    /// What it says.
    pub kind: RecordKind,
    /// The group.
    pub group: IpAddr,
    /// The sources that `kind` speaks of.
    pub sources: BTreeSet<IpAddr>,
}

impl GroupRecord {
    /// Makes one, to compare with.
    pub fn new(kind: RecordKind, group: IpAddr, sources: impl IntoIterator<Item = IpAddr>) -> Self {
        Self {
            kind,
            group,
            sources: sources.into_iter().collect(),
        }
    }
}

/// What a [`GroupRecord`] says of its group: RFC 3376, section 4.2.12, and RFC 3810, section 5.2.12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// `MODE_IS_INCLUDE`: in answer to a query, that it wants these sources only.
    IsInclude,
    /// `MODE_IS_EXCLUDE`: in answer to a query, that it wants all sources but these.
    IsExclude,
    /// `CHANGE_TO_INCLUDE_MODE`: from now on it wants these sources only; if there are none, it has left.
    ToInclude,
    /// `CHANGE_TO_EXCLUDE_MODE`: from now on it wants all sources but these; if there are none, it has joined.
    ToExclude,
    /// `ALLOW_NEW_SOURCES`: it wants these sources too.
    Allow,
    /// `BLOCK_OLD_SOURCES`: it wants these sources no more.
    Block,
    /// It is a member: all that IGMPv1, IGMPv2 and MLDv1 can say.
    Member,
    /// It was a member: a Leave Group message of IGMPv2, or a Done message of MLDv1.
    Left,
}

/// A protocol about memberships, and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "as named in the RFCs")]
pub enum MembershipVersion {
    Igmp1,
    Igmp2,
    Igmp3,
    Mld1,
    Mld2,
}

impl MembershipVersion {
    /// Whether it is IGMP, not MLD.
    #[must_use]
    pub fn is_igmp(self) -> bool {
        matches!(self, Self::Igmp1 | Self::Igmp2 | Self::Igmp3)
    }

    /// Whether it knows sources.
    #[must_use]
    pub fn has_sources(self) -> bool {
        matches!(self, Self::Igmp3 | Self::Mld2)
    }
}

#[cfg(test)]
mod tests;
