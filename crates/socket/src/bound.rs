//! A socket tied to one interface.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use ifcast_interfaces::Interface;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token, event};

use crate::batch::{Received, RecvBatch};
use crate::builder::Builder;
use crate::counters::Counters;
use crate::endpoint::Endpoint;
use crate::envelope::{Envelope, Unwanted};
use crate::error::Error;
use crate::family::Family;
use crate::kernel_drops::KernelDrops;
use crate::packet_info::PacketInfo;
use crate::pinning::Pinning;
use crate::receive_buffer::ReceiveBuffer;
use crate::sender::Sender;

/// A UDP socket tied to one interface, for one family.
///
/// It sends by that interface only, and hands out only what arrived there. It
/// is non-blocking, a [`mio::event::Source`], and [`AsFd`] for other loops.
///
/// ```no_run
/// use ifcast_interfaces::{Selector, Snapshot};
/// use ifcast_socket::{BoundSocket, Family};
///
/// let snapshot = Snapshot::capture()?;
/// for interface in snapshot.select(Selector::lan()) {
///     let socket = BoundSocket::builder(interface, Family::V4).hops(1).bind()?;
///     println!("port {} on {}", socket.port(), socket.interface().id());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BoundSocket {
    endpoint: Endpoint,
    pinning: Pinning,
}

impl BoundSocket {
    /// Starts to make one on `interface`.
    pub const fn builder(interface: &Interface, family: Family) -> Builder<&Interface> {
        Builder::new(interface, family)
    }

    pub(crate) const fn new(endpoint: Endpoint, pinning: Pinning) -> Self {
        Self { endpoint, pinning }
    }

    /// Opens another socket just as this one was opened, on its port, on another
    /// interface: such as the one that has taken the place of this one's, which was
    /// deleted and made anew.
    ///
    /// One that was made anew with the same index is not another to the kernel: this
    /// socket goes on there, and has the port.
    ///
    /// # Errors
    /// As [`Builder::bind`].
    pub fn reopen(&self, interface: &Interface) -> Result<Self, Error> {
        Builder::like(interface, self.endpoint.settings()).bind()
    }

    /// Takes note of what became of the interface: its addresses decide what
    /// counts as a directed broadcast and which sources may be named.
    ///
    /// # Errors
    /// [`Error::Refresh`] if `interface` is another one.
    pub fn refresh(&mut self, interface: &Interface) -> Result<(), Error> {
        let own = self.interface().id();
        if interface.id() != own {
            return Err(Error::Refresh {
                interface: own,
                other: interface.id(),
            });
        }
        self.endpoint.served.put(interface.clone());
        Ok(())
    }

    /// Sends one datagram by the socket's interface, whole or not at all; see
    /// [`Sender::send`].
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub fn send(&self, payload: &[u8], destination: SocketAddr) -> Result<(), Error> {
        self.sender().send(payload, destination)
    }

    /// Sends one datagram with packet info, such as from a source of one's own
    /// choice among the interface's addresses.
    ///
    /// # Errors
    /// As [`Sender::send_with`].
    pub fn send_with(
        &self,
        payload: &[u8],
        destination: SocketAddr,
        info: PacketInfo,
    ) -> Result<(), Error> {
        self.sender().send_with(payload, destination, info)
    }

    /// What sends by its interface.
    #[must_use]
    pub fn sender(&self) -> Sender<'_> {
        Sender {
            endpoint: &self.endpoint,
            interface: self.interface(),
        }
    }

    /// Receives what is queued, up to a batch, in one system call where the
    /// system has one.
    ///
    /// What arrived on another interface, or without packet info, is dropped
    /// and counted; so there may be no datagram at all although the call
    /// succeeds.
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

    /// Sets how many hops datagrams may make; see [`Builder::hops`].
    ///
    /// # Errors
    /// [`Error::ZeroHops`] or [`Error::Option`].
    pub fn set_hops(&self, hops: u8) -> Result<(), Error> {
        self.endpoint.set_hops(hops)
    }

    /// Sets whether multicasts reach members on this host; see
    /// [`Builder::multicast_loopback`].
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn set_multicast_loopback(&self, on: bool) -> Result<(), Error> {
        self.endpoint.set_multicast_loopback(on)
    }

    /// The interface as it was when the socket was bound or last refreshed.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.endpoint.interfaces()[0]
    }

    /// The family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.endpoint.family()
    }

    /// How it is tied to the interface; never [`Pinning::Automatic`].
    #[must_use]
    pub const fn pinning(&self) -> Pinning {
        self.pinning
    }

    /// The UDP port it is bound to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.endpoint.port()
    }

    /// How much the kernel keeps until it is received; see
    /// [`Endpoint::receive_buffer`].
    ///
    /// # Errors
    /// What the operating system answered.
    pub fn receive_buffer(&self) -> io::Result<ReceiveBuffer> {
        self.endpoint.receive_buffer()
    }

    /// How many datagrams the kernel dropped so far; see
    /// [`Endpoint::kernel_drops`].
    ///
    /// # Errors
    /// As [`KernelDrops::of`].
    pub fn kernel_drops(&self) -> io::Result<KernelDrops> {
        self.endpoint.kernel_drops()
    }

    /// The longest payload in bytes that can be sent; see
    /// [`Sender::max_payload`].
    #[must_use]
    pub fn max_payload(&self) -> usize {
        self.sender().max_payload()
    }

    /// What became of the datagrams that arrived so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.endpoint.counters()
    }

    /// What it has in common with a [`SharedSocket`](crate::SharedSocket).
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl AsFd for BoundSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.endpoint.as_fd()
    }
}

impl AsRawFd for BoundSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl event::Source for BoundSocket {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::SharedSocket;

    fn assert_send_and_sync<T: Send + Sync>() {}

    #[test]
    fn sockets_and_batches_can_move_between_threads() {
        assert_send_and_sync::<BoundSocket>();
        assert_send_and_sync::<SharedSocket>();
        assert_send_and_sync::<RecvBatch>();
        assert_send_and_sync::<Error>();
    }
}
