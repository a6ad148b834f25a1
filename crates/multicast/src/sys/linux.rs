//! Linux and Android: a socket address begins with a two-byte family.

use std::ffi::c_int;

pub(super) fn sockaddr_header(_len: u8, family: c_int) -> [u8; 2] {
    libc::sa_family_t::try_from(family)
        .unwrap_or_default()
        .to_ne_bytes()
}

/// `IP_MULTICAST_ALL`, `IPV6_MULTICAST_ALL`.
pub(crate) const OTHERS_CAN_KEEP: bool = true;
