//! `getifaddrs(3)` as an owned list of entries.

use std::ffi::CStr;
use std::io;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use crate::address_record::{AddressRecord, broadcast_or_peer};
use crate::flags::Flags;
use crate::id::InterfaceIndex;
use crate::name::InterfaceName;
use crate::sys::platform;
use crate::sys::sockaddr::Sockaddr;

/// The list that `getifaddrs(3)` allocates.
pub(crate) struct List(*mut libc::ifaddrs);

impl List {
    pub(crate) fn capture() -> io::Result<Self> {
        let mut head = ptr::null_mut();
        // SAFETY: `head` is valid for the one write that this call makes.
        match unsafe { libc::getifaddrs(&raw mut head) } {
            0 => Ok(Self(head)),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub(crate) fn iter(&self) -> Entries<'_> {
        Entries {
            next: self.0,
            list: PhantomData,
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: `getifaddrs` gave this list to us alone, and entries borrow it.
        unsafe { libc::freeifaddrs(self.0) };
    }
}

pub(crate) struct Entries<'list> {
    next: *mut libc::ifaddrs,
    list: PhantomData<&'list List>,
}

impl<'list> Iterator for Entries<'list> {
    type Item = Entry<'list>;

    fn next(&mut self) -> Option<Entry<'list>> {
        // SAFETY: null or an entry of the list, which lives for `'list` and is
        // never written to.
        let raw = unsafe { self.next.as_ref() }?;
        self.next = raw.ifa_next;
        Some(Entry { raw })
    }
}

/// One entry: an interface's link, or one of its addresses.
pub(crate) struct Entry<'list> {
    pub(super) raw: &'list libc::ifaddrs,
}

impl Entry<'_> {
    pub(crate) fn flags(&self) -> Flags {
        Flags::from_bits(self.raw.ifa_flags)
    }

    pub(crate) fn name(&self) -> Option<InterfaceName> {
        let name = NonNull::new(self.raw.ifa_name)?;
        // SAFETY: `ifa_name` points to a NUL-terminated string inside the list.
        let name = unsafe { CStr::from_ptr(name.as_ptr()) };
        InterfaceName::new(name.to_bytes()).ok()
    }

    /// `ifa_addr`, which is null for some interfaces without address.
    pub(crate) fn sockaddr(&self) -> Option<Sockaddr> {
        read(self.raw.ifa_addr)
    }

    /// The entry as an IP address, if it is one.
    pub(crate) fn address_record(&self) -> Option<AddressRecord> {
        let sockaddr = self.sockaddr()?;
        let (address, scope_id) = sockaddr.ip()?;
        let other = read(platform::destination(self.raw)).and_then(|other| other.ip());
        let prefix_len = match read(self.raw.ifa_netmask) {
            Some(mask) => mask.prefix_len(address),
            None if address.is_ipv4() => 32,
            None => 128,
        };
        let other = other.map(|(other, _)| other);
        let (broadcast, peer) = broadcast_or_peer(self.flags(), address, prefix_len, other);
        Some(AddressRecord {
            owner: InterfaceIndex::new(scope_id),
            name: Some(self.name()?),
            broadcast,
            peer,
            ..AddressRecord::new(address, prefix_len)
        })
    }
}

/// Copies a socket address out of the list.
fn read(sockaddr: *mut libc::sockaddr) -> Option<Sockaddr> {
    let sockaddr = NonNull::new(sockaddr)?;
    // SAFETY: a non-null address in the list is a whole socket address.
    let len = unsafe { platform::sockaddr_len(sockaddr) }.min(Sockaddr::CAPACITY);
    let mut bytes = [0; Sockaddr::CAPACITY];
    // SAFETY: `sockaddr_len` vouches for `len` readable bytes, `bytes` has room
    // for them, and a local array overlaps nothing.
    unsafe { ptr::copy_nonoverlapping(sockaddr.as_ptr().cast(), bytes.as_mut_ptr(), len) };
    Some(Sockaddr::new(bytes))
}
