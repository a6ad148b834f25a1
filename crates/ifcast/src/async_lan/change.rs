//! What happens on a LAN beside datagrams, for keeping.

use std::io;

use ifcast_interfaces::InterfaceId;
use ifcast_multicast::{Group, State};
use ifcast_socket::Scope;

use crate::error::Error;
use crate::event::Event;
use crate::following::News;
use crate::reconciler::Departure;

/// What happened on an [`AsyncLan`](crate::AsyncLan) beside datagrams: each as the
/// [`Event`] of that name.
///
/// ```
/// use ifcast::{AsyncLan, Change, To};
///
/// /// Greets by each interface that comes.
/// async fn greet(lan: &AsyncLan) -> Result<(), ifcast::Error> {
///     loop {
///         match lan.next_change().await? {
///             Change::InterfaceJoined { interface } => {
///                 println!("{}", lan.send(b"hello", To::AllHosts.on(interface)));
///             }
///             Change::InterfaceLeft { interface, why } => println!("{interface} left: {why}"),
///             other => eprintln!("{other:?}"),
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Change {
    /// The kernel dropped datagrams that nobody received in time; see
    /// [`Event::Dropped`].
    Dropped {
        /// Where.
        scope: Scope,
        /// How many, since this was last told of a socket there.
        count: u32,
    },
    /// An interface has joined the LAN: it has appeared, or is selected now.
    InterfaceJoined {
        /// Which.
        interface: InterfaceId,
    },
    /// An interface has left the LAN, and what there was on it is closed.
    InterfaceLeft {
        /// Which.
        interface: InterfaceId,
        /// Why.
        why: Departure,
    },
    /// A membership fares otherwise than before; see [`Event::Membership`].
    Membership {
        /// Where.
        interface: InterfaceId,
        /// Of which group.
        group: Group,
        /// How it fares now.
        state: State,
    },
    /// Something that is wanted could not be had on an interface; see
    /// [`Event::Degraded`].
    Degraded {
        /// Where.
        interface: InterfaceId,
        /// What, and why not.
        error: Error,
    },
    /// All that is wanted on an interface is there again.
    Recovered {
        /// Where.
        interface: InterfaceId,
    },
    /// More has become of the interfaces than could be followed; see
    /// [`Event::Resynced`].
    Resynced,
    /// What becomes of the interfaces cannot be followed any more. They stay as they
    /// are.
    NotFollowing {
        /// Why.
        error: ifcast_interfaces::Error,
    },
    /// A [`Waker`](crate::Waker) has woken the LAN.
    Woken,
    /// Receiving failed on one interface, or on those that share a socket; the
    /// others go on, and it is tried again.
    Failed {
        /// Where.
        scope: Scope,
        /// What the operating system answered.
        error: io::Error,
    },
    /// So many changes were dropped here, because nobody took them in time; the later
    /// ones follow.
    Missed {
        /// How many.
        count: u64,
    },
}

impl Change {
    /// What is told along with datagrams; none of what is told as [`News`].
    pub(super) fn of(event: Event<'_>) -> Option<Self> {
        match event {
            Event::Dropped { scope, count } => Some(Self::Dropped { scope, count }),
            Event::Failed { scope, error } => Some(Self::Failed { scope, error }),
            Event::Woken => Some(Self::Woken),
            Event::Datagram(_)
            | Event::InterfaceJoined { .. }
            | Event::InterfaceLeft { .. }
            | Event::Membership { .. }
            | Event::Degraded { .. }
            | Event::Recovered { .. }
            | Event::Resynced
            | Event::NotFollowing { .. } => None,
        }
    }
}

impl From<News> for Change {
    fn from(news: News) -> Self {
        match news {
            News::InterfaceJoined { interface } => Self::InterfaceJoined { interface },
            News::InterfaceLeft { interface, why } => Self::InterfaceLeft { interface, why },
            News::Membership {
                interface,
                group,
                state,
            } => Self::Membership {
                interface,
                group,
                state,
            },
            News::Degraded { interface, error } => Self::Degraded { interface, error },
            News::Recovered { interface } => Self::Recovered { interface },
            News::Resynced => Self::Resynced,
            News::NotFollowing { error } => Self::NotFollowing { error },
        }
    }
}
