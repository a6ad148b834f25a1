//! Control messages (cmsg(3)): pure functions over bytes.
//!
//! The layout is a value, so that Apple's is tested on Linux.

#![forbid(unsafe_code)]

#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(any(test, fuzzing))]
mod systems;
pub(super) mod writer;

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroU8, NonZeroU32};
use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::family::Family;
use crate::sys::platform;

pub(super) use self::writer::Writer;
pub(crate) use self::writer::{Way, takes_header_fields};

/// How a system lays control messages out: a length, a level and a type, then
/// the data; all of it aligned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Bytes of `cmsg_len`.
    pub(super) len_bytes: usize,
    /// What headers and data are aligned to.
    pub(super) align: usize,
}

impl Layout {
    pub(super) const fn header_len(self) -> usize {
        self.aligned(self.len_bytes + 2 * size_of::<c_int>())
    }

    /// The next multiple of the alignment, which is a power of two.
    pub(super) const fn aligned(self, len: usize) -> usize {
        (len + self.align - 1) & !(self.align - 1)
    }
}

/// Levels and types of the control messages that matter here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants {
    pub(super) layout: Layout,
    pub(super) ipv4_telling: Telling,
    pub(super) ipv4: HeaderFields,
    pub(super) ipv6: HeaderFields,
    pub(super) timestamp: Timestamp,
    /// How many datagrams found no room, where the system says so.
    pub(super) drops: Option<(c_int, c_int)>,
    /// How long the datagrams are that came as one message, where that happens.
    pub(super) segment: Option<(c_int, c_int)>,
}

/// How it is told where an IPv4 datagram arrived and whom it was for, and on its way out
/// by which interface it is to leave and from whom.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(any(test, fuzzing)),
    expect(dead_code, reason = "a build is for one system, the tests are for all")
)]
pub(super) enum Telling {
    /// In a `struct in_pktinfo` of interface, local address or source, and destination.
    Whole,
    /// In a `struct sockaddr_dl` (`IP_RECVIF`), which says nothing on the way out, and a
    /// `struct in_addr` (`IP_RECVDSTADDR`, `IP_SENDSRCADDR`).
    Apart {
        interface: (c_int, c_int),
        address: (c_int, c_int),
        /// On the way out, in NetBSD's `struct in_pktinfo` of source and interface.
        way: Option<(c_int, c_int)>,
    },
}

/// What comes from the IP header.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderFields {
    pub(super) packet_info: (c_int, c_int),
    pub(super) hops: (c_int, c_int),
    /// None where the system does not say.
    pub(super) traffic_class: Option<(c_int, c_int)>,
    /// Whether hops and traffic class can be said on the way out, by the same
    /// numbers.
    pub(super) are_sent: bool,
}

/// When a datagram arrived: seconds, then a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamp {
    pub(super) kind: (c_int, c_int),
    /// Bytes of the fraction.
    pub(super) fraction_bytes: usize,
    /// What the fraction counts.
    pub(super) unit: Duration,
}

impl Constants {
    const fn of(&self, family: Family) -> &HeaderFields {
        match family {
            Family::V4 => &self.ipv4,
            Family::V6 => &self.ipv6,
        }
    }
}

/// Room for the control messages of one datagram, aligned for any header.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(super) struct Buffer(pub(super) [u8; Self::LEN]);

impl Buffer {
    /// Packet info (40 bytes at most), a timestamp (32), and hops, traffic class,
    /// drops and segments (24 each) with room to spare.
    pub(super) const LEN: usize = 192;
}

/// What has to be known of every message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// Where the data of packet info begins.
    pub(crate) packet_info: Option<NonZeroU8>,
    /// Bytes of each datagram but the last, if several came as one message.
    pub(crate) segment: Option<NonZeroU32>,
}

/// What packet info says (ip(7), RFC 3542).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) interface: u32,
    pub(crate) destination: IpAddr,
    /// The address the kernel would answer from, where it tells.
    pub(crate) local: Option<Ipv4Addr>,
}

/// Looks for what has to be known in what this system's kernel wrote.
#[inline]
pub(super) fn outline(bytes: &[u8], family: Family) -> Outline {
    // Most often packet info is all there is.
    lone_packet_info(&platform::CONTROL, bytes, family)
        .unwrap_or_else(|| outline_as(&platform::CONTROL, bytes, family))
}

