//! `setsockopt(2)` with a typed value.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// Sets an option whose value is a plain C type of the size the kernel expects.
pub(super) fn set<T: Copy>(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: T,
) -> io::Result<()> {
    let len = libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)?;
    let (fd, value) = (socket.as_raw_fd(), ptr::from_ref(&value).cast());
    // SAFETY: `value` is valid for reads of `len` bytes.
    match unsafe { libc::setsockopt(fd, level, option, value, len) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
