//! The socket itself: sending by its interface and receiving from it.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::AtomicBool;

use ifcast_interfaces::Interface;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token, event};
use socket2::Socket;

use crate::batch::{Received, RecvBatch};
use crate::builder::{self, Builder};
use crate::cast::Cast;
use crate::counters::{Counters, Tally};
use crate::datagram::{Datagram, Meta};
use crate::error::Error;
use crate::family::Family;
use crate::kernel_drops::KernelDrops;
use crate::packet_info::PacketInfo;
use crate::pinning::Pinning;
use crate::receive_buffer::ReceiveBuffer;
use crate::sys;
use crate::sys::messages::Message;

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
    socket: Socket,
    interface: Interface,
    family: Family,
    port: u16,
    pinning: Pinning,
    fragments: bool,
    tally: Tally,
    splits: AtomicBool,
    asked_buffer: Option<usize>,
    coalesces: bool,
}

impl BoundSocket {
    /// Starts to make one on `interface`.
    pub const fn builder(interface: &Interface, family: Family) -> Builder<'_> {
        Builder::new(interface, family)
    }

    pub(crate) fn new(
        socket: Socket,
        interface: Interface,
        family: Family,
        port: u16,
        pinning: Pinning,
        fragments: bool,
    ) -> Self {
        Self {
            splits: AtomicBool::new(sys::splits(&socket)),
            socket,
            interface,
            family,
            port,
            pinning,
            fragments,
            tally: Tally::default(),
            asked_buffer: None,
            coalesces: false,
        }
    }

    /// Notes what its receive buffer was asked to be, and whether several
    /// datagrams may be in it as one message.
    pub(crate) const fn buffering(mut self, asked: Option<usize>, coalesces: bool) -> Self {
        self.asked_buffer = asked;
        self.coalesces = coalesces;
        self
    }

    /// Whether the kernel splits a message into datagrams: it knows how, and has
    /// not refused to.
    pub(crate) const fn splits(&self) -> &AtomicBool {
        &self.splits
    }

    /// Takes note of what became of the interface: its addresses decide what
    /// counts as a directed broadcast and which sources may be named.
    ///
    /// # Errors
    /// [`Error::Refresh`] if `interface` is another one.
    pub fn refresh(&mut self, interface: &Interface) -> Result<(), Error> {
        if interface.id() != self.interface.id() {
            return Err(Error::Refresh {
                interface: self.interface.id(),
                other: interface.id(),
            });
        }
        self.interface.clone_from(interface);
        Ok(())
    }

    /// Sends one datagram by the socket's interface, whole or not at all. The
    /// kernel chooses which of the interface's addresses it comes from.
    ///
    /// A link-local destination may leave its scope id 0.
    ///
    /// # Errors
    /// [`Error::ForeignInterface`] if the scope id is another interface's,
    /// [`Error::NoDestination`], [`Error::WrongFamily`], [`Error::TooLarge`], or
    /// [`Error::Send`] with what the operating system answered, of which
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) means that the send buffer is
    /// full.
    pub fn send(&self, payload: &[u8], destination: SocketAddr) -> Result<(), Error> {
        let destination = self.check(payload, destination)?;
        let address = destination.into();
        loop {
            match self.socket.send_to(payload, &address) {
                Ok(_) => return Ok(()), // a datagram goes whole
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.send_error(payload, destination, error)),
            }
        }
    }

    /// Sends one datagram with packet info, such as from a source of one's own
    /// choice among the interface's addresses.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`Error::ForeignInterface`] or
    /// [`Error::ForeignSource`] if `info` names what is not this interface's.
    pub fn send_with(
        &self,
        payload: &[u8],
        destination: SocketAddr,
        info: PacketInfo,
    ) -> Result<(), Error> {
        let destination = self.check(payload, destination)?;
        let own = self.interface.index();
        if let Some(named) = info.interface.filter(|named| *named != own) {
            return Err(self.foreign(named.get()));
        }
        let source = info.source.unwrap_or(self.family.unspecified());
        if Family::of(source) != self.family {
            return Err(self.wrong_family(source));
        }
        if info.source.is_some() && !self.interface.owns(source) {
            return Err(Error::ForeignSource {
                interface: self.interface.id(),
                address: source,
            });
        }
        let fd = self.socket.as_fd();
        sys::send::with_packet_info(fd, payload, destination, own.get(), source)
            .map_err(|error| self.send_error(payload, destination, error))
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
    pub fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        self.recv_batch_where(batch, |_| true)
    }

    /// Receives as [`recv_batch`](Self::recv_batch), keeping only what `wanted`
    /// agrees to; the rest is counted as unwanted.
    ///
    /// # Errors
    /// As [`recv_batch`](Self::recv_batch).
    pub fn recv_batch_where<'a>(
        &'a self,
        batch: &'a mut RecvBatch,
        mut wanted: impl FnMut(&Datagram<'_>) -> bool,
    ) -> io::Result<Received<'a>> {
        let mut counts = Counters::default();
        let result = batch.fill(self.socket.as_fd(), |slot, message, accepted| {
            self.judge(slot, message, &mut counts, &mut wanted, accepted);
        });
        self.tally.add(counts);
        Ok(batch.received(self.interface.id(), result?))
    }

    /// Decides what becomes of the datagrams in one message, which is one unless
    /// the kernel joined several, and counts them.
    fn judge(
        &self,
        slot: usize,
        message: &Message<'_>,
        counts: &mut Counters,
        wanted: &mut impl FnMut(&Datagram<'_>) -> bool,
        accepted: &mut Vec<Meta>,
    ) {
        let metadata = message.metadata();
        let segments = segments(message.full_len, metadata.segment);
        let arrival = metadata
            .arrival
            .filter(|_| !message.is_metadata_truncated());
        let Some(arrival) = arrival else {
            counts.without_packet_info += segments.count;
            return;
        };
        if arrival.interface != self.interface.index().get() {
            counts.foreign_interface += segments.count;
            return;
        }
        let mut meta = Meta {
            slot,
            start: 0,
            len: segments.len,
            source: message.source(self.family),
            destination: arrival.destination,
            cast: Cast::of(arrival.destination, arrival.local, &self.interface),
            hops: metadata.hops,
            truncated: false,
        };
        for left in (0..segments.count).rev() {
            let room = message.payload.len() - meta.start;
            if room == 0 && left + 1 < segments.count {
                counts.without_room += left + 1;
                break;
            }
            let full_len = segments.len.min(message.full_len - meta.start);
            meta.len = full_len.min(room);
            meta.truncated = meta.len < full_len || (left == 0 && message.is_truncated());
            let datagram = Datagram {
                payload: &message.payload[meta.start..][..meta.len],
                meta: &meta,
                interface: self.interface.id(),
            };
            if wanted(&datagram) {
                counts.received += 1;
                counts.truncated += u64::from(meta.truncated);
                accepted.push(meta);
            } else {
                counts.unwanted += 1;
            }
            meta.start += meta.len;
        }
    }

    /// Sets how many hops datagrams may make; see [`Builder::hops`].
    ///
    /// # Errors
    /// [`Error::ZeroHops`] or [`Error::Option`].
    pub fn set_hops(&self, hops: u8) -> Result<(), Error> {
        builder::set_hops(&self.socket, self.interface.id(), self.family, hops)
    }

    /// Sets whether multicasts reach members on this host; see
    /// [`Builder::multicast_loopback`].
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn set_multicast_loopback(&self, on: bool) -> Result<(), Error> {
        let id = self.interface.id();
        match self.family {
            Family::V4 => self
                .socket
                .set_multicast_loop_v4(on)
                .map_err(builder::failed(id, "IP_MULTICAST_LOOP")),
            Family::V6 => self
                .socket
                .set_multicast_loop_v6(on)
                .map_err(builder::failed(id, "IPV6_MULTICAST_LOOP")),
        }
    }

    /// The interface as it was when the socket was bound or last refreshed.
    #[must_use]
    pub const fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// How it is tied to the interface; never [`Pinning::Automatic`].
    #[must_use]
    pub const fn pinning(&self) -> Pinning {
        self.pinning
    }

    /// The UDP port it is bound to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How much the kernel keeps until it is received, and how many datagrams that
    /// is.
    ///
    /// # Errors
    /// What the operating system answered.
    pub fn receive_buffer(&self) -> io::Result<ReceiveBuffer> {
        Ok(ReceiveBuffer {
            asked: self.asked_buffer,
            granted: self.socket.recv_buffer_size()?,
            family: self.family,
            packet: self.packet_payload(),
            coalesces: self.coalesces,
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

    /// The longest payload in bytes that can be sent: what fits into one packet
    /// of the interface's MTU, or, where fragments are allowed or the MTU is
    /// not known, into a datagram.
    #[must_use]
    pub fn max_payload(&self) -> usize {
        self.max_payload_for(self.interface.mtu())
    }

    /// What became of the datagrams that arrived so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.tally.read()
    }

    fn max_payload_for(&self, mtu: Option<u32>) -> usize {
        let longest = self.family.longest_payload();
        match self.packet_payload_for(mtu) {
            Some(in_one_packet) if !self.fragments => in_one_packet,
            _ => longest,
        }
    }

    /// The longest payload that leaves in one packet, fragments or not; `None` if
    /// the MTU is not known.
    pub(crate) fn packet_payload(&self) -> Option<usize> {
        self.packet_payload_for(self.interface.mtu())
    }

    fn packet_payload_for(&self, mtu: Option<u32>) -> Option<usize> {
        let mtu = usize::try_from(mtu?).ok()?;
        let payload = mtu.saturating_sub(self.family.headers_len());
        Some(payload.min(self.family.longest_payload()))
    }

    /// Refuses what would leave elsewhere or nowhere, and completes a
    /// link-local destination with its scope.
    pub(crate) fn check(
        &self,
        payload: &[u8],
        destination: SocketAddr,
    ) -> Result<SocketAddr, Error> {
        if Family::of(destination.ip()) != self.family {
            return Err(self.wrong_family(destination.ip()));
        }
        if destination.ip().is_unspecified() {
            return Err(Error::NoDestination {
                interface: self.interface.id(),
            });
        }
        if payload.len() > self.family.longest_payload() {
            return Err(self.too_large(payload, self.max_payload()));
        }
        let SocketAddr::V6(mut destination) = destination else {
            return Ok(destination);
        };
        let own = self.interface.index().get();
        match destination.scope_id() {
            0 if is_link_scoped(*destination.ip()) => destination.set_scope_id(own),
            0 => {}
            named if named == own => {}
            named => return Err(self.foreign(named)),
        }
        Ok(destination.into())
    }

    /// Says what a failure to send means.
    pub(crate) fn send_error(
        &self,
        payload: &[u8],
        destination: SocketAddr,
        source: io::Error,
    ) -> Error {
        if source.raw_os_error() != Some(libc::EMSGSIZE) {
            return Error::Send {
                interface: self.interface.id(),
                destination,
                source,
            };
        }
        // The MTU may have changed since the interface was captured.
        let mtu = match Interface::by_index(self.interface.index()) {
            Ok(Some(now)) => now.mtu(),
            // It is gone, or in the network namespace of another thread.
            Ok(None) | Err(_) => self.interface.mtu(),
        };
        self.too_large(payload, self.max_payload_for(mtu))
    }

    fn too_large(&self, payload: &[u8], limit: usize) -> Error {
        Error::TooLarge {
            interface: self.interface.id(),
            len: payload.len(),
            limit,
        }
    }

    fn foreign(&self, named: u32) -> Error {
        Error::ForeignInterface {
            interface: self.interface.id(),
            named,
        }
    }

    fn wrong_family(&self, address: IpAddr) -> Error {
        Error::WrongFamily {
            interface: self.interface.id(),
            family: self.family,
            address,
        }
    }
}

impl AsFd for BoundSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for BoundSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
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

/// How the payload of a message is made of those of datagrams.
struct Segments {
    count: u64,
    len: usize, // of each but the last, which may be shorter
}

fn segments(len: usize, segment: Option<NonZeroUsize>) -> Segments {
    match segment {
        Some(segment) if segment.get() < len => Segments {
            count: len.div_ceil(segment.get()) as u64,
            len: segment.get(),
        },
        _ => Segments { count: 1, len },
    }
}

/// Whether the address means something on one link only, so that the kernel
/// needs, and heeds, its scope id (RFC 4007): `fe80::/10`, and groups of
/// interface-local or link-local scope.
fn is_link_scoped(address: Ipv6Addr) -> bool {
    const INTERFACE_LOCAL: u16 = 1;
    const LINK_LOCAL: u16 = 2;
    let scope = address.segments()[0] & 0xf;
    address.is_unicast_link_local()
        || (address.is_multicast() && matches!(scope, INTERFACE_LOCAL | LINK_LOCAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_send_and_sync<T: Send + Sync>() {}

    #[test]
    fn sockets_and_batches_can_move_between_threads() {
        assert_send_and_sync::<BoundSocket>();
        assert_send_and_sync::<RecvBatch>();
        assert_send_and_sync::<Error>();
    }

    #[test]
    fn a_message_is_one_datagram_or_several_of_one_length_and_a_rest() {
        for (len, segment, count, of) in [
            (0, None, 1, 0),
            (1472, None, 1, 1472),
            (1472, Some(1472), 1, 1472),
            (100, Some(1472), 1, 100),
            (3000, Some(1000), 3, 1000),
            (3001, Some(1000), 4, 1000),
            (0, Some(1000), 1, 0),
        ] {
            let made = segments(len, segment.and_then(NonZeroUsize::new));
            assert_eq!((made.count, made.len), (count, of), "{len} {segment:?}");
        }
    }

    #[test]
    fn link_scoped_addresses_are_told_from_wider_ones() {
        let link = ["fe80::1", "ff02::1", "ff12::1", "ff32::1", "ff01::1"];
        let wider = ["ff05::1", "ff0e::1", "ff15::1", "fd71::1", "2001:db8::1"];
        assert!(link.iter().all(|a| is_link_scoped(a.parse().unwrap())));
        assert!(!wider.iter().any(|a| is_link_scoped(a.parse().unwrap())));
    }
}
