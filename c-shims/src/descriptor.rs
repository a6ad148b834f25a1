//! Descriptors that the system hands out without the flags that we want.

use std::{
    ffi::c_int,
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

use crate::errno;

/// Makes `descriptor` nonblocking, and has it closed in programs that this one starts.
///
/// xnu has no call that opens a descriptor with these flags, so a program that another thread starts in between still
/// inherits it.
#[expect(unsafe_code, reason = "calls this crate's C")]
pub(crate) fn prepare(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the C changes the flags of a descriptor that is open, as its type guarantees, and keeps nothing.
    errno::check(unsafe { ifcast_sys_prepare(descriptor.as_raw_fd()) })
}

#[expect(
    unsafe_code,
    reason = "declares this crate's C, as include/ifcast_sys.h does"
)]
unsafe extern "C" {
    fn ifcast_sys_prepare(descriptor: c_int) -> c_int;
}
