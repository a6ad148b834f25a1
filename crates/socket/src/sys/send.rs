//! Sending one datagram.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::{mem, ptr};

use crate::sys::address::{self, Name};
use crate::sys::calls;
use crate::sys::control::{Buffer, Way, Writer};
use crate::sys::len;

/// Sends a datagram from wherever the kernel likes. Retries when a signal
/// interrupts.
pub(crate) fn plain(
    socket: BorrowedFd<'_>,
    payload: &[u8],
    destination: SocketAddr,
) -> io::Result<()> {
    let mut name = Name([0; address::LEN]);
    let name_len = len::to_c(address::encode(destination, &mut name));
    let (data, name) = (payload.as_ptr().cast(), ptr::from_ref(&name).cast());
    let (fd, len) = (socket.as_raw_fd(), payload.len());
    loop {
        // SAFETY: `data` and `name` are valid for reads of the lengths beside them.
        let sent = unsafe { calls::sendto(fd, data, len, 0, name, name_len) };
        if sent >= 0 {
            return Ok(()); // a datagram goes whole
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Sends a datagram a way of its own. Retries when a signal interrupts.
pub(crate) fn by(
    socket: BorrowedFd<'_>,
    payload: &[u8],
    destination: SocketAddr,
    way: Way,
) -> io::Result<()> {
    let mut name = Name([0; address::LEN]);
    let name_len = address::encode(destination, &mut name);
    let mut buffer = Buffer([0; Buffer::LEN]);
    let mut writer = Writer::new(&mut buffer);
    writer.way(way);
    let control = writer.finish();
    let mut vector = libc::iovec {
        iov_base: payload.as_ptr().cast_mut().cast(),
        iov_len: payload.len(),
    };
    // SAFETY: all zeros is a header without name, data or control messages.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_name = (&raw mut name).cast();
    header.msg_namelen = len::to_c(name_len);
    header.msg_iov = &raw mut vector;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = len::to_c(control.len());
    loop {
        // SAFETY: the header points at locals that outlive the call and at
        // `payload`, none of which the kernel writes to.
        let sent = unsafe { calls::sendmsg(socket.as_raw_fd(), ptr::from_ref(&header), 0) };
        if sent >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
