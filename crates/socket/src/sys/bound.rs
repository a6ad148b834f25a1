//! Sending on systems that tie a socket to an interface for whatever it sends, and that
//! can be told the interface of each datagram where it is not tied.

#![forbid(unsafe_code)]

use std::net::IpAddr;

use ifcast_interfaces::Interface;

use crate::family::Family;
use crate::sys::Refusal;

/// A pinned socket sends by its interface only.
pub(crate) const fn must_be_told(_: Family, is_pinned: bool) -> bool {
    !is_pinned
}

/// Everything can be sent by any interface.
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems cannot send everything by any interface"
)]
pub(crate) const fn steer(_: &Interface, _: bool, _: IpAddr) -> Result<(), Refusal> {
    Ok(())
}
