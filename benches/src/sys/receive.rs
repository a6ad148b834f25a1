//! The floors of receiving, in C (`c/receive.c`).

use std::ffi::{c_int, c_long, c_uint};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

/// Room for a batch of datagrams.
pub(crate) struct Batch(NonNull<Opaque>);

impl Batch {
    /// Room for 32 datagrams of up to 2 KiB.
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: takes no pointer.
        let batch = unsafe { receiver_new(DATAGRAMS, SLOT) };
        NonNull::new(batch)
            .map(Self)
            .ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// Takes what is queued until a batch comes back short, and returns how
    /// many datagrams that was.
    pub(crate) fn drain(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        // SAFETY: `receiver_new` made it, and it is borrowed mutably.
        count(unsafe { receiver_drain(self.0.as_ptr(), socket.as_raw_fd()) })
    }

    /// Waits once and drains every socket that is ready. Each has its
    /// descriptor as its data in the epoll instance.
    pub(crate) fn wait(&mut self, epoll: BorrowedFd<'_>, milliseconds: c_int) -> io::Result<usize> {
        // SAFETY: as in `drain`.
        count(unsafe { receiver_wait(self.0.as_ptr(), epoll.as_raw_fd(), milliseconds) })
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // SAFETY: `receiver_new` made it, and it is freed only here.
        unsafe { receiver_free(self.0.as_ptr()) };
    }
}

/// A count, or an error number below zero.
fn count(outcome: c_long) -> io::Result<usize> {
    usize::try_from(outcome).map_err(|_| {
        let number = c_int::try_from(-outcome).unwrap_or(libc::EINVAL);
        io::Error::from_raw_os_error(number)
    })
}

const DATAGRAMS: c_uint = 32;
const SLOT: usize = 2048;

#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn receiver_new(batch: c_uint, slot: usize) -> *mut Opaque;
    fn receiver_free(receiver: *mut Opaque);
    fn receiver_drain(receiver: *mut Opaque, socket: c_int) -> c_long;
    fn receiver_wait(receiver: *mut Opaque, epoll: c_int, milliseconds: c_int) -> c_long;
}
