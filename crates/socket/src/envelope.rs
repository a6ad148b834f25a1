//! What is known of a datagram without looking into it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use ifcast_interfaces::{Interface, InterfaceId};

use crate::cast::Cast;
use crate::family::Family;
use crate::sys::messages::Written;

/// What is known of a datagram without looking into it: who sent it to whom, and
/// where it arrived. Each is read from what the kernel wrote when it is asked for.
///
/// ```
/// use std::io;
///
/// use ifcast_socket::{BoundSocket, RecvBatch, Unwanted};
///
/// fn count_unprivileged(socket: &BoundSocket, batch: &mut RecvBatch) -> io::Result<usize> {
///     let received = socket.recv_batch_where(batch, |envelope| {
///         if envelope.source().port() > 1023 { Ok(()) } else { Err(Unwanted::Source) }
///     })?;
///     Ok(received.len())
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Envelope<'batch> {
    pub(crate) written: &'batch Written,
    /// Where the interface that it arrived on is.
    pub(crate) interface: &'batch Interface,
    pub(crate) family: Family,
    /// Where packet info lies in what was written.
    pub(crate) packet_info: u8,
    pub(crate) control_len: u8,
}

impl<'batch> Envelope<'batch> {
    /// Who sent it. A link-local IPv6 source has the arrival interface as its
    /// scope id, so it can be answered as it is.
    #[inline]
    #[must_use]
    pub fn source(&self) -> SocketAddr {
        self.written.source(self.family)
    }

    /// What it was sent to: an own address, a broadcast address or a group.
    #[inline]
    #[must_use]
    pub fn destination(&self) -> IpAddr {
        self.written.destination(self.packet_info, self.family)
    }

    /// To whom it was sent.
    #[must_use]
    pub fn cast(&self) -> Cast {
        let arrival = self.written.arrival(self.packet_info, self.family);
        Cast::of(arrival.destination, arrival.local, self.interface)
    }

    /// Where it arrived.
    #[inline]
    #[must_use]
    pub const fn interface(&self) -> InterfaceId {
        self.interface.id()
    }

    /// Where it arrived, with all that is known of that interface.
    #[inline]
    #[must_use]
    pub const fn arrival_interface(&self) -> &'batch Interface {
        self.interface
    }

    /// How many more hops it could have made: the TTL or hop limit on arrival.
    /// `None` unless [`Metadata::hops`](crate::Metadata::hops) asked for it.
    #[must_use]
    pub fn hops(&self) -> Option<u8> {
        self.written.hops(self.control_len, self.family)
    }

    /// How it was to be treated on its way: six bits of DSCP and two of ECN, from
    /// the IPv4 type of service or the IPv6 traffic class (RFC 2474, RFC 3168).
    /// `None` unless [`Metadata::traffic_class`](crate::Metadata::traffic_class)
    /// asked for it.
    #[must_use]
    pub fn traffic_class(&self) -> Option<u8> {
        self.written.traffic_class(self.control_len, self.family)
    }

    /// When the kernel got it, by the system's clock. `None` unless
    /// [`Metadata::timestamp`](crate::Metadata::timestamp) asked for it.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.written.timestamp(self.control_len)
    }

    /// How many datagrams the kernel had had no room for on this socket when this
    /// one was queued. `None` unless [`Metadata::drops`](crate::Metadata::drops)
    /// asked for it, and until there is one.
    #[must_use]
    pub fn drops(&self) -> Option<u32> {
        self.written.drops(self.control_len)
    }
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("source", &self.source())
            .field("destination", &self.destination())
            .field("cast", &self.cast())
            .field("interface", &self.interface())
            .finish_non_exhaustive()
    }
}

/// Why a datagram that reached the socket is dropped, by what is on its envelope.
///
/// See [`Envelope`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unwanted {
    /// What it was sent to: a group that has not been joined. It is counted as
    /// [`Counters::unwanted`](crate::Counters::unwanted).
    Destination,
    /// Who sent it. It is counted as
    /// [`Counters::unwanted_source`](crate::Counters::unwanted_source).
    Source,
}
