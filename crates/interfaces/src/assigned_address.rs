//! An address of an interface, whatever its family.

use std::fmt;
use std::net::IpAddr;

use crate::ipv4::AssignedIpv4;
use crate::ipv6::AssignedIpv6;

/// An address of an interface, of either family.
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// let snapshot = Snapshot::capture()?;
/// for interface in snapshot.interfaces() {
///     for address in interface.addresses() {
///         println!("{} has {} in {address}", interface.id(), address.ip());
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignedAddress<'a> {
    /// An IPv4 address.
    V4(&'a AssignedIpv4),
    /// An IPv6 address.
    V6(&'a AssignedIpv6),
}

impl AssignedAddress<'_> {
    /// The address alone.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        match self {
            Self::V4(own) => IpAddr::V4(own.address()),
            Self::V6(own) => IpAddr::V6(own.address()),
        }
    }

    /// How many leading bits name the subnet.
    #[must_use]
    pub const fn prefix_len(&self) -> u8 {
        match self {
            Self::V4(own) => own.prefix_len(),
            Self::V6(own) => own.prefix_len(),
        }
    }
}

impl fmt::Display for AssignedAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(own) => own.fmt(f),
            Self::V6(own) => own.fmt(f),
        }
    }
}
