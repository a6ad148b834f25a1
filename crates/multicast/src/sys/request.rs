//! The structures of RFC 3678, section 5: pure functions over bytes.
//!
//! The layout is a value, so that every system's is tested on each.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How a system lays out `struct group_req`, `group_source_req` and `group_filter`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// What a `struct sockaddr_storage` is aligned to in there.
    pub(super) align: usize,
    /// What a socket address begins with: its family, or its length and family.
    pub(super) head: fn(family: c_int, len: u8) -> [u8; 2],
}

/// The numbers of the socket options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) join: c_int,
    pub(super) leave: c_int,
    pub(super) join_source: c_int,
    pub(super) leave_source: c_int,
    pub(super) block: c_int,
    pub(super) unblock: c_int,
}

/// The index of an interface, then socket addresses: a group, and perhaps a source.
pub(super) fn encode(
    layout: Layout,
    interface: u32,
    addresses: impl IntoIterator<Item = IpAddr>,
) -> Vec<u8> {
    let mut bytes = interface.to_ne_bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(layout.align), 0);
    for address in addresses {
        push_address(layout, address, &mut bytes);
    }
    bytes
}

/// `struct group_filter`: interface and group, then mode and number of sources, then
/// the sources, and room for so many more.
#[cfg(any(target_os = "linux", target_os = "android", test))]
pub(super) fn encode_filter(
    layout: Layout,
    interface: u32,
    group: IpAddr,
    mode: u32,
    sources: &[IpAddr],
    room: usize,
) -> Vec<u8> {
    let mut bytes = encode(layout, interface, [group]);
    let count = u32::try_from(sources.len() + room).unwrap_or(u32::MAX);
    bytes.extend(mode.to_ne_bytes());
    bytes.extend(count.to_ne_bytes());
    for source in sources {
        push_address(layout, *source, &mut bytes);
    }
    bytes.resize(bytes.len() + room * STORAGE_LEN, 0);
    bytes
}

/// Mode, number of sources, and those of them for which there was room.
#[cfg(any(target_os = "linux", target_os = "android", test))]
pub(super) fn decode_filter(layout: Layout, bytes: &[u8]) -> Option<(u32, usize, Vec<IpAddr>)> {
    let start = size_of::<u32>().next_multiple_of(layout.align) + STORAGE_LEN;
    let number = |at: usize| Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
    let (mode, count) = (number(start)?, number(start + 4)?);
    let count = usize::try_from(count).ok()?;
    let sources = bytes.get(start + 8..)?.chunks_exact(STORAGE_LEN);
    let sources = sources.take(count).map(|bytes| address(layout, bytes));
    Some((mode, count, sources.collect::<Option<_>>()?))
}

/// A `struct sockaddr_storage` that holds a `sockaddr_in` or `sockaddr_in6` without
/// port.
pub(super) fn push_address(layout: Layout, address: IpAddr, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    match address {
        IpAddr::V4(address) => {
            bytes.extend((layout.head)(libc::AF_INET, 16));
            bytes.extend([0; 2]); // port
            bytes.extend(address.octets());
        }
        IpAddr::V6(address) => {
            bytes.extend((layout.head)(libc::AF_INET6, 28));
            bytes.extend([0; 2 + 4]); // port, flow information
            bytes.extend(address.octets());
        }
    }
    bytes.resize(start + STORAGE_LEN, 0);
}

/// The address in a `struct sockaddr_storage`.
pub(super) fn address(layout: Layout, bytes: &[u8]) -> Option<IpAddr> {
    let head = *bytes.first_chunk::<2>()?;
    if head == (layout.head)(libc::AF_INET, 16) {
        Some(Ipv4Addr::from(*bytes.get(4..)?.first_chunk::<4>()?).into())
    } else if head == (layout.head)(libc::AF_INET6, 28) {
        Some(Ipv6Addr::from(*bytes.get(8..)?.first_chunk::<16>()?).into())
    } else {
        None
    }
}

