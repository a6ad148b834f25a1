//! Descriptors that programs started by this one do not inherit, and that never
//! wait.

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Opens a socket of the domain's own protocol.
///
/// Apple's systems have no call that opens one with its flags, so a program that
/// another thread starts in between still inherits it.
pub(crate) fn socket(domain: c_int, kind: c_int) -> io::Result<OwnedFd> {
    // SAFETY: a system call that takes no pointer.
    let socket = check(unsafe { libc::socket(domain, kind, 0) })?;
    // SAFETY: `socket` was opened just now and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    let fd = socket.as_raw_fd();
    // SAFETY: a system call that takes no pointer.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    // SAFETY: as above. A new socket has no other flag to keep.
    check(unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK) })?;
    Ok(socket)
}

/// Makes room for so many bytes of unread messages.
pub(crate) fn set_receive_buffer(socket: BorrowedFd<'_>, bytes: c_int) -> io::Result<()> {
    let (fd, level, option) = (socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF);
    let value: *const c_void = (&raw const bytes).cast();
    // SAFETY: `value` points to a `c_int` that outlives the call.
    check(unsafe { libc::setsockopt(fd, level, option, value, INT_LEN) })?;
    Ok(())
}

fn check(outcome: c_int) -> io::Result<c_int> {
    if outcome < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(outcome)
}

#[expect(clippy::cast_possible_truncation, reason = "4 bytes")]
const INT_LEN: libc::socklen_t = size_of::<c_int>() as libc::socklen_t;
