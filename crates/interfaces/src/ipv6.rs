//! The IPv6 addresses that interfaces have.

use std::cmp::Reverse;
use std::fmt;
use std::net::{Ipv6Addr, SocketAddrV6};

use crate::address_state::AddressState;
use crate::id::InterfaceIndex;

/// An IPv6 address of an interface, with its subnet.
///
/// ```
/// use ifcast_interfaces::{Scope, Snapshot};
///
/// let snapshot = Snapshot::capture()?;
/// for address in snapshot.interfaces().iter().flat_map(|interface| interface.ipv6()) {
///     if address.scope() == Scope::Link {
///         println!("{}", address.socket_addr(5353)); // [fe80::1%2]:5353
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedIpv6 {
    pub(crate) address: Ipv6Addr,
    pub(crate) prefix_len: u8,
    pub(crate) interface: InterfaceIndex,
    pub(crate) peer: Option<Ipv6Addr>,
    pub(crate) state: Option<AddressState>,
    pub(crate) temporary: Option<bool>,
}

impl AssignedIpv6 {
    /// The interface's own address, never a peer's.
    #[must_use]
    pub const fn address(&self) -> Ipv6Addr {
        self.address
    }

    /// How many leading bits name the subnet, 0 to 128.
    #[must_use]
    pub const fn prefix_len(&self) -> u8 {
        self.prefix_len
    }

    /// How far the address is valid (RFC 4007).
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::of(self.address)
    }

    /// What goes into `sin6_scope_id`: the interface's index for a link-local
    /// address, which is ambiguous without it, else 0.
    #[must_use]
    pub fn scope_id(&self) -> u32 {
        match self.scope() {
            Scope::Link => self.interface.get(),
            Scope::Host | Scope::Site | Scope::Global => 0,
        }
    }

    /// The address as a socket address that names the interface where needed.
    #[must_use]
    pub fn socket_addr(&self, port: u16) -> SocketAddrV6 {
        SocketAddrV6::new(self.address, port, 0, self.scope_id())
    }

    /// The index of the interface that has it.
    #[must_use]
    pub const fn interface(&self) -> InterfaceIndex {
        self.interface
    }

    /// Whether `address` lies in the subnet.
    #[must_use]
    pub fn contains(&self, address: Ipv6Addr) -> bool {
        let host_bits = u128::MAX
            .checked_shr(u32::from(self.prefix_len))
            .unwrap_or(0);
        (self.address.to_bits() ^ address.to_bits()) & !host_bits == 0
    }

    /// Where it stands among those of its interface, the widest scope first.
    pub(crate) fn rank(&self) -> (Reverse<Scope>, Ipv6Addr) {
        (Reverse(self.scope()), self.address)
    }

    /// Whether it can be sent from at the moment; also where the system does
    /// not tell its state.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.state.is_none_or(AddressState::is_usable)
    }

    /// The other end of a point-to-point address.
    #[must_use]
    pub const fn peer(&self) -> Option<Ipv6Addr> {
        self.peer
    }

    /// What it is good for at the moment; `None` where the system does not say.
    ///
    /// # Platform
    /// - Linux, Android: `IFA_FLAGS` of rtnetlink.
    /// - Apple: `SIOCGIFAFLAG_IN6`. Deprecated is also what is detached: of a
    ///   router that is gone.
    /// - Elsewhere: `None`.
    #[must_use]
    pub const fn state(&self) -> Option<AddressState> {
        self.state
    }

    /// Whether it is a temporary one, which privacy extensions replace every day
    /// or so (RFC 8981); `None` where the system does not say.
    ///
    /// # Platform
    /// - Linux, Android: `IFA_F_TEMPORARY` of rtnetlink.
    /// - Apple: `IN6_IFF_TEMPORARY` of `SIOCGIFAFLAG_IN6`.
    /// - Elsewhere: `None`.
    #[must_use]
    pub const fn is_temporary(&self) -> Option<bool> {
        self.temporary
    }
}

impl fmt::Display for AssignedIpv6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

/// How far a unicast IPv6 address is valid (RFC 4007, section 4).
///
/// ```
/// use ifcast_interfaces::Scope;
///
/// assert_eq!(Scope::of("fe80::1".parse()?), Scope::Link);
/// assert_eq!(Scope::of("fd71::1".parse()?), Scope::Global);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// `::1`: this host.
    Host,
    /// `fe80::/10`: this link.
    Link,
    /// `fec0::/10`: this site; deprecated by RFC 3879.
    Site,
    /// Everything else, unique local addresses (`fc00::/7`) included.
    Global,
}

impl Scope {
    /// The scope of a unicast address.
    #[must_use]
    pub fn of(address: Ipv6Addr) -> Self {
        match address.segments()[0] & 0xffc0 {
            _ if address.is_loopback() => Self::Host,
            0xfe80 => Self::Link,
            0xfec0 => Self::Site,
            _ => Self::Global,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(address: &str, prefix_len: u8) -> AssignedIpv6 {
        AssignedIpv6 {
            address: address.parse().unwrap(),
            prefix_len,
            interface: InterfaceIndex::new(9).unwrap(),
            peer: None,
            state: None,
            temporary: None,
        }
    }

    #[test]
    fn only_a_link_local_address_carries_a_scope_id() {
        let scope_id = |address| assigned(address, 64).scope_id();
        assert_eq!(scope_id("fe80::1"), 9);
        assert_eq!(scope_id("fd71::1"), 0);
        assert_eq!(scope_id("::1"), 0);
    }

    #[test]
    fn how_an_address_begins_says_how_far_it_is_valid() {
        for (address, scope) in [
            ("::1", Scope::Host),
            ("::2", Scope::Global),
            ("fe80::1", Scope::Link),
            ("febf::1", Scope::Link),
            ("fec0::1", Scope::Site),
            ("feff::1", Scope::Site),
            ("2001:db8::1", Scope::Global),
        ] {
            assert_eq!(assigned(address, 64).scope(), scope, "{address}");
        }
    }

    #[test]
    fn a_subnet_contains_its_own_addresses_only() {
        let contains = |prefix_len, address: &str| {
            assigned("fd71:0:0:5::1", prefix_len).contains(address.parse().unwrap())
        };
        assert!(contains(64, "fd71:0:0:5:ffff::2"));
        assert!(!contains(64, "fd71:0:0:4::1"));
        assert!(contains(63, "fd71:0:0:4::1"));
        assert!(!contains(63, "fd71:0:0:6::1"));
        assert!(contains(128, "fd71:0:0:5::1"));
        assert!(!contains(128, "fd71:0:0:5::"));
        assert!(contains(0, "2001:db8::1"));
    }
}
