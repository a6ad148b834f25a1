//! Control messages (cmsg(3)): pure functions over bytes.
//!
//! The layout is a value, so that Apple's is tested on Linux.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroUsize;

use crate::sys::platform;

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
        (self.len_bytes + 2 * size_of::<c_int>()).next_multiple_of(self.align)
    }
}

/// Levels and types of the control messages that matter here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants {
    pub(super) layout: Layout,
    pub(super) ipv4_packet_info: (c_int, c_int),
    pub(super) ipv4_hops: (c_int, c_int),
    pub(super) ipv6_packet_info: (c_int, c_int),
    pub(super) ipv6_hops: (c_int, c_int),
    /// How long the datagrams are that came as one message, where that happens.
    pub(super) segment: Option<(c_int, c_int)>,
}

/// Room for the control messages of one datagram, aligned for any header.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(super) struct Buffer(pub(super) [u8; Self::LEN]);

impl Buffer {
    /// Packet info (40 bytes at most), hops (24) and segments (24) with room to
    /// spare.
    pub(super) const LEN: usize = 128;
}

/// What the control messages of a datagram say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) arrival: Option<Arrival>,
    pub(crate) hops: Option<u8>,
    /// Bytes of each datagram but the last, if several came as one message.
    pub(crate) segment: Option<NonZeroUsize>,
}

/// What packet info says (ip(7), RFC 3542).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) interface: u32,
    pub(crate) destination: IpAddr,
    /// The address the kernel would answer from, where it tells.
    pub(crate) local: Option<Ipv4Addr>,
}

/// Decodes the control messages that this system's kernel wrote.
pub(super) fn decode(bytes: &[u8]) -> Metadata {
    decode_as(platform::CONTROL, bytes)
}

fn decode_as(constants: Constants, bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata::default();
    for (kind, data) in walk(constants.layout, bytes) {
        if kind == constants.ipv4_packet_info {
            metadata.arrival = ipv4_arrival(data).or(metadata.arrival);
        } else if kind == constants.ipv6_packet_info {
            metadata.arrival = ipv6_arrival(data).or(metadata.arrival);
        } else if kind == constants.ipv4_hops || kind == constants.ipv6_hops {
            metadata.hops = hops(data).or(metadata.hops);
        } else if Some(kind) == constants.segment {
            let len = int_at(data, 0).and_then(|len| usize::try_from(len).ok());
            metadata.segment = len.and_then(NonZeroUsize::new);
        }
    }
    metadata
}

/// Encodes packet info for sending: by `interface`, from `source`, which may be
/// unspecified. Returns the bytes to pass on.
pub(super) fn encode(interface: u32, source: IpAddr, buffer: &mut Buffer) -> &mut [u8] {
    encode_as(platform::CONTROL, interface, source, buffer)
}

fn encode_as(
    constants: Constants,
    interface: u32,
    source: IpAddr,
    buffer: &mut Buffer,
) -> &mut [u8] {
    let mut data = [0; 20];
    let (kind, data) = match source {
        IpAddr::V4(source) => {
            data[..4].copy_from_slice(&interface.to_ne_bytes());
            data[4..8].copy_from_slice(&source.octets());
            (constants.ipv4_packet_info, &data[..12]) // struct in_pktinfo
        }
        IpAddr::V6(source) => {
            data[..16].copy_from_slice(&source.octets());
            data[16..].copy_from_slice(&interface.to_ne_bytes());
            (constants.ipv6_packet_info, &data[..]) // struct in6_pktinfo
        }
    };
    write(constants.layout, kind, data, buffer)
}

/// Encodes how long the datagrams are that a message is split into.
pub(super) fn encode_segment(kind: (c_int, c_int), segment: u16, buffer: &mut Buffer) -> &mut [u8] {
    let layout = platform::CONTROL.layout;
    write(layout, kind, &segment.to_ne_bytes(), buffer)
}

