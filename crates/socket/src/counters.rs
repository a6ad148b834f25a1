//! What a socket received and what it dropped, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the datagrams that reached a socket since it was bound.
///
/// Where the kernel filters by interface all but `received` stay 0; where it
/// does not, they show what it let through.
///
/// ```
/// use ifcast_socket::BoundSocket;
///
/// fn report(socket: &BoundSocket) {
///     let counters = socket.counters();
///     if counters.foreign_interface > 0 {
///         println!("{}: {} from elsewhere", socket.interface().id(), counters.foreign_interface);
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Handed to the program.
    pub received: u64,
    /// Dropped, because they arrived on another interface.
    pub foreign_interface: u64,
    /// Dropped, because the socket's owner did not want them: a group that it
    /// has not joined.
    pub unwanted: u64,
    /// Dropped, because the kernel did not say where they arrived, or not all that
    /// it was asked to say.
    pub without_packet_info: u64,
    /// Handed to the program with their end missing; also in `received`.
    pub truncated: u64,
    /// Lost, because the kernel had joined them with others and the batch had less
    /// room than that; see [`Builder::coalesce`](crate::Builder::coalesce).
    pub without_room: u64,
}

/// The same, counting. One update a batch, so relaxed atomics cost nothing.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    received: AtomicU64,
    foreign_interface: AtomicU64,
    unwanted: AtomicU64,
    without_packet_info: AtomicU64,
    truncated: AtomicU64,
    without_room: AtomicU64,
}

impl Tally {
    pub(crate) fn add(&self, batch: Counters) {
        for (total, count) in [
            (&self.received, batch.received),
            (&self.foreign_interface, batch.foreign_interface),
            (&self.unwanted, batch.unwanted),
            (&self.without_packet_info, batch.without_packet_info),
            (&self.truncated, batch.truncated),
            (&self.without_room, batch.without_room),
        ] {
            if count > 0 {
                total.fetch_add(count, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn read(&self) -> Counters {
        Counters {
            received: self.received.load(Ordering::Relaxed),
            foreign_interface: self.foreign_interface.load(Ordering::Relaxed),
            unwanted: self.unwanted.load(Ordering::Relaxed),
            without_packet_info: self.without_packet_info.load(Ordering::Relaxed),
            truncated: self.truncated.load(Ordering::Relaxed),
            without_room: self.without_room.load(Ordering::Relaxed),
        }
    }
}
