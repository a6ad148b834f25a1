//! What `getifaddrs(3)` of Linux and Android tells, which is less than the
//! kernel does.

use std::collections::HashSet;
use std::ffi::c_int;
use std::io;
use std::ptr::NonNull;

use crate::address_record::before_colon;
use crate::hardware::HardwareAddress;
use crate::id::InterfaceIndex;
use crate::link::Link;
use crate::sys::ifaddrs::{Dialect, Entry, List};
use crate::sys::linux::link_type;
use crate::sys::named;
use crate::table::Table;

/// Lists all links and addresses. Where the C library may not list links, as in
/// apps on Android, the interfaces are those that have addresses.
pub(crate) fn list(table: &mut Table) -> io::Result<()> {
    let list = List::capture()?;
    let mut names = HashSet::new();
    for entry in list.iter() {
        let Some(name) = entry.name().map(before_colon) else {
            continue;
        };
        let is_new = names.insert(name);
        let link = match link_of(&entry) {
            None if is_new => named::link(name, entry.flags()),
            link => link,
        };
        if let Some(link) = link {
            table.add_link(link);
        }
    }
    table.close_links();
    for record in list.iter().filter_map(|entry| entry.address_record()) {
        table.add_address(&record);
    }
    Ok(())
}

/// Decodes an `AF_PACKET` entry (packet(7)): family (2 bytes), protocol (2),
/// interface index (4), link type (2), packet type (1), address length (1),
/// address.
fn link_of(entry: &Entry<'_>) -> Option<Link> {
    let sockaddr = entry.sockaddr().filter(|s| s.family() == libc::AF_PACKET)?;
    let bytes = sockaddr.bytes();
    let index = u32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    let link_type = u16::from_ne_bytes([bytes[8], bytes[9]]);
    let address_end = SLL_ADDR + usize::from(bytes[SLL_HALEN]);
    let flags = entry.flags();
    let (kind, kind_source) = link_type::kind(link_type, None);
    let hardware_address = bytes
        .get(SLL_ADDR..address_end)
        .and_then(HardwareAddress::new);
    Some(Link {
        kind,
        kind_source,
        hardware_address: hardware_address.filter(|address| !address.is_zero()),
        carrier: flags.carrier(),
        ..Link::new(InterfaceIndex::new(index)?, entry.name()?, flags)
    })
}

/// Linux's socket addresses, which begin with a family and do not say how long
/// they are.
pub(crate) struct Linux;

impl Dialect for Linux {
    unsafe fn len(sockaddr: NonNull<libc::sockaddr>) -> usize {
        // SAFETY: the caller vouches for a whole address, which begins with this.
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

    fn family(bytes: &[u8]) -> c_int {
        let family = bytes.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes));
        family.map_or(libc::AF_UNSPEC, c_int::from)
    }
}

pub(crate) fn destination(entry: &libc::ifaddrs) -> *const libc::sockaddr {
    entry.ifa_ifu
}

pub(crate) const fn flags(entry: &libc::ifaddrs) -> u32 {
    entry.ifa_flags
}

const SLL_HALEN: usize = 11; // of `struct sockaddr_ll`
const SLL_ADDR: usize = 12;

#[cfg(test)]
ifcast_abi::claims! {
    "offsetof(struct sockaddr_ll, sll_halen)" => SLL_HALEN,
    "offsetof(struct sockaddr_ll, sll_addr)" => SLL_ADDR,
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::kind::Kind;
    use crate::sys::ifaddrs::Entries;

    /// The link `v0` whose `ifa_addr` has these bytes.
    fn link_at(ifa_addr: *mut u8) -> Option<Link> {
        let mut name = *b"v0\0";
        let raw = libc::ifaddrs {
            ifa_next: ptr::null_mut(),
            ifa_name: name.as_mut_ptr().cast(),
            ifa_flags: 0,
            ifa_addr: ifa_addr.cast(),
            ifa_netmask: ptr::null_mut(),
            ifa_ifu: ptr::null_mut(),
            ifa_data: ptr::null_mut(),
        };
        // SAFETY: a list of one entry, whose name and address outlive this.
        let mut entries = unsafe { Entries::starting_at(&raw const raw) };
        link_of(&entries.next()?)
    }

    /// An Ethernet link, 7, whose hardware address has this length.
    fn ethernet(halen: u8) -> Link {
        let mut bytes = [0; SLL_ADDR + 255];
        bytes[..2].copy_from_slice(&17u16.to_ne_bytes()); // AF_PACKET
        bytes[4..8].copy_from_slice(&7u32.to_ne_bytes());
        bytes[8..10].copy_from_slice(&1u16.to_ne_bytes());
        bytes[SLL_HALEN] = halen;
        bytes[SLL_ADDR..][..usize::from(halen)].fill(0xab);
        link_at(bytes.as_mut_ptr()).unwrap()
    }

    #[test]
    fn hardware_addresses_of_every_length_are_kept_whole() {
        for halen in [4u8, 6, 8, 16, 20, 32] {
            let link = ethernet(halen);
            assert_eq!((link.index.get(), link.name.as_bytes()), (7, &b"v0"[..]));
            let expected = vec![0xab; usize::from(halen)];
            assert_eq!(link.hardware_address.unwrap().as_bytes(), expected);
        }
    }

    #[test]
    fn a_link_without_a_hardware_address_or_with_an_impossible_one_has_none() {
        for halen in [0, 33, 52, 53, 255] {
            let link = ethernet(halen);
            assert_eq!((link.kind, link.hardware_address), (Kind::Wired, None));
        }
    }

    #[test]
    fn what_has_no_address_or_that_of_no_link_is_no_link() {
        let mut ipv4 = [0; 16];
        ipv4[..2].copy_from_slice(&2u16.to_ne_bytes()); // AF_INET
        for ifa_addr in [ptr::null_mut(), ipv4.as_mut_ptr()] {
            assert!(link_at(ifa_addr).is_none());
        }
    }
}
