//! What the kernel dropped before anybody could receive it.

use std::fmt;
use std::io;
use std::os::fd::AsFd;

use crate::sys;

/// How many datagrams the kernel dropped of those that reached a socket, since it
/// was opened.
///
/// Usually they found its receive buffer full. The kernel also counts here those
/// with a wrong checksum, those that a filter refused, and those for which it had
/// no memory. What it had joined into one message
/// ([`Builder::coalesce`](crate::Builder::coalesce)) counts as one.
///
/// It wraps at 2³², so only the difference of two says something; the default is that of
/// a socket that has just been opened.
///
/// ```
/// use ifcast_socket::{BoundSocket, KernelDrops};
///
/// /// How many were dropped during `work`, for lack of room or otherwise.
/// fn dropped_during(socket: &BoundSocket, work: impl FnOnce()) -> std::io::Result<u32> {
///     let before = socket.kernel_drops()?;
///     work();
///     Ok(socket.kernel_drops()?.since(before))
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KernelDrops(u32);

impl KernelDrops {
    /// Asks the kernel about any socket, also through a duplicate of its
    /// descriptor or in another process: the count is the socket's.
    ///
    /// ```
    /// use std::net::UdpSocket;
    ///
    /// use ifcast_socket::KernelDrops;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// let other = socket.try_clone()?;
    /// match (KernelDrops::of(&socket), KernelDrops::of(&other)) {
    ///     (Ok(one), Ok(same)) => assert_eq!(same.since(one), 0),
    ///     (Err(error), _) | (_, Err(error)) => {
    ///         assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] where the system does not say, else what it
    /// answered.
    ///
    /// # Platform
    /// - Linux, Android: `SO_MEMINFO`, since 4.12.
    /// - Elsewhere: unsupported; `netstat -s -p udp` tells of all sockets together.
    pub fn of(socket: impl AsFd) -> io::Result<Self> {
        sys::kernel_drops(socket.as_fd()).map(Self)
    }

    /// How many were dropped after `earlier`, unless that was 2³² ago.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
}

impl fmt::Display for KernelDrops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_right_where_the_count_wraps() {
        assert_eq!(KernelDrops(3).since(KernelDrops(u32::MAX - 1)), 5);
        assert_eq!(KernelDrops(7).since(KernelDrops(7)), 0);
    }
}
