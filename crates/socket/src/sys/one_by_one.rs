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

#[cfg(test)]
mod tests {
    use std::mem;
    use std::net::{SocketAddr, UdpSocket};
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::sys::address::{self, Name};
    use crate::sys::len;

    const CAPACITY: usize = 8;

    /// Headers and what they point at.
    struct Batch<const N: usize> {
        headers: [Header; N],
        _vectors: Box<[libc::iovec; N]>,
        names: Box<[Name; N]>,
        payloads: Box<[[u8; CAPACITY]; N]>,
    }

    impl<const N: usize> Batch<N> {
        fn new() -> Self {
            let mut payloads = Box::new([[0; CAPACITY]; N]);
            let mut names = Box::new([Name([0; address::LEN]); N]);
            let mut vectors = Box::new(payloads.each_mut().map(|payload| libc::iovec {
                iov_base: payload.as_mut_ptr().cast(),
                iov_len: CAPACITY,
            }));
            // SAFETY: all zeros is a header without name, data or control messages.
            let empty: libc::msghdr = unsafe { mem::zeroed() };
            let mut headers = [Header {
                msg_hdr: empty,
                msg_len: 0,
            }; N];
            for (slot, header) in headers.iter_mut().enumerate() {
                header.msg_hdr.msg_iov = &raw mut vectors[slot];
                header.msg_hdr.msg_iovlen = 1;
                header.msg_hdr.msg_name = names[slot].0.as_mut_ptr().cast();
                header.msg_hdr.msg_namelen = len::to_c(address::LEN);
            }
            Self {
                headers,
                _vectors: vectors,
                names,
                payloads,
            }
        }

        fn to(mut self, destinations: [SocketAddr; N]) -> Self {
            for (slot, destination) in destinations.into_iter().enumerate() {
                let len = address::encode(destination, &mut self.names[slot]);
                self.headers[slot].msg_hdr.msg_namelen = len::to_c(len);
            }
            self
        }

        fn receive(&mut self, socket: &UdpSocket) -> (io::Result<(usize, bool)>, usize) {
            let completed = AtomicUsize::new(0);
            let complete = |_: &mut libc::msghdr| {
                completed.fetch_add(1, Ordering::Relaxed);
            };
            let headers = self.headers.as_mut_ptr();
            // SAFETY: there are so many headers, and what they point at is `self`'s.
            let received = unsafe { receive(socket.as_fd(), headers, N, complete) };
            (received, completed.into_inner())
        }

        fn send(&mut self, socket: &UdpSocket, from: usize) -> io::Result<usize> {
            let headers = self.headers[from..].as_mut_ptr();
            // SAFETY: as above.
            unsafe { send(socket.as_fd(), headers, N - from) }
        }
    }

    fn open() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no sockets of this kind")]
    fn a_batch_ends_when_nothing_is_left_or_when_it_is_full() {
        let ((receiver, to), (sender, from)) = (open(), open());
        for payload in ["one", "two", "longer than a slot"] {
            sender.send_to(payload.as_bytes(), to).unwrap();
        }
        let mut batch = Batch::<2>::new();
        let (received, completed) = batch.receive(&receiver);
        assert_eq!((received.unwrap(), completed), ((2, false), 2));
        assert_eq!(batch.headers[0].msg_len, 3);
        assert_eq!(batch.payloads[1][..3], *b"two");
        assert_eq!(address::decode(&batch.names[1].0, crate::Family::V4), from);

        let (received, completed) = batch.receive(&receiver);
        assert_eq!((received.unwrap(), completed), ((1, true), 1));
        assert_ne!(batch.headers[0].msg_hdr.msg_flags & libc::MSG_TRUNC, 0);

        let (received, completed) = batch.receive(&receiver);
        let kind = received.unwrap_err().kind();
        assert_eq!((kind, completed), (io::ErrorKind::WouldBlock, 0));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no sockets of this kind")]
    fn what_is_refused_ends_a_batch_and_is_said_by_the_next() {
        let ((receiver, to), (sender, _)) = (open(), open());
        let nowhere = SocketAddr::new(to.ip(), 0);
        let mut batch = Batch::<3>::new().to([to, nowhere, to]);
        assert_eq!(batch.send(&sender, 0).unwrap(), 1);
        let error = batch.send(&sender, 1).unwrap_err();
        assert!(error.raw_os_error().is_some(), "{error}");
        assert_eq!(batch.send(&sender, 2).unwrap(), 1);
        let (received, _) = Batch::<3>::new().receive(&receiver);
        assert_eq!(received.unwrap(), (2, true));
    }
}
