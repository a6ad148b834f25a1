//! What an event loop needs of a socket.

use std::io;
use std::os::fd::AsFd;

use crate::batch::{Received, RecvBatch};
use crate::bound::BoundSocket;
use crate::endpoint::Endpoint;
use crate::shared::SharedSocket;

/// A socket that an event loop can receive from: a [`BoundSocket`], a
/// [`SharedSocket`] or one that wraps them.
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

    /// What all of them have in common.
    fn endpoint(&self) -> &Endpoint;
}

impl Receive for BoundSocket {
    #[inline]
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        Self::recv_batch(self, batch)
    }

    #[inline]
    fn endpoint(&self) -> &Endpoint {
        Self::endpoint(self)
    }
}

impl Receive for SharedSocket {
    #[inline]
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        Self::recv_batch(self, batch)
    }

    #[inline]
    fn endpoint(&self) -> &Endpoint {
        Self::endpoint(self)
    }
}
