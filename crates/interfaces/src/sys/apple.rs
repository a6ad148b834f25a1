//! macOS, iOS, tvOS, watchOS, visionOS: `getifaddrs(3)`, and what the C shims
//! ask.

use std::ffi::c_int;
use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::NonNull;

use crate::enumerator::Which;
use crate::interface::Interface;
use crate::link::Link;
use crate::route::Route;
use crate::snapshot::Snapshot;
use crate::sys::ifaddrs::{Entry, List};
use crate::sys::{connect, functional_type, sockaddr_dl};
use crate::table::{Size, Table};

/// Asks for interfaces; see the contract in `sys`.
#[derive(Debug)]
pub(crate) struct Lister {
    socket: UdpSocket, // carries the questions of the C shims
    size: Size,        // of the last listing
}

impl Lister {
    pub(crate) fn open() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let size = Size::default();
        Ok(Self { socket, size })
    }

    pub(crate) fn open_portable() -> io::Result<Self> {
        Self::open()
    }

    pub(crate) fn capture(&mut self, _groups: bool) -> io::Result<Snapshot> {
        let mut table = Table::with_capacity(self.size);
        let list = List::capture()?;
        for link in list
            .iter()
            .filter_map(|entry| link(&entry, self.socket.as_fd()))
        {
            table.add_link(link);
        }
        table.close_links();
        for record in list.iter().filter_map(|entry| entry.address_record()) {
            table.add_address(&record);
        }
        self.size = table.size();
        Ok(Snapshot {
            is_consistent: !table.has_orphans(),
            interfaces: table.into_interfaces(),
        })
    }

    pub(crate) fn find(&mut self, which: Which<'_>, groups: bool) -> io::Result<Option<Interface>> {
        let all = self.capture(groups)?.interfaces;
        Ok(all.into_iter().find(|interface| which.is(interface)))
    }

    pub(crate) fn route(&mut self, destination: IpAddr) -> io::Result<Option<Route>> {
        match connect::source_towards(destination)? {
            Some(source) => Ok(self.capture(false)?.route_from(source, destination)),
            None => Ok(None),
        }
    }
}

fn link(entry: &Entry<'_>, socket: BorrowedFd<'_>) -> Option<Link> {
    let sockaddr = entry.sockaddr().filter(|s| s.family() == libc::AF_LINK)?;
    let link = sockaddr_dl::parse(sockaddr.bytes())?;
    let name = entry.name()?;
    let flags = entry.flags();
    // An interface that vanished meanwhile has no type any more.
    let functional = ifcast_sys::functional_type(socket, name.as_c_str())
        .unwrap_or(ifcast_sys::functional_type::UNKNOWN);
    let (kind, kind_source) = functional_type::kind(functional, link.if_type, flags);
    Some(Link {
        kind,
        kind_source,
        mtu: mtu(entry),
        hardware_address: link.hardware_address.filter(|address| !address.is_zero()),
        ..Link::new(link.index, name, flags)
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
