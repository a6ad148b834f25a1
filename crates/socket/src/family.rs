//! IPv4 or IPv6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ifcast_interfaces::Interface;

/// IPv4 or IPv6. A socket is of one family; there is no dual-stack socket here,
/// because on those IPv4 multicasts and broadcasts go wrong.
///
/// ```
/// use ifcast_socket::Family;
///
/// assert_eq!(Family::of([239, 1, 2, 3].into()), Family::V4);
/// assert_eq!(Family::V6.to_string(), "IPv6");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both, IPv4 first.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// The family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// Whether the interface has an address of this family.
    #[must_use]
    pub fn is_on(self, interface: &Interface) -> bool {
        match self {
            Self::V4 => !interface.ipv4().is_empty(),
            Self::V6 => !interface.ipv6().is_empty(),
        }
    }

    /// The address that stands for none.
    pub(crate) const fn unspecified(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }

    /// Bytes of an IP header without options and a UDP header.
    pub(crate) const fn headers_len(self) -> usize {
        match self {
            Self::V4 => 20 + 8,
            Self::V6 => 40 + 8,
        }
    }

    /// The longest payload that a UDP datagram can have. IPv6 does not count
    /// its own header (RFC 8200, section 3).
    pub(crate) const fn longest_payload(self) -> usize {
        match self {
            Self::V4 => 65_535 - 20 - 8,
            Self::V6 => 65_535 - 8,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}
