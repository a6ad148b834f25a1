//! The structures of RFC 3678, section 5, and older ones: pure functions over bytes.
//!
//! The layout is a value, so that every system's is tested on each.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::sys::Change;
#[cfg(all(test, not(any(target_os = "netbsd", target_os = "openbsd"))))]
use crate::sys::platform;

/// How a system is told of memberships.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "a build is for one system, the tests are for all")
)]
pub(super) enum Calls {
    /// By interface and socket addresses (RFC 3678, section 5).
    Rfc3678 { options: Options, layout: Layout },
    /// By calls that are older and know of no sources: to join and to leave.
    Older {
        ipv4: (c_int, c_int),
        ipv4_index: Ipv4Index,
        ipv6: (c_int, c_int),
    },
}

/// How the older call for IPv4 names an interface without its address.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "a build is for one system, the tests are for all")
)]
pub(super) enum Ipv4Index {
    /// By what looks like an address in 0.0.0.0/8 in `struct ip_mreq` (RFC 1724, section
    /// 3.3).
    AsAddress,
    /// In `struct ip_mreqn`.
    Beside,
}

/// How a system lays out `struct group_req`, `group_source_req` and `group_filter`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// What a `struct sockaddr_storage` is aligned to in there, and its length.
    pub(super) align: usize,
    pub(super) storage_len: usize,
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

/// The option that makes a change, and its value.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] if the system has none.
pub(super) fn encode_change(
    calls: Calls,
    interface: u32,
    group: IpAddr,
    change: Change<'_>,
) -> io::Result<(c_int, Vec<u8>)> {
    match calls {
        Calls::Rfc3678 { options, layout } => {
            let (option, source) = match change {
                Change::Join => (options.join, None),
                Change::Leave => (options.leave, None),
                Change::JoinSource(source) => (options.join_source, Some(source)),
                Change::LeaveSource(source) => (options.leave_source, Some(source)),
                Change::Block(source) => (options.block, Some(source)),
                Change::Unblock(source) => (options.unblock, Some(source)),
                Change::Set(_) => return Err(no_sources()), // another call's
            };
            let addresses = [Some(group), source].into_iter().flatten();
            Ok((option, encode(layout, interface, addresses)))
        }
        Calls::Older {
            ipv4,
            ipv4_index,
            ipv6,
        } => {
            let ((join, leave), value) = match group {
                IpAddr::V4(group) => (ipv4, encode_ipv4(ipv4_index, interface, group)?),
                IpAddr::V6(group) => (ipv6, encode_ipv6(interface, group)),
            };
            match change {
                Change::Join => Ok((join, value)),
                Change::Leave => Ok((leave, value)),
                Change::JoinSource(_)
                | Change::LeaveSource(_)
                | Change::Block(_)
                | Change::Unblock(_)
                | Change::Set(_) => Err(no_sources()),
            }
        }
    }
}

/// What is said to those who ask for sources where the system knows of none.
pub(super) fn no_sources() -> io::Error {
    let why = "this system has no source filters: join whatever sends to the group, and look \
               at the source of each datagram";
    io::Error::new(io::ErrorKind::Unsupported, why)
}

fn encode_ipv4(named: Ipv4Index, interface: u32, group: Ipv4Addr) -> io::Result<Vec<u8>> {
    let group = group.octets();
    match named {
        // The first byte must be 0, and nobody has so many interfaces that it is not.
        Ipv4Index::AsAddress if interface >> 24 == 0 => {
            Ok([group, interface.to_be_bytes()].concat())
        }
        Ipv4Index::AsAddress => Err(io::ErrorKind::InvalidInput.into()),
        Ipv4Index::Beside => Ok([group, [0; 4], interface.to_ne_bytes()].concat()),
    }
}

fn encode_ipv6(interface: u32, group: Ipv6Addr) -> Vec<u8> {
    [&group.octets()[..], &interface.to_ne_bytes()].concat()
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
    bytes.resize(bytes.len() + room * layout.storage_len, 0);
    bytes
}

/// Mode, number of sources, and those of them for which there was room.
#[cfg(any(target_os = "linux", target_os = "android", test))]
pub(super) fn decode_filter(layout: Layout, bytes: &[u8]) -> Option<(u32, usize, Vec<IpAddr>)> {
    let start = size_of::<u32>().next_multiple_of(layout.align) + layout.storage_len;
    let number = |at: usize| Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
    let (mode, count) = (number(start)?, number(start + 4)?);
    let count = usize::try_from(count).ok()?;
    let sources = bytes.get(start + 8..)?.chunks_exact(layout.storage_len);
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
    bytes.resize(start + layout.storage_len, 0);
}

