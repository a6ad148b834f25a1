//! Queries: what routers ask hosts about their memberships.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::MembershipVersion;
use super::time::TimeCode;
use crate::checksum::{icmpv6_sum, internet_sum};

/// A question about memberships, as it is seen on the wire or as [`Nic::send_query`](crate::Nic::send_query) asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The protocol and its version. Hosts that hear one of an older version answer in it for minutes.
    pub version: MembershipVersion,
    /// The address of the router that asks; of MLD a link-local one, else nobody answers.
    pub querier: IpAddr,
    /// The group it asks about; none in a general query.
    pub group: Option<IpAddr>,
    /// The sources it asks about; none, if about the group as a whole.
    pub sources: BTreeSet<IpAddr>,
    /// How long hosts may take to answer, in tenths of a second (IGMP) or milliseconds (MLD); large times are rounded
    /// down. IGMPv1 does not say; hosts then take up to ten seconds.
    pub response_time: Duration,
    /// Whether other routers are told not to expect anybody to leave because of this; IGMPv3 and MLDv2 only.
    pub suppress: bool,
    /// How often hosts should say each thing, or 0 for as often as they like; IGMPv3 and MLDv2 only.
    pub robustness: u8,
    /// How often the router asks, in seconds; IGMPv3 and MLDv2 only.
    pub interval: Duration,
}

impl Query {
    /// Asks everybody about everything, to be answered within a tenth of a second.
    #[must_use]
    pub fn general(version: MembershipVersion, querier: IpAddr) -> Self {
        let (robustness, interval) = if version.has_sources() {
            (2, Duration::from_secs(125))
        } else {
            (0, Duration::ZERO)
        };
        Self {
            version,
            querier,
            group: None,
            sources: BTreeSet::new(),
            response_time: match version {
                MembershipVersion::Igmp1 => V1_RESPONSE_TIME,
                _ => ONE_TENTH,
            },
            suppress: false,
            robustness,
            interval,
        }
    }

    /// Asks about a group, to be answered within a tenth of a second.
    #[must_use]
    pub fn about(version: MembershipVersion, querier: IpAddr, group: IpAddr) -> Self {
        Self {
            group: Some(group),
            ..Self::general(version, querier)
        }
    }

    /// The frame in which an interface with this hardware address asks.
    pub(crate) fn frame(&self, hardware_address: [u8; 6]) -> io::Result<Vec<u8>> {
        self.check()?;
        let (destination, packet) = match self.querier {
            IpAddr::V4(querier) => {
                let group = match self.group {
                    Some(IpAddr::V4(group)) => group,
                    _ => ALL_HOSTS,
                };
                let [_, b, c, d] = group.octets();
                let hardware = [0x01, 0x00, 0x5e, b & 0x7f, c, d];
                (hardware, ipv4_packet(querier, group, &self.igmp()?))
            }
            IpAddr::V6(querier) => {
                let group = match self.group {
                    Some(IpAddr::V6(group)) => group,
                    _ => ALL_NODES,
                };
                let [.., a, b, c, d] = group.octets();
                let hardware = [0x33, 0x33, a, b, c, d];
                (hardware, ipv6_packet(querier, group, self.mld()?))
            }
        };
        let ethertype: [u8; 2] = if self.querier.is_ipv4() {
            [0x08, 0x00]
        } else {
            [0x86, 0xdd]
        };
        Ok([
            &destination[..],
            &hardware_address,
            &ethertype,
            packet.as_slice(),
        ]
        .concat())
    }

    /// Refuses what no version could say, or not the one it is of.
    fn check(&self) -> io::Result<()> {
        let addresses = self.group.iter().chain(&self.sources);
        let mut families = addresses
            .chain([&self.querier])
            .map(|address| address.is_ipv4());
        let wrong = if families.any(|is_ipv4| is_ipv4 != self.version.is_igmp()) {
            "all addresses of a query are of the family of its version"
        } else if !self.sources.is_empty() && (!self.version.has_sources() || self.group.is_none())
        {
            "sources are asked about by IGMPv3 and MLDv2, of a group"
        } else if self.version == MembershipVersion::Igmp1 && self.group.is_some() {
            "IGMPv1 does not ask about a group"
        } else if self.version == MembershipVersion::Igmp2 && self.response_time < ONE_TENTH {
            "a response time of zero is what makes a query one of IGMPv1"
        } else {
            return Ok(());
        };
        Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
    }

