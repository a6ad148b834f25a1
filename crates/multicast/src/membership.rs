//! One membership, and how it fares.

use std::fmt;
use std::io;

use ifcast_interfaces::{InterfaceId, InterfaceIndex};

use crate::group::Group;
use crate::source_filter::SourceFilter;

/// A membership as it was asked for, and how it fares.
///
/// ```
/// use ifcast_multicast::{MulticastSocket, State};
///
/// fn report(socket: &MulticastSocket) {
///     for membership in socket.memberships() {
///         let (group, filter) = (membership.group(), membership.filter());
///         match membership.state() {
///             State::Joined => println!("{group} {filter}"),
///             other => eprintln!("{group} on {}: {other}", membership.interface()),
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Membership<'m> {
    pub(crate) interface: InterfaceId,
    pub(crate) group: Group,
    pub(crate) filter: &'m SourceFilter,
    pub(crate) state: &'m State,
}

impl<'m> Membership<'m> {
    /// The interface that was joined on.
    #[must_use]
    pub const fn interface(&self) -> InterfaceId {
        self.interface
    }

    /// The group.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.group
    }

    /// From whom it is to receive.
    #[must_use]
    pub const fn filter(&self) -> &'m SourceFilter {
        self.filter
    }

    /// How it fared when it was joined, last verified or repaired.
    #[must_use]
    pub const fn state(&self) -> &'m State {
        self.state
    }
}

/// How a membership fares.
///
/// See [`Membership`] for an example.
#[derive(Debug)]
#[non_exhaustive]
pub enum State {
    /// It is in force.
    Joined,
    /// The kernel keeps it, and it will be in force when the link works and, for
    /// IPv6, when the interface has an address that is not tentative any more.
    JoinedPendingLink,
    /// It is not in force any more, and joining again is no cure: the kernel takes
    /// who was a member once for one (`EADDRINUSE`). `repair` leaves first.
    Lost(Loss),
    /// It could not be repaired.
    Failed(io::Error),
}

/// Why a membership is not in force any more.
///
/// See [`State`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// There is no interface with that index: a socket has to be opened on the one
    /// that took its place.
    InterfaceGone,
    /// The interface has become a port of a bridge or bond, which gets what arrives
    /// there. It is in force again when the interface is free.
    Port {
        /// The bridge or bond, where one can join instead.
        master: InterfaceIndex,
    },
    /// The interface has forgotten the group: it was made anew with the same index,
    /// was in another network namespace, or had an MTU too small for IPv6.
    Forgotten,
    /// The socket has another filter.
    OtherFilter(SourceFilter),
}

/// What the operating system answered is copied as far as that can be: its number, or
/// else the kind.
impl Clone for State {
    fn clone(&self) -> Self {
        match self {
            Self::Joined => Self::Joined,
            Self::JoinedPendingLink => Self::JoinedPendingLink,
            Self::Lost(loss) => Self::Lost(loss.clone()),
            Self::Failed(error) => {
                let number = error.raw_os_error();
                let kind = || error.kind().into();
                Self::Failed(number.map_or_else(kind, io::Error::from_raw_os_error))
            }
        }
    }
}

/// Two failures are equal if the operating system answered the same.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Joined, Self::Joined) | (Self::JoinedPendingLink, Self::JoinedPendingLink) => {
                true
            }
            (Self::Lost(one), Self::Lost(other)) => one == other,
            (Self::Failed(one), Self::Failed(other)) => {
                (one.raw_os_error(), one.kind()) == (other.raw_os_error(), other.kind())
            }
            _ => false,
        }
    }
}

impl State {
    /// Whether joining anew helps.
    pub(crate) const fn needs_repair(&self) -> bool {
        matches!(
            self,
            Self::Lost(Loss::Forgotten | Loss::OtherFilter(_)) | Self::Failed(_)
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined => f.write_str("joined"),
            Self::JoinedPendingLink => f.write_str("joined, the link does not work yet"),
            Self::Lost(loss) => write!(f, "lost, {loss}"),
            Self::Failed(error) => write!(f, "failed, {error}"),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InterfaceGone => f.write_str("the interface is gone"),
            Self::Port { master } => {
                write!(f, "the interface is a port of the one with index {master}")
            }
            Self::Forgotten => f.write_str("the interface has forgotten it"),
            Self::OtherFilter(filter) => write!(f, "it is {filter}"),
        }
    }
}
