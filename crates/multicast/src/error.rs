//! What can go wrong, with which group, on which interface.

use std::io;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::Family;

use crate::group::Group;

/// What was attempted with which group on which interface, and why it failed.
///
/// ```
/// use ifcast_multicast::{Error, Group, MulticastSocket};
///
/// fn join(socket: &mut MulticastSocket, group: Group) {
///     match socket.join(group) {
///         Ok(()) | Err(Error::AlreadyJoined { .. }) => {}
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The group is not of the socket's family.
    #[error("use {group} on {interface}: the socket there is an {family} one")]
    WrongFamily {
        /// The socket's interface.
        interface: InterfaceId,
        /// The socket's family.
        family: Family,
        /// The group.
        group: Group,
    },
    /// The socket is a member already.
    #[error("join {group} on {interface}: already joined")]
    AlreadyJoined {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
    },
    /// The socket is no member.
    #[error("leave {group} on {interface}: not joined")]
    NotJoined {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
    },
    /// The operating system refused to join; `ENOBUFS` means that the socket
    /// has as many memberships as it may have.
    #[error("join {group} on {interface}: {source}")]
    Join {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The operating system refused to leave.
    #[error("leave {group} on {interface}: {source}")]
    Leave {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
        /// What the operating system answered.
        source: io::Error,
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
            Self::WrongFamily { interface, .. }
            | Self::AlreadyJoined { interface, .. }
            | Self::NotJoined { interface, .. }
            | Self::Join { interface, .. }
            | Self::Leave { interface, .. } => Some(*interface),
            Self::Socket(error) => error.interface(),
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::WrongFamily { .. } => io::ErrorKind::InvalidInput,
            Self::AlreadyJoined { .. } => io::ErrorKind::AlreadyExists,
            Self::NotJoined { .. } => io::ErrorKind::NotFound,
            Self::Join { source, .. } | Self::Leave { source, .. } => source.kind(),
            Self::Socket(error) => error.kind(),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}
