//! `getifaddrs(3)` as an owned list of entries.

use std::ffi::{CStr, c_int};
use std::io;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use crate::address_record::{AddressRecord, broadcast_or_peer};
use crate::flags::Flags;
use crate::id::InterfaceIndex;
use crate::name::InterfaceName;
use crate::sys::platform::{self, Native};
use crate::sys::sockaddr::Sockaddr;

/// How a system lays out the beginning of a socket address.
pub(crate) trait Dialect {
    /// How many bytes of a socket address from the system may be read.
    ///
    /// # Safety
    /// `sockaddr` points to a whole socket address of this dialect.
    unsafe fn len(sockaddr: NonNull<libc::sockaddr>) -> usize;

    /// The address family in those bytes.
    fn family(bytes: &[u8]) -> c_int;
}

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
        // SAFETY: the system's list, which lives as long as `self` and which
        // nobody writes to.
        unsafe { Entries::starting_at(self.0) }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: `getifaddrs` gave this list to us alone, and entries borrow it.
        unsafe { libc::freeifaddrs(self.0) };
    }
}

/// The entries of a list in the system's order.
#[derive(Clone)]
pub(crate) struct Entries<'list, D = Native> {
    next: *const libc::ifaddrs,
    list: PhantomData<(&'list libc::ifaddrs, D)>,
}

impl<D> Entries<'_, D> {
    /// The entries from `head` on, or none if it is null.
    ///
    /// # Safety
    /// - For `'list`, every entry from `head` to the last one lives and is not
    ///   written to.
    /// - So does what they point to: strings that end in NUL, and whole socket
    ///   addresses of this dialect.
    pub(super) unsafe fn starting_at(head: *const libc::ifaddrs) -> Self {
        let (next, list) = (head, PhantomData);
        Self { next, list }
    }
}

impl<'list, D> Iterator for Entries<'list, D> {
    type Item = Entry<'list, D>;

    fn next(&mut self) -> Option<Entry<'list, D>> {
        // SAFETY: null or an entry of the list, for which the caller of
        // `starting_at` vouches.
        let raw = unsafe { self.next.as_ref() }?;
        self.next = raw.ifa_next;
        let dialect = PhantomData;
        Some(Entry { raw, dialect })
    }
}

/// One entry: an interface's link, or one of its addresses.
pub(crate) struct Entry<'list, D = Native> {
    pub(super) raw: &'list libc::ifaddrs,
    dialect: PhantomData<D>,
}

impl<D: Dialect> Entry<'_, D> {
    pub(crate) fn flags(&self) -> Flags {
        Flags::from_bits(platform::flags(self.raw))
    }

    pub(crate) fn name(&self) -> Option<InterfaceName> {
        let name = NonNull::new(self.raw.ifa_name)?;
        // SAFETY: `ifa_name` points to a NUL-terminated string inside the list.
        let name = unsafe { CStr::from_ptr(name.as_ptr()) };
        InterfaceName::new(name.to_bytes()).ok()
    }

    /// `ifa_addr`, which is null for some interfaces without address.
    pub(crate) fn sockaddr(&self) -> Option<Sockaddr> {
        // SAFETY: null or a whole socket address, as of every entry.
        unsafe { read::<D>(self.raw.ifa_addr) }
    }

    /// The entry as an IP address, if it is one.
    pub(crate) fn address_record(&self) -> Option<AddressRecord> {
        let sockaddr = self.sockaddr()?;
        let (address, scope_id) = sockaddr.ip()?;
        // SAFETY: null or a whole socket address, as of every entry.
        let other = unsafe { read::<D>(platform::destination(self.raw)) };
        let other = other.and_then(|other| other.ip());
        // SAFETY: as above.
        let mask = unsafe { read::<D>(self.raw.ifa_netmask) };
        let prefix_len = match mask {
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

/// Copies a socket address out of a list; `None` if there is none.
///
/// # Safety
/// `sockaddr` is null, or points to a whole socket address of the dialect `D`.
pub(super) unsafe fn read<D: Dialect>(sockaddr: *const libc::sockaddr) -> Option<Sockaddr> {
    let sockaddr = NonNull::new(sockaddr.cast_mut())?;
    // SAFETY: not null, and the caller vouches for the rest.
    let len = unsafe { D::len(sockaddr) }.min(Sockaddr::CAPACITY);
    let mut bytes = [0; Sockaddr::CAPACITY];
    // SAFETY: `len` vouches for so many readable bytes, `bytes` has room for
    // them, and a local array overlaps nothing.
    unsafe { ptr::copy_nonoverlapping(sockaddr.as_ptr().cast(), bytes.as_mut_ptr(), len) };
    Some(Sockaddr::new(D::family(&bytes), bytes))
}
