//! Rtnetlink sockets.

use std::io;
use std::os::fd::OwnedFd;

use super::socket;

/// An rtnetlink socket.
///
/// It belongs to the namespace of the thread that opened it, and serves that namespace from every thread.
#[derive(Debug)]
pub(crate) struct RouteSocket {
    socket: OwnedFd,
}

impl RouteSocket {
    /// Opens a socket in the calling thread's namespace.
    pub(crate) fn open() -> io::Result<Self> {
        let socket = socket::open(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)?;
        let on: libc::c_int = 1;
        socket::set_option(&socket, libc::SOL_NETLINK, libc::NETLINK_EXT_ACK, &on)?;
        socket::set_option(&socket, libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, &on)?;
        Ok(Self { socket })
    }

    /// Sends a request.
    pub(crate) fn send(&self, request: &[u8]) -> io::Result<()> {
        socket::send(&self.socket, request)
    }

    /// Waits for an answer and returns its real length, which may exceed that of `buffer`.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        socket::receive(&self.socket, buffer, 0)
    }
}
