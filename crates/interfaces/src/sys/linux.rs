//! Linux and Android: rtnetlink, or `getifaddrs(3)` where that is refused.

use std::collections::HashSet;
use std::ffi::c_int;
use std::io;
use std::ptr::NonNull;

use crate::assemble::{self, LinkRecord, Records};
use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::{InterfaceId, InterfaceIndex, InterfaceName};
use crate::kind::Kind;
use crate::sys::ifaddrs::{Entry, List};
use crate::sys::link_type;
use crate::sys::netlink::Netlink;
use crate::sys::{nl80211, rtnetlink};

pub(crate) fn capture() -> io::Result<Records> {
    match dump() {
        Err(error) if is_refusal(&error) => list(), // Android; some containers
        records => records,
    }
}

/// Asks the kernel itself, because `getifaddrs(3)` of glibc loses much: it
/// lists no address for a link without a hardware address, takes a peer for a
/// broadcast address, and says by name whose an address is, which is wrong
/// when the name is a label or changes meanwhile.
fn dump() -> io::Result<Records> {
    let mut netlink = Netlink::open(libc::NETLINK_ROUTE)?;
    let mut links = netlink.ask(&rtnetlink::links(), rtnetlink::link)?;
    let addresses = netlink.ask(&rtnetlink::addresses(), rtnetlink::address)?;
    if links.iter().any(|link| link.kind == Kind::Wired) {
        for (index, kind) in wireless()? {
            let same = links.iter_mut().find(|link| link.id.index() == index);
            if let Some(link) = same.filter(|link| link.kind == Kind::Wired) {
                link.kind = kind;
            }
        }
    }
    Ok(Records { links, addresses })
}

/// The wireless interfaces, which rtnetlink takes for Ethernet; none where the
/// kernel knows of no Wi-Fi or may not be asked.
fn wireless() -> io::Result<Vec<(InterfaceIndex, Kind)>> {
    let ask = || {
        let mut netlink = Netlink::open(libc::NETLINK_GENERIC)?;
        let families = netlink.ask(&nl80211::family_request(), nl80211::family)?;
        match families.first() {
            Some(&family) => netlink.ask(&nl80211::interfaces(family), nl80211::interface),
            None => Ok(Vec::new()),
        }
    };
    match ask() {
        Err(error) if error.kind() == io::ErrorKind::NotFound || is_refusal(&error) => {
            Ok(Vec::new())
        }
        interfaces => interfaces,
    }
}

/// Asks the C library. Where it may not list links either, as in apps on
/// Android, the interfaces are those that have addresses.
fn list() -> io::Result<Records> {
    let mut records = Records::default();
    let mut names = HashSet::new();
    for entry in List::capture()?.iter() {
        let Some(name) = entry.name().map(assemble::before_colon) else {
            continue;
        };
        let new = names.insert(name);
        records.links.extend(match link_of(&entry) {
            None if new => link_named(name, entry.flags()),
            link => link,
        });
        records.addresses.extend(entry.address_record());
    }
    Ok(records)
}

/// Decodes an `AF_PACKET` entry (packet(7)): family (2 bytes), protocol (2),
/// interface index (4), link type (2), packet type (1), address length (1),
/// address.
fn link_of(entry: &Entry<'_>) -> Option<LinkRecord> {
    let sockaddr = entry.sockaddr().filter(|s| s.family() == libc::AF_PACKET)?;
    let bytes = sockaddr.bytes();
    let index = u32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    let link_type = u16::from_ne_bytes([bytes[8], bytes[9]]);
    let address_end = SLL_ADDR + usize::from(bytes[SLL_HALEN]);
    let flags = entry.flags();
    Some(LinkRecord {
        id: InterfaceId::new(InterfaceIndex::new(index)?, entry.name()?),
        flags,
        kind: link_type::kind(link_type, None),
        mtu: None,
        hardware_address: bytes
            .get(SLL_ADDR..address_end)
            .and_then(HardwareAddress::new),
        carrier: flags.is_up().then(|| flags.is_running()),
        master: None,
    })
}

/// What is left to say of a link without an `AF_PACKET` entry.
fn link_named(name: InterfaceName, flags: Flags) -> Option<LinkRecord> {
    // SAFETY: `name` is a C string that outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_c_str().as_ptr()) };
    Some(LinkRecord {
        id: InterfaceId::new(InterfaceIndex::new(index)?, name),
        flags,
        kind: if flags.is_loopback() {
            Kind::Loopback
        } else {
            Kind::Unknown
        },
        mtu: None,
        hardware_address: None,
        carrier: flags.is_up().then(|| flags.is_running()),
        master: None,
    })
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EACCES | libc::EPERM | libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT)
    )
}

const SLL_HALEN: usize = 11; // of `struct sockaddr_ll`
const SLL_ADDR: usize = 12;

/// How many bytes of a socket address from `getifaddrs(3)` may be read.
///
/// # Safety
/// `sockaddr` points to a whole socket address of the family that it names.
pub(crate) unsafe fn sockaddr_len(sockaddr: NonNull<libc::sockaddr>) -> usize {
    // SAFETY: the caller vouches for the family, which every address begins with.
    let family = unsafe { sockaddr.cast::<libc::sa_family_t>().read_unaligned() };
    match c_int::from(family) {
        libc::AF_INET => size_of::<libc::sockaddr_in>(),
        libc::AF_INET6 => size_of::<libc::sockaddr_in6>(),
        libc::AF_PACKET => {
            let bytes = sockaddr.cast::<u8>();
            // SAFETY: within `struct sockaddr_ll`, which the caller vouches for.
            let halen = unsafe { bytes.add(SLL_HALEN) };
            // SAFETY: as above; a byte is always aligned.
            let halen = unsafe { halen.read() };
            // The C libraries leave the address out if it exceeds their room.
            SLL_ADDR + usize::from(halen)
        }
        _ => size_of::<libc::sa_family_t>(),
    }
}

pub(crate) fn family(bytes: &[u8]) -> c_int {
    let family = bytes.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes));
    family.map_or(libc::AF_UNSPEC, c_int::from)
}

pub(crate) fn destination(entry: &libc::ifaddrs) -> *mut libc::sockaddr {
    entry.ifa_ifu
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AssignedIpv6;
    use crate::sys::flag;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn both_ways_of_asking_agree_on_loopback() {
        let [dumped, listed] = [dump(), list()].map(|records| {
            let interfaces = assemble::interfaces(records.unwrap());
            let mut loopback = interfaces.into_iter().filter(|i| i.flags().is_loopback());
            loopback.next().unwrap()
        });
        assert_eq!(dumped.id(), listed.id());
        assert_eq!(dumped.name(), listed.name());
        assert_eq!(dumped.flags(), listed.flags());
        assert_eq!(dumped.kind(), listed.kind());
        assert_eq!(dumped.ipv4(), listed.ipv4());
        // The C library does not tell their state.
        let known = |own: &AssignedIpv6| (own.address(), own.prefix_len(), own.peer());
        let [dumped, listed] =
            [dumped, listed].map(|i| i.ipv6().iter().map(known).collect::<Vec<_>>());
        assert_eq!(dumped, listed);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn a_link_that_is_only_named_is_found_by_its_name() {
        let flags = Flags::from_bits(flag::UP | flag::LOOPBACK | flag::RUNNING);
        let loopback = link_named("lo".parse().unwrap(), flags).unwrap();
        assert_eq!(loopback.id.index().get(), 1);
        assert_eq!(loopback.kind, Kind::Loopback);
        assert!(link_named("no-such-thing".parse().unwrap(), flags).is_none());
    }
}
