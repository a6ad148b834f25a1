//! Sending by one interface.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;

use ifcast_interfaces::Interface;

use crate::endpoint::Endpoint;
use crate::error::{Error, Scope};
use crate::family::Family;
use crate::packet_info::PacketInfo;
use crate::send_batch::ToSend;
use crate::sys::control::Way;
use crate::sys::{self, Refusal};

/// Sends by one interface and no other: a [`BoundSocket`](crate::BoundSocket) by
/// its own, or a [`SharedSocket`](crate::SharedSocket) by one of those that share
/// it.
///
/// ```
/// use ifcast_socket::{Datagram, Endpoint, Error};
///
/// /// Answers by the interface where the question arrived.
/// fn answer(endpoint: &Endpoint, question: &Datagram<'_>) -> Option<Result<(), Error>> {
///     let sender = endpoint.sender(question.interface().index())?;
///     Some(sender.send(b"here", question.source()))
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) interface: &'a Interface,
}

impl<'a> Sender<'a> {
    /// Sends one datagram, whole or not at all. The kernel chooses which of the
    /// interface's addresses it comes from.
    ///
    /// A link-local destination may leave its scope id 0.
    ///
    /// # Errors
    /// [`Error::ForeignInterface`] if the scope id is another interface's,
    /// [`Error::NoDestination`], [`Error::WrongFamily`], [`Error::TooLarge`],
    /// [`Error::Unsupported`] where the system would send it by another interface, or
    /// [`Error::Send`] with what the operating system answered, of which
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) means that the send buffer is
    /// full.
    ///
    /// # Platform
    /// FreeBSD, OpenBSD: an IPv4 datagram to one host or subnet leaves where the
    /// system's routes lead. They are asked before each is sent, and what would leave
    /// by another interface is [`Error::Unsupported`]; so are IPv4 multicasts by a
    /// shared socket, and on FreeBSD all that goes to 255.255.255.255.
    pub fn send(self, payload: &[u8], destination: SocketAddr) -> Result<(), Error> {
        self.send_with(payload, destination, PacketInfo::default())
    }

    /// Sends one datagram with packet info, such as from a source of one's own
    /// choice among the interface's addresses. An address that is newer than what is
    /// known of the interface is looked for in the network namespace of the calling
    /// thread, each time.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`Error::ForeignInterface`] or
    /// [`Error::ForeignSource`] if `info` names what is not this interface's,
    /// [`Error::ZeroHops`], or [`Error::Option`] if the system cannot be told that.
    pub fn send_with(
        self,
        payload: &[u8],
        destination: SocketAddr,
        info: PacketInfo,
    ) -> Result<(), Error> {
        let destination = self.check(payload, destination)?;
        // A tied socket need not be told the interface.
        let says_nothing = info == PacketInfo::default();
        let way = if self.endpoint.is_tied() && says_nothing {
            None
        } else {
            Some(self.way(info)?)
        };
        self.send_by(payload, destination, way)
    }

    /// Sends one of a batch by itself.
    pub(crate) fn send_alone(self, datagram: ToSend<'_>, way: Option<Way>) -> Result<(), Error> {
        let destination = self.check(datagram.payload, datagram.destination)?;
        self.send_by(datagram.payload, destination, way)
    }

    fn send_by(
        self,
        payload: &[u8],
        destination: SocketAddr,
        way: Option<Way>,
    ) -> Result<(), Error> {
        let fd = self.endpoint.as_fd();
        let sent = match way {
            None => sys::send::plain(fd, payload, destination),
            Some(way) => sys::send::by(fd, payload, destination, way),
        };
        sent.map_err(|error| self.send_error(payload, destination, error))
    }

    /// The longest payload in bytes that can be sent: what fits into one packet
    /// of the interface's MTU, or, where fragments are allowed or the MTU is
    /// not known, into a datagram.
    #[must_use]
    pub fn max_payload(self) -> usize {
        self.max_payload_for(self.interface.mtu())
    }

    /// The interface that it sends by, as it was when the socket was bound or last
    /// refreshed.
    #[must_use]
    pub const fn interface(self) -> &'a Interface {
        self.interface
    }

    /// The socket that it sends with.
    #[must_use]
    pub const fn endpoint(self) -> &'a Endpoint {
        self.endpoint
    }

    /// The family.
    #[must_use]
    pub const fn family(self) -> Family {
        self.endpoint.family()
    }

    fn max_payload_for(self, mtu: Option<u32>) -> usize {
        match self.packet_payload_for(mtu) {
            Some(in_one_packet) if !self.endpoint.fragments() => in_one_packet,
            _ => self.family().longest_payload(),
        }
    }

    /// The longest payload that leaves in one packet, fragments or not; `None` if
    /// the MTU is not known.
    pub(crate) fn packet_payload(self) -> Option<usize> {
        self.packet_payload_for(self.interface.mtu())
    }

    fn packet_payload_for(self, mtu: Option<u32>) -> Option<usize> {
        let mtu = usize::try_from(mtu?).ok()?;
        let payload = mtu.saturating_sub(self.family().headers_len());
        Some(payload.min(self.family().longest_payload()))
    }

    /// Refuses what would leave elsewhere or nowhere, and completes a
    /// link-local destination with its scope.
    pub(crate) fn check(
        self,
        payload: &[u8],
        destination: SocketAddr,
    ) -> Result<SocketAddr, Error> {
        if Family::of(destination.ip()) != self.family() {
            return Err(self.wrong_family(destination.ip()));
        }
        if destination.ip().is_unspecified() {
            return Err(Error::NoDestination {
                interface: self.interface.id(),
            });
        }
        let longest = if sys::refuses_fragments(self.family()) {
            self.family().longest_payload()
        } else {
            self.max_payload()
        };
        if payload.len() > longest {
            return Err(self.too_large(payload, self.max_payload()));
        }
        let is_pinned = self.endpoint.served.is_one();
        sys::steer(self.interface, is_pinned, destination.ip())
            .map_err(|refusal| self.refused(refusal, destination))?;
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

    /// What the kernel is told; refuses what is not this interface's, and what cannot
    /// be told.
    pub(crate) fn way(self, info: PacketInfo) -> Result<Way, Error> {
        let scope = Scope::Interface(self.interface.id());
        if info.hops == Some(0) {
            return Err(Error::ZeroHops { scope });
        }
        let says_more = info.hops.is_some() || info.traffic_class.is_some();
        if says_more && !sys::control::takes_header_fields(self.family()) {
            return Err(Error::Option {
                scope,
                option: "IP_TTL and IP_TOS of one datagram",
                source: io::ErrorKind::Unsupported.into(),
            });
        }
        Ok(Way {
            interface: self.interface.index().get(),
            source: self.source(info)?,
            hops: info.hops,
            traffic_class: info.traffic_class,
        })
    }

    /// The source that is named, or none as an unspecified address.
    fn source(self, info: PacketInfo) -> Result<IpAddr, Error> {
        let own = self.interface.index();
        if let Some(named) = info.interface.filter(|named| *named != own) {
            return Err(self.foreign(named.get()));
        }
        let Some(source) = info.source else {
            return Ok(self.family().unspecified());
        };
        if Family::of(source) != self.family() {
            return Err(self.wrong_family(source));
        }
        if !self.interface.owns(source) && !self.owns_by_now(source) {
            return Err(Error::ForeignSource {
                interface: self.interface.id(),
                address: source,
            });
        }
        Ok(source)
    }

    /// Whether the interface has got the address since it was captured, such as by
    /// DHCP.
    #[cold]
    fn owns_by_now(self, source: IpAddr) -> bool {
        let now = Interface::by_index(self.interface.index());
        now.is_ok_and(|now| now.is_some_and(|now| now.owns(source)))
    }

    /// Says what a failure to send means.
    pub(crate) fn send_error(
        self,
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

    #[cold]
    fn refused(self, refusal: Refusal, destination: SocketAddr) -> Error {
        let interface = self.interface.id();
        match refusal {
            Refusal::Cannot { what, why } => Error::Unsupported {
                interface,
                what,
                why,
            },
            Refusal::Failed(source) => Error::Send {
                interface,
                destination,
                source,
            },
        }
    }

    fn too_large(self, payload: &[u8], limit: usize) -> Error {
        Error::TooLarge {
            interface: self.interface.id(),
            len: payload.len(),
            limit,
        }
    }

    fn foreign(self, named: u32) -> Error {
        Error::ForeignInterface {
            interface: self.interface.id(),
            named,
        }
    }

    fn wrong_family(self, address: IpAddr) -> Error {
        Error::WrongFamily {
            interface: self.interface.id(),
            family: self.family(),
            address,
        }
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

    #[test]
    fn link_scoped_addresses_are_told_from_wider_ones() {
        let link = ["fe80::1", "ff02::1", "ff12::1", "ff32::1", "ff01::1"];
        let wider = ["ff05::1", "ff0e::1", "ff15::1", "fd71::1", "2001:db8::1"];
        assert!(link.iter().all(|a| is_link_scoped(a.parse().unwrap())));
        assert!(!wider.iter().any(|a| is_link_scoped(a.parse().unwrap())));
    }
}