/// The address in a `struct sockaddr_storage`.
#[cfg(any(not(any(target_os = "netbsd", target_os = "openbsd")), test))]
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

#[cfg(all(test, not(any(target_os = "netbsd", target_os = "openbsd"))))]
ifcast_abi::claims! {
    "MCAST_JOIN_GROUP" => HERE.0.join,
    "MCAST_LEAVE_GROUP" => HERE.0.leave,
    "MCAST_JOIN_SOURCE_GROUP" => HERE.0.join_source,
    "MCAST_LEAVE_SOURCE_GROUP" => HERE.0.leave_source,
    "MCAST_BLOCK_SOURCE" => HERE.0.block,
    "MCAST_UNBLOCK_SOURCE" => HERE.0.unblock,
    "sizeof(struct sockaddr_storage)" => HERE.1.storage_len,
    "sizeof(struct group_req)" => GROUP + HERE.1.storage_len,
    "offsetof(struct group_req, gr_interface)" => 0,
    "offsetof(struct group_req, gr_group)" => GROUP,
    "sizeof(struct group_source_req)" => GROUP + 2 * HERE.1.storage_len,
    "offsetof(struct group_source_req, gsr_interface)" => 0,
    "offsetof(struct group_source_req, gsr_group)" => GROUP,
    "offsetof(struct group_source_req, gsr_source)" => GROUP + HERE.1.storage_len,
    "sizeof(struct sockaddr_in)" => 16,
    "offsetof(struct sockaddr_in, sin_addr)" => 4,
    "sizeof(struct sockaddr_in6)" => 28,
    "offsetof(struct sockaddr_in6, sin6_addr)" => 8,
}

#[cfg(all(test, not(any(target_os = "netbsd", target_os = "openbsd"))))]
const HERE: (Options, Layout) = match platform::CALLS {
    Calls::Rfc3678 { options, layout } => (options, layout),
    Calls::Older { .. } => panic!("only where there is nothing newer"),
};

/// Where the group is, behind the index.
#[cfg(all(test, not(any(target_os = "netbsd", target_os = "openbsd"))))]
const GROUP: usize = size_of::<u32>().next_multiple_of(HERE.1.align);

// What systems with the older calls only are given.
#[cfg(all(test, any(target_os = "netbsd", target_os = "openbsd")))]
ifcast_abi::claims! {
    "sizeof(struct ip_mreq)" => 8,
    "offsetof(struct ip_mreq, imr_multiaddr)" => 0,
    "offsetof(struct ip_mreq, imr_interface)" => 4,
    "sizeof(struct ipv6_mreq)" => 20,
    "offsetof(struct ipv6_mreq, ipv6mr_multiaddr)" => 0,
    "offsetof(struct ipv6_mreq, ipv6mr_interface)" => 16,
}

