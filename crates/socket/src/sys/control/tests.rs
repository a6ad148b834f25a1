//! What each system's control messages say, wherever this runs.

use super::writer::write_len;
use super::*;
use crate::sys::control::systems::{APPLE, FREEBSD, ILLUMOS, LINUX, NETBSD, NETBSD_ARM, OPENBSD};
use crate::sys::gather::gather;

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

/// A `struct sockaddr_dl` as kernels fill it: length, family, index, type, length of the
/// name, of the address and of the selector, then all of these.
fn link(index: u16, name: &str) -> Vec<u8> {
    let name_len = u8::try_from(name.len()).unwrap();
    let [first, second] = index.to_ne_bytes();
    let mut bytes = vec![0, AF_LINK, first, second, IFT_ETHER, name_len, 6, 0];
    bytes.extend(name.bytes().chain([2, 0, 0, 0, 0, 1]));
    bytes.resize(bytes.len().max(SOCKADDR_DL_LEN), 0);
    bytes[0] = u8::try_from(bytes.len()).unwrap();
    bytes
}

/// What a system's kernel says of a datagram to `destination`, which arrived on the
/// interface with this index, where this host has 10.71.0.2.
fn whereabouts(constants: &Constants, interface: u16, destination: [u8; 4]) -> Vec<Vec<u8>> {
    let index = u32::from(interface).to_ne_bytes();
    match constants.ipv4_telling {
        Telling::Whole => {
            let info = [index, [10, 71, 0, 2], destination].concat();
            vec![message(constants, constants.ipv4.packet_info, &info)]
        }
        Telling::Apart {
            interface: link_kind,
            address: address_kind,
            ..
        } => vec![
            message(constants, address_kind, &destination),
            message(constants, link_kind, &link(interface, "em0")),
        ],
    }
}

/// Hops and, where the system tells it, traffic class as given, then whereabouts.
fn ipv4(constants: &Constants, byte: &[u8]) -> Vec<u8> {
    let kinds = [Some(constants.ipv4.hops), constants.ipv4.traffic_class];
    let fields = kinds.into_iter().flatten();
    let mut messages: Vec<_> = fields.map(|kind| message(constants, kind, byte)).collect();
    messages.extend(whereabouts(constants, 7, [239, 1, 2, 3]));
    messages.concat()
}

/// The same as it is when packet info has been gathered.
fn gathered(constants: &Constants, bytes: &[u8]) -> Vec<u8> {
    let mut buffer = Buffer([0xa5; Buffer::LEN]);
    buffer.0[..bytes.len()].copy_from_slice(bytes);
    let len = gather(constants, &mut buffer, bytes.len());
    buffer.0[..len].to_vec()
}

/// What packet info among `bytes` says, if there is any.
fn arrival_as(constants: &Constants, bytes: &[u8], family: Family) -> Option<Arrival> {
    let bytes = gathered(constants, bytes);
    let outline = outline_as(constants, &bytes, family);
    if let Some(lone) = lone_packet_info(constants, &bytes, family) {
        assert_eq!(lone, outline);
    }
    let mut buffer = Buffer([0; Buffer::LEN]);
    buffer.0[..bytes.len()].copy_from_slice(&bytes);
    Some(arrival(&buffer, outline.packet_info?.get(), family))
}

/// What is expected of [`ipv4`], where only a whole `struct in_pktinfo` says which
/// address this host has.
fn expected(constants: &Constants) -> Arrival {
    let says_local = matches!(constants.ipv4_telling, Telling::Whole);
    Arrival {
        interface: 7,
        destination: [239, 1, 2, 3].into(),
        local: says_local.then_some([10, 71, 0, 2].into()),
    }
}

#[test]
fn ipv4_packet_info_hops_and_traffic_class_are_decoded_of_every_system() {
    let four_bytes = 64i32.to_ne_bytes();
    for (constants, field) in ALL
        .into_iter()
        .flat_map(|constants| [(constants, &four_bytes[..]), (constants, &[64])])
    {
        let bytes = ipv4(constants, field);
        let found = arrival_as(constants, &bytes, Family::V4);
        assert_eq!(found, Some(expected(constants)), "{constants:?}");
        for bytes in [bytes.clone(), gathered(constants, &bytes)] {
            assert_eq!(hops_as(constants, &bytes, Family::V4), Some(64));
            let traffic_class = constants.ipv4.traffic_class.map(|_| 64);
            let found = traffic_class_as(constants, &bytes, Family::V4);
            assert_eq!(found, traffic_class);
            assert_eq!(hops_as(constants, &bytes, Family::V6), None);
        }
        assert_eq!(arrival_as(constants, &bytes, Family::V6), None);
    }
}