/// Looks for packet info and nothing else.
#[inline]
fn lone_packet_info(constants: &Constants, bytes: &[u8], family: Family) -> Option<Outline> {
    let layout = constants.layout;
    let start = layout.header_len();
    let len = start + packet_info_len(family);
    if bytes.len() != layout.aligned(len) {
        return None;
    }
    let (header_len, kind) = read_header(layout, bytes);
    (header_len == len as u64 && kind == constants.of(family).packet_info).then(|| Outline {
        packet_info: u8::try_from(start).ok().and_then(NonZeroU8::new),
        segment: None,
    })
}

fn outline_as(constants: &Constants, bytes: &[u8], family: Family) -> Outline {
    let packet_info = constants.of(family).packet_info;
    let mut outline = Outline::default();
    walk(constants.layout, bytes, |kind, data| {
        if kind == packet_info {
            if data.len() >= packet_info_len(family) {
                outline.packet_info = u8::try_from(data.start).ok().and_then(NonZeroU8::new);
            }
        } else if Some(kind) == constants.segment {
            let len = int_at(bytes, data.start).and_then(|len| u32::try_from(len).ok());
            outline.segment = len.and_then(NonZeroU32::new);
        }
    });
    outline
}

/// Reads packet info of which an [`Outline`] says where it begins.
pub(super) fn arrival(buffer: &Buffer, at: u8, family: Family) -> Arrival {
    let local = match family {
        Family::V4 => Some(Ipv4Addr::from(array::<4>(&buffer.0, usize::from(at) + 4))),
        Family::V6 => None,
    };
    Arrival {
        interface: interface(buffer, at, family),
        destination: destination(buffer, at, family),
        local: local.filter(|local| !local.is_unspecified()),
    }
}

/// Reads only the interface there.
#[inline]
pub(super) fn interface(buffer: &Buffer, at: u8, family: Family) -> u32 {
    let offset = match family {
        Family::V4 => 0,
        Family::V6 => 16,
    };
    u32::from_ne_bytes(array(&buffer.0, usize::from(at) + offset))
}

/// Reads only the destination there.
#[inline]
pub(super) fn destination(buffer: &Buffer, at: u8, family: Family) -> IpAddr {
    let at = usize::from(at);
    match family {
        Family::V4 => Ipv4Addr::from(array::<4>(&buffer.0, at + 8)).into(),
        Family::V6 => Ipv6Addr::from(array::<16>(&buffer.0, at)).into(),
    }
}

/// How many more hops it could have made.
pub(super) fn hops(bytes: &[u8], family: Family) -> Option<u8> {
    hops_as(&platform::CONTROL, bytes, family)
}

fn hops_as(constants: &Constants, bytes: &[u8], family: Family) -> Option<u8> {
    byte(find(constants.layout, bytes, constants.of(family).hops)?)
}

/// The traffic class, or type of service.
pub(super) fn traffic_class(bytes: &[u8], family: Family) -> Option<u8> {
    traffic_class_as(&platform::CONTROL, bytes, family)
}

fn traffic_class_as(constants: &Constants, bytes: &[u8], family: Family) -> Option<u8> {
    let kind = constants.of(family).traffic_class?;
    byte(find(constants.layout, bytes, kind)?)
}

/// When it arrived.
pub(super) fn timestamp(bytes: &[u8]) -> Option<SystemTime> {
    timestamp_as(&platform::CONTROL, bytes)
}

fn timestamp_as(constants: &Constants, bytes: &[u8]) -> Option<SystemTime> {
    let Timestamp {
        kind,
        fraction_bytes,
        unit,
    } = constants.timestamp;
    let data = find(constants.layout, bytes, kind)?;
    // The old layout of 32-bit Linux, or the one that all others have.
    let (seconds, fraction) = match data.len() {
        8 => (data.get(..4)?, data.get(4..)?),
        _ => (data.get(..8)?, data.get(8..)?.get(..fraction_bytes)?),
    };
    let since = Duration::from_secs(read_unsigned(seconds));
    let fraction = unit.checked_mul(u32::try_from(read_unsigned(fraction)).ok()?)?;
    SystemTime::UNIX_EPOCH
        .checked_add(since)?
        .checked_add(fraction)
}

/// How many datagrams had found no room when this one came.
pub(super) fn drops(bytes: &[u8]) -> Option<u32> {
    drops_as(&platform::CONTROL, bytes)
}

