//! Linux and Android: `getifaddrs(3)`, refined by rtnetlink.

use std::collections::HashMap;
use std::ffi::c_int;
use std::io;
use std::net::IpAddr;
use std::ptr::NonNull;

use crate::assemble::{AddressRecord, LinkRecord, Records};
use crate::hardware::HardwareAddress;
use crate::id::{InterfaceId, InterfaceIndex, InterfaceName};
use crate::sys::ifaddrs::{Entry, List};
use crate::sys::link_type;
use crate::sys::netlink::Netlink;
use crate::sys::rtnetlink::{Dump, Ipv4Owner, Link};

pub(crate) mod flag {
    pub(crate) const UP: u32 = libc::IFF_UP as u32;
    pub(crate) const RUNNING: u32 = libc::IFF_RUNNING as u32;
    pub(crate) const LOOPBACK: u32 = libc::IFF_LOOPBACK as u32;
    pub(crate) const BROADCAST: u32 = libc::IFF_BROADCAST as u32;
    pub(crate) const MULTICAST: u32 = libc::IFF_MULTICAST as u32;
    pub(crate) const POINTOPOINT: u32 = libc::IFF_POINTOPOINT as u32;
}

pub(crate) fn capture() -> io::Result<Records> {
    let mut records = Records::default();
    for entry in List::capture()?.iter() {
        records.links.extend(link_record(&entry));
        records.addresses.extend(entry.address_record());
    }
    match refine(&mut records) {
        Err(error) if is_refusal(&error) => Ok(records), // Android; some containers
        Err(error) => Err(error),
        Ok(()) => Ok(records),
    }
}

/// Decodes an `AF_PACKET` entry (packet(7)): family (2 bytes), protocol (2),
/// interface index (4), link type (2), packet type (1), address length (1),
/// address.
fn link_record(entry: &Entry<'_>) -> Option<LinkRecord> {
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

/// Adds what only rtnetlink knows.
fn refine(records: &mut Records) -> io::Result<()> {
    let mut netlink = Netlink::open()?;
    let mut by_index: HashMap<_, _> = records
        .links
        .iter_mut()
        .map(|link| (link.id.index(), link))
        .collect();
    netlink.dump(Dump::Links, |message| {
        let Some((index, details)) = Link::parse(message.payload) else {
            return;
        };
        if let Some(link) = by_index.get_mut(&index) {
            link.kind = link_type::kind(details.link_type, details.info_kind);
            link.mtu = details.mtu;
            link.master = details.master;
            link.hardware_address = details.hardware_address;
        }
    })?;

    let names: Vec<_> = records.links.iter().map(|link| link.id.name()).collect();
    let is_label = |name: InterfaceName| !names.contains(&name);
    if records.addresses.iter().any(|record| is_label(record.name)) {
        find_owners(&mut netlink, &mut records.addresses)?;
    }
    Ok(())
}

/// Finds whose the addresses are whose name in `getifaddrs(3)` is a label,
/// which may be anything.
fn find_owners(netlink: &mut Netlink, addresses: &mut [AddressRecord]) -> io::Result<()> {
    netlink.dump(Dump::Ipv4Addresses, |message| {
        let Some(owner) = Ipv4Owner::parse(message.payload) else {
            return;
        };
        let same = |record: &&mut AddressRecord| {
            record.name == owner.label && record.address == IpAddr::V4(owner.address)
        };
        if let Some(record) = addresses.iter_mut().find(same) {
            record.owner = Some(owner.index);
        }
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
