//! What only Linux can do.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::BorrowedFd;

use socket2::Socket;

use crate::family::Family;

/// This system hands over only what the socket itself has joined.
pub(crate) fn receive_all_groups(
    _: &Socket,
    _: Family,
    on: bool,
) -> Result<(), (&'static str, io::Error)> {
    if on {
        return Err(("IP_MULTICAST_ALL", io::ErrorKind::Unsupported.into()));
    }
    Ok(())
}

/// This system hands datagrams over one by one.
pub(crate) fn coalesce(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// This system counts them for all sockets together only.
pub(crate) fn kernel_drops(_: BorrowedFd<'_>) -> io::Result<u32> {
    Err(io::ErrorKind::Unsupported.into())
}

/// This system cannot split what is sent into datagrams.
pub(crate) const SEGMENT: Option<(c_int, c_int)> = None;

/// This system does not.
pub(crate) const fn splits(_: &Socket) -> bool {
    false
}
