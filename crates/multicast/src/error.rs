//! What can go wrong, with which group, on which interface.

use std::io;
use std::net::IpAddr;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::{Attempt, Class, Explained, Family};

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
    /// The group is one that can only be joined together with a source (RFC 4607).
    #[error("join {group} on {interface}: it is source-specific, and no source is named")]
    NeedsSource {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
    },
    /// What is named as a source is of the other family, or no unicast address.
    #[error("join {group} on {interface}: {source_address} cannot be a source of it")]
    ImpossibleSource {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
        /// What was named.
        source_address: IpAddr,
    },
    /// The membership names the source already: it is received from, or blocked.
    #[error("use {source_address} of {group} on {interface}: it is named already")]
    SourceAlready {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
        /// The source.
        source_address: IpAddr,
    },
    /// The membership does not name the source.
    #[error("use {source_address} of {group} on {interface}: it is not named")]
    SourceUnknown {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
        /// The source.
        source_address: IpAddr,
    },
    /// Sources can be joined one by one only where none but these are received from,
    /// and blocked one by one only where all others are.
    #[error("use {source_address} of {group} on {interface}: the group is joined the other way")]
    OtherMode {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
        /// The source.
        source_address: IpAddr,
    },
    /// The operating system refused to join, or to change the filter. If it says
    /// that no buffer space is available (`ENOBUFS`), there are as many memberships,
    /// or as many sources in one, as there may be.
    #[error("join {group} on {interface}: {}", Attempt::Join(group.family()).explain(source))]
    Join {
        /// The socket's interface.
        interface: InterfaceId,
        /// The group.
        group: Group,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The operating system refused to leave.
    #[error("leave {group} on {interface}: {}", Attempt::Leave.explain(source))]
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
            | Self::NeedsSource { interface, .. }
            | Self::ImpossibleSource { interface, .. }
            | Self::SourceAlready { interface, .. }
            | Self::SourceUnknown { interface, .. }
            | Self::OtherMode { interface, .. }
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
            Self::WrongFamily { .. }
            | Self::NeedsSource { .. }
            | Self::ImpossibleSource { .. }
            | Self::OtherMode { .. } => io::ErrorKind::InvalidInput,
            Self::AlreadyJoined { .. } | Self::SourceAlready { .. } => io::ErrorKind::AlreadyExists,
            Self::NotJoined { .. } | Self::SourceUnknown { .. } => io::ErrorKind::NotFound,
            Self::Join { source, .. } | Self::Leave { source, .. } => source.kind(),
            Self::Socket(error) => error.kind(),
        }
    }

    /// What kind of trouble it is, which says what helps.
    ///
    /// ```
    /// use ifcast_multicast::{Class, Error};
    ///
    /// fn tell(error: &Error) {
    ///     match error.class() {
    ///         Class::Limit => eprintln!("ask the administrator: {error}"),
    ///         _ => eprintln!("{error}"),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::WrongFamily { .. }
            | Self::AlreadyJoined { .. }
            | Self::NotJoined { .. }
            | Self::NeedsSource { .. }
            | Self::ImpossibleSource { .. }
            | Self::SourceAlready { .. }
            | Self::SourceUnknown { .. }
            | Self::OtherMode { .. } => Class::Invalid,
            Self::Join { .. } | Self::Leave { .. } => {
                let explained = self.explained();
                explained.map_or(Class::Other, |explained| explained.class())
            }
            Self::Socket(error) => error.class(),
        }
    }

    /// What may be the cause, and what helps, in less than a line, which is also shown at
    /// the end of the message; none where the message says it all.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Socket(error) => error.hint(),
            _ => self.explained()?.hint(),
        }
    }

    /// What the operating system answered, if it was asked, and what that means.
    fn explained(&self) -> Option<Explained<'_>> {
        match self {
            Self::Join { group, source, .. } => Some(Attempt::Join(group.family()).explain(source)),
            Self::Leave { source, .. } => Some(Attempt::Leave.explain(source)),
            _ => None,
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}
