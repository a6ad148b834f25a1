//! What carries netlink messages.

#![forbid(unsafe_code)]

use std::io;

/// Carries netlink messages.
pub(crate) trait Transport {
    /// Sends one request.
    fn send(&mut self, request: &[u8]) -> io::Result<()>;

    /// Reads one batch of messages and returns its length, which is more than
    /// `buffer` has if it did not fit and was cut.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Reads all that is there, without waiting, and throws it away.
    fn discard(&mut self);
}
