//! The netlink socket itself (netlink(7)).

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use crate::sys::linux::transport::Transport;

/// An open netlink socket.
#[derive(Debug)]
pub(crate) struct NetlinkSocket(OwnedFd);

impl NetlinkSocket {
    /// Opens one that waits, in the calling thread's network namespace.
    pub(crate) fn open(protocol: c_int) -> io::Result<Self> {
        Self::open_with(protocol, 0)
    }

    /// Opens one that never waits.
    pub(crate) fn open_nonblocking(protocol: c_int) -> io::Result<Self> {
        Self::open_with(protocol, libc::SOCK_NONBLOCK)
    }

    fn open_with(protocol: c_int, flags: c_int) -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | flags;
        // SAFETY: a system call that takes no pointer.
        let socket = unsafe { libc::socket(libc::AF_NETLINK, kind, protocol) };
        if socket < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `socket` was opened just now and belongs to nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(socket) }))
    }

    /// Gives it an address of its own, without which it receives what is sent to
    /// groups only in theory.
    pub(crate) fn bind(&self) -> io::Result<()> {
        let address = any_address();
        // SAFETY: `address` is a whole `sockaddr_nl` that outlives the call.
        let outcome =
            unsafe { libc::bind(self.0.as_raw_fd(), (&raw const address).cast(), ADDRESS_LEN) };
        check(outcome)
    }

    /// Joins a group (`RTNLGRP_*`).
    pub(crate) fn join(&self, group: c_int) -> io::Result<()> {
        self.set(libc::SOL_NETLINK, libc::NETLINK_ADD_MEMBERSHIP, group)
    }

    /// Has the kernel honour every field of a request for a dump (Linux 4.20).
    pub(crate) fn check_strictly(&self) -> io::Result<()> {
        self.set(libc::SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
    }

    /// Makes room for so many bytes of unread messages: as much as that with
    /// `CAP_NET_ADMIN`, else as much as `net.core.rmem_max` permits.
    pub(crate) fn set_receive_buffer(&self, bytes: c_int) -> io::Result<()> {
        self.set(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, bytes)
            .or_else(|_| self.set(libc::SOL_SOCKET, libc::SO_RCVBUF, bytes))
    }

    /// Reads one batch of messages that the kernel sent, as
    /// [`Transport::receive`] does, and passes over what anybody else did.
    pub(crate) fn receive_from_kernel(&self, buffer: &mut [u8]) -> io::Result<usize> {
        const KERNEL: u32 = 0;
        loop {
            let (mut sender, mut sender_len) = (any_address(), ADDRESS_LEN);
            // SAFETY: `buffer` is valid for writes of its length, and `sender` for
            // as many as `sender_len` says.
            let len = unsafe {
                libc::recvfrom(
                    self.0.as_raw_fd(),
                    buffer.as_mut_ptr().cast(),
                    buffer.len(),
                    libc::MSG_TRUNC,
                    (&raw mut sender).cast(),
                    &raw mut sender_len,
                )
            };
            match received(len)? {
                Some(len) if sender.nl_pid == KERNEL => return Ok(len),
                _ => {}
            }
        }
    }

    fn set(&self, level: c_int, option: c_int, value: c_int) -> io::Result<()> {
        let value: *const c_void = (&raw const value).cast();
        // SAFETY: `value` points to a `c_int` that outlives the call.
        let outcome =
            unsafe { libc::setsockopt(self.0.as_raw_fd(), level, option, value, INT_LEN) };
        check(outcome)
    }
}

impl Transport for NetlinkSocket {
    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        let (fd, flags) = (self.0.as_raw_fd(), 0);
        // SAFETY: `request` is valid for reads of its length.
        let sent = unsafe { libc::send(fd, request.as_ptr().cast(), request.len(), flags) };
        usize::try_from(sent).map_or_else(|_| Err(io::Error::last_os_error()), |_| Ok(()))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (fd, flags) = (self.0.as_raw_fd(), libc::MSG_TRUNC);
        loop {
            // SAFETY: `buffer` is valid for writes of its length.
            let len = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), flags) };
            if let Some(len) = received(len)? {
                return Ok(len);
            }
        }
    }

    fn discard(&mut self) {
        let (fd, flags) = (self.0.as_raw_fd(), libc::MSG_DONTWAIT);
        // SAFETY: with no room for it, nothing is written; a message is gone when
        // it was read in part.
        while unsafe { libc::recv(fd, ptr::null_mut(), 0, flags) } >= 0 {}
    }
}

impl AsFd for NetlinkSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// One that the kernel chooses.
fn any_address() -> libc::sockaddr_nl {
    // SAFETY: `sockaddr_nl` consists of integers, for which zero is a value.
    let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
    address.nl_family = AF_NETLINK;
    address
}

/// How much was received; `None` if a signal interrupted.
fn received(len: isize) -> io::Result<Option<usize>> {
    if let Ok(len) = usize::try_from(len) {
        return Ok(Some(len));
    }
    let error = io::Error::last_os_error();
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(None),
        _ => Err(error),
    }
}

fn check(outcome: c_int) -> io::Result<()> {
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

const AF_NETLINK: libc::sa_family_t = 16;
const NETLINK_GET_STRICT_CHK: c_int = 12;
const ADDRESS_LEN: libc::socklen_t = len_of::<libc::sockaddr_nl>();
const INT_LEN: libc::socklen_t = len_of::<c_int>();

#[expect(
    clippy::cast_possible_truncation,
    reason = "a structure of a few bytes, and no trait is const"
)]
const fn len_of<T>() -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

#[cfg(test)]
ifcast_abi::same!(AF_NETLINK, NETLINK_GET_STRICT_CHK);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no netlink")]
    fn no_program_that_is_started_inherits_a_socket() {
        for open in [NetlinkSocket::open, NetlinkSocket::open_nonblocking] {
            let socket = open(libc::NETLINK_ROUTE).unwrap();
            // SAFETY: a system call that takes no pointer.
            let flags = unsafe { libc::fcntl(socket.0.as_raw_fd(), libc::F_GETFD) };
            assert_eq!(flags, libc::FD_CLOEXEC);
        }
    }
    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no netlink")]
    fn what_another_program_sends_is_not_what_the_kernel_says() {
        let open = |()| NetlinkSocket::open_nonblocking(libc::NETLINK_USERSOCK).unwrap();
        let [mut ours, theirs] = [(); 2].map(open);
        ours.bind().unwrap();
        let (mut address, mut len) = (any_address(), ADDRESS_LEN);
        let at = (&raw mut address).cast();
        // SAFETY: `address` is valid for writes of as many bytes as `len` says.
        check(unsafe { libc::getsockname(ours.0.as_raw_fd(), at, &raw mut len) }).unwrap();
        let send = || {
            let (fd, said, to) = (theirs.0.as_raw_fd(), b"said", (&raw const address).cast());
            // SAFETY: `said` and `address` are valid for reads of their lengths.
            let sent = unsafe { libc::sendto(fd, said.as_ptr().cast(), said.len(), 0, to, len) };
            assert_eq!(sent, 4);
        };
        let mut buffer = [0; 16];
        send();
        assert_eq!(ours.receive(&mut buffer).unwrap(), 4);
        send();
        let error = ours.receive_from_kernel(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
