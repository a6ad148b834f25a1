//! Multicast groups.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ifcast_socket::Family;

/// A multicast group: an address in 224.0.0.0/4 (RFC 5771) or ff00::/8
/// (RFC 4291).
///
/// It names no interface; the socket that joins it does.
///
/// ```
/// use ifcast_multicast::{Family, Group};
///
/// let group: Group = "ff02::7:7".parse()?;
/// assert_eq!(group.family(), Family::V6);
///
/// let error = "192.0.2.1".parse::<Group>().unwrap_err();
/// assert_eq!(error.to_string(), "192.0.2.1 is not a multicast group");
/// # Ok::<(), ifcast_multicast::NotAGroup>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(IpAddr);

impl Group {
    /// Wraps an address.
    ///
    /// # Errors
    /// [`NotAGroup`] if it is not a multicast address.
    pub fn new(address: impl Into<IpAddr>) -> Result<Self, NotAGroup> {
        let address = address.into();
        if address.is_multicast() {
            Ok(Self(address))
        } else {
            Err(NotAGroup(address.to_string().into()))
        }
    }

    /// The group's address.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.0
    }

    /// The group's address with a port, to send to.
    #[must_use]
    pub const fn socket_addr(self, port: u16) -> SocketAddr {
        SocketAddr::new(self.0, port)
    }

    /// IPv4 or IPv6.
    #[must_use]
    pub const fn family(self) -> Family {
        Family::of(self.0)
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Group({})", self.0)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Group {
    type Err = NotAGroup;

    fn from_str(text: &str) -> Result<Self, NotAGroup> {
        let address = text.parse::<IpAddr>();
        address.map_or_else(|_| Err(NotAGroup(text.into())), Self::new)
    }
}

impl TryFrom<IpAddr> for Group {
    type Error = NotAGroup;

    fn try_from(address: IpAddr) -> Result<Self, NotAGroup> {
        Self::new(address)
    }
}

impl TryFrom<Ipv4Addr> for Group {
    type Error = NotAGroup;

    fn try_from(address: Ipv4Addr) -> Result<Self, NotAGroup> {
        Self::new(address)
    }
}

impl TryFrom<Ipv6Addr> for Group {
    type Error = NotAGroup;

    fn try_from(address: Ipv6Addr) -> Result<Self, NotAGroup> {
        Self::new(address)
    }
}

impl From<Group> for IpAddr {
    fn from(group: Group) -> Self {
        group.0
    }
}

/// What was taken for a group and is none.
///
/// ```
/// use ifcast_multicast::Group;
///
/// let error = Group::new([127, 0, 0, 1]).unwrap_err();
/// assert_eq!(error.to_string(), "127.0.0.1 is not a multicast group");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a multicast group")]
pub struct NotAGroup(Box<str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_ranges_are_groups_and_nothing_beside_them() {
        for inside in ["224.0.0.0", "239.255.255.255", "ff00::", "ffff::1"] {
            assert_eq!(inside.parse::<Group>().unwrap().to_string(), inside);
        }
        for outside in ["223.255.255.255", "240.0.0.0", "fe80::1", "::", "group", ""] {
            assert!(outside.parse::<Group>().is_err(), "{outside}");
        }
    }
}
