//! One interface, as it was when captured.

use std::net::IpAddr;

use crate::address::{AssignedIpv4, AssignedIpv6};
use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::{InterfaceId, InterfaceIndex, InterfaceName};
use crate::kind::Kind;

/// One interface, as it was when its [`Snapshot`](crate::Snapshot) was captured.
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
#[derive(Clone, Debug)]
pub struct Interface {
    pub(crate) id: InterfaceId,
    pub(crate) flags: Flags,
    pub(crate) kind: Kind,
    pub(crate) mtu: Option<u32>,
    pub(crate) hardware_address: Option<HardwareAddress>,
    pub(crate) carrier: Option<bool>,
    pub(crate) master: Option<InterfaceIndex>,
    pub(crate) ipv4: Vec<AssignedIpv4>,
    pub(crate) ipv6: Vec<AssignedIpv6>,
}

impl Interface {
    /// Its index and name together, for keeping and for messages.
    #[must_use]
    pub const fn id(&self) -> InterfaceId {
        self.id
    }

    /// What identifies it to the kernel.
    #[must_use]
    pub const fn index(&self) -> InterfaceIndex {
        self.id.index()
    }

    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> InterfaceName {
        self.id.name()
    }

    /// Its `IFF_*` flags.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        self.flags
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The largest packet it takes, in bytes, the IP header included.
    ///
    /// # Platform
    /// - Linux, Android: `IFLA_MTU` of rtnetlink; `None` where that is refused.
    /// - Apple: `ifi_mtu` of `getifaddrs(3)`.
    #[must_use]
    pub const fn mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Its link-layer address; loopback and many tunnels have none.
    #[must_use]
    pub const fn hardware_address(&self) -> Option<HardwareAddress> {
        self.hardware_address
    }

    /// Whether there is something at the other end of the wire; `None` where
    /// the system does not say.
    ///
    /// # Platform
    /// - Linux, Android: `IFF_RUNNING`, which the kernel keeps equal to the
    ///   operational state `UP` or `UNKNOWN` of RFC 2863; `None` while the
    ///   interface is down.
    /// - Apple: `None`; `IFF_RUNNING` says something else there.
    #[must_use]
    pub const fn carrier(&self) -> Option<bool> {
        self.carrier
    }

    /// The bridge or bond it is a port of. What arrives here is the master's,
    /// so sockets belong there.
    ///
    /// # Platform
    /// Linux, Android: `IFLA_MASTER`. Elsewhere `None`.
    #[must_use]
    pub const fn master(&self) -> Option<InterfaceIndex> {
        self.master
    }

    /// Its IPv4 addresses, in the system's order: the first is the primary one.
    #[must_use]
    pub fn ipv4(&self) -> &[AssignedIpv4] {
        &self.ipv4
    }

    /// Its IPv6 addresses, link-local ones included, in the system's order.
    #[must_use]
    pub fn ipv6(&self) -> &[AssignedIpv6] {
        &self.ipv6
    }

    /// Whether `address` is one of its own.
    #[must_use]
    pub fn owns(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.ipv4.iter().any(|own| own.address() == address),
            IpAddr::V6(address) => self.ipv6.iter().any(|own| own.address() == address),
        }
    }
}
