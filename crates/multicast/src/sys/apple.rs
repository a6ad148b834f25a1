//! macOS, iOS, tvOS, watchOS, visionOS: a socket address begins with its length,
//! without which the kernel refuses it, and a one-byte family.

use std::ffi::c_int;

pub(super) fn sockaddr_header(len: u8, family: c_int) -> [u8; 2] {
    [len, libc::sa_family_t::try_from(family).unwrap_or_default()]
}

/// The kernel hands a multicast to members only.
pub(crate) const OTHERS_CAN_KEEP: bool = false;
