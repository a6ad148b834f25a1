//! macOS, iOS, tvOS, watchOS, visionOS: `getifaddrs(3)`, and the functional
//! type through the C shim.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;

use crate::assemble::{LinkRecord, Records};
use crate::id::InterfaceId;
use crate::sys::functional_type;
use crate::sys::ifaddrs::{Entry, List};
use crate::sys::sockaddr_dl;

pub(crate) fn capture() -> io::Result<Records> {
    let socket = ioctl_socket()?;
    let mut records = Records::default();
    for entry in List::capture()?.iter() {
        records.links.extend(link_record(&entry, socket.as_fd()));
        records.addresses.extend(entry.address_record());
    }
    Ok(records)
}

fn link_record(entry: &Entry<'_>, socket: BorrowedFd<'_>) -> Option<LinkRecord> {
    let sockaddr = entry.sockaddr().filter(|s| s.family() == libc::AF_LINK)?;
    let link = sockaddr_dl::parse(sockaddr.bytes())?;
    let name = entry.name()?;
    let flags = entry.flags();
    // An interface that vanished meanwhile has no type any more.
    let functional = ifcast_sys::functional_type(socket, name.as_c_str())
        .unwrap_or(ifcast_sys::functional_type::UNKNOWN);
    Some(LinkRecord {
        id: InterfaceId::new(link.index, name),
        flags,
        kind: functional_type::kind(functional, link.if_type, flags),
        mtu: mtu(entry),
        hardware_address: link.hardware_address,
        carrier: None,
        master: None,
    })
}

/// `ifi_mtu` of the `struct if_data` that comes with a link's entry.
fn mtu(entry: &Entry<'_>) -> Option<u32> {
    let data = NonNull::new(entry.raw.ifa_data)?.cast::<libc::if_data>();
    // SAFETY: `ifa_data` of an `AF_LINK` entry is a `struct if_data` inside the
    // list that the entry borrows (getifaddrs(3)).
    let data = unsafe { data.read_unaligned() };
    Some(data.ifi_mtu).filter(|&mtu| mtu > 0)
}

/// Any IPv4 datagram socket will do for the interface ioctls.
fn ioctl_socket() -> io::Result<OwnedFd> {
    // SAFETY: a system call that takes no pointer.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) };
    if socket < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `socket` was opened just now and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: a system call that takes no pointer.
    match unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIOCLEX) } {
        0 => Ok(socket),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How many bytes of a socket address from `getifaddrs(3)` may be read: what
/// it says itself, which for a netmask is less than its type.
///
/// # Safety
/// `sockaddr` points to a socket address of the length that it names.
pub(crate) unsafe fn sockaddr_len(sockaddr: NonNull<libc::sockaddr>) -> usize {
    // SAFETY: the caller vouches for the length, which every address begins with.
    usize::from(unsafe { sockaddr.cast::<u8>().read() })
}

pub(crate) fn family(bytes: &[u8]) -> c_int {
    bytes.get(1).copied().map_or(libc::AF_UNSPEC, c_int::from)
}

pub(crate) fn destination(entry: &libc::ifaddrs) -> *mut libc::sockaddr {
    entry.ifa_dstaddr
}