fn drops_as(constants: &Constants, bytes: &[u8]) -> Option<u32> {
    let data = find(constants.layout, bytes, constants.drops?)?;
    Some(u32::from_ne_bytes(*data.first_chunk()?))
}

/// The data of the last message of a kind.
fn find(layout: Layout, bytes: &[u8], wanted: (c_int, c_int)) -> Option<&[u8]> {
    let mut found = None;
    walk(layout, bytes, |kind, data| {
        if kind == wanted {
            found = bytes.get(data);
        }
    });
    found
}

/// Shows each message: level and type, and where its data is, all of it in bounds.
/// Ends where malformed.
#[inline]
pub(super) fn walk(
    layout: Layout,
    bytes: &[u8],
    mut show: impl FnMut((c_int, c_int), Range<usize>),
) {
    let header_len = layout.header_len();
    let mut at = 0;
    while let Some(header) = bytes.get(at..).and_then(|rest| rest.get(..header_len)) {
        let (len, kind) = read_header(layout, header);
        let Ok(len) = usize::try_from(len) else {
            return;
        };
        if len < header_len || len > bytes.len() - at {
            return;
        }
        show(kind, at + header_len..at + len);
        at += layout.aligned(len);
    }
}

/// The length of a message, header included, and its level and type.
#[inline]
fn read_header(layout: Layout, bytes: &[u8]) -> (u64, (c_int, c_int)) {
    let len = read_unsigned(&bytes[..layout.len_bytes]);
    let level = c_int::from_ne_bytes(array(bytes, layout.len_bytes));
    let message_type = c_int::from_ne_bytes(array(bytes, layout.len_bytes + 4));
    (len, (level, message_type))
}

const fn packet_info_len(family: Family) -> usize {
    match family {
        Family::V4 => IPV4_INFO_LEN,
        Family::V6 => IPV6_INFO_LEN,
    }
}

/// An `int`, or a byte.
fn byte(data: &[u8]) -> Option<u8> {
    match data {
        [byte] => Some(*byte),
        _ => u8::try_from(int_at(data, 0)?).ok(),
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let bytes = &bytes[at..at + N];
    std::array::from_fn(|i| bytes[i])
}

fn int_at(bytes: &[u8], at: usize) -> Option<c_int> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(c_int::from_ne_bytes(*bytes))
}

/// A number of up to eight bytes.
fn read_unsigned(bytes: &[u8]) -> u64 {
    let mut number = [0; size_of::<u64>()];
    if cfg!(target_endian = "little") {
        number[..bytes.len()].copy_from_slice(bytes);
    } else {
        number[size_of::<u64>() - bytes.len()..].copy_from_slice(bytes);
    }
    u64::from_ne_bytes(number)
}

pub(super) const IPV4_INFO_LEN: usize = 12; // struct in_pktinfo: interface, local address, destination
const IPV6_INFO_LEN: usize = 20; // struct in6_pktinfo: destination, interface

#[cfg(test)]
ifcast_abi::claims! {
    "offsetof(struct cmsghdr, cmsg_level)" => LAYOUT.len_bytes,
    "offsetof(struct cmsghdr, cmsg_type)" => LAYOUT.len_bytes + size_of::<c_int>(),
    "CMSG_LEN(0)" => LAYOUT.header_len(),
    "CMSG_SPACE(1)" => LAYOUT.header_len() + LAYOUT.aligned(1),
    "sizeof(struct in6_pktinfo)" => IPV6_INFO_LEN,
    "offsetof(struct in6_pktinfo, ipi6_addr)" => 0,
    "offsetof(struct in6_pktinfo, ipi6_ifindex)" => 16,
}

#[cfg(all(
    test,
    any(target_os = "linux", target_os = "android", target_vendor = "apple")
))]
ifcast_abi::claims! {
    "sizeof(struct in_pktinfo)" => IPV4_INFO_LEN,
    "offsetof(struct in_pktinfo, ipi_ifindex)" => 0,
    "offsetof(struct in_pktinfo, ipi_spec_dst)" => 4,
    "offsetof(struct in_pktinfo, ipi_addr)" => 8,
}

#[cfg(test)]
const LAYOUT: Layout = platform::CONTROL.layout;

#[cfg(test)]
mod tests;
