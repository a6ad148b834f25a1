//! The IPv4 addresses that interfaces have.

use std::fmt;
use std::net::Ipv4Addr;

use crate::id::InterfaceIndex;
use crate::name::InterfaceName;

/// An IPv4 address of an interface, with its subnet.
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// let snapshot = Snapshot::capture()?;
/// for address in snapshot.interfaces().iter().flat_map(|interface| interface.ipv4()) {
///     println!("{} in {}/{}", address.address(), address.network(), address.prefix_len());
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedIpv4 {
    pub(crate) interface: InterfaceIndex,
    pub(crate) address: Ipv4Addr,
    pub(crate) prefix_len: u8,
    pub(crate) broadcast: Option<Broadcast>,
    pub(crate) peer: Option<Ipv4Addr>,
    pub(crate) label: Option<InterfaceName>,
    pub(crate) rank: Rank,
}

impl AssignedIpv4 {
    /// The interface's own address, never a peer's.
    #[must_use]
    pub const fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// How many leading bits name the subnet, 0 to 32.
    #[must_use]
    pub const fn prefix_len(&self) -> u8 {
        self.prefix_len
    }

    /// The subnet's mask, `255.255.255.0` for a prefix of 24.
    #[must_use]
    pub fn netmask(&self) -> Ipv4Addr {
        let host_bits = u32::MAX.checked_shr(u32::from(self.prefix_len));
        Ipv4Addr::from_bits(!host_bits.unwrap_or(0))
    }

    /// The subnet's first address.
    #[must_use]
    pub fn network(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.address.to_bits() & self.netmask().to_bits())
    }

    /// Whether `address` lies in the subnet.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        address.to_bits() & self.netmask().to_bits() == self.network().to_bits()
    }

    /// The subnet's directed broadcast address, if it has one.
    ///
    /// None on point-to-point links. Where none is configured, none either for
    /// prefixes of 31 (RFC 3021) and 32 and for an address with a peer.
    #[must_use]
    pub const fn broadcast(&self) -> Option<Broadcast> {
        self.broadcast
    }

    /// Whether a datagram to `address` is a directed broadcast to this subnet.
    ///
    /// Where another broadcast address is configured the kernel goes on taking
    /// the computed one for a broadcast too, so both match.
    #[must_use]
    pub fn is_broadcast(&self, address: Ipv4Addr) -> bool {
        self.broadcast.is_some_and(|broadcast| {
            broadcast.address == address
                || (self.prefix_len <= Broadcast::LONGEST_PREFIX
                    && Broadcast::compute(self.address, self.prefix_len) == address)
        })
    }

    /// The other end of a point-to-point address.
    #[must_use]
    pub const fn peer(&self) -> Option<Ipv4Addr> {
        self.peer
    }

    /// Whether an earlier address of the interface in the same subnet comes before
    /// it, so that the system chooses that one to send from; `None` where the
    /// system does not say.
    ///
    /// # Platform
    /// Linux, Android: `IFA_F_SECONDARY` of rtnetlink. Elsewhere `None`.
    #[must_use]
    pub const fn is_secondary(&self) -> Option<bool> {
        self.rank.secondary
    }

    /// The index of the interface that has it.
    #[must_use]
    pub const fn interface(&self) -> InterfaceIndex {
        self.interface
    }

    /// What the address is labelled, where that is not the interface's name
    /// (`eth0:1`). A label makes no interface.
    ///
    /// # Platform
    /// Linux only; `None` elsewhere.
    #[must_use]
    pub const fn label(&self) -> Option<InterfaceName> {
        self.label
    }

    /// What makes it the same address of its interface, however different it may
    /// be otherwise.
    pub(crate) const fn identity(&self) -> (Ipv4Addr, u8, Option<Ipv4Addr>) {
        (self.address, self.prefix_len, self.peer)
    }
}

impl fmt::Display for AssignedIpv4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

/// Where an address stands among those of its interface: as in Linux, primary
/// ones come first, of those the ones with the narrower scope, and otherwise
/// the older ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) secondary: Option<bool>,
    pub(crate) width: u8, // 255 minus `ifa_scope`, and 0 for secondary ones
}

