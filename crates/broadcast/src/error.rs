//! What can go wrong, on which interface.

use std::io;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::Class;

/// Why a broadcast could not be sent, or not be prepared.
///
/// ```
/// use ifcast_broadcast::{BroadcastSocket, Error};
/// use ifcast_interfaces::Interface;
///
/// fn open(interface: &Interface) -> Option<BroadcastSocket> {
///     match BroadcastSocket::bind(interface, 2222) {
///         Ok(socket) => Some(socket),
///         Err(error @ Error::NoBroadcast { .. }) => panic!("a tunnel? {error}"),
///         Err(error) => {
///             eprintln!("{error}");
///             None
///         }
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The interface's link cannot broadcast, or the socket is an IPv6 one.
    #[error("broadcast on {interface}: its link has no broadcast")]
    NoBroadcast {
        /// The interface.
        interface: InterfaceId,
    },
    /// There is nothing to send a directed broadcast to: the interface has no
    /// IPv4 subnet with a broadcast address.
    #[error("broadcast on {interface}: it has no IPv4 subnet with a broadcast address")]
    NoSubnet {
        /// The interface.
        interface: InterfaceId,
    },
    /// The socket could not be opened, or did not send.
    #[error(transparent)]
    Socket(#[from] ifcast_socket::Error),
}

impl Error {
    /// The interface on which it failed; none if that was a socket that many share.
    #[must_use]
    pub const fn interface(&self) -> Option<InterfaceId> {
        match self {
            Self::NoBroadcast { interface } | Self::NoSubnet { interface } => Some(*interface),
            Self::Socket(error) => error.interface(),
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::NoBroadcast { .. } => io::ErrorKind::Unsupported,
            Self::NoSubnet { .. } => io::ErrorKind::AddrNotAvailable,
            Self::Socket(error) => error.kind(),
        }
    }

    /// What kind of trouble it is, which says what helps.
    ///
    /// ```
    /// use ifcast_broadcast::{Class, Error};
    ///
    /// /// Whether sending by the same socket may work later.
    /// fn may_pass(error: &Error) -> bool {
    ///     matches!(error.class(), Class::Transient | Class::Privacy)
    /// }
    /// ```
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::NoBroadcast { .. } => Class::Other,
            Self::NoSubnet { .. } => Class::Transient,
            Self::Socket(error) => error.class(),
        }
    }

    /// What may be the cause, and what helps, in less than a line, which is also shown at
    /// the end of the message; none where the message says it all.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoBroadcast { .. } | Self::NoSubnet { .. } => None,
            Self::Socket(error) => error.hint(),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}
