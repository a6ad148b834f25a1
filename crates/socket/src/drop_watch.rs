//! When to ask the kernel whether it dropped something.

use std::io;

use crate::endpoint::Endpoint;
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
/// checksum or want of memory (`net.ipv4.udp_mem`), nor datagrams much longer than
/// any before them that found a small buffer only half full, nor all that is
/// dropped where a driver gives each packet much more than 4 KiB, or where short
/// datagrams that came in packets with a page each were joined
/// ([`Builder::coalesce`](crate::Builder::coalesce)). It tells of those when it is
/// due the next time.
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
///     let mut drained = false;
///     while !drained {
///         let received = match socket.recv_batch(batch) {
///             Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
///             received => received?,
///         };
///         drained = received.is_drained();
///         watch.took(received.taken());
///         for datagram in received {
///             println!("{} bytes", datagram.payload().len());
///         }
///     }
///     if watch.is_due() { watch.ask(socket.endpoint()) } else { Ok(0) }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct DropWatch {
    buffer: ReceiveBuffer,
    told: KernelDrops,
    /// The most that was counted for what was received since the buffer was known
    /// to be empty, or since the kernel was asked.
    charge: usize,
    /// From what charge on the kernel is to be asked.
    suspicious: usize,
    /// The charge of a short datagram.
    short: usize,
    /// The charge of the longest message there has been, or may be.
    longest: usize,
    due: bool,
}

/// What a [`DropWatch`] wants to know of a batch: how much of the receive buffer it
/// can have taken.
///
/// See there for an example.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    messages: usize,
    drained: bool,
    /// Bytes in messages that are longer than usual.
    long: usize,
    longest: usize,
}

impl Taken {
    /// Messages of these lengths.
    #[inline]
    pub(crate) fn of(lens: impl Iterator<Item = usize>, drained: bool) -> Self {
        let mut taken = Self {
            messages: 0,
            drained,
            long: 0,
            longest: 0,
        };
        for len in lens {
            taken.messages += 1;
            if len > ReceiveBuffer::SHORT {
                taken.long += len;
                taken.longest = taken.longest.max(len);
            }
        }
        taken
    }
}

impl DropWatch {
    /// Watches a socket from now on; with its receive buffer as it is now.
    ///
    /// # Errors
    /// As [`KernelDrops::of`].
    pub fn new(endpoint: &Endpoint) -> io::Result<Self> {
        let buffer = endpoint.receive_buffer()?;
        let longest = if buffer.coalesces { LONGEST_MESSAGE } else { 0 };
        let mut watch = Self {
            told: endpoint.kernel_drops()?,
            charge: 0,
            suspicious: 0,
            short: buffer.most_for_short(),
            longest: 0,
            due: false,
            buffer,
        };
        watch.expect(longest);
        Ok(watch)
    }

    /// Takes note of a batch that was received from the socket.
    #[inline]
    pub fn took(&mut self, taken: Taken) {
        self.add(taken.messages, self.short);
        if taken.longest > 0 {
            self.expect(taken.longest);
            self.add(1, self.buffer.most_for_long(taken.long));
        }
        self.due |= self.charge >= self.suspicious;
        if taken.drained {
            self.charge = 0;
        }
    }

    const fn add(&mut self, count: usize, charge: usize) {
        self.charge = self.charge.saturating_add(count.saturating_mul(charge));
    }

    /// Reckons with messages of this length.
    ///
    /// For the kernel to drop one, what is in the buffer must leave no room for it,
    /// where up to a quarter of the buffer may be taken by what was received
    /// already (`udp_rmem_release`, Linux 4.13).
    fn expect(&mut self, len: usize) {
        let granted = self.buffer.granted();
        let charge = self.short + self.buffer.most_for_long(len);
        self.longest = self.longest.max(charge);
        self.suspicious = (granted - granted / 4).saturating_sub(self.longest).max(1);
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
    pub fn ask(&mut self, endpoint: &Endpoint) -> io::Result<u32> {
        self.due = false;
        self.charge = 0; // what can be dropped from now on leaves a full buffer
        let now = endpoint.kernel_drops()?;
        let dropped = now.since(self.told);
        self.told = now;
        Ok(dropped)
    }
}

/// What one message can hold.
const LONGEST_MESSAGE: usize = 65_535;
