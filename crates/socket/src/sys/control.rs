//! Control messages (cmsg(3)): pure functions over bytes.
//!
//! The layout is a value, so that Apple's is tested on Linux.

#![forbid(unsafe_code)]

#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(any(test, fuzzing))]
mod systems;
mod writer;

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
    const fn header_len(self) -> usize {
        self.aligned(self.len_bytes + 2 * size_of::<c_int>())
    }

    /// The next multiple of the alignment, which is a power of two.
    const fn aligned(self, len: usize) -> usize {
        (len + self.align - 1) & !(self.align - 1)
    }
}

/// Levels and types of the control messages that matter here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants {
    pub(super) layout: Layout,
    pub(super) ipv4: HeaderFields,
    pub(super) ipv6: HeaderFields,
    pub(super) timestamp: Timestamp,
    /// How many datagrams found no room, where the system says so.
    pub(super) drops: Option<(c_int, c_int)>,
    /// How long the datagrams are that came as one message, where that happens.
    pub(super) segment: Option<(c_int, c_int)>,
}

/// What comes from the IP header.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderFields {
    pub(super) packet_info: (c_int, c_int),
    pub(super) hops: (c_int, c_int),
    pub(super) traffic_class: (c_int, c_int),
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
    byte(find(
        constants.layout,
        bytes,
        constants.of(family).traffic_class,
    )?)
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
fn walk(layout: Layout, bytes: &[u8], mut show: impl FnMut((c_int, c_int), Range<usize>)) {
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

const IPV4_INFO_LEN: usize = 12; // struct in_pktinfo: interface, local address, destination
const IPV6_INFO_LEN: usize = 20; // struct in6_pktinfo: destination, interface

#[cfg(test)]
mod tests {
    use super::writer::write_len;
    use super::*;
    use crate::sys::control::systems::{APPLE, LINUX};

    fn message(constants: &Constants, (level, kind): (c_int, c_int), data: &[u8]) -> Vec<u8> {
        let layout = constants.layout;
        let start = layout.header_len();
        let mut bytes = vec![0; (start + data.len()).next_multiple_of(layout.align)];
        write_len(&mut bytes[..layout.len_bytes], start + data.len());
        bytes[layout.len_bytes..][..4].copy_from_slice(&level.to_ne_bytes());
        bytes[layout.len_bytes + 4..][..4].copy_from_slice(&kind.to_ne_bytes());
        bytes[start..start + data.len()].copy_from_slice(data);
        bytes
    }

    /// Hops and traffic class as given, then packet info.
    fn ipv4(constants: &Constants, byte: &[u8]) -> Vec<u8> {
        let mut info = 7u32.to_ne_bytes().to_vec();
        info.extend([10, 71, 0, 2, 239, 1, 2, 3]);
        let mut bytes = message(constants, constants.ipv4.hops, byte);
        bytes.extend(message(constants, constants.ipv4.traffic_class, byte));
        bytes.extend(message(constants, constants.ipv4.packet_info, &info));
        bytes
    }

    /// What packet info among `bytes` says, if there is any.
    fn arrival_as(constants: &Constants, bytes: &[u8], family: Family) -> Option<Arrival> {
        let at = outline_as(constants, bytes, family).packet_info?;
        let mut buffer = Buffer([0; Buffer::LEN]);
        buffer.0[..bytes.len()].copy_from_slice(bytes);
        Some(arrival(&buffer, at.get(), family))
    }

    #[test]
    fn ipv4_packet_info_hops_and_traffic_class_are_decoded_on_linux_and_apple() {
        let expected = Arrival {
            interface: 7,
            destination: [239, 1, 2, 3].into(),
            local: Some([10, 71, 0, 2].into()),
        };
        let four_bytes = 64i32.to_ne_bytes();
        for (constants, bytes) in [
            (&LINUX, ipv4(&LINUX, &four_bytes)),
            (&LINUX, ipv4(&LINUX, &[64])),
            (&APPLE, ipv4(&APPLE, &[64])),
        ] {
            let found = arrival_as(constants, &bytes, Family::V4);
            assert_eq!(found, Some(expected));
            assert_eq!(hops_as(constants, &bytes, Family::V4), Some(64));
            assert_eq!(traffic_class_as(constants, &bytes, Family::V4), Some(64));
            assert_eq!(arrival_as(constants, &bytes, Family::V6), None);
            assert_eq!(hops_as(constants, &bytes, Family::V6), None);
        }
    }

    #[test]
    fn ipv6_packet_info_hops_and_traffic_class_are_decoded_on_linux_and_apple() {
        let group: Ipv6Addr = "ff02::1:3".parse().unwrap();
        for constants in [&LINUX, &APPLE] {
            let mut info = group.octets().to_vec();
            info.extend(9u32.to_ne_bytes());
            let fields = constants.ipv6;
            let mut bytes = message(constants, fields.packet_info, &info);
            bytes.extend(message(constants, fields.hops, &1i32.to_ne_bytes()));
            bytes.extend(message(
                constants,
                fields.traffic_class,
                &184i32.to_ne_bytes(),
            ));
            assert_eq!(hops_as(constants, &bytes, Family::V6), Some(1));
            assert_eq!(traffic_class_as(constants, &bytes, Family::V6), Some(184));
            let arrival = arrival_as(constants, &bytes, Family::V6).unwrap();
            assert_eq!((arrival.interface, arrival.destination), (9, group.into()));
        }
    }

    #[test]
    fn packet_info_alone_is_found_as_among_others() {
        for constants in [&LINUX, &APPLE] {
            for family in Family::ALL {
                let data = vec![7; packet_info_len(family)];
                let kind = constants.of(family).packet_info;
                let alone = message(constants, kind, &data);
                let expected = outline_as(constants, &alone, family);
                assert!(expected.packet_info.is_some());
                assert_eq!(lone_packet_info(constants, &alone, family), Some(expected));

                let hops = message(constants, constants.of(family).hops, &[0; 4]);
                let not_alone = [hops, alone.clone()].concat();
                assert_eq!(lone_packet_info(constants, &not_alone, family), None);
                for at in 0..constants.layout.header_len() {
                    let mut other = alone.clone();
                    other[at] ^= 1;
                    assert_eq!(lone_packet_info(constants, &other, family), None, "{at}");
                }
                let short = &alone[..alone.len() - 1];
                assert_eq!(lone_packet_info(constants, short, family), None);
            }
        }
    }

    #[test]
    fn how_a_message_is_to_be_split_is_decoded_where_it_can_be() {
        let with = |constants, len: i32| {
            let mut bytes = ipv4(constants, &[64, 0, 0, 0]);
            bytes.extend(message(constants, (17, 104), &len.to_ne_bytes()));
            let outline = outline_as(constants, &bytes, Family::V4);
            assert!(outline.packet_info.is_some());
            outline.segment.map(NonZeroU32::get)
        };
        assert_eq!(with(&LINUX, 1200), Some(1200));
        assert_eq!((with(&LINUX, 0), with(&LINUX, -1)), (None, None));
        assert_eq!(with(&APPLE, 1200), None);
    }

    #[test]
    fn timestamps_are_decoded_in_every_layout() {
        let at = |nanos| SystemTime::UNIX_EPOCH + Duration::new(1_800_000_000, nanos);
        let mut long = 1_800_000_000i64.to_ne_bytes().to_vec();
        long.extend(123_456_789i64.to_ne_bytes());
        let bytes = message(&LINUX, LINUX.timestamp.kind, &long);
        assert_eq!(timestamp_as(&LINUX, &bytes), Some(at(123_456_789)));

        let mut short = 1_800_000_000i32.to_ne_bytes().to_vec();
        short.extend(123_456_789i32.to_ne_bytes());
        let bytes = message(&LINUX, LINUX.timestamp.kind, &short);
        assert_eq!(timestamp_as(&LINUX, &bytes), Some(at(123_456_789)));

        let mut micros = 1_800_000_000i64.to_ne_bytes().to_vec();
        micros.extend(123_456i32.to_ne_bytes());
        micros.extend([0xff; 4]); // padding
        let bytes = message(&APPLE, APPLE.timestamp.kind, &micros);
        assert_eq!(timestamp_as(&APPLE, &bytes), Some(at(123_456_000)));

        for len in 0..16 {
            let bytes = message(&LINUX, LINUX.timestamp.kind, &long[..len]);
            assert_eq!(timestamp_as(&LINUX, &bytes).is_some(), len == 8, "{len}");
        }
    }

    #[test]
    fn drops_are_decoded_where_the_system_counts_them() {
        let bytes = message(&LINUX, (1, 40), &81u32.to_ne_bytes());
        assert_eq!(drops_as(&LINUX, &bytes), Some(81));
        assert_eq!(drops_as(&APPLE, &bytes), None);
        assert_eq!(drops_as(&LINUX, &ipv4(&LINUX, &[64])), None);
    }

    #[test]
    fn everything_at_once_fits() {
        for constants in [&LINUX, &APPLE] {
            let fields = [constants.ipv6.hops, constants.ipv6.traffic_class];
            let four = [
                Some(fields[0]),
                Some(fields[1]),
                constants.drops,
                constants.segment,
            ];
            let four = four.into_iter().flatten();
            let mut all: Vec<u8> = four
                .flat_map(|kind| message(constants, kind, &[0; 4]))
                .collect();
            all.extend(message(constants, constants.timestamp.kind, &[0; 16]));
            all.extend(message(constants, constants.ipv6.packet_info, &[0; 20]));
            assert!(all.len() <= Buffer::LEN, "{}", all.len());
        }
    }

    #[test]
    fn what_is_written_is_decoded() {
        let sources: [IpAddr; 2] = [[10, 71, 0, 1].into(), "fe80::1".parse().unwrap()];
        let everywhere = [&LINUX, &APPLE].into_iter();
        for (constants, source) in everywhere.flat_map(|c| sources.map(|source| (c, source))) {
            let mut buffer = Buffer([0xff; Buffer::LEN]);
            let mut writer = Writer::with(constants, &mut buffer);
            writer.way(Way {
                interface: 5,
                source,
                hops: Some(7),
                traffic_class: Some(0xb8),
            });
            writer.segment((17, 103), 1200);
            let bytes = writer.finish();
            let family = Family::of(source);
            let are_sent = constants.of(family).are_sent;
            let hops = hops_as(constants, bytes, family);
            assert_eq!(hops, are_sent.then_some(7));
            let traffic_class = traffic_class_as(constants, bytes, family);
            assert_eq!(traffic_class, are_sent.then_some(0xb8));
            assert_eq!(bytes.len() % constants.layout.align, 0);
            let arrival = arrival_as(constants, bytes, Family::of(source)).unwrap();
            assert_eq!(arrival.interface, 5);
            let segment = find(constants.layout, bytes, (17, 103));
            assert_eq!(segment, Some(&1200u16.to_ne_bytes()[..]));
        }
    }

    #[test]
    fn truncated_and_impossible_messages_say_nothing_and_do_not_panic() {
        for constants in [&LINUX, &APPLE] {
            let whole = ipv4(constants, &64i32.to_ne_bytes());
            let info_end = whole.len() - 12 % constants.layout.align; // then padding
            for len in 0..info_end {
                let outline = outline_as(constants, &whole[..len], Family::V4);
                assert_eq!(outline.packet_info, None);
            }
            for len in [0, 1, 11, 1 << 20, usize::MAX] {
                let mut bad = whole.clone();
                write_len(&mut bad[..constants.layout.len_bytes], len);
                let outline = outline_as(constants, &bad, Family::V4);
                assert_eq!(outline, Outline::default());
                assert_eq!(hops_as(constants, &bad, Family::V4), None);
            }
            let short = message(constants, constants.ipv4.packet_info, &[0; 11]);
            assert_eq!(
                outline_as(constants, &short, Family::V4),
                Outline::default()
            );
        }
    }

    #[test]
    fn this_systems_layout_is_that_of_its_header() {
        let layout = platform::CONTROL.layout;
        assert_eq!(layout.header_len(), size_of::<libc::cmsghdr>());
    }
}
