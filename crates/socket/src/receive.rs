//! What an event loop needs of a socket.

use std::io;
use std::os::fd::AsFd;

use crate::batch::{Received, RecvBatch};
use crate::bound::BoundSocket;

/// A socket that an event loop can receive from: a [`BoundSocket`] or one that
/// wraps it.
///
/// ```
/// use ifcast_socket::{Receive, RecvBatch};
///
/// /// Reads until the kernel has nothing left.
/// fn drain(socket: &impl Receive, batch: &mut RecvBatch) -> std::io::Result<usize> {
///     let mut count = 0;
///     loop {
///         match socket.recv_batch(batch) {
///             Ok(received) => {
///                 let drained = received.is_drained();
///                 count += received.count();
///                 if drained {
///                     return Ok(count);
///                 }
///             }
///             Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(count),
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// ```
pub trait Receive: AsFd {
    /// Receives what is queued, up to a batch.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if nothing is queued, else what the
    /// operating system answered.
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>>;

    /// The socket itself.
    fn bound(&self) -> &BoundSocket;
}

impl Receive for BoundSocket {
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        Self::recv_batch(self, batch)
    }

    fn bound(&self) -> &BoundSocket {
        self
    }
}