/// A directed broadcast address and how it is known.
///
/// ```
/// use ifcast_interfaces::{BroadcastOrigin, Snapshot};
///
/// let snapshot = Snapshot::capture()?;
/// for address in snapshot.interfaces().iter().flat_map(|interface| interface.ipv4()) {
///     match address.broadcast() {
///         Some(b) if b.origin() == BroadcastOrigin::Configured => println!("set: {}", b.address()),
///         Some(b) => println!("from the prefix: {}", b.address()),
///         None => println!("{address} has none"),
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broadcast {
    address: Ipv4Addr,
    origin: BroadcastOrigin,
}

impl Broadcast {
    /// Longer prefixes leave no address for the broadcast (RFC 3021).
    const LONGEST_PREFIX: u8 = 30;

    pub(crate) const fn configured(address: Ipv4Addr) -> Self {
        Self {
            address,
            origin: BroadcastOrigin::Configured,
        }
    }

    /// The last address of the subnet, which the kernel takes for its
    /// broadcast address whether or not one is configured.
    pub(crate) fn computed(address: Ipv4Addr, prefix_len: u8) -> Option<Self> {
        (prefix_len <= Self::LONGEST_PREFIX).then(|| Self {
            address: Self::compute(address, prefix_len),
            origin: BroadcastOrigin::Computed,
        })
    }

    fn compute(address: Ipv4Addr, prefix_len: u8) -> Ipv4Addr {
        let host_bits = u32::MAX.checked_shr(u32::from(prefix_len)).unwrap_or(0);
        Ipv4Addr::from_bits(address.to_bits() | host_bits)
    }

    /// The address to send to.
    #[must_use]
    pub const fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Whether the system was told it or it follows from the prefix.
    #[must_use]
    pub const fn origin(&self) -> BroadcastOrigin {
        self.origin
    }
}

/// Where a directed broadcast address comes from.
///
/// See [`Broadcast`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadcastOrigin {
    /// Someone set it (`IFA_BROADCAST`, `SIOCSIFBRDADDR`).
    Configured,
    /// Nobody set one, as in many containers; it follows from the prefix.
    Computed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(address: [u8; 4], prefix_len: u8) -> AssignedIpv4 {
        let address = Ipv4Addr::from(address);
        AssignedIpv4 {
            interface: InterfaceIndex::new(2).unwrap(),
            rank: Rank::default(),
            address,
            prefix_len,
            broadcast: Broadcast::computed(address, prefix_len),
            peer: None,
            label: None,
        }
    }

    #[test]
    fn the_broadcast_address_follows_from_any_prefix() {
        let broadcast = |prefix| assigned([10, 71, 5, 6], prefix).broadcast();
        let address = |prefix| broadcast(prefix).unwrap().address().octets();
        assert_eq!(address(0), [255, 255, 255, 255]);
        assert_eq!(address(8), [10, 255, 255, 255]);
        assert_eq!(address(22), [10, 71, 7, 255]);
        assert_eq!(address(24), [10, 71, 5, 255]);
        assert_eq!(address(30), [10, 71, 5, 7]);
        assert_eq!((broadcast(31), broadcast(32)), (None, None));
    }

    #[test]
    fn a_configured_broadcast_address_does_not_stop_the_computed_one() {
        let mut address = assigned([10, 71, 5, 6], 24);
        address.broadcast = Some(Broadcast::configured([10, 71, 5, 100].into()));
        assert!(address.is_broadcast([10, 71, 5, 100].into()));
        assert!(address.is_broadcast([10, 71, 5, 255].into()));
        assert!(!address.is_broadcast([10, 71, 5, 254].into()));
    }

    #[test]
    fn a_subnet_contains_its_own_addresses_only() {
        let address = assigned([10, 71, 5, 6], 22);
        assert_eq!(address.network(), Ipv4Addr::new(10, 71, 4, 0));
        assert_eq!(address.netmask(), Ipv4Addr::new(255, 255, 252, 0));
        assert!(address.contains([10, 71, 7, 255].into()));
        assert!(!address.contains([10, 71, 8, 0].into()));
        assert!(assigned([10, 0, 0, 1], 0).contains([192, 0, 2, 1].into()));
        assert!(!assigned([10, 0, 0, 1], 32).contains([10, 0, 0, 2].into()));
    }
}
