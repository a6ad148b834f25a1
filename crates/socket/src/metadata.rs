//! What the kernel shall say of each datagram.

/// What the kernel shall say of each datagram beside what is always known: where
/// it came from, what it was sent to and where it arrived. Nothing unless told.
///
/// Each makes receiving a little slower: what it costs is time in the kernel, and
/// it is read from what the kernel wrote only when it is asked for.
///
/// ```
/// use ifcast_interfaces::Interface;
/// use ifcast_socket::{BoundSocket, Error, Family, Metadata};
///
/// fn open(interface: &Interface) -> Result<BoundSocket, Error> {
///     let metadata = Metadata { timestamp: true, ..Metadata::default() };
///     BoundSocket::builder(interface, Family::V4).port(319).metadata(metadata).bind()
/// }
/// ```
///
/// # Platform
/// - Linux, Android: `IP_RECVTTL`, `IPV6_RECVHOPLIMIT`, `IP_RECVTOS`,
///   `IPV6_RECVTCLASS`, `SO_TIMESTAMPNS`, `SO_RXQ_OVFL`.
/// - Elsewhere: the same for IP, and `SO_TIMESTAMP`, which counts microseconds. Nobody
///   else knows `drops`, and of IPv4 NetBSD, OpenBSD and illumos do not tell the traffic
///   class: opening the socket fails with
///   [`Unsupported`](std::io::ErrorKind::Unsupported).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing by itself")]
pub struct Metadata {
    /// How many more hops it could have made; see
    /// [`Envelope::hops`](crate::Envelope::hops).
    pub hops: bool,
    /// How it was to be treated on its way; see
    /// [`Envelope::traffic_class`](crate::Envelope::traffic_class).
    pub traffic_class: bool,
    /// When it arrived; see [`Envelope::timestamp`](crate::Envelope::timestamp).
    /// On Linux the whole host then takes the time of every packet.
    pub timestamp: bool,
    /// How many datagrams the kernel had no room for before; see
    /// [`Envelope::drops`](crate::Envelope::drops). It costs nothing until the
    /// first drop.
    pub drops: bool,
}
