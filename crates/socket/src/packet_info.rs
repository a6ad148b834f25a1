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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketInfo {
    /// The interface to leave by; none means the socket's own, and any other is
    /// an error.
    pub interface: Option<InterfaceIndex>,
    /// The source address, one of the interface's; none leaves it to the kernel.
    pub source: Option<IpAddr>,
}