/// Bytes of a `struct sockaddr_storage`, everywhere.
pub(super) const STORAGE_LEN: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::platform;

    fn linux_head(family: c_int, _: u8) -> [u8; 2] {
        u16::try_from(family).unwrap().to_ne_bytes()
    }

    fn apple_head(family: c_int, len: u8) -> [u8; 2] {
        [len, u8::try_from(family).unwrap()]
    }

    const LINUX_64: Layout = Layout {
        align: 8,
        head: linux_head,
    };
    const LINUX_32: Layout = Layout {
        align: 4,
        head: linux_head,
    };
    /// `#pragma pack(4)` in `<netinet/in.h>`.
    const APPLE: Layout = Layout {
        align: 4,
        head: apple_head,
    };

    fn v4(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn every_field_is_where_c_declares_it() {
        for (layout, start, head) in [
            (LINUX_64, 8, linux_head(libc::AF_INET, 16)),
            (LINUX_32, 4, linux_head(libc::AF_INET, 16)),
            (APPLE, 4, [16, 2]),
        ] {
            let bytes = encode(layout, 7, [v4("232.1.2.3"), v4("10.71.0.1")]);
            assert_eq!(bytes.len(), start + 2 * STORAGE_LEN);
            assert_eq!(bytes[..4], 7u32.to_ne_bytes());
            assert!(bytes[4..start].iter().all(|byte| *byte == 0));
            assert_eq!(bytes[start..start + 2], head);
            assert_eq!(bytes[start + 4..start + 8], [232, 1, 2, 3]);
            let source = start + STORAGE_LEN;
            assert_eq!(bytes[source..source + 2], head);
            assert_eq!(bytes[source + 4..source + 8], [10, 71, 0, 1]);
            assert_eq!(encode(layout, 7, [v4("239.1.2.3")]).len(), start + 128);
        }
    }

    #[test]
    fn filters_are_read_as_they_are_written() {
        for layout in [LINUX_64, LINUX_32, APPLE] {
            for sources in [&[][..], &["10.71.0.1", "10.71.0.2"], &["fe80::1"]] {
                let sources: Vec<_> = sources.iter().map(|text| v4(text)).collect();
                let bytes = encode_filter(layout, 7, v4("232.1.2.3"), 1, &sources, 0);
                let start = if layout.align == 8 { 144 } else { 140 };
                assert_eq!(bytes.len(), start + STORAGE_LEN * sources.len());
                let decoded = decode_filter(layout, &bytes);
                assert_eq!(decoded, Some((1, sources.len(), sources)));
            }
        }
    }

    #[test]
    fn a_filter_that_is_cut_off_says_nothing_or_less_and_does_not_panic() {
        let sources = [v4("10.71.0.1"), v4("10.71.0.2")];
        let whole = encode_filter(LINUX_64, 7, v4("232.1.2.3"), 0, &sources, 0);
        for len in 0..whole.len() {
            let decoded = decode_filter(LINUX_64, &whole[..len]);
            assert_eq!(decoded.is_some(), len >= 144, "{len}");
            let left = decoded.map_or(0, |(.., sources)| sources.len());
            assert_eq!(left, len.saturating_sub(144) / STORAGE_LEN);
        }
        let unknown = encode_filter(APPLE, 7, v4("232.1.2.3"), 0, &sources, 0);
        assert_eq!(decode_filter(LINUX_32, &unknown), None);
    }

    #[test]
    fn this_systems_layout_is_that_of_its_header() {
        let group = size_of::<u32>().next_multiple_of(platform::LAYOUT.align);
        assert_eq!(group, std::mem::offset_of!(libc::group_req, gr_group));
        let request = encode(platform::LAYOUT, 7, [v4("239.1.2.3")]);
        assert_eq!(request.len(), size_of::<libc::group_req>());
        assert_eq!(STORAGE_LEN, size_of::<libc::sockaddr_storage>());
    }
}
