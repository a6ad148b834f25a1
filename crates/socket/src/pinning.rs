//! How a socket is tied to its interface.

use std::fmt;

/// How a socket is tied to its interface.
///
/// ```
/// use ifcast_interfaces::Interface;
/// use ifcast_socket::{BoundSocket, Error, Family, Pinning};
///
/// fn open(interface: &Interface) -> Result<BoundSocket, Error> {
///     BoundSocket::builder(interface, Family::V4).pinning(Pinning::AddressFree).bind()
/// }
/// ```
///
/// # Platform
/// - Linux, Android: see the variants.
/// - Apple: `IP_BOUND_IF` and `IPV6_BOUND_IF`, which decide where everything
///   leaves and leave it to this crate to check where broadcasts and multicasts
///   arrive, whichever of `Automatic` and `Device` is asked for; `AddressFree`
///   is unsupported.
/// - illumos: the same, but they decide what is received, too.
/// - FreeBSD, NetBSD, OpenBSD: `AddressFree`, whichever of `Automatic` and that is asked
///   for, by what [`Sender::send`](crate::Sender::send) says; `Device` is unsupported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pinning {
    /// `Device`, and `AddressFree` where the system refuses that (`EPERM`).
    #[default]
    Automatic,
    /// To the device: `SO_BINDTOIFINDEX`, before Linux 5.1 `SO_BINDTODEVICE`.
    /// The kernel filters by interface too. It needs `CAP_NET_RAW` before Linux
    /// 5.7.
    Device,
    /// By `IP_UNICAST_IF` and `IP_MULTICAST_IF`, which need no privilege. They
    /// steer only what is sent; this crate checks where datagrams arrive. The
    /// kernel hands a unicast to one of the sockets that share a port: if that
    /// is another interface's, it is dropped and counted there.
    AddressFree,
}

impl fmt::Display for Pinning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Automatic => "automatically",
            Self::Device => "to the device",
            Self::AddressFree => "address-free",
        })
    }
}
