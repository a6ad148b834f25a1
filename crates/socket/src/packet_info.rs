//! What can be said about a datagram on its way out.

use std::net::IpAddr;

use ifcast_interfaces::InterfaceIndex;

/// What to say about a datagram on its way out (`IP_PKTINFO`, `IPV6_PKTINFO`;
/// RFC 3542, section 6).
///
/// ```
/// use ifcast_socket::{BoundSocket, Datagram, Error, PacketInfo};
///
/// /// Answers from the very address that was asked.
/// fn answer(socket: &BoundSocket, question: &Datagram<'_>) -> Result<(), Error> {
///     let info = PacketInfo {
///         source: Some(question.destination()),
///         ..PacketInfo::default()
///     };
///     socket.send_with(b"here", question.source(), info)
/// }
/// ```
///
/// # Platform
/// - Source: `IP_PKTINFO`, `IPV6_PKTINFO`; xnu takes no notice of an IPv4 one, because
///   the interface is named with it. FreeBSD, OpenBSD: `IP_SENDSRCADDR`.
/// - Hops and traffic class: `IP_TTL` and `IP_TOS` on Linux and Android,
///   `IPV6_HOPLIMIT` and `IPV6_TCLASS` everywhere; for IPv4 unsupported elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketInfo {
    /// The interface to leave by; none means the socket's own, and any other is
    /// an error.
    pub interface: Option<InterfaceIndex>,
    /// The source address, one of the interface's; none leaves it to the kernel.
    pub source: Option<IpAddr>,
    /// How many hops it may make, at least 1; none means as many as the socket's
    /// others.
    pub hops: Option<u8>,
    /// How it is to be treated on its way: six bits of DSCP and two of ECN (RFC 2474,
    /// RFC 3168); none means as the socket's others.
    pub traffic_class: Option<u8>,
}