#[test]
fn parts_of_packet_info_are_gathered_in_any_order_and_leave_the_others_as_they_are() {
    for constants in ALL {
        let mut messages = whereabouts(constants, 7, [239, 1, 2, 3]);
        let hops = message(constants, constants.ipv4.hops, &[64]);
        let unknown = message(constants, (1000, 1), &[1, 2, 3, 4, 5]);
        messages.extend([hops.clone(), unknown.clone()]);
        for order in permutations(messages.len()) {
            let bytes: Vec<u8> = order.iter().flat_map(|at| messages[*at].clone()).collect();
            let found = arrival_as(constants, &bytes, Family::V4);
            assert_eq!(
                found,
                Some(expected(constants)),
                "{order:?} of {constants:?}"
            );
            let bytes = gathered(constants, &bytes);
            for kept in [&hops, &unknown] {
                assert!(bytes.windows(kept.len()).any(|window| window == kept));
            }
            assert_eq!(bytes.len() % constants.layout.align, 0);
        }
    }
}

#[test]
fn the_last_message_may_lack_its_padding() {
    for constants in ALL {
        let [hops, mut bytes] = [
            message(constants, constants.ipv4.hops, &[64]),
            whereabouts(constants, 7, [239, 1, 2, 3]).concat(),
        ];
        bytes.extend(&hops[..constants.layout.header_len() + 1]);
        let found = arrival_as(constants, &bytes, Family::V4);
        assert_eq!(found, Some(expected(constants)));
    }
}

#[test]
fn a_link_address_needs_no_more_than_an_index_of_an_interface() {
    for constants in [&FREEBSD, &OPENBSD, &NETBSD, &NETBSD_ARM] {
        let Telling::Apart {
            interface, address, ..
        } = constants.ipv4_telling
        else {
            panic!("{constants:?}");
        };
        let index_of = |link: &[u8]| {
            let mut bytes = message(constants, interface, link);
            bytes.extend(message(constants, address, &[239, 1, 2, 3]));
            Some(arrival_as(constants, &bytes, Family::V4)?.interface)
        };
        let whole = link(7, "em0");
        for len in 0..=whole.len() {
            // Cut off by the message, by its own length, and by both.
            let expected = (len >= 4).then_some(7);
            assert_eq!(index_of(&whole[..len]), expected, "{len}");
            let mut short = whole.clone();
            short[0] = u8::try_from(len).unwrap();
            assert_eq!(index_of(&short), expected, "{len}");
            assert_eq!(index_of(&short[..len]), expected, "{len}");
        }
        assert_eq!(index_of(&link(7, "a_long_name_of_16")), Some(7));
        assert_eq!(index_of(&link(0, "")), None, "no interface has the index 0");
        let mut other = whole;
        other[1] = 2; // AF_INET
        assert_eq!(index_of(&other), None);
    }
}

#[test]
fn half_of_packet_info_is_none_and_takes_nothing_away() {
    for constants in [&FREEBSD, &OPENBSD, &NETBSD, &NETBSD_ARM] {
        let parts = whereabouts(constants, 7, [239, 1, 2, 3]);
        for half in parts {
            assert_eq!(arrival_as(constants, &half, Family::V4), None);
            assert_eq!(gathered(constants, &half), half);
        }
    }
}

/// All orders of so many.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1).into_iter();
    let insert = |order: Vec<usize>| {
        (0..count).map(move |place| {
            let mut order = order.clone();
            order.insert(place, count - 1);
            order
        })
    };
    shorter.flat_map(insert).collect()
}

#[test]
fn ipv6_packet_info_hops_and_traffic_class_are_decoded_of_every_system() {
    let group: Ipv6Addr = "ff02::1:3".parse().unwrap();
    for constants in ALL {
        let mut info = group.octets().to_vec();
        info.extend(9u32.to_ne_bytes());
        let fields = constants.ipv6;
        let mut bytes = message(constants, fields.packet_info, &info);
        bytes.extend(message(constants, fields.hops, &1i32.to_ne_bytes()));
        let traffic_class = fields.traffic_class.unwrap();
        bytes.extend(message(constants, traffic_class, &184i32.to_ne_bytes()));
        assert_eq!(hops_as(constants, &bytes, Family::V6), Some(1));
        assert_eq!(traffic_class_as(constants, &bytes, Family::V6), Some(184));
        let arrival = arrival_as(constants, &bytes, Family::V6).unwrap();
        assert_eq!((arrival.interface, arrival.destination), (9, group.into()));
    }
}

