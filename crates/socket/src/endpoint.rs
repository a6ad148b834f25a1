//! What bound and shared sockets have in common.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::AtomicBool;

use ifcast_interfaces::{Interface, InterfaceIndex};
use socket2::Socket;

use crate::batch::{Received, RecvBatch};
use crate::builder::{self, Settings};
use crate::counters::{Counters, Tally};
use crate::envelope::{Envelope, Unwanted};
use crate::error::{Error, Scope};
use crate::family::Family;
use crate::kernel_drops::KernelDrops;
use crate::receive_buffer::ReceiveBuffer;
use crate::sender::Sender;
use crate::served::Served;
use crate::sys;

/// A UDP socket of one family and the interfaces that it serves: what a
/// [`BoundSocket`](crate::BoundSocket), which has one interface, and a
/// [`SharedSocket`](crate::SharedSocket) have in common.
///
/// ```
/// use ifcast_socket::Endpoint;
///
/// fn report(endpoint: &Endpoint) {
///     for interface in endpoint.interfaces() {
///         println!("port {} on {}", endpoint.port(), interface.id());
///     }
///     println!("{} datagrams so far", endpoint.counters().received);
/// }
/// ```
#[derive(Debug)]
pub struct Endpoint {
    socket: Socket,
    pub(crate) served: Served,
    settings: Settings,
    splits: AtomicBool,
    tally: Tally,
}

impl Endpoint {
    pub(crate) fn new(socket: Socket, served: Served, settings: Settings) -> Self {
        Self {
            splits: AtomicBool::new(sys::splits(&socket)),
            socket,
            served,
            settings,
            tally: Tally::default(),
        }
    }

    /// Something that sends by the interface with this index, if it is served.
    #[must_use]
    pub fn sender(&self, interface: InterfaceIndex) -> Option<Sender<'_>> {
        Some(Sender {
            endpoint: self,
            interface: self.served.get(interface)?,
        })
    }

    /// Receives what arrived on one of its interfaces and is wanted.
    #[inline]
    pub(crate) fn receive_where<'a>(
        &'a self,
        batch: &'a mut RecvBatch,
        judge: impl FnMut(&Envelope<'_>) -> Result<(), Unwanted>,
    ) -> io::Result<Received<'a>> {
        let drained = self.fill(batch)?;
        batch.retain(&self.served, self.settings.family, &self.tally, judge);
        Ok(batch.hand_over(&self.served, self.settings.family, &self.tally, drained))
    }

    /// Receives what arrived on one of its interfaces.
    #[inline]
    pub(crate) fn receive<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        let drained = self.fill(batch)?;
        Ok(batch.hand_over(&self.served, self.settings.family, &self.tally, drained))
    }

    fn fill(&self, batch: &mut RecvBatch) -> io::Result<bool> {
        batch.fill(
            self.socket.as_fd(),
            &self.served,
            self.settings.family,
            &self.tally,
        )
    }

    /// Sets how many hops datagrams may make; see
    /// [`Builder::hops`](crate::Builder::hops).
    ///
    /// # Errors
    /// [`Error::ZeroHops`] or [`Error::Option`].
    pub fn set_hops(&self, hops: u8) -> Result<(), Error> {
        builder::set_hops(&self.socket, self.scope(), self.settings.family, hops)
    }

    /// Sets whether multicasts reach members on this host; see
    /// [`Builder::multicast_loopback`](crate::Builder::multicast_loopback).
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn set_multicast_loopback(&self, on: bool) -> Result<(), Error> {
        builder::set_multicast_loopback(&self.socket, self.scope(), self.settings.family, on)
    }

    /// Sets whether it receives every group that anybody on this host has joined
    /// on its interfaces, instead of those that it has joined itself: for those
    /// who hold memberships elsewhere and look at the destination. Off unless told.
    ///
    /// # Errors
    /// [`Error::Option`], with [`io::ErrorKind::Unsupported`] where the system
    /// cannot do that.
    ///
    /// # Platform
    /// - Linux, Android: `IP_MULTICAST_ALL`, and `IPV6_MULTICAST_ALL` since 4.20;
    ///   before, IPv6 sockets always did.
    /// - Elsewhere unsupported.
    pub fn receive_all_groups(&self, on: bool) -> Result<(), Error> {
        sys::receive_all_groups(&self.socket, self.settings.family, on)
            .map_err(|(option, source)| builder::failed(self.scope(), option)(source))
    }

    /// The interfaces that it serves, ordered by index, as they were when they
    /// were added or last refreshed.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        self.served.interfaces()
    }

    /// The family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.settings.family
    }

    /// The UDP port it is bound to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.settings.port
    }

    /// How much the kernel keeps until it is received, and how many datagrams that
    /// is.
    ///
    /// # Errors
    /// What the operating system answered.
    pub fn receive_buffer(&self) -> io::Result<ReceiveBuffer> {
        let senders = self.interfaces().iter().map(|interface| Sender {
            endpoint: self,
            interface,
        });
        Ok(ReceiveBuffer {
            asked: self.settings.receive_buffer,
            granted: self.socket.recv_buffer_size()?,
            family: self.settings.family,
            packet: senders.filter_map(Sender::packet_payload).min(),
            coalesces: self.settings.coalesce,
        })
    }

    /// How many datagrams the kernel dropped so far, usually because the receive
    /// buffer was full. To be told of them as it happens, without asking in vain,
    /// use a [`DropWatch`](crate::DropWatch).
    ///
    /// # Errors
    /// As [`KernelDrops::of`].
    pub fn kernel_drops(&self) -> io::Result<KernelDrops> {
        KernelDrops::of(self)
    }

    /// What became of the datagrams that arrived so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.tally.read()
    }

    /// Whether the system need not be told by which interface a datagram leaves, most
    /// often because whatever it sends leaves by the one that it serves.
    pub(crate) const fn is_tied(&self) -> bool {
        !sys::must_be_told(self.settings.family, self.served.is_one())
    }

    pub(crate) const fn fragments(&self) -> bool {
        self.settings.fragments
    }

    /// How it was opened, with the port that it has.
    pub(crate) const fn settings(&self) -> Settings {
        self.settings
    }

    /// Whether the kernel splits a message into datagrams: it knows how, and has
    /// not refused to.
    pub(crate) const fn splits(&self) -> &AtomicBool {
        &self.splits
    }

    /// Where it is used: on the one interface that it is tied to, or on those that
    /// share it.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match &self.served {
            Served::One(interface) => Scope::Interface(interface.id()),
            Served::Many(_) => Scope::Shared,
        }
    }
}

impl AsFd for Endpoint {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
