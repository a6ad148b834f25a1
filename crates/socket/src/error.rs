//! What can go wrong, on which interface, while attempting what.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use ifcast_interfaces::InterfaceId;

use crate::attempt::{Attempt, Explained};
use crate::class::Class;
use crate::family::Family;
use crate::pinning::Pinning;

/// What was attempted on which interface, and why it failed.
///
/// ```no_run
/// use ifcast_interfaces::Snapshot;
/// use ifcast_socket::{BoundSocket, Error, Family};
///
/// for interface in Snapshot::capture()?.interfaces() {
///     match BoundSocket::builder(interface, Family::V4).port(2222).bind() {
///         Ok(_) => println!("{} is ready", interface.id()),
///         Err(Error::NoAddress { .. }) => println!("{} has no IPv4", interface.id()),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The interface has no address of the family to send from, and sending
    /// anyway would carry another interface's address.
    #[error("open a socket on {interface}: it has no {family} address")]
    NoAddress {
        /// The interface.
        interface: InterfaceId,
        /// The family asked for.
        family: Family,
    },
    /// No socket could be had: usually the descriptor limit (`EMFILE`).
    #[error("open an {family} socket on {scope}: {}", Attempt::Open.explain(source))]
    Open {
        /// Where.
        scope: Scope,
        /// The family asked for.
        family: Family,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The socket could not be tied to the interface.
    #[error("tie a socket to {interface} ({pinning}): {}", Attempt::Pin.explain(source))]
    Pin {
        /// The interface.
        interface: InterfaceId,
        /// The way that was tried.
        pinning: Pinning,
        /// What the operating system answered.
        source: io::Error,
    },
    /// This system cannot do that on one interface, or cannot promise to, and what it
    /// would do instead is not what was asked for.
    #[error("{what} on {interface}: this system cannot, {why}")]
    Unsupported {
        /// The interface.
        interface: InterfaceId,
        /// What was asked for.
        what: &'static str,
        /// Why the system cannot, and what to do instead, if there is something.
        why: &'static str,
    },
    /// An option could not be set or read.
    #[error("set {option} on {scope}: {}", Attempt::Option.explain(source))]
    Option {
        /// Where.
        scope: Scope,
        /// The option by its C name.
        option: &'static str,
        /// What the operating system answered.
        source: io::Error,
    },
    /// Zero hops were asked for: that would keep IPv4 on this host but not IPv6.
    #[error("limit hops on {scope}: at least one is needed")]
    ZeroHops {
        /// Where.
        scope: Scope,
    },
    /// The port could not be bound: in use (`EADDRINUSE`), or privileged
    /// (`EACCES`).
    #[error("bind {family} UDP port {port} on {scope}: {}", Attempt::Bind.explain(source))]
    Bind {
        /// Where.
        scope: Scope,
        /// The family asked for.
        family: Family,
        /// The port asked for.
        port: u16,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A destination's scope, or packet info, names another interface.
    #[error("send on {interface}: the interface with index {named} is not this socket's")]
    ForeignInterface {
        /// The socket's interface.
        interface: InterfaceId,
        /// The index that was named.
        named: u32,
    },
    /// A shared socket was told to use an interface that it does not serve.
    #[error("use the interface with index {named}: it does not share this socket")]
    NotShared {
        /// The index that was named.
        named: u32,
    },
    /// Packet info names a source that is not an address of the interface.
    #[error("send on {interface}: it does not have the address {address}")]
    ForeignSource {
        /// The socket's interface.
        interface: InterfaceId,
        /// The address that was named.
        address: IpAddr,
    },
    /// A destination or source is not of the socket's family.
    #[error("send on {interface}: {address} is not an {family} address")]
    WrongFamily {
        /// The socket's interface.
        interface: InterfaceId,
        /// The socket's family.
        family: Family,
        /// The address.
        address: IpAddr,
    },
    /// The destination is 0.0.0.0 or ::, which the kernel takes for this host and
    /// sends by its loopback interface, whatever the socket is tied to.
    #[error("send on {interface}: no destination is given")]
    NoDestination {
        /// The socket's interface.
        interface: InterfaceId,
    },
    /// The payload does not fit into one packet of the link, or, where
    /// fragments are allowed, into one datagram.
    #[error("send {len} bytes on {interface}: at most {limit} fit into a datagram there")]
    TooLarge {
        /// The socket's interface.
        interface: InterfaceId,
        /// The payload's length in bytes.
        len: usize,
        /// The longest payload in bytes.
        limit: usize,
    },
    /// The operating system refused to send.
    #[error("send to {destination} on {interface}: {}", Attempt::Send.explain(source))]
    Send {
        /// The socket's interface.
        interface: InterfaceId,
        /// Where it should have gone.
        destination: SocketAddr,
        /// What the operating system answered.
        source: io::Error,
    },
    /// News of one interface were given to another's socket.
    #[error("refresh a socket of {interface}: that is news of {other}")]
    Refresh {
        /// The socket's interface.
        interface: InterfaceId,
        /// The other one.
        other: InterfaceId,
    },
}

impl Error {
    /// The interface on which it failed; none if that was a socket that many share.
    #[must_use]
    pub const fn interface(&self) -> Option<InterfaceId> {
        match self {
            Self::NoAddress { interface, .. }
            | Self::Pin { interface, .. }
            | Self::Unsupported { interface, .. }
            | Self::ForeignInterface { interface, .. }
            | Self::ForeignSource { interface, .. }
            | Self::WrongFamily { interface, .. }
            | Self::NoDestination { interface }
            | Self::TooLarge { interface, .. }
            | Self::Send { interface, .. }
            | Self::Refresh { interface, .. } => Some(*interface),
            Self::NotShared { .. } => None,
            Self::Open { scope, .. }
            | Self::Option { scope, .. }
            | Self::ZeroHops { scope }
            | Self::Bind { scope, .. } => scope.interface(),
        }
    }

    /// What kind of error it is; [`io::ErrorKind::WouldBlock`] means that the
    /// send buffer is full and sending may work later.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Open { source, .. }
            | Self::Pin { source, .. }
            | Self::Option { source, .. }
            | Self::Bind { source, .. }
            | Self::Send { source, .. } => source.kind(),
            Self::NoAddress { .. } => io::ErrorKind::AddrNotAvailable,
            Self::Unsupported { .. } => io::ErrorKind::Unsupported,
            Self::ZeroHops { .. }
            | Self::ForeignInterface { .. }
            | Self::NotShared { .. }
            | Self::ForeignSource { .. }
            | Self::WrongFamily { .. }
            | Self::NoDestination { .. }
            | Self::TooLarge { .. }
            | Self::Refresh { .. } => io::ErrorKind::InvalidInput,
        }
    }

    /// What kind of trouble it is, which says what helps.
    ///
    /// ```
    /// use ifcast_socket::{Class, Error};
    ///
    /// /// Whether sending by the same socket may work later.
    /// fn may_pass(error: &Error) -> bool {
    ///     matches!(error.class(), Class::Transient | Class::Privacy)
    /// }
    /// ```
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Open { .. }
            | Self::Pin { .. }
            | Self::Option { .. }
            | Self::Bind { .. }
            | Self::Send { .. } => {
                let explained = self.explained();
                explained.map_or(Class::Other, |explained| explained.class())
            }
            Self::NoAddress { .. } => Class::Transient,
            Self::Unsupported { .. } => Class::Other,
            Self::ZeroHops { .. }
            | Self::ForeignInterface { .. }
            | Self::NotShared { .. }
            | Self::ForeignSource { .. }
            | Self::WrongFamily { .. }
            | Self::NoDestination { .. }
            | Self::TooLarge { .. }
            | Self::Refresh { .. } => Class::Invalid,
        }
    }

    /// What may be the cause, and what helps, in less than a line, which is also shown at
    /// the end of the message; none where the message says it all.
    ///
    /// ```
    /// use ifcast_socket::Error;
    ///
    /// fn show(error: &Error) {
    ///     println!("{error}");
    ///     if error.hint().is_none() {
    ///         println!("(no idea why)");
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        self.explained()?.hint()
    }

    /// The operating system's error number, if it was asked.
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        self.explained()?.error().raw_os_error()
    }

    /// What the operating system answered, if it was asked, and what that means.
    fn explained(&self) -> Option<Explained<'_>> {
        let (attempt, source) = match self {
            Self::Open { source, .. } => (Attempt::Open, source),
            Self::Pin { source, .. } => (Attempt::Pin, source),
            Self::Option { source, .. } => (Attempt::Option, source),
            Self::Bind { source, .. } => (Attempt::Bind, source),
            Self::Send { source, .. } => (Attempt::Send, source),
            _ => return None,
        };
        Some(attempt.explain(source))
    }
}

/// Where a socket is to be used.
///
/// ```
/// use ifcast_socket::Scope;
///
/// assert_eq!(Scope::Shared.to_string(), "all interfaces");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On the one interface that it is tied to.
    Interface(InterfaceId),
    /// On all of those that share it.
    Shared,
}

impl Scope {
    /// The interface, if it is one.
    #[must_use]
    pub const fn interface(self) -> Option<InterfaceId> {
        match self {
            Self::Interface(interface) => Some(interface),
            Self::Shared => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface(interface) => interface.fmt(f),
            Self::Shared => f.pad("all interfaces"),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}