#[cfg(all(test, target_os = "openbsd"))]
ifcast_abi::claims! {
    "sizeof(struct ip_mreqn)" => 12,
    "offsetof(struct ip_mreqn, imr_multiaddr)" => 0,
    "offsetof(struct ip_mreqn, imr_ifindex)" => 8,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux_head(family: c_int, _: u8) -> [u8; 2] {
        u16::try_from(family).unwrap().to_ne_bytes()
    }

    fn apple_head(family: c_int, len: u8) -> [u8; 2] {
        [len, u8::try_from(family).unwrap()]
    }

    const LINUX_64: Layout = Layout {
        align: 8,
        storage_len: 128,
        head: linux_head,
    };
    const LINUX_32: Layout = Layout {
        align: 4,
        storage_len: 128,
        head: linux_head,
    };
    /// `#pragma pack(4)` in `<netinet/in.h>`.
    const APPLE: Layout = Layout {
        align: 4,
        storage_len: 128,
        head: apple_head,
    };
    const FREEBSD: Layout = Layout { align: 8, ..APPLE };
    /// `#pragma pack(4)` too, but a longer `struct sockaddr_storage`.
    const ILLUMOS: Layout = Layout {
        align: 4,
        storage_len: 256,
        head: linux_head,
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
            (FREEBSD, 8, [16, 2]),
            (ILLUMOS, 4, linux_head(libc::AF_INET, 16)),
        ] {
            let storage_len = layout.storage_len;
            let bytes = encode(layout, 7, [v4("232.1.2.3"), v4("10.71.0.1")]);
            assert_eq!(bytes.len(), start + 2 * storage_len);
            assert_eq!(bytes[..4], 7u32.to_ne_bytes());
            assert!(bytes[4..start].iter().all(|byte| *byte == 0));
            assert_eq!(bytes[start..start + 2], head);
            assert_eq!(bytes[start + 4..start + 8], [232, 1, 2, 3]);
            let source = start + storage_len;
            assert_eq!(bytes[source..source + 2], head);
            assert_eq!(bytes[source + 4..source + 8], [10, 71, 0, 1]);
            assert_eq!(
                encode(layout, 7, [v4("239.1.2.3")]).len(),
                start + storage_len
            );
        }
    }

    #[test]
    fn filters_are_read_as_they_are_written() {
        for layout in [LINUX_64, LINUX_32, APPLE, FREEBSD, ILLUMOS] {
            for sources in [&[][..], &["10.71.0.1", "10.71.0.2"], &["fe80::1"]] {
                let sources: Vec<_> = sources.iter().map(|text| v4(text)).collect();
                let bytes = encode_filter(layout, 7, v4("232.1.2.3"), 1, &sources, 0);
                let start = layout.align + layout.storage_len + 8;
                assert_eq!(bytes.len(), start + layout.storage_len * sources.len());
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
            assert_eq!(left, len.saturating_sub(144) / LINUX_64.storage_len);
        }
        let unknown = encode_filter(APPLE, 7, v4("232.1.2.3"), 0, &sources, 0);
        assert_eq!(decode_filter(LINUX_32, &unknown), None);
    }

    const NETBSD: Calls = Calls::Older {
        ipv4: (12, 13),
        ipv4_index: Ipv4Index::AsAddress,
        ipv6: (12, 13),
    };
    const OPENBSD: Calls = Calls::Older {
        ipv4: (12, 13),
        ipv4_index: Ipv4Index::Beside,
        ipv6: (12, 13),
    };

    #[test]
    fn older_calls_name_the_interface_by_its_index() {
        let group = v4("239.1.2.3");
        for (calls, ipv4) in [
            (NETBSD, vec![239, 1, 2, 3, 0, 0, 1, 2]),
            (
                OPENBSD,
                [[239, 1, 2, 3], [0; 4], 258u32.to_ne_bytes()].concat(),
            ),
        ] {
            let joined = encode_change(calls, 258, group, Change::Join).unwrap();
            assert_eq!(joined, (12, ipv4.clone()));
            let left = encode_change(calls, 258, group, Change::Leave).unwrap();
            assert_eq!(left, (13, ipv4));
            let mut ipv6 = vec![0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb];
            ipv6.extend(258u32.to_ne_bytes());
            let joined = encode_change(calls, 258, v4("ff02::fb"), Change::Join).unwrap();
            assert_eq!(joined, (12, ipv6));
        }
        let too_many = encode_change(NETBSD, 1 << 24, group, Change::Join);
        assert_eq!(too_many.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn where_there_are_no_source_filters_that_is_said() {
        let (group, source) = (v4("239.1.2.3"), v4("10.71.0.1"));
        for calls in [NETBSD, OPENBSD] {
            for change in [
                Change::JoinSource(source),
                Change::LeaveSource(source),
                Change::Block(source),
                Change::Unblock(source),
            ] {
                let error = encode_change(calls, 7, group, change).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::Unsupported);
                assert!(error.to_string().contains("source filters"), "{error}");
            }
        }
    }

    #[test]
    fn every_change_is_an_option_of_its_own() {
        let options = Options {
            join: 80,
            leave: 81,
            join_source: 82,
            leave_source: 83,
            block: 84,
            unblock: 85,
        };
        let layout = FREEBSD;
        let calls = Calls::Rfc3678 { options, layout };
        let (group, source) = (v4("239.1.2.3"), v4("10.71.0.1"));
        let without = encode(layout, 7, [group]);
        let with = encode(layout, 7, [group, source]);
        for (change, option, value) in [
            (Change::Join, 80, &without),
            (Change::Leave, 81, &without),
            (Change::JoinSource(source), 82, &with),
            (Change::LeaveSource(source), 83, &with),
            (Change::Block(source), 84, &with),
            (Change::Unblock(source), 85, &with),
        ] {
            let encoded = encode_change(calls, 7, group, change).unwrap();
            assert_eq!(encoded, (option, value.clone()));
        }
    }

    #[test]
    #[cfg(not(any(target_os = "netbsd", target_os = "openbsd")))]
    fn what_is_encoded_is_as_long_as_what_is_claimed() {
        let (_, layout) = HERE;
        let [group, source] = [v4("239.1.2.3"), v4("10.71.0.1")];
        let (one, two) = (GROUP + layout.storage_len, GROUP + 2 * layout.storage_len);
        assert_eq!(encode(layout, 7, [group]).len(), one);
        assert_eq!(encode(layout, 7, [group, source]).len(), two);
    }
}