#[test]
fn packet_info_alone_is_found_as_among_others() {
    for constants in ALL {
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
            for at in 0..constants.layout.len_bytes + 2 * size_of::<c_int>() {
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
    for constants in [&APPLE, &NETBSD] {
        let bytes = message(constants, constants.timestamp.kind, &micros);
        assert_eq!(timestamp_as(constants, &bytes), Some(at(123_456_000)));
    }

    // Elsewhere a microsecond is a `long`.
    let mut micros = 1_800_000_000i64.to_ne_bytes().to_vec();
    micros.extend(123_456i64.to_ne_bytes());
    for constants in [&FREEBSD, &OPENBSD, &ILLUMOS] {
        let bytes = message(constants, constants.timestamp.kind, &micros);
        assert_eq!(timestamp_as(constants, &bytes), Some(at(123_456_000)));
    }

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
    for constants in ALL {
        let destination = [239, 1, 2, 3];
        let info = message(constants, constants.ipv6.packet_info, &[0; 20]);
        for (fields, info) in [
            (constants.ipv4, whereabouts(constants, 7, destination)),
            (constants.ipv6, vec![info]),
        ] {
            let small = [Some(fields.hops), fields.traffic_class];
            let small = small
                .into_iter()
                .chain([constants.drops, constants.segment]);
            let small = small
                .flatten()
                .map(|kind| message(constants, kind, &[0; 4]));
            let time = message(constants, constants.timestamp.kind, &[0; 16]);
            let all = small.chain([time]).chain(info);
            let len = all.map(|message| message.len()).sum::<usize>();
            assert!(len <= Buffer::LEN, "{len} bytes of {constants:?}");
        }
    }
}

#[test]
fn what_is_written_is_decoded() {
    let sources: [IpAddr; 2] = [[10, 71, 0, 1].into(), "fe80::1".parse().unwrap()];
    let everywhere = ALL.into_iter();
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
        match (constants.ipv4_telling, source) {
            (Telling::Apart { way, address, .. }, IpAddr::V4(source)) => {
                let found = find(constants.layout, bytes, way.unwrap_or(address)).unwrap();
                let (told, interface) = found.split_at(4);
                assert_eq!(told, source.octets());
                assert_eq!(interface == 5u32.to_ne_bytes(), way.is_some());
            }
            _ => {
                let arrival = arrival_as(constants, bytes, family).unwrap();
                assert_eq!(arrival.interface, 5);
            }
        }
        let segment = find(constants.layout, bytes, (17, 103));
        assert_eq!(segment, Some(&1200u16.to_ne_bytes()[..]));
    }
}

#[test]
fn netbsd_is_told_source_and_interface_the_other_way_round() {
    let mut buffer = Buffer([0xff; Buffer::LEN]);
    let mut writer = Writer::with(&NETBSD, &mut buffer);
    writer.packet_info(5, [10, 71, 0, 1].into());
    let bytes = writer.finish();
    let expected = [[10, 71, 0, 1], 5u32.to_ne_bytes()].concat();
    assert_eq!(find(NETBSD.layout, bytes, (0, 25)), Some(&expected[..]));
    assert_eq!(bytes.len(), 24);
}

#[test]
fn where_only_a_source_can_be_told_no_source_is_not_told() {
    for constants in [&FREEBSD, &OPENBSD] {
        let mut buffer = Buffer([0xff; Buffer::LEN]);
        let mut writer = Writer::with(constants, &mut buffer);
        writer.packet_info(5, Ipv4Addr::UNSPECIFIED.into());
        assert_eq!(writer.finish(), []);
    }
}

#[test]
fn truncated_and_impossible_messages_say_nothing_and_do_not_panic() {
    for constants in ALL {
        let whole = ipv4(constants, &64i32.to_ne_bytes());
        let mut info_end = 0; // then padding
        walk(constants.layout, &whole, |_, data| info_end = data.end);
        for len in 0..info_end {
            let found = arrival_as(constants, &whole[..len], Family::V4);
            assert_eq!(found, None, "{len} of {constants:?}");
        }
        for len in [0, 1, 11, 1 << 20, usize::MAX] {
            let mut bad = whole.clone();
            write_len(&mut bad[..constants.layout.len_bytes], len);
            assert_eq!(gathered(constants, &bad), bad);
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
    let len = size_of::<libc::cmsghdr>();
    assert_eq!(layout.header_len(), len.next_multiple_of(layout.align));
}

const AF_LINK: u8 = 18;
const IFT_ETHER: u8 = 6;
const SOCKADDR_DL_LEN: usize = 54; // FreeBSD's, the longest

static ALL: [&Constants; 7] = [
    &LINUX,
    &APPLE,
    &FREEBSD,
    &OPENBSD,
    &NETBSD,
    &NETBSD_ARM,
    &ILLUMOS,
];
