//! The socket calls that the other modules share.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Opens a socket in the calling thread's network namespace.
pub(super) fn open(
    domain: libc::c_int,
    kind: libc::c_int,
    protocol: libc::c_int,
) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers.
    let fd = unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, protocol) };
    check(fd)?;
    // SAFETY: the kernel just returned this descriptor, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets an option whose value is a plain C structure or integer.
pub(super) fn set_option<T: Copy>(
    socket: &OwnedFd,
    level: libc::c_int,
    option: libc::c_int,
    value: &T,
) -> io::Result<()> {
    // SAFETY: `value` is readable for its size, and the kernel copies it.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            std::ptr::from_ref(value).cast(),
            length_of::<T>(),
        )
    };
    check(outcome).map(drop)
}

/// Binds to an address that is a plain C structure.
pub(super) fn bind<T: Copy>(socket: &OwnedFd, address: &T) -> io::Result<()> {
    let pointer = std::ptr::from_ref(address).cast();
    // SAFETY: `address` is readable for its size, and the kernel copies it.
    let outcome = unsafe { libc::bind(socket.as_raw_fd(), pointer, length_of::<T>()) };
    check(outcome).map(drop)
}

/// Sends one message; retries when interrupted.
pub(super) fn send(socket: &OwnedFd, message: &[u8]) -> io::Result<()> {
    loop {
        // SAFETY: `message` is readable for its length.
        let sent = unsafe {
            libc::send(
                socket.as_raw_fd(),
                message.as_ptr().cast(),
                message.len(),
                0,
            )
        };
        match sent {
            0.. => return Ok(()),
            _ => retry_if_interrupted()?,
        }
    }
}

/// Receives one message and returns its real length, which may exceed that of `buffer`; retries when interrupted.
pub(super) fn receive(
    socket: &OwnedFd,
    buffer: &mut [u8],
    flags: libc::c_int,
) -> io::Result<usize> {
    loop {
        // SAFETY: `buffer` is writable for its length.
        let received = unsafe {
            libc::recv(
                socket.as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                flags | libc::MSG_TRUNC,
            )
        };
        match usize::try_from(received) {
            Ok(length) => return Ok(length),
            Err(_) => retry_if_interrupted()?,
        }
    }
}

/// Turns the -1 of a system call into the error it stands for.
pub(super) fn check(outcome: libc::c_int) -> io::Result<libc::c_int> {
    if outcome < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(outcome)
}

/// Returns the error of the system call that just failed, unless it was interrupted.
pub(super) fn retry_if_interrupted() -> io::Result<()> {
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        error => Err(error),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the size of a small C structure"
)]
pub(super) const fn length_of<T>() -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}
