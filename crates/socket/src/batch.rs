//! Room for received datagrams, used again and again.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::slice;

use ifcast_interfaces::InterfaceId;

use crate::datagram::{Datagram, Meta};
use crate::sys::messages::{Message, Messages};

/// Room for a batch of datagrams; one serves any number of sockets, in turn.
///
/// Everything is allocated here, once: receiving allocates nothing. Only where
/// the kernel hands over several datagrams at a time,
/// [`Builder::coalesce`](crate::Builder::coalesce), the list of them grows to the
/// longest that there has been.
///
/// ```
/// use ifcast_socket::RecvBatch;
///
/// let roomy = RecvBatch::new(); // never truncates
/// let small = RecvBatch::with_capacity(8, 1500);
/// assert_eq!((small.capacity(), small.datagram_capacity()), (8, 1500));
/// ```
pub struct RecvBatch {
    messages: Messages,
    accepted: Vec<Meta>, // grows only where several datagrams share a slot
}

impl RecvBatch {
    const DATAGRAMS: usize = 32;
    const LONGEST: usize = 65_535; // no UDP payload is longer

    /// Room for 32 datagrams of any length. It takes 2 MiB of addresses, of
    /// which only what is written to becomes memory.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(Self::DATAGRAMS, Self::LONGEST)
    }

    /// Room for `datagrams` of `len` bytes each; longer ones are truncated and
    /// say so. Fewer than 1 count as 1, more than 1024 as 1024, which is what one
    /// call can receive.
    #[must_use]
    pub fn with_capacity(datagrams: usize, len: usize) -> Self {
        let datagrams = datagrams.clamp(1, 1024); // UIO_MAXIOV: recvmmsg(2) takes no more
        Self {
            messages: Messages::new(datagrams, len),
            accepted: Vec::with_capacity(datagrams),
        }
    }

    /// How many datagrams fit.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.messages.capacity()
    }

    /// How many bytes of each datagram fit.
    #[must_use]
    pub fn datagram_capacity(&self) -> usize {
        self.messages.payload_capacity()
    }

    /// Fills itself from `socket`; `judge` keeps what is to be kept of each
    /// message.
    ///
    /// Returns whether the kernel had nothing left.
    pub(crate) fn fill(
        &mut self,
        socket: BorrowedFd<'_>,
        mut judge: impl FnMut(usize, &Message<'_>, &mut Vec<Meta>),
    ) -> io::Result<bool> {
        self.accepted.clear();
        let (count, drained) = self.messages.receive(socket)?;
        for slot in 0..count {
            let message = self.messages.get(slot);
            judge(slot, &message, &mut self.accepted);
        }
        Ok(drained)
    }

    pub(crate) fn received(&self, interface: InterfaceId, drained: bool) -> Received<'_> {
        Received {
            messages: &self.messages,
            accepted: self.accepted.iter(),
            interface,
            drained,
        }
    }
}

impl Default for RecvBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RecvBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBatch")
            .field("capacity", &self.capacity())
            .field("datagram_capacity", &self.datagram_capacity())
            .finish_non_exhaustive()
    }
}

/// The datagrams of one batch that are this socket's, as an iterator.
///
/// It may be empty although the call succeeded: what arrived was not this
/// socket's.
///
/// ```
/// use ifcast_socket::{BoundSocket, RecvBatch};
///
/// fn print_all(socket: &BoundSocket, batch: &mut RecvBatch) -> std::io::Result<bool> {
///     let received = socket.recv_batch(batch)?;
///     let drained = received.is_drained();
///     for datagram in received {
///         println!("{:?} from {}", datagram.payload(), datagram.source());
///     }
///     Ok(drained)
/// }
/// ```
#[derive(Debug)]
pub struct Received<'batch> {
    messages: &'batch Messages,
    accepted: slice::Iter<'batch, Meta>,
    interface: InterfaceId,
    drained: bool,
}

impl Received<'_> {
    /// Whether the kernel had nothing left, so that the next read would block.
    /// With edge-triggered readiness, go on reading until this is true.
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.drained
    }
}

impl<'batch> Iterator for Received<'batch> {
    type Item = Datagram<'batch>;

    fn next(&mut self) -> Option<Datagram<'batch>> {
        let meta = self.accepted.next()?;
        Some(Datagram {
            payload: &self.messages.get(meta.slot).payload[meta.start..][..meta.len],
            meta,
            interface: self.interface,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.accepted.size_hint()
    }
}

impl ExactSizeIterator for Received<'_> {}
