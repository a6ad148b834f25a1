//! A socket that joins groups.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::Interface;
use ifcast_socket::{BoundSocket, Endpoint, Family, Receive, Received, RecvBatch};
use mio::{Interest, Registry, Token, event};

use crate::error::Error;
use crate::group::Group;
use crate::memberships::Memberships;
use crate::send::send;

/// A socket that joins groups on one interface, sends to groups there, and
/// receives what it has joined.
///
/// Closing it leaves all groups.
///
/// ```
/// use ifcast_interfaces::Interface;
/// use ifcast_multicast::{Error, Family, Group, MulticastSocket};
///
/// fn listen(interface: &Interface, groups: &[Group]) -> Result<MulticastSocket, Error> {
///     let mut socket = MulticastSocket::bind(interface, Family::V6, 2222)?;
///     for &group in groups {
///         socket.join(group)?;
///     }
///     Ok(socket)
/// }
/// ```
#[derive(Debug)]
pub struct MulticastSocket {
    socket: BoundSocket,
    memberships: Memberships,
}

impl MulticastSocket {
    /// Opens one on `interface`, for receiving on and sending from `port`.
    ///
    /// # Errors
    /// [`Error::Socket`] if the interface has no address of the family, or the
    /// socket cannot be had.
    pub fn bind(interface: &Interface, family: Family, port: u16) -> Result<Self, Error> {
        Ok(Self::new(
            BoundSocket::builder(interface, family).port(port).bind()?,
        ))
    }

    /// Takes a socket that was made to measure with [`BoundSocket::builder`].
    #[must_use]
    pub fn new(socket: BoundSocket) -> Self {
        Self {
            socket,
            memberships: Memberships::default(),
        }
    }

    /// Joins a group on the socket's interface, whatever sends to it
    /// (any-source).
    ///
    /// On Linux there may be more groups than the system lets one socket have
    /// (`net.ipv4.igmp_max_memberships`, 20 by default): further sockets, without a
    /// port, hold those in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::WrongFamily`], [`Error::AlreadyJoined`], or [`Error::Join`] with
    /// what the operating system answered. Other memberships stay as they are.
    ///
    /// # Platform
    /// `MCAST_JOIN_GROUP` (RFC 3678, section 5.1) everywhere.
    pub fn join(&mut self, group: Group) -> Result<(), Error> {
        let interface = self.socket.interface().id();
        let endpoint = self.socket.endpoint();
        self.memberships.join(endpoint, interface, group)
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// [`Error::NotJoined`], or [`Error::Leave`] with what the operating system
    /// answered.
    pub fn leave(&mut self, group: Group) -> Result<(), Error> {
        let interface = self.socket.interface().id();
        let endpoint = self.socket.endpoint();
        self.memberships.leave(endpoint, interface, group)
    }

    /// Sends to a group on the socket's own port, by its interface; being a
    /// member is not needed.
    ///
    /// # Errors
    /// [`Error::WrongFamily`], or [`Error::Socket`] as
    /// [`BoundSocket::send`] fails.
    pub fn send(&self, payload: &[u8], group: Group) -> Result<(), Error> {
        self.send_to_port(payload, group, self.socket.port())
    }

    /// Sends to a group on another port.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_to_port(&self, payload: &[u8], group: Group, port: u16) -> Result<(), Error> {
        send(self.socket.sender(), payload, group, port)
    }

    /// Receives what is queued, up to a batch: multicasts of joined groups,
    /// unicasts and broadcasts. Other groups' are dropped and counted as
    /// unwanted.
    ///
    /// # Errors
    /// As [`BoundSocket::recv_batch`].
    #[inline]
    pub fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        let memberships = &self.memberships;
        self.socket
            .recv_batch_where(batch, |envelope| memberships.cover(envelope))
    }

    /// The groups that it has joined, in order.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        self.memberships.groups(self.socket.interface().index())
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

impl Receive for MulticastSocket {
    #[inline]
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        Self::recv_batch(self, batch)
    }

    #[inline]
    fn endpoint(&self) -> &Endpoint {
        self.socket.endpoint()
    }
}

impl AsFd for MulticastSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl event::Source for MulticastSocket {
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
