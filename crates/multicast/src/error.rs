//! What can go wrong, with which group, on which interface.

use std::io;
use std::net::IpAddr;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::Family;

use crate::group::Group;
use crate::sys;

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
    #[error("join {group} on {interface}: {source}{}", limit_hint(*group, source))]
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
}

/// What to change where there are too many memberships, or sources in one.
fn limit_hint(group: Group, error: &io::Error) -> &'static str {
    match (sys::is_limit(error), group.family()) {
        (false, _) => "",
        (true, Family::V4) => {
            " (net.ipv4.igmp_max_memberships, net.ipv4.igmp_max_msf and net.core.optmem_max \
             limit it)"
        }
        (true, Family::V6) => " (net.ipv6.mld_max_msf and net.core.optmem_max limit it)",
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}
