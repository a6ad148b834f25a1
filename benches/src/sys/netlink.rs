//! An rtnetlink socket and nothing around it (rtnetlink(7)).

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, send, socket,
};

pub(crate) struct Socket(OwnedFd);

impl Socket {
    /// Opens one in the calling thread's network namespace.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let protocol = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
        Ok(Self(socket))
    }

    /// Makes the kernel tell of every change of a link or an address.
    pub(crate) fn subscribe(&self) -> io::Result<()> {
        let groups = libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR;
        let groups = u32::try_from(groups).map_err(io::Error::other)?;
        Ok(bind(self.0.as_raw_fd(), &NetlinkAddr::new(0, groups))?)
    }

    /// Makes the kernel heed the interface that a dump names (Linux 4.20).
    pub(crate) fn be_strict(&self) -> io::Result<()> {
        let (fd, on) = (self.0.as_raw_fd(), 1);
        // SAFETY: a pointer to a `c_int`, which this option takes, and its size.
        let outcome = unsafe {
            libc::setsockopt(
                fd,
                libc::SOL_NETLINK,
                libc::NETLINK_GET_STRICT_CHK,
                (&raw const on).cast(),
                ON_LEN,
            )
        };
        if outcome == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    pub(crate) fn send(&self, request: &[u8]) -> io::Result<()> {
        send(self.0.as_raw_fd(), request, MsgFlags::empty())?;
        Ok(())
    }

    /// Fills `buffer`, up to its capacity, with the next messages; does not
    /// retry `EINTR`.
    pub(crate) fn receive(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        let fd = self.0.as_raw_fd();
        // SAFETY: `buffer` is valid for writes of its capacity.
        let len = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.capacity(), 0) };
        let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
        // SAFETY: so many bytes were written just now, and no more than fit.
        unsafe { buffer.set_len(len) };
        Ok(())
    }
}

const ON_LEN: libc::socklen_t = 4; // of a `c_int`
const _: () = assert!(size_of::<c_int>() == 4);
