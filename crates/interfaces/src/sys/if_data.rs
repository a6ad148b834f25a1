//! What comes with a link's entry of `getifaddrs(3)` on Apple's systems and the
//! BSDs (`struct if_data` of `<net/if.h>`).

use std::ptr::NonNull;

use crate::sys::berkeley::dialect::Berkeley;
use crate::sys::ifaddrs::Entry;

/// The MTU in the entry of a link, which is an `AF_LINK` entry.
pub(crate) fn mtu(entry: &Entry<'_, Berkeley>) -> Option<u32> {
    let data = NonNull::new(entry.raw.ifa_data)?.cast::<libc::if_data>();
    // SAFETY: `ifa_data` of an `AF_LINK` entry is a `struct if_data` inside the
    // list that the entry borrows (getifaddrs(3)).
    let data = unsafe { data.read_unaligned() };
    positive(data.ifi_mtu)
}

/// An MTU of whatever width the system has for it; 0 is none.
fn positive(mtu: impl TryInto<u32>) -> Option<u32> {
    mtu.try_into().ok().filter(|&mtu| mtu > 0)
}
