//! Who else may use the port.

/// Whether other sockets may bind the same port on the same interface; for a
/// [`SharedSocket`](crate::SharedSocket), on whatever interface, served or not.
///
/// Broadcasts and multicasts then reach all of them; a unicast reaches one. On Linux
/// that is one that is tied to the device
/// ([`Pinning::Device`](crate::Pinning::Device)), if there is any, such as ours beside
/// a system's daemon, and else the one opened last. Whoever wants answers of its own
/// had better ask from a port of its own.
///
/// ```
/// use ifcast_interfaces::Interface;
/// use ifcast_socket::{BoundSocket, Error, Family, Sharing};
///
/// fn open(interface: &Interface) -> Result<BoundSocket, Error> {
///     BoundSocket::builder(interface, Family::V4).port(5353).sharing(Sharing::WithOthers).bind()
/// }
/// ```
///
/// # Platform
/// - Linux, Android: `SO_REUSEADDR`, which the other sockets must set too. An
///   exclusive port is exclusive on one interface, but cannot be had
///   [`Pinning::AddressFree`](crate::Pinning::AddressFree), where all interfaces are one to the kernel.
/// - Elsewhere: `SO_REUSEADDR`, and but on illumos `SO_REUSEPORT`; for a
///   [`BoundSocket`](crate::BoundSocket) always, for the same reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// No: the port is this socket's, or binding fails.
    #[default]
    Exclusive,
    /// Yes, with sockets that agree to share.
    WithOthers,
}
