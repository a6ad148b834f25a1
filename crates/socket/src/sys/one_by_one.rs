//! Batches on systems that hand over and take messages one by one, or whose calls for
//! several do just that.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A message and its length, as Linux's `struct mmsghdr`; there is no public
/// call that receives several.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) msg_hdr: libc::msghdr,
    pub(super) msg_len: libc::c_uint,
}

/// Receives into up to `count` headers, one `recvmsg(2)` each; returns how many
/// it filled and whether the kernel had nothing left. Retries when a signal
/// interrupts. An error after a datagram ends the batch early, but not drained.
/// What was received is shown to `complete`.
///
/// # Safety
/// `headers` points to `count` headers, each of which describes memory that is
/// valid for writes and that nothing else uses during the call.
pub(super) unsafe fn receive(
    socket: BorrowedFd<'_>,
    headers: *mut Header,
    count: usize,
    complete: impl Fn(&mut libc::msghdr),
) -> io::Result<(usize, bool)> {
    let mut received = 0;
    while received < count {
        // SAFETY: in bounds, as the caller vouches.
        let header = unsafe { headers.add(received) };
        // SAFETY: as above, and the header is ours during the call.
        let header = unsafe { &mut *header };
        // SAFETY: as the caller vouches; the kernel writes no further than the
        // lengths in the header say.
        let len = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header.msg_hdr, 0) };
        if let Ok(len) = libc::c_uint::try_from(len) {
            header.msg_len = len;
            complete(&mut header.msg_hdr);
            received += 1;
            continue;
        }
        let error = io::Error::last_os_error();
        match error.kind() {
            io::ErrorKind::Interrupted => {}
            kind if received > 0 => return Ok((received, kind == io::ErrorKind::WouldBlock)),
            _ => return Err(error),
        }
    }
    Ok((received, false))
}

/// Sends up to `count` messages, one `sendmsg(2)` each; returns how many it took,
/// at least one. Retries when a signal interrupts.
///
/// # Safety
/// `headers` points to `count` headers, each of which describes memory that is
/// valid for reads.
pub(super) unsafe fn send(
    socket: BorrowedFd<'_>,
    headers: *mut Header,
    count: usize,
) -> io::Result<usize> {
    let mut sent = 0;
    while sent < count {
        // SAFETY: in bounds, as the caller vouches.
        let header = unsafe { headers.add(sent) };
        // SAFETY: as above, and nobody writes to it during the call.
        let header = unsafe { &*header };
        // SAFETY: as the caller vouches; the kernel writes nothing.
        let outcome = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header.msg_hdr, 0) };
        if outcome >= 0 {
            sent += 1;
            continue;
        }
        let error = io::Error::last_os_error();
        match error.kind() {
            io::ErrorKind::Interrupted => {}
            _ if sent > 0 => break, // the next call says so
            _ => return Err(error),
        }
    }
    Ok(sent)
}
