//! One socket for many interfaces.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use ifcast_interfaces::{Interface, InterfaceIndex};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token, event};

use crate::batch::{Received, RecvBatch};
use crate::builder::{Builder, Settings, Unbound};
use crate::endpoint::Endpoint;
use crate::envelope::{Envelope, Unwanted};
use crate::error::Error;
use crate::family::Family;
use crate::sender::Sender;

/// A UDP socket of one family that many interfaces share.
///
/// It hands out only what arrived on these, and says on which; and it sends by
/// the one that is named for each datagram. Where there are dozens of interfaces
/// or more it takes less time than a [`BoundSocket`](crate::BoundSocket) for each:
/// one read takes what has arrived on all of them, and one call sends by all of
/// them ([`fan_out`](Self::fan_out)). But they share one receive buffer, so that a
/// flood on one of them costs datagrams of the others. And to the kernel its port is
/// that of all interfaces: an exclusive one is refused if anybody has it on any of
/// them, and unicasts to a shared one may end here, and be dropped, that arrived for
/// another program on an interface which is not served.
///
/// ```no_run
/// use ifcast_interfaces::{Selector, Snapshot};
/// use ifcast_socket::{Family, RecvBatch, SharedSocket};
///
/// let mut socket = SharedSocket::builder(Family::V4).port(2222).bind()?;
/// for interface in Snapshot::capture()?.select(Selector::lan()) {
///     socket.add(interface)?;
/// }
/// for datagram in socket.recv_batch(&mut RecvBatch::new())? {
///     println!("{} on {}", datagram.source(), datagram.interface());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Platform
/// Packet info with each datagram, both ways, which needs no privilege: everywhere, but
/// FreeBSD and OpenBSD cannot be told by which interface an IPv4 datagram is to leave. They
/// send what their routes send by the interface that is named, and no multicasts and
/// nothing to 255.255.255.255 ([`Error::Unsupported`]).
#[derive(Debug)]
pub struct SharedSocket {
    endpoint: Endpoint,
}

impl SharedSocket {
    /// Starts to make one, which serves no interface at first.
    pub const fn builder(family: Family) -> Builder<Unbound> {
        Builder::shared(family)
    }

    pub(crate) const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    /// Serves one more interface, or takes note of what became of one that it
    /// serves already, also if that has lost its addresses. Another that had its index
    /// is served no more, even if this one is refused.
    ///
    /// # Errors
    /// [`Error::NoAddress`] on another unnumbered interface, unless those are allowed.
    pub fn add(&mut self, interface: &Interface) -> Result<(), Error> {
        let Settings {
            family, unnumbered, ..
        } = self.endpoint.settings();
        let served = self.endpoint.served.get(interface.index());
        let is_known = served.is_some_and(|served| served.id() == interface.id());
        if !is_known && !unnumbered && !family.is_on(interface) {
            self.endpoint.served.remove(interface.index());
            return Err(Error::NoAddress {
                interface: interface.id(),
                family,
            });
        }
        self.endpoint.served.put(interface.clone());
        Ok(())
    }

    /// Serves an interface no more; returns it as it was last known.
    pub fn remove(&mut self, interface: InterfaceIndex) -> Option<Interface> {
        self.endpoint.served.remove(interface)
    }

    /// Receives what is queued, up to a batch, in one system call where the
    /// system has one; see [`BoundSocket::recv_batch`](crate::BoundSocket::recv_batch).
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if nothing is queued, else what
    /// the operating system answered.
    #[inline]
    pub fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        self.endpoint.receive(batch)
    }

    /// Receives as [`recv_batch`](Self::recv_batch), keeping only what `judge`
    /// agrees to; the rest is counted as [`Unwanted`].
    ///
    /// # Errors
    /// As [`recv_batch`](Self::recv_batch).
    #[inline]
    pub fn recv_batch_where<'a>(
        &'a self,
        batch: &'a mut RecvBatch,
        judge: impl FnMut(&Envelope<'_>) -> Result<(), Unwanted>,
    ) -> io::Result<Received<'a>> {
        self.endpoint.receive_where(batch, judge)
    }

    /// What sends by one of the interfaces, if it is served; see also
    /// [`fan_out`](Self::fan_out).
    #[must_use]
    pub fn sender(&self, interface: InterfaceIndex) -> Option<Sender<'_>> {
        self.endpoint.sender(interface)
    }

    /// What it has in common with a [`BoundSocket`](crate::BoundSocket): its port,
    /// its interfaces, its counters.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl AsFd for SharedSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.endpoint.as_fd()
    }
}

impl AsRawFd for SharedSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl event::Source for SharedSocket {
    fn register(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).register(registry, token, what)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).reregister(registry, token, what)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).deregister(registry)
    }
}
