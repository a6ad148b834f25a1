//! One interface, as it was when captured.

use std::fmt;
use std::net::IpAddr;

use crate::assigned_address::AssignedAddress;
use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::holdings::Holdings;
use crate::id::{Generation, InterfaceId, InterfaceIndex};
use crate::ipv4::AssignedIpv4;
use crate::ipv6::AssignedIpv6;
use crate::kind::{Kind, KindSource};
use crate::link::Link;
use crate::link_kind::LinkKind;
use crate::name::{AlternativeName, InterfaceName};
use crate::operational_state::OperationalState;

/// One interface, as it was when its [`Snapshot`](crate::Snapshot) was captured.
///
/// Two are equal when all that the system says of them is.
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// for interface in Snapshot::capture()?.interfaces() {
///     println!("{} {} {:?}", interface.id(), interface.kind(), interface.flags());
///     match interface.usable_for_broadcast() {
///         Ok(()) => println!("  can broadcast"),
///         Err(why) => println!("  cannot broadcast: {why}"),
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone)]
pub struct Interface {
    pub(crate) link: Link,
    pub(crate) generation: Generation,
    pub(crate) holdings: Holdings,
}

impl Interface {
    /// Its index, generation and name together, for keeping and for messages.
    #[must_use]
    pub const fn id(&self) -> InterfaceId {
        InterfaceId::new(self.link.index, self.generation, self.link.name)
    }

    /// What identifies it to the kernel.
    #[must_use]
    pub const fn index(&self) -> InterfaceIndex {
        self.link.index
    }

    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> InterfaceName {
        self.link.name
    }

    /// What else people call it.
    ///
    /// # Platform
    /// Linux, Android: `IFLA_ALT_IFNAME` of rtnetlink, since 5.5. Elsewhere none.
    pub fn alternative_names(&self) -> impl Iterator<Item = AlternativeName<'_>> {
        AlternativeName::all_in(self.holdings.alternative_names())
    }

    /// Its `IFF_*` flags.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        self.link.flags
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.link.kind
    }

    /// How it is known what it is.
    #[must_use]
    pub const fn kind_source(&self) -> KindSource {
        self.link.kind_source
    }

    /// What the system calls the driver of an interface made of software.
    ///
    /// # Platform
    /// Linux, Android: `IFLA_INFO_KIND` of rtnetlink. Elsewhere `None`.
    #[must_use]
    pub const fn link_kind(&self) -> Option<LinkKind> {
        self.link.link_kind
    }

    /// The largest packet it takes, in bytes, the IP header included.
    ///
    /// # Platform
    /// - Linux, Android: `IFLA_MTU` of rtnetlink; `None` where that is refused.
    /// - Elsewhere: `ifi_mtu` of `getifaddrs(3)`.
    #[must_use]
    pub const fn mtu(&self) -> Option<u32> {
        self.link.mtu
    }

    /// Its link-layer address; loopback and many tunnels have none.
    #[must_use]
    pub const fn hardware_address(&self) -> Option<HardwareAddress> {
        self.link.hardware_address
    }

    /// The link-layer address it was made with, whatever was set since.
    ///
    /// # Platform
    /// Linux, Android: `IFLA_PERM_ADDRESS` of rtnetlink, since 5.6, of hardware
    /// only. Elsewhere `None`.
    #[must_use]
    pub const fn permanent_address(&self) -> Option<HardwareAddress> {
        self.link.permanent_address
    }

    /// Whether it can pass packets, as its driver sees it; `None` where the
    /// system does not say.
    ///
    /// # Platform
    /// Linux, Android: `IFLA_OPERSTATE` of rtnetlink. Elsewhere `None`.
    #[must_use]
    pub const fn operational_state(&self) -> Option<OperationalState> {
        self.link.operational_state
    }

    /// Whether there is something at the other end of the wire; `None` where
    /// the system does not say.
    ///
    /// # Platform
    /// - Linux, Android: `IFF_LOWER_UP`, which is set as well where the driver
    ///   cannot know; `None` while the interface is down.
    /// - Apple: the media status of `SIOCGIFXMEDIA`, of interfaces that have media;
    ///   `None` while the interface is down.
    /// - Elsewhere: `None`.
    #[must_use]
    pub const fn carrier(&self) -> Option<bool> {
        self.link.carrier
    }

    /// The bridge or bond it is a port of. What arrives here is the master's,
    /// so sockets belong there.
    ///
    /// # Platform
    /// Linux, Android: `IFLA_MASTER`. Elsewhere `None`.
    #[must_use]
    pub const fn master(&self) -> Option<InterfaceIndex> {
        self.link.master
    }

    /// The interface it is made on top of, as a VLAN or a macvlan is; of a veth,
    /// its other end. `None` also if that is in another network namespace.
    ///
    /// # Platform
    /// Linux, Android: `IFLA_LINK`. Elsewhere `None`.
    #[must_use]
    pub const fn lower(&self) -> Option<InterfaceIndex> {
        self.link.lower
    }

    /// Its IPv4 addresses, in the system's order: the first is the primary one.
    #[must_use]
    pub fn ipv4(&self) -> &[AssignedIpv4] {
        self.holdings.ipv4()
    }

    /// Its IPv6 addresses, link-local ones included: those with the widest scope
    /// first, and in numerical order.
    #[must_use]
    pub fn ipv6(&self) -> &[AssignedIpv6] {
        self.holdings.ipv6()
    }

    /// All its addresses: [`ipv4`](Self::ipv4), then [`ipv6`](Self::ipv6).
    pub fn addresses(&self) -> impl Iterator<Item = AssignedAddress<'_>> {
        let v4 = self.ipv4().iter().map(AssignedAddress::V4);
        v4.chain(self.ipv6().iter().map(AssignedAddress::V6))
    }

    /// The groups that anybody on this host has joined on it, in numerical
    /// order, IPv4 first; `None` where nobody asked or the system does not say.
    ///
    /// [`Enumerator::groups`](crate::Enumerator::groups) and
    /// [`WatcherBuilder::groups`](crate::WatcherBuilder::groups) ask.
    ///
    /// # Platform
    /// - Linux, Android: rtnetlink; those of IPv4 from `/proc/net` before 6.15.
    /// - Apple, FreeBSD, DragonFly: `getifmaddrs(3)`.
    /// - NetBSD, OpenBSD: `None`.
    #[must_use]
    pub fn groups(&self) -> Option<&[IpAddr]> {
        self.holdings.groups()
    }

    /// Whether `address` is one of its own.
    #[must_use]
    pub fn owns(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.ipv4().iter().any(|own| own.address() == address),
            IpAddr::V6(address) => self.ipv6().iter().any(|own| own.address() == address),
        }
    }

    /// Whether this is its name or one of its alternative names.
    #[must_use]
    pub fn is_called(&self, name: &[u8]) -> bool {
        self.name().as_bytes() == name
            || self
                .alternative_names()
                .any(|other| other.as_bytes() == name)
    }
}

impl PartialEq for Interface {
    fn eq(&self, other: &Self) -> bool {
        self.link == other.link && self.holdings == other.holdings
    }
}

impl Eq for Interface {}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface")
            .field("link", &self.link)
            .field("generation", &self.generation)
            .field("alternative_names", &DebugEach(|| self.alternative_names()))
            .field("ipv4", &self.ipv4())
            .field("ipv6", &self.ipv6())
            .field("groups", &self.groups())
            .finish()
    }
}

/// Shows what an iterator gives as a list.
struct DebugEach<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: fmt::Debug>> fmt::Debug for DebugEach<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((self.0)()).finish()
    }
}
