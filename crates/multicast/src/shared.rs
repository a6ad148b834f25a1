//! One socket that joins groups on many interfaces.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::{Interface, InterfaceId, InterfaceIndex};
use ifcast_socket::{Endpoint, Family, Receive, Received, RecvBatch, SharedSocket};
use mio::{Interest, Registry, Token, event};

use crate::error::Error;
use crate::group::Group;
use crate::memberships::Memberships;

/// A socket that many interfaces share, and that joins groups on each of them.
///
/// Closing it leaves all groups.
///
/// ```
/// use ifcast_interfaces::Interface;
/// use ifcast_multicast::{Error, Family, Group, SharedMulticastSocket};
///
/// fn listen(interfaces: &[Interface], group: Group) -> Result<SharedMulticastSocket, Error> {
///     let mut socket = SharedMulticastSocket::bind(Family::V4, 2222)?;
///     for interface in interfaces {
///         socket.add(interface)?;
///         socket.join(interface.index(), group)?;
///     }
///     Ok(socket)
/// }
/// ```
#[derive(Debug)]
pub struct SharedMulticastSocket {
    socket: SharedSocket,
    memberships: Memberships,
}

impl SharedMulticastSocket {
    /// Opens one for receiving on and sending from `port`, without interfaces.
    ///
    /// # Errors
    /// [`Error::Socket`] if the socket cannot be had.
    pub fn bind(family: Family, port: u16) -> Result<Self, Error> {
        Ok(Self::new(SharedSocket::builder(family).port(port).bind()?))
    }

    /// Takes a socket that was made to measure with [`SharedSocket::builder`].
    #[must_use]
    pub fn new(socket: SharedSocket) -> Self {
        Self {
            socket,
            memberships: Memberships::default(),
        }
    }

    /// Serves one more interface, or takes note of what became of one.
    ///
    /// # Errors
    /// As [`SharedSocket::add`].
    pub fn add(&mut self, interface: &Interface) -> Result<(), Error> {
        Ok(self.socket.add(interface)?)
    }

    /// Leaves all groups on an interface and serves it no more; returns it as it
    /// was last known.
    pub fn remove(&mut self, interface: InterfaceIndex) -> Option<Interface> {
        self.memberships
            .leave_all(self.socket.endpoint(), interface);
        self.socket.remove(interface)
    }

    /// Joins a group on one of the interfaces, whatever sends to it (any-source);
    /// see [`MulticastSocket::join`](crate::MulticastSocket::join).
    ///
    /// # Errors
    /// [`Error::Socket`] if the interface is not served; [`Error::WrongFamily`],
    /// [`Error::AlreadyJoined`], or [`Error::Join`] with what the operating system
    /// answered. Other memberships stay as they are.
    pub fn join(&mut self, interface: InterfaceIndex, group: Group) -> Result<(), Error> {
        let id = self.id(interface)?;
        self.memberships.join(self.socket.endpoint(), id, group)
    }

    /// Leaves a group on one of the interfaces.
    ///
    /// # Errors
    /// [`Error::Socket`] if the interface is not served; [`Error::NotJoined`], or
    /// [`Error::Leave`] with what the operating system answered.
    pub fn leave(&mut self, interface: InterfaceIndex, group: Group) -> Result<(), Error> {
        let id = self.id(interface)?;
        self.memberships.leave(self.socket.endpoint(), id, group)
    }

    /// Receives what is queued, up to a batch: on each interface multicasts of the
    /// groups that are joined there, unicasts and broadcasts. Others are dropped
    /// and counted.
    ///
    /// # Errors
    /// As [`SharedSocket::recv_batch`].
    #[inline]
    pub fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        let memberships = &self.memberships;
        self.socket
            .recv_batch_where(batch, |envelope| memberships.cover(envelope))
    }

    /// The groups that are joined on an interface, in order.
    pub fn groups(&self, interface: InterfaceIndex) -> impl Iterator<Item = Group> {
        self.memberships.groups(interface)
    }

    /// The socket itself, for sending, settings and counters.
    #[must_use]
    pub const fn socket(&self) -> &SharedSocket {
        &self.socket
    }

    fn id(&self, interface: InterfaceIndex) -> Result<InterfaceId, Error> {
        let sender = self.socket.sender(interface);
        let not_shared = ifcast_socket::Error::NotShared {
            named: interface.get(),
        };
        Ok(sender.ok_or(not_shared)?.interface().id())
    }
}

impl Receive for SharedMulticastSocket {
    #[inline]
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        Self::recv_batch(self, batch)
    }

    #[inline]
    fn endpoint(&self) -> &Endpoint {
        self.socket.endpoint()
    }
}

impl AsFd for SharedMulticastSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl event::Source for SharedMulticastSocket {
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
