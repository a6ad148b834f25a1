//! What happens on a LAN.

use std::io;
use std::ops::Deref;

use ifcast_interfaces::InterfaceId;
use ifcast_multicast::{Group, State};
use ifcast_socket::{Cast, Datagram, Endpoint, PacketInfo, Scope};

use crate::error::Error;
use crate::reconciler::Departure;

/// What happened on a [`Lan`](crate::Lan).
///
/// ```
/// use ifcast::Event;
///
/// fn handle(event: Event<'_>) {
///     match event {
///         Event::Datagram(question) => {
///             if let Err(error) = question.reply(b"here") {
///                 eprintln!("{error}");
///             }
///         }
///         Event::Dropped { scope, count } => eprintln!("{scope}: {count} lost"),
///         Event::Failed { scope, error } => eprintln!("{scope}: {error}"),
///         _ => {}
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A datagram arrived.
    Datagram(Incoming<'a>),
    /// The kernel dropped datagrams that nobody received in time, usually because
    /// the receive buffer was full
    /// ([`LanBuilder::receive_buffer`](crate::LanBuilder::receive_buffer)).
    ///
    /// It is told after what was in the buffer then. Nothing asks the kernel as
    /// long as what is read is less than what makes a buffer full; see
    /// [`DropWatch`](ifcast_socket::DropWatch), also for what it misses.
    ///
    /// # Platform
    /// Linux, Android: since 4.12. Elsewhere it never happens, because the system
    /// does not tell.
    Dropped {
        /// Where.
        scope: Scope,
        /// How many, since this was last told of a socket there; joined ones
        /// ([`LanBuilder::coalesce`](crate::LanBuilder::coalesce)) count as one.
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
    /// A membership fares otherwise than before: it is in force, waits for the link, or
    /// is lost. Those that there are when the LAN is built are no news, and those of an
    /// interface that leaves go with it.
    Membership {
        /// Where.
        interface: InterfaceId,
        /// Of which group.
        group: Group,
        /// How it fares now.
        state: &'a State,
    },
    /// Something that is wanted could not be had on an interface: a socket or a
    /// group. It is tried again, ever more rarely, and at once when the interface
    /// changes.
    Degraded {
        /// Where.
        interface: InterfaceId,
        /// What, and why not.
        error: &'a Error,
    },
    /// All that is wanted on an interface is there again.
    Recovered {
        /// Where.
        interface: InterfaceId,
    },
    /// More has become of the interfaces than could be followed. All of them were
    /// listed anew, and all memberships checked.
    Resynced,
    /// What becomes of the interfaces cannot be followed any more. They stay as they
    /// are.
    NotFollowing {
        /// Why.
        error: &'a ifcast_interfaces::Error,
    },
    /// A [`Waker`](crate::Waker) has woken the loop.
    Woken,
    /// Receiving failed on one interface, or on those that share a socket; the
    /// others go on, and it is tried again.
    Failed {
        /// Where.
        scope: Scope,
        /// What the operating system answered.
        error: io::Error,
    },
}

/// A [`Datagram`] that can be answered.
///
/// See [`Event`] for an example.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    pub(crate) datagram: Datagram<'a>,
    pub(crate) endpoint: &'a Endpoint,
}

impl Incoming<'_> {
    /// Answers the sender alone, by the interface where the datagram arrived:
    /// from the address it was sent to, or, if that was a broadcast or
    /// multicast, from the interface's own.
    ///
    /// # Errors
    /// As [`Sender::send_with`](ifcast_socket::Sender::send_with).
    pub fn reply(&self, payload: &[u8]) -> Result<(), ifcast_socket::Error> {
        let asked = self.datagram.destination();
        let info = PacketInfo {
            source: (self.datagram.cast() == Cast::Unicast).then_some(asked),
            ..PacketInfo::default()
        };
        let index = self.datagram.interface().index();
        let named = index.get();
        let sender = self.endpoint.sender(index);
        let sender = sender.ok_or(ifcast_socket::Error::NotShared { named })?;
        sender.send_with(payload, self.datagram.source(), info)
    }
}

impl<'a> Deref for Incoming<'a> {
    type Target = Datagram<'a>;

    fn deref(&self) -> &Datagram<'a> {
        &self.datagram
    }
}
