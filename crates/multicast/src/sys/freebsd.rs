//! FreeBSD (`<netinet/in.h>`, sourcefilter(3)).

use std::ffi::c_int;
use std::os::fd::BorrowedFd;

use ifcast_socket::Family;

use crate::sys::request::{Calls, Layout, Options};
pub(super) use crate::sys::source_filters::{filter, set_filter};

pub(super) const CALLS: Calls = Calls::Rfc3678 {
    options: Options {
        join: libc::MCAST_JOIN_GROUP,
        leave: libc::MCAST_LEAVE_GROUP,
        join_source: libc::MCAST_JOIN_SOURCE_GROUP,
        leave_source: libc::MCAST_LEAVE_SOURCE_GROUP,
        block: libc::MCAST_BLOCK_SOURCE,
        unblock: libc::MCAST_UNBLOCK_SOURCE,
    },
    layout: LAYOUT,
};

/// A socket address begins with its length, without which the kernel refuses it, and a
/// one-byte family.
pub(super) const LAYOUT: Layout = Layout {
    align: align_of::<libc::sockaddr_storage>(),
    storage_len: size_of::<libc::sockaddr_storage>(),
    head,
};

fn head(family: c_int, len: u8) -> [u8; 2] {
    [len, libc::sa_family_t::try_from(family).unwrap_or_default()]
}

/// The kernel hands a multicast to members only (`imo_multi_filter`).
pub(crate) const OTHERS_CAN_KEEP: bool = false;

/// Nobody else could have them.
pub(crate) const MOST_OF_ITS_OWN: usize = usize::MAX;

/// `imo_multi_filter` and `im6o_mc_filter` look for group and interface.
pub(crate) const fn tells_interfaces_apart(_family: Family) -> bool {
    true
}

/// There are none.
pub(crate) const fn namespace(_socket: BorrowedFd<'_>) -> Option<u64> {
    None
}
