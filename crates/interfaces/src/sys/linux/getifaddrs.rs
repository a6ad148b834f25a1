//! What `getifaddrs(3)` of Linux and Android tells, which is less than the
//! kernel does.

use std::collections::HashSet;
use std::ffi::c_int;
use std::io;
use std::ptr::NonNull;

use crate::address_record::before_colon;
use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::InterfaceIndex;
use crate::kind::{Kind, KindSource};
use crate::link::Link;
use crate::name::InterfaceName;
use crate::sys::ifaddrs::{Dialect, Entry, List};
use crate::sys::linux::link_type;
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
            None if is_new => link_named(name, entry.flags()),
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

/// What is left to say of a link without an `AF_PACKET` entry.
fn link_named(name: InterfaceName, flags: Flags) -> Option<Link> {
    // SAFETY: `name` is a C string that outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_c_str().as_ptr()) };
    let (kind, kind_source) = if flags.is_loopback() {
        (Kind::Loopback, KindSource::Flags)
    } else {
        (Kind::Unknown, KindSource::Nothing)
    };
    Some(Link {
        kind,
        kind_source,
        carrier: flags.carrier(),
        ..Link::new(InterfaceIndex::new(index)?, name, flags)
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

const SLL_HALEN: usize = 11; // of `struct sockaddr_ll`
const SLL_ADDR: usize = 12;
