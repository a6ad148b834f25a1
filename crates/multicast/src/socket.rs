//! A socket that joins groups.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::Interface;
use ifcast_socket::{BoundSocket, Endpoint, Family, Receive, Received, RecvBatch};
use mio::{Interest, Registry, Token, event};

use crate::error::Error;
use crate::group::Group;
use crate::membership::Membership;
use crate::memberships::{self, Memberships};
use crate::request::Request;
use crate::send::send;
use crate::source_filter::SourceFilter;

/// A socket that joins groups on one interface, sends to groups there, and
/// receives what it has joined.
///
/// Closing it leaves all groups.
///
/// ```
/// use ifcast_interfaces::{Enumerator, Interface};
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

    /// Joins a group on the socket's interface, whatever sends to it (any-source).
    ///
    /// On Linux there may be more groups than the system lets one socket have
    /// (`net.ipv4.igmp_max_memberships`, 20 by default): further sockets, without a
    /// port, hold those. The calling thread must be in the socket's network namespace.
    ///
    /// # Errors
    /// [`Error::WrongFamily`], [`Error::NeedsSource`], [`Error::AlreadyJoined`], or
    /// [`Error::Join`] with what the operating system answered. Whatever goes wrong,
    /// here and below, all memberships stay as they are.
    ///
    /// # Platform
    /// `MCAST_JOIN_GROUP` (RFC 3678, section 5.1) everywhere but on NetBSD and OpenBSD:
    /// `IP_ADD_MEMBERSHIP`, `IPV6_JOIN_GROUP`, by index.
    pub fn join(&mut self, group: Group) -> Result<(), Error> {
        self.request(group, Request::Join)
    }

    /// Joins a group on the socket's interface, for what one source sends to it
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
    pub fn join_source(&mut self, group: Group, source: IpAddr) -> Result<(), Error> {
        self.request(group, Request::JoinSource(source))
    }

    /// Takes back [`join_source`](Self::join_source). With the last source the group
    /// is left.
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::SourceUnknown`], [`Error::OtherMode`], or
    /// [`Error::Leave`] or [`Error::Join`] with what the operating system answered.
    pub fn leave_source(&mut self, group: Group, source: IpAddr) -> Result<(), Error> {
        self.request(group, Request::LeaveSource(source))
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
    pub fn block(&mut self, group: Group, source: IpAddr) -> Result<(), Error> {
        self.request(group, Request::Block(source))
    }

    /// Takes back [`block`](Self::block).
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::SourceUnknown`], [`Error::OtherMode`], or
    /// [`Error::Join`] with what the operating system answered.
    pub fn unblock(&mut self, group: Group, source: IpAddr) -> Result<(), Error> {
        self.request(group, Request::Unblock(source))
    }

    /// Sets from whom to receive what is sent to a group, whether it is joined or not;
    /// nobody else is missed meanwhile. A filter that lets nothing in leaves.
    ///
    /// # Errors
    /// As [`join_source`](Self::join_source) and [`leave`](Self::leave).
    ///
    /// # Platform
    /// `MCAST_MSFILTER` or `setsourcefilter(3)` (RFC 3678, sections 5.2 and 5.1).
    pub fn set_filter(&mut self, group: Group, filter: SourceFilter) -> Result<(), Error> {
        self.request(group, Request::Set(filter))
    }

    /// Leaves a group on the socket's interface, whatever was received from.
    ///
    /// # Errors
    /// [`Error::NotJoined`], or [`Error::Leave`] with what the operating system
    /// answered.
    pub fn leave(&mut self, group: Group) -> Result<(), Error> {
        let interface = self.socket.interface().id();
        let endpoint = self.socket.endpoint();
        self.memberships.leave(endpoint, interface, group)
    }

    /// From whom a group is received, if it is joined.
    #[must_use]
    pub fn filter(&self, group: Group) -> Option<&SourceFilter> {
        self.memberships
            .filter(self.socket.interface().index(), group)
    }

    /// The membership of a group, if there is one.
    #[must_use]
    pub fn membership(&self, group: Group) -> Option<Membership<'_>> {
        let interface = self.socket.interface().index();
        self.memberships
            .get(self.socket.endpoint(), interface, group)
    }

    /// From whom a group is received by what the kernel says, which is less than it
    /// was told only where something has gone wrong; see [`verify`](Self::verify).
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if it is not joined, else what the operating system
    /// answered.
    pub fn kernel_filter(&self, group: Group) -> io::Result<SourceFilter> {
        let endpoint = self.socket.endpoint();
        self.memberships
            .kernel_filter(endpoint, self.socket.interface().index(), group)
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

    /// Opens another socket just as this one was opened, on its port and with all its
    /// memberships, on another interface: such as the one that has taken the place of
    /// this one's, which was deleted and made anew.
    ///
    /// One that was made anew with the same index is not another to the kernel: this
    /// socket goes on there once it is [repaired](Self::repair), and has the port.
    ///
    /// # Errors
    /// As [`bind`](Self::bind) and [`set_filter`](Self::set_filter).
    pub fn reopen(&self, interface: &Interface) -> Result<Self, Error> {
        let mut other = Self::new(self.socket.reopen(interface)?);
        for membership in self.memberships() {
            other.set_filter(membership.group(), membership.filter().clone())?;
        }
        Ok(other)
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
            .recv_batch_where(batch, |envelope| memberships.judge(envelope))
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

    fn request(&mut self, group: Group, request: Request) -> Result<(), Error> {
        let interface = self.socket.interface().id();
        let endpoint = self.socket.endpoint();
        request.make(&mut self.memberships, endpoint, interface, group)
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
