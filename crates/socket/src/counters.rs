//! What a socket received and what it dropped, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the datagrams that reached a socket since it was bound.
///
/// Where the kernel filters by interface `foreign_interface` stays 0; where it does
/// not, it shows what the kernel let through.
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
    /// Dropped, because the socket's owner did not want them from their source.
    pub unwanted_source: u64,
    /// Dropped, because the kernel did not say where they arrived, or not all that
    /// it was asked to say.
    pub without_packet_info: u64,
    /// Handed to the program with their end missing; also in `received`.
    pub truncated: u64,
    /// Lost, because the kernel had joined them with others and the batch had less
    /// room than that; see [`Builder::coalesce`](crate::Builder::coalesce).
    pub without_room: u64,
}

/// The same, counting.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) received: Count,
    pub(crate) foreign_interface: Count,
    pub(crate) unwanted: Count,
    pub(crate) unwanted_source: Count,
    pub(crate) without_packet_info: Count,
    pub(crate) truncated: Count,
    pub(crate) without_room: Count,
}

/// One number of it. It orders nothing, so that counting costs next to nothing.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    #[inline]
    pub(crate) fn add(&self, count: u64) {
        if count > 0 {
            self.0.fetch_add(count, Ordering::Relaxed);
        }
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    pub(crate) fn read(&self) -> Counters {
        Counters {
            received: self.received.read(),
            foreign_interface: self.foreign_interface.read(),
            unwanted: self.unwanted.read(),
            unwanted_source: self.unwanted_source.read(),
            without_packet_info: self.without_packet_info.read(),
            truncated: self.truncated.read(),
            without_room: self.without_room.read(),
        }
    }
}
