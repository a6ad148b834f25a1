//! A socket for broadcasts.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::Interface;
use ifcast_socket::{BoundSocket, Endpoint, Family, Receive, Received, RecvBatch};
use mio::{Interest, Registry, Token, event};

use crate::error::Error;
use crate::target::{self, Target};

/// A socket that sends broadcasts by one interface and receives what arrives
/// there on its port.
///
/// ```
/// use ifcast_broadcast::BroadcastSocket;
/// use ifcast_interfaces::Interface;
/// use ifcast_socket::{BoundSocket, Endpoint, Family, Sharing};
///
/// /// As a DHCP client, which has no address yet.
/// fn open(interface: &Interface) -> Result<BroadcastSocket, ifcast_broadcast::Error> {
///     let socket = BoundSocket::builder(interface, Family::V4)
///         .port(68)
///         .sharing(Sharing::WithOthers)
///         .unnumbered(true)
///         .bind()?;
///     BroadcastSocket::new(socket)
/// }
/// ```
#[derive(Debug)]
pub struct BroadcastSocket {
    socket: BoundSocket,
}

impl BroadcastSocket {
    /// Opens one on `interface`, for sending to and receiving on `port`.
    ///
    /// # Errors
    /// [`Error::NoBroadcast`] if the link cannot broadcast; [`Error::Socket`]
    /// if the interface has no IPv4 address, or the socket cannot be had.
    pub fn bind(interface: &Interface, port: u16) -> Result<Self, Error> {
        Self::new(
            BoundSocket::builder(interface, Family::V4)
                .port(port)
                .bind()?,
        )
    }

    /// Takes a socket that was made to measure with [`BoundSocket::builder`].
    ///
    /// # Errors
    /// [`Error::NoBroadcast`] if it is an IPv6 socket or its link cannot
    /// broadcast.
    pub fn new(socket: BoundSocket) -> Result<Self, Error> {
        target::check(socket.sender())?;
        Ok(Self { socket })
    }

    /// Broadcasts to the socket's own port; returns how many datagrams went out.
    ///
    /// # Errors
    /// As [`send`](crate::send).
    pub fn send(&self, payload: &[u8], target: Target) -> Result<usize, Error> {
        self.send_to_port(payload, target, self.socket.port())
    }

    /// Broadcasts to another port; returns how many datagrams went out.
    ///
    /// # Errors
    /// As [`send`](crate::send).
    pub fn send_to_port(&self, payload: &[u8], target: Target, port: u16) -> Result<usize, Error> {
        target::send(self.socket.sender(), payload, target, port)
    }

    /// Receives what is queued, up to a batch: broadcasts and unicasts.
    ///
    /// # Errors
    /// As [`BoundSocket::recv_batch`].
    pub fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        self.socket.recv_batch(batch)
    }

    /// The socket itself, for unicasts, settings and counters.
    #[must_use]
    pub const fn socket(&self) -> &BoundSocket {
        &self.socket
    }

    /// The socket itself, to be refreshed when the interface changes.
    pub const fn socket_mut(&mut self) -> &mut BoundSocket {
        &mut self.socket
    }
}

impl Receive for BroadcastSocket {
    #[inline]
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        Self::recv_batch(self, batch)
    }

    #[inline]
    fn endpoint(&self) -> &Endpoint {
        self.socket.endpoint()
    }
}

impl AsFd for BroadcastSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl event::Source for BroadcastSocket {
    fn register(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        self.socket.register(registry, token, what)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        self.socket.reregister(registry, token, what)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.socket.deregister(registry)
    }
}
