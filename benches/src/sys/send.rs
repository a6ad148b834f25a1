//! The floors of sending, in C (`c/send.c` and `c/segments.c`).

use std::ffi::{c_int, c_uint, c_void};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{self, NonNull};

use socket2::SockAddr;

/// Datagrams to one destination, ready to go.
pub(crate) struct Datagrams {
    datagrams: NonNull<Opaque>,
    count: c_uint,
}

impl Datagrams {
    /// Makes `count` datagrams of `len` bytes that leave by whatever interface
    /// their socket does.
    pub(crate) fn new(destination: SocketAddr, len: usize, count: usize) -> io::Result<Self> {
        Self::make(destination, len, count, ptr::null())
    }

    /// Makes a datagram for each of these interfaces.
    pub(crate) fn by_each(
        destination: SocketAddr,
        len: usize,
        indexes: &[c_uint],
    ) -> io::Result<Self> {
        Self::make(destination, len, indexes.len(), indexes.as_ptr())
    }

    fn make(
        destination: SocketAddr,
        len: usize,
        count: usize,
        indexes: *const c_uint,
    ) -> io::Result<Self> {
        let count = c_uint::try_from(count).map_err(io::Error::other)?;
        let name = SockAddr::from(destination);
        // SAFETY: the name is valid for its length, and there are `count` indexes or none; all of them are copied.
        let made = unsafe { sender_new(count, len, name.as_ptr().cast(), name.len(), indexes) };
        let datagrams = NonNull::new(made).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { datagrams, count })
    }

    /// Sends them in batches of 32.
    pub(crate) fn send(&mut self, socket: BorrowedFd<'_>) -> io::Result<()> {
        self.send_some(socket, 0, self.count)
    }

    /// Sends the one of this number.
    pub(crate) fn send_one(&mut self, socket: BorrowedFd<'_>, number: usize) -> io::Result<()> {
        let first = c_uint::try_from(number).map_err(io::Error::other)?;
        assert!(first < self.count, "datagram {first} of {}", self.count);
        self.send_some(socket, first, 1)
    }

    /// Sends them with a call each.
    pub(crate) fn send_each(&mut self, socket: BorrowedFd<'_>) -> io::Result<()> {
        // SAFETY: `sender_new` made them, and they are borrowed mutably.
        outcome(unsafe { sender_each(self.datagrams.as_ptr(), socket.as_raw_fd()) })
    }

    /// Sends them as a few large ones that the kernel cuts up.
    pub(crate) fn send_segments(&mut self, socket: BorrowedFd<'_>) -> io::Result<()> {
        // SAFETY: as in `send_each`.
        outcome(unsafe { sender_segments(self.datagrams.as_ptr(), socket.as_raw_fd()) })
    }

    fn send_some(
        &mut self,
        socket: BorrowedFd<'_>,
        first: c_uint,
        count: c_uint,
    ) -> io::Result<()> {
        let fd = socket.as_raw_fd();
        // SAFETY: as in `send_each`, and there are as many.
        outcome(unsafe { sender_batches(self.datagrams.as_ptr(), fd, first, count) })
    }
}

// SAFETY: they own what they point at, and C keeps nothing of them elsewhere.
unsafe impl Send for Datagrams {}

impl Drop for Datagrams {
    fn drop(&mut self) {
        // SAFETY: `sender_new` made them, and they are freed only here.
        unsafe { sender_free(self.datagrams.as_ptr()) };
    }
}

/// 0, or an error number below it.
fn outcome(number: c_int) -> io::Result<()> {
    if number == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(-number))
    }
}

#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn sender_new(
        count: c_uint,
        len: usize,
        name: *const c_void,
        name_len: libc::socklen_t,
        indexes: *const c_uint,
    ) -> *mut Opaque;
    fn sender_free(sender: *mut Opaque);
    fn sender_batches(sender: *mut Opaque, socket: c_int, first: c_uint, count: c_uint) -> c_int;
    fn sender_each(sender: *mut Opaque, socket: c_int) -> c_int;
    fn sender_segments(sender: *mut Opaque, socket: c_int) -> c_int;
}