/// Writes one control message; returns its bytes.
fn write<'b>(
    layout: Layout,
    (level, message_type): (c_int, c_int),
    data: &[u8],
    buffer: &'b mut Buffer,
) -> &'b mut [u8] {
    let start = layout.header_len();
    let end = start + data.len();
    buffer.0.fill(0);
    write_len(&mut buffer.0[..layout.len_bytes], end);
    buffer.0[layout.len_bytes..][..4].copy_from_slice(&level.to_ne_bytes());
    buffer.0[layout.len_bytes + 4..][..4].copy_from_slice(&message_type.to_ne_bytes());
    buffer.0[start..end].copy_from_slice(data);
    &mut buffer.0[..end.next_multiple_of(layout.align)]
}

/// The messages in `bytes` as ((level, type), data); ends where malformed.
fn walk(layout: Layout, mut bytes: &[u8]) -> impl Iterator<Item = ((c_int, c_int), &[u8])> {
    std::iter::from_fn(move || {
        let len = read_len(bytes.get(..layout.len_bytes)?);
        let level = int_at(bytes, layout.len_bytes)?;
        let message_type = int_at(bytes, layout.len_bytes + 4)?;
        let data = bytes.get(layout.header_len()..len)?;
        let next = len.checked_next_multiple_of(layout.align)?;
        bytes = bytes.get(next..).unwrap_or_default();
        Some(((level, message_type), data))
    })
}

/// `struct in_pktinfo`: interface, local address, destination.
fn ipv4_arrival(data: &[u8]) -> Option<Arrival> {
    let local = Ipv4Addr::from(*data.get(4..)?.first_chunk::<4>()?);
    Some(Arrival {
        interface: u32::from_ne_bytes(*data.first_chunk()?),
        destination: Ipv4Addr::from(*data.get(8..)?.first_chunk::<4>()?).into(),
        local: Some(local).filter(|local| !local.is_unspecified()),
    })
}

/// `struct in6_pktinfo`: destination, interface.
fn ipv6_arrival(data: &[u8]) -> Option<Arrival> {
    Some(Arrival {
        interface: u32::from_ne_bytes(*data.get(16..)?.first_chunk()?),
        destination: Ipv6Addr::from(*data.first_chunk::<16>()?).into(),
        local: None,
    })
}

/// An `int`, or on Apple's systems for IPv4 a byte.
fn hops(data: &[u8]) -> Option<u8> {
    match data {
        [hops] => Some(*hops),
        _ => u8::try_from(int_at(data, 0)?).ok(),
    }
}

fn int_at(bytes: &[u8], at: usize) -> Option<c_int> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(c_int::from_ne_bytes(*bytes))
}

fn read_len(bytes: &[u8]) -> usize {
    let mut len = [0; size_of::<u64>()];
    if cfg!(target_endian = "little") {
        len[..bytes.len()].copy_from_slice(bytes);
    } else {
        len[size_of::<u64>() - bytes.len()..].copy_from_slice(bytes);
    }
    usize::try_from(u64::from_ne_bytes(len)).unwrap_or(usize::MAX)
}

