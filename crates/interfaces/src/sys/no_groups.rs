//! NetBSD, OpenBSD: joined groups are not told of.

#![forbid(unsafe_code)]

use std::io;
use std::net::IpAddr;

use crate::id::InterfaceIndex;

pub(crate) const ARE_TOLD: bool = false;

pub(crate) const fn list() -> io::Result<Option<Vec<(InterfaceIndex, IpAddr)>>> {
    Ok(None)
}
