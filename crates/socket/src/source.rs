//! Which address the kernel would send from.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use crate::builder;
use crate::error::{Error, Scope};
use crate::family::Family;
use crate::sender::Sender;
use crate::sys;

/// Any, since nothing is sent to it.
const PORT: u16 = 9;

impl Sender<'_> {
    /// The address that the kernel sends from if it is not told, in the network
    /// namespace of the calling thread: it is asked by connecting a socket, which
    /// sends nothing.
    ///
    /// It is the answer of the moment. Addresses come and go; who sends much asks
    /// again when the interface has changed.
    ///
    /// ```
    /// use std::net::{IpAddr, SocketAddr};
    ///
    /// use ifcast_socket::{BoundSocket, Error};
    ///
    /// /// Tells where it can be found.
    /// fn announce(socket: &BoundSocket, to: SocketAddr) -> Result<(), Error> {
    ///     let own: IpAddr = socket.sender().source_for(to.ip())?;
    ///     socket.send(format!("I am at {own}").as_bytes(), to)
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`Error::Open`] or [`Error::Pin`] if no socket can
    /// be had to ask with. On the BSDs it is [`Error::Unsupported`] where their routes
    /// lead by another interface.
    pub fn source_for(self, destination: IpAddr) -> Result<IpAddr, Error> {
        let destination = self.check(&[], SocketAddr::new(destination, PORT))?;
        let (interface, family) = (self.interface().id(), self.family());
        let domain = match family {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        };
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP)).map_err(|source| {
            Error::Open {
                scope: Scope::Interface(interface),
                family,
                source,
            }
        })?;
        let pinning = self.endpoint().settings().pinning;
        builder::pin(&socket, self.interface(), family, pinning)?;
        let source = source_of(&socket, family, destination).map_err(|source| Error::Send {
            interface,
            destination,
            source,
        })?;
        // What is not said of a datagram is not asked of a connected socket either.
        if sys::must_be_told(family, true) && !self.interface().owns(source) {
            return Err(Error::Unsupported {
                interface,
                what: "tell from which address something is sent",
                why: "its routes lead there by another interface, and no others can be asked",
            });
        }
        Ok(source)
    }
}

/// Where a socket is, once it is connected.
fn source_of(socket: &Socket, family: Family, destination: SocketAddr) -> io::Result<IpAddr> {
    if family == Family::V4 {
        socket.set_broadcast(true)?;
    }
    socket.connect(&destination.into())?;
    let own = socket.local_addr()?.as_socket();
    Ok(own.ok_or(io::ErrorKind::InvalidData)?.ip())
}
