//! NetBSD (ip(4), ip6(4)): groups by index, and no source filters.

use std::os::fd::BorrowedFd;

use ifcast_socket::Family;

pub(super) use crate::sys::no_sources::{filter, set_filter};
use crate::sys::request::{Calls, Ipv4Index};

pub(super) const CALLS: Calls = Calls::Older {
    ipv4: (libc::IP_ADD_MEMBERSHIP, libc::IP_DROP_MEMBERSHIP),
    ipv4_index: Ipv4Index::AsAddress,
    ipv6: (libc::IPV6_JOIN_GROUP, libc::IPV6_LEAVE_GROUP),
};

/// The kernel hands a multicast to members only, or does not say that it does not.
pub(crate) const OTHERS_CAN_KEEP: bool = false;

/// Nobody else could have them.
pub(crate) const MOST_OF_ITS_OWN: usize = usize::MAX;

/// There are no filters.
pub(crate) const fn tells_interfaces_apart(_family: Family) -> bool {
    true
}

/// There are none.
pub(crate) const fn namespace(_socket: BorrowedFd<'_>) -> Option<u64> {
    None
}
