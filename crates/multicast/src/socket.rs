//! A socket that joins groups.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::Interface;
use ifcast_socket::{BoundSocket, Cast, Family, Receive, Received, RecvBatch};
use mio::{Interest, Registry, Token, event};

use crate::error::Error;
use crate::group::Group;
use crate::sys;

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
    groups: Vec<Group>, // sorted
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
    pub const fn new(socket: BoundSocket) -> Self {
        Self {
            socket,
            groups: Vec::new(),
        }
    }

    /// Joins a group on the socket's interface, whatever sends to it
    /// (any-source).
    ///
    /// # Errors
    /// [`Error::WrongFamily`], [`Error::AlreadyJoined`], or [`Error::Join`] with
    /// what the operating system answered. Other memberships stay as they are.
    ///
    /// # Platform
    /// `MCAST_JOIN_GROUP` (RFC 3678, section 5.1) everywhere.
    pub fn join(&mut self, group: Group) -> Result<(), Error> {
        let interface = self.socket.interface().id();
        self.check(group)?;
        let Err(position) = self.groups.binary_search(&group) else {
            return Err(Error::AlreadyJoined { interface, group });
        };
        let index = interface.index();
        sys::join(self.socket.as_fd(), index, group).map_err(|source| Error::Join {
            interface,
            group,
            source,
        })?;
        self.groups.insert(position, group);
        Ok(())
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// [`Error::NotJoined`], or [`Error::Leave`] with what the operating system
    /// answered.
    pub fn leave(&mut self, group: Group) -> Result<(), Error> {
        let interface = self.socket.interface().id();
        let Ok(position) = self.groups.binary_search(&group) else {
            return Err(Error::NotJoined { interface, group });
        };
        let index = interface.index();
        sys::leave(self.socket.as_fd(), index, group).map_err(|source| Error::Leave {
            interface,
            group,
            source,
        })?;
        self.groups.remove(position);
        Ok(())
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
        self.check(group)?;
        self.socket.send(payload, group.socket_addr(port))?;
        Ok(())
    }

    /// Receives what is queued, up to a batch: multicasts of joined groups,
    /// unicasts and broadcasts. Other groups' are dropped and counted as
    /// unwanted.
    ///
    /// # Errors
    /// As [`BoundSocket::recv_batch`].
    pub fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        self.socket.recv_batch_where(batch, |datagram| {
            let joined = |group| self.groups.binary_search(&group).is_ok();
            datagram.cast() != Cast::Multicast
                || Group::new(datagram.destination()).is_ok_and(joined)
        })
    }

    /// The groups that it has joined, in order.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
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

    fn check(&self, group: Group) -> Result<(), Error> {
        if group.family() == self.socket.family() {
            return Ok(());
        }
        Err(Error::WrongFamily {
            interface: self.socket.interface().id(),
            family: self.socket.family(),
            group,
        })
    }
}

impl Receive for MulticastSocket {
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        Self::recv_batch(self, batch)
    }

    fn bound(&self) -> &BoundSocket {
        &self.socket
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
