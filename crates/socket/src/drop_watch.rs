//! When to ask the kernel whether it dropped something.

use std::io;

use crate::bound::BoundSocket;
use crate::counters::Counters;
use crate::datagram::Datagram;
use crate::kernel_drops::KernelDrops;
use crate::receive_buffer::ReceiveBuffer;

/// Tells how many datagrams the kernel dropped, and asks it only when it may have
/// dropped some, so that a socket that keeps up costs no system call.
///
/// What overflowed must have been full, and what it was full of is received
/// afterwards. So whoever reads little until nothing is left need not ask. The
/// watch adds up the most that the kernel can have counted for what is read, and
/// is due when that comes near to the size of the buffer.
///
/// It does not see what the kernel drops for other reasons, such as a wrong
/// checksum, nor datagrams much longer than any before them that found a small
/// buffer only half full; it tells of those when it is due the next time.
///
/// ```
/// use ifcast_socket::{BoundSocket, DropWatch, RecvBatch};
///
/// /// Reads until nothing is left; returns how many datagrams are lost since the
/// /// last time.
/// fn read_all(
///     socket: &BoundSocket,
///     batch: &mut RecvBatch,
///     watch: &mut DropWatch,
/// ) -> std::io::Result<u32> {
///     loop {
///         let received = match socket.recv_batch(batch) {
///             Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
///             received => received?,
///         };
///         let drained = received.is_drained();
///         for datagram in received {
///             watch.took(&datagram);
///             println!("{} bytes", datagram.payload().len());
///         }
///         watch.ended_batch(socket, drained);
///         if drained {
///             break;
///         }
///     }
///     if watch.is_due() { watch.ask(socket) } else { Ok(0) }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct DropWatch {
    buffer: ReceiveBuffer,
    told: KernelDrops,
    /// Of what was received since the buffer was known to be empty, or since the
    /// kernel was asked.
    charge: usize,
    /// Of the longest message there has been, or may be.
    longest: usize,
    discarded: u64,
    due: bool,
}

impl DropWatch {
    /// Watches a socket from now on; with its receive buffer as it is now.
    ///
    /// # Errors
    /// As [`KernelDrops::of`].
    pub fn new(socket: &BoundSocket) -> io::Result<Self> {
        let buffer = socket.receive_buffer()?;
        let longest = if buffer.coalesces { LONGEST_MESSAGE } else { 0 };
        Ok(Self {
            told: socket.kernel_drops()?,
            charge: 0,
            longest: buffer.most_charge(longest),
            discarded: discarded(socket.counters()),
            due: false,
            buffer,
        })
    }

    /// Takes note of a datagram that was received.
    #[inline]
    pub fn took(&mut self, datagram: &Datagram<'_>) {
        let len = if datagram.is_truncated() {
            LONGEST_MESSAGE
        } else {
            datagram.payload().len()
        };
        let charge = self.buffer.most_charge(len);
        self.longest = self.longest.max(charge);
        self.charge = self.charge.saturating_add(charge);
    }

    /// Takes note that all datagrams of a batch were noted, and whether the kernel
    /// then had nothing left
    /// ([`Received::is_drained`](crate::Received::is_drained)).
    pub fn ended_batch(&mut self, socket: &BoundSocket, drained: bool) {
        // Nobody says how long those were that were not handed out.
        let discarded = discarded(socket.counters());
        let more = discarded.wrapping_sub(self.discarded);
        self.discarded = discarded;
        let more = usize::try_from(more).unwrap_or(usize::MAX);
        self.charge = (self.charge).saturating_add(more.saturating_mul(self.longest));
        self.due |= self.charge > 0 && self.charge >= self.suspicious();
        if drained {
            self.charge = 0;
        }
    }

    /// Whether the kernel may have dropped something since it was last asked.
    #[must_use]
    pub const fn is_due(&self) -> bool {
        self.due
    }

    /// Asks the kernel how many datagrams it dropped since the last time, or since
    /// the watch was made.
    ///
    /// # Errors
    /// As [`KernelDrops::of`].
    pub fn ask(&mut self, socket: &BoundSocket) -> io::Result<u32> {
        self.due = false;
        self.charge = 0; // what can be dropped from now on leaves a full buffer
        let now = socket.kernel_drops()?;
        let dropped = now.since(self.told);
        self.told = now;
        Ok(dropped)
    }

    /// What must at least have been in the buffer for the kernel to drop the
    /// longest message there is. Up to a quarter of the buffer may be taken by
    /// what was received already (`udp_rmem_release`, Linux 4.13).
    const fn suspicious(&self) -> usize {
        let granted = self.buffer.granted();
        (granted - granted / 4).saturating_sub(self.longest)
    }
}

/// Those that reached the socket and were not handed to the program.
const fn discarded(counters: Counters) -> u64 {
    counters.foreign_interface
        + counters.unwanted
        + counters.without_packet_info
        + counters.without_room
}

/// What one message can hold.
const LONGEST_MESSAGE: usize = 65_535;