fn write_len(bytes: &mut [u8], len: usize) {
    let width = bytes.len();
    let len = (len as u64).to_ne_bytes();
    if cfg!(target_endian = "little") {
        bytes.copy_from_slice(&len[..width]);
    } else {
        bytes.copy_from_slice(&len[len.len() - width..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux on 64-bit machines.
    const LINUX: Constants = Constants {
        layout: Layout {
            len_bytes: 8,
            align: 8,
        },
        ipv4_packet_info: (0, 8),
        ipv4_hops: (0, 2),
        ipv6_packet_info: (41, 50),
        ipv6_hops: (41, 52),
        segment: Some((17, 104)),
    };

    /// Every Apple system: `cmsg_len` is 32 bits wide, alignment is 4.
    const APPLE: Constants = Constants {
        layout: Layout {
            len_bytes: 4,
            align: 4,
        },
        ipv4_packet_info: (0, 26),
        ipv4_hops: (0, 24),
        ipv6_packet_info: (41, 46),
        ipv6_hops: (41, 47),
        segment: None,
    };

    fn message(constants: Constants, (level, kind): (c_int, c_int), data: &[u8]) -> Vec<u8> {
        let layout = constants.layout;
        let start = layout.header_len();
        let mut bytes = vec![0; (start + data.len()).next_multiple_of(layout.align)];
        write_len(&mut bytes[..layout.len_bytes], start + data.len());
        bytes[layout.len_bytes..][..4].copy_from_slice(&level.to_ne_bytes());
        bytes[layout.len_bytes + 4..][..4].copy_from_slice(&kind.to_ne_bytes());
        bytes[start..start + data.len()].copy_from_slice(data);
        bytes
    }

    fn ipv4(constants: Constants, hops: &[u8]) -> Vec<u8> {
        let mut info = 7u32.to_ne_bytes().to_vec();
        info.extend([10, 71, 0, 2, 239, 1, 2, 3]);
        let mut bytes = message(constants, constants.ipv4_hops, hops);
        bytes.extend(message(constants, constants.ipv4_packet_info, &info));
        bytes
    }

    #[test]
    fn arrival_and_hops_are_decoded_on_linux_and_apple() {
        let expected = Metadata {
            arrival: Some(Arrival {
                interface: 7,
                destination: [239, 1, 2, 3].into(),
                local: Some([10, 71, 0, 2].into()),
            }),
            hops: Some(64),
            segment: None,
        };
        let linux = ipv4(LINUX, &64i32.to_ne_bytes());
        assert_eq!(decode_as(LINUX, &linux), expected);
        assert_eq!(decode_as(APPLE, &ipv4(APPLE, &[64])), expected);
    }

    #[test]
    fn how_a_message_is_to_be_split_is_decoded_where_it_can_be() {
        let with = |constants, len: i32| {
            let mut bytes = ipv4(constants, &[64, 0, 0, 0]);
            bytes.extend(message(constants, (17, 104), &len.to_ne_bytes()));
            decode_as(constants, &bytes).segment.map(NonZeroUsize::get)
        };
        assert_eq!(with(LINUX, 1200), Some(1200));
        assert_eq!((with(LINUX, 0), with(LINUX, -1)), (None, None));
        assert_eq!(with(APPLE, 1200), None);
    }

    #[test]
    fn ipv6_arrival_is_decoded_on_linux_and_apple() {
        let group: Ipv6Addr = "ff02::1:3".parse().unwrap();
        for constants in [LINUX, APPLE] {
            let mut info = group.octets().to_vec();
            info.extend(9u32.to_ne_bytes());
            let mut bytes = message(constants, constants.ipv6_packet_info, &info);
            bytes.extend(message(constants, constants.ipv6_hops, &1i32.to_ne_bytes()));
            let metadata = decode_as(constants, &bytes);
            assert_eq!(metadata.hops, Some(1));
            let arrival = metadata.arrival.unwrap();
            assert_eq!((arrival.interface, arrival.destination), (9, group.into()));
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let sources: [IpAddr; 2] = [[10, 71, 0, 1].into(), "fe80::1".parse().unwrap()];
        for (constants, source) in [LINUX, APPLE].into_iter().zip(sources) {
            let mut buffer = Buffer([0xff; Buffer::LEN]);
            let bytes = encode_as(constants, 5, source, &mut buffer);
            assert_eq!(bytes.len() % constants.layout.align, 0);
            let arrival = decode_as(constants, bytes).arrival.unwrap();
            assert_eq!(arrival.interface, 5);
        }
    }

    #[test]
    fn truncated_and_impossible_messages_say_nothing_and_do_not_panic() {
        for constants in [LINUX, APPLE] {
            let whole = ipv4(constants, &64i32.to_ne_bytes());
            let info_end = whole.len() - 12 % constants.layout.align; // then padding
            for len in 0..info_end {
                assert_eq!(decode_as(constants, &whole[..len]).arrival, None);
            }
            for len in [0, 1, 11, 1 << 20, usize::MAX] {
                let mut bad = whole.clone();
                write_len(&mut bad[..constants.layout.len_bytes], len);
                assert_eq!(decode_as(constants, &bad), Metadata::default());
            }
        }
    }

    #[test]
    fn this_systems_layout_is_that_of_its_header() {
        let layout = platform::CONTROL.layout;
        assert_eq!(layout.header_len(), size_of::<libc::cmsghdr>());
    }
}
