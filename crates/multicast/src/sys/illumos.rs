//! illumos (`<netinet/in.h>`, setsourcefilter(3SOCKET)).

use std::ffi::c_int;
use std::os::fd::BorrowedFd;

use ifcast_socket::Family;

use crate::sys::request::{Calls, Layout, Options};
pub(super) use crate::sys::source_filters::{filter, set_filter};

/// libc does not have them.
pub(super) const CALLS: Calls = Calls::Rfc3678 {
    options: Options {
        join: 0x29,
        leave: 0x2a,
        join_source: 0x2d,
        leave_source: 0x2e,
        block: 0x2b,
        unblock: 0x2c,
    },
    layout: LAYOUT,
};

/// The structures are packed to 4 bytes. A socket address begins with a two-byte family.
pub(super) const LAYOUT: Layout = Layout {
    align: 4,
    storage_len: size_of::<libc::sockaddr_storage>(),
    head,
};

fn head(family: c_int, _len: u8) -> [u8; 2] {
    libc::sa_family_t::try_from(family)
        .unwrap_or_default()
        .to_ne_bytes()
}

/// The kernel hands a multicast to members only (`conn_hasmembers_ill_withsrc_v4`).
pub(crate) const OTHERS_CAN_KEEP: bool = false;

/// Nobody else could have them.
pub(crate) const MOST_OF_ITS_OWN: usize = usize::MAX;

/// Memberships are by group and interface (`ilg_t`).
pub(crate) const fn tells_interfaces_apart(_family: Family) -> bool {
    true
}

/// A process is in one zone for as long as it lives.
pub(crate) const fn namespace(_socket: BorrowedFd<'_>) -> Option<u64> {
    None
}
