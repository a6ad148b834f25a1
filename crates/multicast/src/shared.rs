//! One socket that joins groups on many interfaces.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::{Interface, InterfaceId, InterfaceIndex};
use ifcast_socket::{Endpoint, Family, Receive, Received, RecvBatch, SharedSocket};
use mio::{Interest, Registry, Token, event};

use crate::error::Error;
use crate::group::Group;
use crate::membership::Membership;
use crate::memberships::{self, Memberships};
use crate::request::Request;
use crate::source_filter::SourceFilter;

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

    /// Joins a group on one of the interfaces, whatever sends to it (any-source).
    ///
    /// On Linux there may be more groups than the system lets one socket have
    /// (`net.ipv4.igmp_max_memberships`, 20 by default): further sockets, without a
    /// port, hold those. The calling thread must be in the socket's network namespace.
    ///
    /// # Errors
    /// [`Error::Socket`] if the interface is not served, [`Error::WrongFamily`],
    /// [`Error::NeedsSource`], [`Error::AlreadyJoined`], or [`Error::Join`] with what
    /// the operating system answered. Whatever goes wrong, here and below, all
    /// memberships stay as they are.
    ///
    /// # Platform
    /// `MCAST_JOIN_GROUP` (RFC 3678, section 5.1) everywhere but on NetBSD and OpenBSD:
    /// `IP_ADD_MEMBERSHIP`, `IPV6_JOIN_GROUP`, by index.
    pub fn join(&mut self, interface: InterfaceIndex, group: Group) -> Result<(), Error> {
        self.request(interface, group, Request::Join)
    }

    /// Joins a group on one of the interfaces, for what one source sends to it
    /// (source-specific, RFC 4607); once more for each further source.
    ///
    /// # Errors
    /// As [`join`](Self::join), and [`Error::ImpossibleSource`],
    /// [`Error::SourceAlready`], or [`Error::OtherMode`] where the group is joined
    /// whatever sends to it.
    ///
    /// # Platform
    /// `MCAST_JOIN_SOURCE_GROUP`. On Linux there may be more sources than one filter
    /// has room for (`net.ipv4.igmp_max_msf`, 10, and `net.ipv6.mld_max_msf`, 64, by
    /// default). NetBSD and OpenBSD have no source filters, and so here and below it is
    /// [`Error::Join`] with [`io::ErrorKind::Unsupported`].
    pub fn join_source(
        &mut self,
        interface: InterfaceIndex,
        group: Group,
        source: IpAddr,
    ) -> Result<(), Error> {
        self.request(interface, group, Request::JoinSource(source))
    }

    /// Takes back [`join_source`](Self::join_source). With the last source the group
    /// is left.
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::SourceUnknown`], [`Error::OtherMode`], or
    /// [`Error::Leave`] or [`Error::Join`] with what the operating system answered.
    pub fn leave_source(
        &mut self,
        interface: InterfaceIndex,
        group: Group,
        source: IpAddr,
    ) -> Result<(), Error> {
        self.request(interface, group, Request::LeaveSource(source))
    }

    /// Receives no more what one source sends to a group that is joined whatever
    /// sends to it.
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::ImpossibleSource`], [`Error::SourceAlready`],
    /// [`Error::OtherMode`] where only chosen sources are joined, or [`Error::Join`]
    /// with what the operating system answered.
    ///
    /// # Platform
    /// `MCAST_BLOCK_SOURCE`. More sources than a filter has room for are blocked
    /// here, and not told to the routers.
    pub fn block(
        &mut self,
        interface: InterfaceIndex,
        group: Group,
        source: IpAddr,
    ) -> Result<(), Error> {
        self.request(interface, group, Request::Block(source))
    }

    /// Takes back [`block`](Self::block).
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::SourceUnknown`], [`Error::OtherMode`], or
    /// [`Error::Join`] with what the operating system answered.
    pub fn unblock(
        &mut self,
        interface: InterfaceIndex,
        group: Group,
        source: IpAddr,
    ) -> Result<(), Error> {
        self.request(interface, group, Request::Unblock(source))
    }

    /// Sets from whom to receive what is sent to a group, whether it is joined or not;
    /// nobody else is missed meanwhile. A filter that lets nothing in leaves.
    ///
    /// # Errors
    /// As [`join_source`](Self::join_source) and [`leave`](Self::leave).
    ///
    /// # Platform
    /// `MCAST_MSFILTER` or `setsourcefilter(3)` (RFC 3678, sections 5.2 and 5.1).
    pub fn set_filter(
        &mut self,
        interface: InterfaceIndex,
        group: Group,
        filter: SourceFilter,
    ) -> Result<(), Error> {
        self.request(interface, group, Request::Set(filter))
    }

    /// Leaves a group on one of the interfaces, whatever was received from.
    ///
    /// # Errors
    /// [`Error::Socket`] if the interface is not served, [`Error::NotJoined`], or
    /// [`Error::Leave`] with what the operating system answered.
    pub fn leave(&mut self, interface: InterfaceIndex, group: Group) -> Result<(), Error> {
        let id = self.id(interface)?;
        let endpoint = self.socket.endpoint();
        self.memberships.leave(endpoint, id, group)
    }

    /// From whom a group is received, if it is joined.
    #[must_use]
    pub fn filter(&self, interface: InterfaceIndex, group: Group) -> Option<&SourceFilter> {
        self.memberships.filter(interface, group)
    }

    /// The membership of a group on an interface, if there is one.
    #[must_use]
    pub fn membership(&self, interface: InterfaceIndex, group: Group) -> Option<Membership<'_>> {
        self.memberships
            .get(self.socket.endpoint(), interface, group)
    }

    /// From whom a group is received by what the kernel says, which is less than it
    /// was told only where something has gone wrong; see [`verify`](Self::verify).
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if it is not joined, else what the operating system
    /// answered.
    pub fn kernel_filter(
        &self,
        interface: InterfaceIndex,
        group: Group,
    ) -> io::Result<SourceFilter> {
        let endpoint = self.socket.endpoint();
        self.memberships.kernel_filter(endpoint, interface, group)
    }

    /// All memberships, with how each fares.
    pub fn memberships(&self) -> impl Iterator<Item = Membership<'_>> {
        self.memberships.all(self.socket.endpoint())
    }

    /// Compares all memberships with what the kernel has, and with the interfaces as
    /// they are now. What is found is the [`State`](crate::State) of each.
    ///
    /// An interface that is deleted, moved to another namespace or has too small an
    /// MTU for a while forgets its groups, and nobody is told. If it is there again
    /// with the same index and somebody else has joined the group there meanwhile, that
    /// cannot be told from a membership in force; nor can it where the system does not
    /// list groups.
    ///
    /// # Errors
    /// [`ifcast_interfaces::Error::List`], also where the calling thread is in another
    /// network namespace than the socket; all states stay as they are.
    pub fn verify(&mut self) -> Result<(), ifcast_interfaces::Error> {
        let endpoint = self.socket.endpoint();
        let now = memberships::now(endpoint)?;
        self.memberships.verify(endpoint, &now);
        Ok(())
    }

    /// Verifies all memberships, and leaves and joins again those that are lost, unless
    /// the interface is gone or the port of another. Returns how many are in force
    /// again.
    ///
    /// # Errors
    /// As [`verify`](Self::verify). What cannot be joined again is
    /// [`State::Failed`](crate::State::Failed), and is tried again the next time.
    pub fn repair(&mut self) -> Result<usize, ifcast_interfaces::Error> {
        let endpoint = self.socket.endpoint();
        let now = memberships::now(endpoint)?;
        self.memberships.verify(endpoint, &now);
        Ok(self.memberships.repair(endpoint, &now))
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
            .recv_batch_where(batch, |envelope| memberships.judge(envelope))
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

    fn request(
        &mut self,
        interface: InterfaceIndex,
        group: Group,
        request: Request,
    ) -> Result<(), Error> {
        let id = self.id(interface)?;
        request.make(&mut self.memberships, self.socket.endpoint(), id, group)
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