    fn igmp(&self) -> io::Result<Vec<u8>> {
        let tenths = self.response_time.as_millis() / ONE_TENTH.as_millis();
        let tenths = u32::try_from(tenths).unwrap_or(u32::MAX);
        let code = match self.version {
            MembershipVersion::Igmp1 => 0,
            MembershipVersion::Igmp2 => tenths.min(u8::MAX.into()),
            _ => TimeCode::IGMP.encode(tenths),
        };
        let mut message = vec![IGMP_QUERY, low_byte(code), 0, 0];
        self.append_addresses(&mut message)?;
        let sum = !internet_sum(&message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        Ok(message)
    }

    /// Encodes all but the checksum, which covers more.
    fn mld(&self) -> io::Result<Vec<u8>> {
        let milliseconds = u32::try_from(self.response_time.as_millis()).unwrap_or(u32::MAX);
        let code = match self.version {
            MembershipVersion::Mld1 => milliseconds.min(u16::MAX.into()),
            _ => TimeCode::MLD.encode(milliseconds),
        };
        let [_, _, high, low] = code.to_be_bytes();
        let mut message = vec![MLD_QUERY, 0, 0, 0, high, low, 0, 0];
        self.append_addresses(&mut message)?;
        Ok(message)
    }

    /// Appends the group and what follows it, which the two protocols write alike.
    fn append_addresses(&self, message: &mut Vec<u8>) -> io::Result<()> {
        let anything = if self.version.is_igmp() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        } else {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        };
        append(message, self.group.unwrap_or(anything));
        if !self.version.has_sources() {
            return Ok(());
        }
        let suppress = if self.suppress { SUPPRESS } else { 0 };
        let seconds = u32::try_from(self.interval.as_secs()).unwrap_or(u32::MAX);
        message.push(suppress | self.robustness.min(ROBUSTNESS_MASK));
        message.push(low_byte(TimeCode::IGMP.encode(seconds)));
        let count = u16::try_from(self.sources.len()).map_err(io::Error::other)?;
        message.extend(count.to_be_bytes());
        for source in &self.sources {
            append(message, *source);
        }
        Ok(())
    }
}

fn append(message: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => message.extend(address.octets()),
        IpAddr::V6(address) => message.extend(address.octets()),
    }
}

fn low_byte(code: u32) -> u8 {
    code.to_be_bytes()[3]
}

/// Puts an IGMP message into a packet as RFC 3376, section 4, wants it.
fn ipv4_packet(source: Ipv4Addr, destination: Ipv4Addr, message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(IPV4_HEADER + message.len()).unwrap_or(u16::MAX);
    let mut packet = vec![0x46, INTERNETWORK_CONTROL];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0x40, 0]); // whole, and to stay so
    packet.extend([1, 2, 0, 0]); // one hop, IGMP, checksum
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend([148, 4, 0, 0]); // router alert
    let sum = !internet_sum(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(message);
    packet
}

/// Puts an MLD message, whose checksum is still zero, into a packet as RFC 3810, section 5, wants it.
fn ipv6_packet(source: Ipv6Addr, destination: Ipv6Addr, mut message: Vec<u8>) -> Vec<u8> {
    let sum = !icmpv6_sum(source.into(), destination.into(), &message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    let length = u16::try_from(HOP_BY_HOP.len() + message.len()).unwrap_or(u16::MAX);
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 1]); // hop-by-hop options follow, one hop
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend(HOP_BY_HOP);
    packet.extend(message);
    packet
}

/// How long hosts take at most to answer an IGMPv1 query.
pub(super) const V1_RESPONSE_TIME: Duration = Duration::from_secs(10);
pub(super) const ONE_TENTH: Duration = Duration::from_millis(100);
pub(super) const IGMP_QUERY: u8 = 0x11;
pub(super) const MLD_QUERY: u8 = 130;
pub(super) const SUPPRESS: u8 = 0x8;
pub(super) const ROBUSTNESS_MASK: u8 = 0x7;
const ALL_HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// With the router alert.
const IPV4_HEADER: usize = 24;
const INTERNETWORK_CONTROL: u8 = 0xc0;
/// ICMPv6 follows; a router alert for MLD (RFC 2711), and padding.
const HOP_BY_HOP: [u8; 8] = [58, 0, 5, 2, 0, 0, 1, 0];
