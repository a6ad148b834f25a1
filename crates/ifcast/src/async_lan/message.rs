//! A datagram for keeping.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use bytes::Bytes;
use ifcast_interfaces::InterfaceId;
use ifcast_socket::{Cast, Datagram, PayloadPool};

/// A datagram that an [`AsyncLan`](crate::AsyncLan) has received: what
/// [`Datagram`] is, for keeping.
///
/// ```
/// use ifcast::Message;
///
/// fn print(message: &Message) {
///     println!(
///         "{} bytes from {} to {} ({}) on {}",
///         message.payload().len(),
///         message.source(),
///         message.destination(),
///         message.cast(),
///         message.interface(),
///     );
/// }
/// ```
#[derive(Clone)]
pub struct Message {
    payload: Bytes,
    source: SocketAddr,
    destination: IpAddr,
    interface: InterfaceId,
    timestamp: Option<SystemTime>,
    drops: Option<u32>,
    hops: Option<u8>,
    traffic_class: Option<u8>,
    cast: Cast,
    is_truncated: bool,
}

impl Message {
    pub(super) fn new(datagram: &Datagram<'_>, payloads: &mut PayloadPool) -> Self {
        Self {
            payload: payloads.keep(datagram.payload()),
            source: datagram.source(),
            destination: datagram.destination(),
            interface: datagram.interface(),
            timestamp: datagram.timestamp(),
            drops: datagram.drops(),
            hops: datagram.hops(),
            traffic_class: datagram.traffic_class(),
            cast: datagram.cast(),
            is_truncated: datagram.is_truncated(),
        }
    }

    /// What it carries; may be empty.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// What it carries, without a copy. It lies among others in a slab of a
    /// [`PayloadPool`], which as a whole is kept as long as any of them: who keeps few
    /// of many for long copies them (`Bytes::copy_from_slice`).
    #[must_use]
    pub fn into_payload(self) -> Bytes {
        self.payload
    }

    /// Who sent it. A link-local IPv6 source has the arrival interface as its
    /// scope id, so it can be answered as it is; but see
    /// [`AsyncLan::reply`](crate::AsyncLan::reply).
    #[must_use]
    pub const fn source(&self) -> SocketAddr {
        self.source
    }

    /// What it was sent to: an own address, a broadcast address or a group.
    #[must_use]
    pub const fn destination(&self) -> IpAddr {
        self.destination
    }

    /// To whom it was sent.
    #[must_use]
    pub const fn cast(&self) -> Cast {
        self.cast
    }

    /// Where it arrived.
    #[must_use]
    pub const fn interface(&self) -> InterfaceId {
        self.interface
    }

    /// How many more hops it could have made; see
    /// [`Envelope::hops`](ifcast_socket::Envelope::hops).
    #[must_use]
    pub const fn hops(&self) -> Option<u8> {
        self.hops
    }

    /// How it was to be treated on its way; see
    /// [`Envelope::traffic_class`](ifcast_socket::Envelope::traffic_class).
    #[must_use]
    pub const fn traffic_class(&self) -> Option<u8> {
        self.traffic_class
    }

    /// When the kernel got it; see
    /// [`Envelope::timestamp`](ifcast_socket::Envelope::timestamp).
    #[must_use]
    pub const fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp
    }

    /// How many datagrams the kernel had had no room for before; see
    /// [`Envelope::drops`](ifcast_socket::Envelope::drops).
    #[must_use]
    pub const fn drops(&self) -> Option<u32> {
        self.drops
    }

    /// Whether its end is missing, because it was longer than the slots of the
    /// [batch](crate::LanBuilder::batch).
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.is_truncated
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("source", &self.source)
            .field("destination", &self.destination)
            .field("cast", &self.cast)
            .field("interface", &self.interface)
            .field("len", &self.payload.len())
            .finish_non_exhaustive()
    }
}
