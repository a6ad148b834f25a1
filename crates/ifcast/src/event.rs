//! What happens on a LAN.

use std::io;
use std::ops::Deref;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::{BoundSocket, Cast, Datagram, PacketInfo};

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
///         Event::Dropped { interface, count } => eprintln!("{interface}: {count} lost"),
///         Event::Failed { interface, error } => eprintln!("{interface}: {error}"),
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
        interface: InterfaceId,
        /// How many, since this was last told of a socket there; joined ones
        /// ([`LanBuilder::coalesce`](crate::LanBuilder::coalesce)) count as one.
        count: u32,
    },
    /// Receiving failed on one interface; the others go on, and it is tried
    /// again.
    Failed {
        /// Where.
        interface: InterfaceId,
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
    pub(crate) socket: &'a BoundSocket,
}

impl Incoming<'_> {
    /// Answers the sender alone, by the interface where the datagram arrived:
    /// from the address it was sent to, or, if that was a broadcast or
    /// multicast, from the interface's own.
    ///
    /// # Errors
    /// As [`BoundSocket::send_with`].
    pub fn reply(&self, payload: &[u8]) -> Result<(), ifcast_socket::Error> {
        let asked = self.datagram.destination();
        let info = PacketInfo {
            source: (self.datagram.cast() == Cast::Unicast).then_some(asked),
            ..PacketInfo::default()
        };
        self.socket.send_with(payload, self.datagram.source(), info)
    }
}

impl<'a> Deref for Incoming<'a> {
    type Target = Datagram<'a>;

    fn deref(&self) -> &Datagram<'a> {
        &self.datagram
    }
}
