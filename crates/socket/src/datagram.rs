//! One received datagram.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use ifcast_interfaces::InterfaceId;

use crate::cast::Cast;

/// One received datagram, borrowed from the [`RecvBatch`](crate::RecvBatch)
/// that holds it.
///
/// ```
/// use ifcast_socket::Datagram;
///
/// fn print(datagram: &Datagram<'_>) {
///     println!(
///         "{} bytes from {} to {} ({}) on {}",
///         datagram.payload().len(),
///         datagram.source(),
///         datagram.destination(),
///         datagram.cast(),
///         datagram.interface(),
///     );
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'batch> {
    pub(crate) payload: &'batch [u8],
    pub(crate) meta: &'batch Meta,
    pub(crate) interface: InterfaceId,
}

impl<'batch> Datagram<'batch> {
    /// What it carries; may be empty.
    #[must_use]
    pub const fn payload(&self) -> &'batch [u8] {
        self.payload
    }

    /// A copy of what it carries, for keeping.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        Bytes::copy_from_slice(self.payload)
    }

    /// Who sent it. A link-local IPv6 source has the arrival interface as its
    /// scope id, so it can be answered as it is.
    #[must_use]
    pub const fn source(&self) -> SocketAddr {
        self.meta.source
    }

    /// What it was sent to: an own address, a broadcast address or a group.
    #[must_use]
    pub const fn destination(&self) -> IpAddr {
        self.meta.destination
    }

    /// To whom it was sent.
    #[must_use]
    pub const fn cast(&self) -> Cast {
        self.meta.cast
    }

    /// Where it arrived.
    #[must_use]
    pub const fn interface(&self) -> InterfaceId {
        self.interface
    }

    /// How many more hops it could have made: the TTL or hop limit on arrival.
    /// `None` unless [`Builder::receive_hops`](crate::Builder::receive_hops) asked
    /// for it.
    #[must_use]
    pub const fn hops(&self) -> Option<u8> {
        self.meta.hops
    }

    /// Whether its end is missing, because it was longer than the batch's
    /// slots.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.meta.truncated
    }
}

/// What is known of a datagram beside its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    pub(crate) slot: usize,
    /// Where in its slot the payload begins, and how long it is: several may share
    /// one.
    pub(crate) start: usize,
    pub(crate) len: usize,
    pub(crate) source: SocketAddr,
    pub(crate) destination: IpAddr,
    pub(crate) cast: Cast,
    pub(crate) hops: Option<u8>,
    pub(crate) truncated: bool,
}
