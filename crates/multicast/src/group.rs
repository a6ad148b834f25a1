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
    /// [`NotAGroup`] if it is not a multicast address, or a reserved one: 224.0.0.0
    /// (RFC 1112, section 4) or ff*x*0::/16 (RFC 4291, section 2.7).
    pub fn new(address: impl Into<IpAddr>) -> Result<Self, NotAGroup> {
        let address = address.into();
        let is_reserved = match address {
            IpAddr::V4(address) => address == BASE_ADDRESS,
            IpAddr::V6(address) => address.segments()[0] & 0xf == 0,
        };
        match (address.is_multicast(), is_reserved) {
            (false, _) => Err(NotAGroup::unicast(address.to_string())),
            (true, true) => Err(NotAGroup::reserved(address.to_string())),
            (true, false) => Ok(Self(address)),
        }
    }

    /// How far its datagrams may go, by its address.
    #[must_use]
    pub const fn scope(self) -> GroupScope {
        match self.0 {
            IpAddr::V4(address) => match address.octets() {
                [224, 0, 0, _] => GroupScope::LinkLocal,
                [239, 255, ..] => GroupScope::SiteLocal,
                [239, 192..=195, ..] => GroupScope::OrganizationLocal,
                [239, ..] => GroupScope::Other,
                _ => GroupScope::Global,
            },
            IpAddr::V6(address) => match address.segments()[0] & 0xf {
                1 => GroupScope::InterfaceLocal,
                2 => GroupScope::LinkLocal,
                5 => GroupScope::SiteLocal,
                8 => GroupScope::OrganizationLocal,
                0xe => GroupScope::Global,
                _ => GroupScope::Other,
            },
        }
    }

    /// Whether it can only be joined together with a source: 232.0.0.0/8 and
    /// ff3*x*::/32 (RFC 4607, section 1).
    #[must_use]
    pub const fn is_source_specific(self) -> bool {
        match self.0 {
            IpAddr::V4(address) => address.octets()[0] == 232,
            IpAddr::V6(address) => {
                let [first, second, ..] = address.segments();
                first & 0xfff0 == 0xff30 && second == 0
            }
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
        address.map_or_else(|_| Err(NotAGroup::unicast(text.to_owned())), Self::new)
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

/// How far datagrams to a group may go (RFC 2365, section 6; RFC 4291, section 2.7;
/// RFC 7346).
///
/// ```
/// use ifcast_multicast::{Group, GroupScope};
///
/// let group: Group = "ff02::fb".parse()?;
/// assert_eq!(group.scope(), GroupScope::LinkLocal);
/// # Ok::<(), ifcast_multicast::NotAGroup>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GroupScope {
    /// Not off the interface: ff*x*1::/16.
    InterfaceLocal,
    /// On the link: 224.0.0.0/24, ff*x*2::/16. No router passes them on.
    LinkLocal,
    /// In the site, or what 239.255.0.0/16 calls local; ff*x*5::/16.
    SiteLocal,
    /// In the organization: 239.192.0.0/14, ff*x*8::/16.
    OrganizationLocal,
    /// Everywhere: ff*x*e::/16, and IPv4 outside of 239.0.0.0/8.
    Global,
    /// As far as somebody has decided.
    Other,
}

/// What was taken for a group and is none.
///
/// ```
/// use ifcast_multicast::Group;
///
/// let error = Group::new([127, 0, 0, 1]).unwrap_err();
/// assert_eq!(error.to_string(), "127.0.0.1 is not a multicast group");
/// let error = Group::new([224, 0, 0, 0]).unwrap_err();
/// assert_eq!(error.to_string(), "224.0.0.0 is reserved and no multicast group");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text} is {why}")]
pub struct NotAGroup {
    text: Box<str>,
    why: &'static str,
}

impl NotAGroup {
    fn unicast(text: String) -> Self {
        Self {
            text: text.into(),
            why: "not a multicast group",
        }
    }

    fn reserved(text: String) -> Self {
        Self {
            text: text.into(),
            why: "reserved and no multicast group",
        }
    }
}

const BASE_ADDRESS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_ranges_are_groups_and_nothing_beside_them() {
        for inside in ["224.0.0.1", "239.255.255.255", "ff01::", "ffff::1"] {
            assert_eq!(inside.parse::<Group>().unwrap().to_string(), inside);
        }
        for outside in ["223.255.255.255", "240.0.0.0", "fe80::1", "::", "group", ""] {
            let error = outside.parse::<Group>().unwrap_err().to_string();
            assert_eq!(error, format!("{outside} is not a multicast group"));
        }
        for reserved in ["224.0.0.0", "ff00::1", "ff30::1"] {
            let error = reserved.parse::<Group>().unwrap_err().to_string();
            assert_eq!(
                error,
                format!("{reserved} is reserved and no multicast group")
            );
        }
    }

    #[test]
    fn an_address_says_how_far_its_datagrams_may_go() {
        for (group, scope) in [
            ("224.0.0.251", GroupScope::LinkLocal),
            ("224.0.1.129", GroupScope::Global),
            ("232.1.1.1", GroupScope::Global),
            ("239.255.1.1", GroupScope::SiteLocal),
            ("239.192.1.1", GroupScope::OrganizationLocal),
            ("239.195.1.1", GroupScope::OrganizationLocal),
            ("239.1.2.3", GroupScope::Other),
            ("ff01::1", GroupScope::InterfaceLocal),
            ("ff12::1", GroupScope::LinkLocal),
            ("ff05::2", GroupScope::SiteLocal),
            ("ff08::1", GroupScope::OrganizationLocal),
            ("ff3e::1", GroupScope::Global),
            ("ff04::1", GroupScope::Other),
        ] {
            assert_eq!(group.parse::<Group>().unwrap().scope(), scope, "{group}");
        }
    }

    #[test]
    fn source_specific_groups_are_told_from_those_beside_them() {
        let is = |text: &str| text.parse::<Group>().unwrap().is_source_specific();
        assert!(["232.0.0.1", "232.255.255.255", "ff32::1", "ff3e::8000:1"].map(is) == [true; 4]);
        let beside = [
            "231.255.255.255",
            "233.0.0.1",
            "ff3e:20::1",
            "ff2e::1",
            "ff4e::1",
        ];
        assert!(beside.map(is) == [false; 5]);
    }
}
