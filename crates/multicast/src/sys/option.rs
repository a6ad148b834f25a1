//! `setsockopt(2)` and `getsockopt(2)` with bytes.

use std::ffi::c_int;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The level of a group's options.
pub(super) const fn level(group: IpAddr) -> c_int {
    match group {
        IpAddr::V4(_) => libc::IPPROTO_IP,
        IpAddr::V6(_) => libc::IPPROTO_IPV6,
    }
}

pub(super) fn set(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: &[u8],
) -> io::Result<()> {
    let len = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    let (fd, value) = (socket.as_raw_fd(), value.as_ptr().cast());
    // SAFETY: `value` is valid for reads of `len` bytes.
    match unsafe { libc::setsockopt(fd, level, option, value, len) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Asks with what is in `value`, and writes the answer there; returns how many bytes
/// it has.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn get(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: &mut [u8],
) -> io::Result<usize> {
    let mut len = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    let (fd, value) = (socket.as_raw_fd(), value.as_mut_ptr().cast());
    // SAFETY: `value` is valid for reads and writes of `len` bytes.
    match unsafe { libc::getsockopt(fd, level, option, value, &raw mut len) } {
        0 => usize::try_from(len).map_err(io::Error::other),
        _ => Err(io::Error::last_os_error()),
    }
}
