//! `getifaddrs(3)` as C programs use it.

use std::ffi::c_int;
use std::io;
use std::ptr::{self, NonNull};

/// The list that `getifaddrs(3)` makes.
pub(crate) struct List(Option<NonNull<libc::ifaddrs>>);

impl List {
    pub(crate) fn capture() -> io::Result<Self> {
        let mut first = ptr::null_mut();
        // SAFETY: `first` is valid for a write.
        if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(NonNull::new(first)))
    }

    /// How many of its entries are IP addresses.
    pub(crate) fn ip_addresses(&self) -> usize {
        let mut count = 0;
        let mut next = self.0;
        while let Some(entry) = next {
            // SAFETY: an entry of our own list, which is whole until dropped.
            let entry = unsafe { entry.read() };
            if let Some(address) = NonNull::new(entry.ifa_addr) {
                // SAFETY: every socket address begins with its family.
                let family = unsafe { address.cast::<libc::sa_family_t>().read() };
                count += usize::from(IP.contains(&c_int::from(family)));
            }
            next = NonNull::new(entry.ifa_next);
        }
        count
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if let Some(first) = self.0 {
            // SAFETY: made by `getifaddrs`, and freed only here.
            unsafe { libc::freeifaddrs(first.as_ptr()) };
        }
    }
}

const IP: [c_int; 2] = [libc::AF_INET, libc::AF_INET6];
