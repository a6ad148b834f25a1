//! The groups that are joined, as `getifmaddrs(3)` lists them: Apple's systems,
//! FreeBSD, DragonFly.

use std::ffi::c_int;
use std::io;
use std::net::IpAddr;
use std::ptr;

use crate::id::InterfaceIndex;
use crate::sys::berkeley::dialect::Berkeley;
use crate::sys::{group, ifaddrs};

pub(crate) const ARE_TOLD: bool = true;

pub(crate) fn list() -> io::Result<Option<Vec<(InterfaceIndex, IpAddr)>>> {
    let list = List::capture()?;
    let mut groups = Vec::new();
    let mut next: *const Entry = list.0;
    // SAFETY: null or an entry of the list, which is alive and never written to.
    while let Some(entry) = unsafe { next.as_ref() } {
        next = entry.next;
        // SAFETY: null or a whole socket address inside the list.
        let interface = unsafe { ifaddrs::read::<Berkeley>(entry.interface) };
        // SAFETY: as above.
        let group = unsafe { ifaddrs::read::<Berkeley>(entry.group) };
        let joined = interface
            .zip(group)
            .and_then(|(interface, group)| group::joined(&interface, &group));
        groups.extend(joined);
    }
    Ok(Some(groups))
}

/// The list that `getifmaddrs(3)` allocates.
struct List(*mut Entry);

impl List {
    fn capture() -> io::Result<Self> {
        let mut head = ptr::null_mut();
        // SAFETY: `head` is valid for the one write that this call makes.
        match unsafe { getifmaddrs(&raw mut head) } {
            0 => Ok(Self(head)),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: `getifmaddrs` gave this list to us alone, and nothing borrows it.
        unsafe { freeifmaddrs(self.0) };
    }
}

/// `struct ifmaddrs` of `<ifaddrs.h>`, which the libc crate does not have.
#[repr(C)]
struct Entry {
    next: *const Self,
    interface: *const libc::sockaddr, // ifma_name
    group: *const libc::sockaddr,     // ifma_addr
    ethernet: *const libc::sockaddr,  // ifma_lladdr
}

unsafe extern "C" {
    fn getifmaddrs(list: *mut *mut Entry) -> c_int;
    fn freeifmaddrs(list: *mut Entry);
}

#[cfg(test)]
ifcast_abi::claims! {
    "sizeof(struct ifmaddrs)" => size_of::<Entry>(),
    "offsetof(struct ifmaddrs, ifma_next)" => std::mem::offset_of!(Entry, next),
    "offsetof(struct ifmaddrs, ifma_name)" => std::mem::offset_of!(Entry, interface),
    "offsetof(struct ifmaddrs, ifma_addr)" => std::mem::offset_of!(Entry, group),
    "offsetof(struct ifmaddrs, ifma_lladdr)" => std::mem::offset_of!(Entry, ethernet),
}
