//! What a watcher reports.

use std::fmt;
use std::net::IpAddr;

use crate::assigned_address::AssignedAddress;
use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::kind::Kind;
use crate::name::InterfaceName;
use crate::operational_state::OperationalState;

/// Something that changed; see [`Watcher`](crate::Watcher) for an example.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Change<'a> {
    /// An interface appeared; it has the addresses that came with it.
    Added(&'a Interface),
    /// An interface is gone; this is what was last reported of it.
    Removed(&'a Interface),
    /// An interface is different.
    Modified {
        /// As it was last reported.
        old: &'a Interface,
        /// As it is now.
        new: &'a Interface,
        /// One of the differences between the two.
        difference: Difference<'a>,
    },
    /// The system had more to say than there was room for, and everything was
    /// listed anew. The snapshot is right, and what is different is reported;
    /// but what happened meanwhile and was undone is not, nor whether an
    /// interface was deleted and made anew. Who holds sockets or memberships had
    /// better check them.
    Resynced,
}

impl<'a> Change<'a> {
    /// The interface that changed, as it is now, or was when it was last reported.
    #[must_use]
    pub const fn interface(&self) -> Option<&'a Interface> {
        match self {
            Self::Added(interface) | Self::Removed(interface) => Some(interface),
            Self::Modified { new, .. } => Some(new),
            Self::Resynced => None,
        }
    }
}

impl fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(interface) => write!(f, "{} appeared", interface.id()),
            Self::Removed(interface) => write!(f, "{} is gone", interface.id()),
            Self::Modified {
                new, difference, ..
            } => write!(f, "{}: {difference}", new.id()),
            Self::Resynced => f.write_str("all interfaces were listed anew"),
        }
    }
}

/// How an interface differs from what was last reported of it.
///
/// ```
/// use ifcast_interfaces::{Change, Difference};
///
/// /// Whether a program that broadcasts has to look at its sockets again.
/// fn concerns_broadcasts(change: Change<'_>) -> bool {
///     match change {
///         Change::Modified { difference, .. } => !matches!(
///             difference,
///             Difference::Name { .. } | Difference::GroupJoined(_) | Difference::GroupLeft(_)
///         ),
///         _ => true,
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference<'a> {
    /// It has another name.
    Name {
        /// The name before.
        old: InterfaceName,
        /// The name now.
        new: InterfaceName,
    },
    /// Its alternative names are others.
    AlternativeNames,
    /// It was switched on.
    Up,
    /// It was switched off.
    Down,
    /// The cable, or what stands for it, was pushed in or pulled out; `None`
    /// while it is down, or where the system does not say.
    Carrier {
        /// Before.
        old: Option<bool>,
        /// Now.
        new: Option<bool>,
    },
    /// Its driver says that it passes packets, or not.
    OperationalState {
        /// Before.
        old: Option<OperationalState>,
        /// Now.
        new: Option<OperationalState>,
    },
    /// It stopped passing packets and passes them again. Others may have noticed,
    /// such as a switch that forgets who joined which group. Only Linux and
    /// Android tell.
    Flapped {
        /// How often.
        times: u32,
    },
    /// Flags are different that nothing else here tells of.
    Flags {
        /// Before.
        old: Flags,
        /// Now.
        new: Flags,
    },
    /// It is something else, as a Wi-Fi card with another task.
    Kind {
        /// Before.
        old: Kind,
        /// Now.
        new: Kind,
    },
    /// It takes packets of another size, in bytes.
    Mtu {
        /// Before.
        old: Option<u32>,
        /// Now.
        new: Option<u32>,
    },
    /// Meanwhile its packets were too small for IPv4 (68 bytes) or IPv6 (1,280), which
    /// ends there then, and with it every membership, although the MTU is large enough
    /// again. Only Linux and Android tell.
    MtuDipped {
        /// The least MTU meanwhile, in bytes.
        least: u32,
    },
    /// It has another link-layer address.
    HardwareAddress {
        /// Before.
        old: Option<HardwareAddress>,
        /// Now.
        new: Option<HardwareAddress>,
    },
    /// It became a port of a bridge or bond, or of another one, or of none.
    Master {
        /// Before.
        old: Option<InterfaceIndex>,
        /// Now.
        new: Option<InterfaceIndex>,
    },
    /// It is made on top of another interface.
    Lower {
        /// Before.
        old: Option<InterfaceIndex>,
        /// Now.
        new: Option<InterfaceIndex>,
    },
    /// It has an address more, which can be used.
    AddressAdded(AssignedAddress<'a>),
    /// It has an address less, or one that can no longer be used.
    AddressRemoved(AssignedAddress<'a>),
    /// It has an address still, but differently: its state, its broadcast
    /// address, its label.
    AddressChanged {
        /// Before.
        old: AssignedAddress<'a>,
        /// Now.
        new: AssignedAddress<'a>,
    },
    /// Somebody on this host was the first to join this group on it.
    GroupJoined(IpAddr),
    /// The last one on this host left this group on it.
    GroupLeft(IpAddr),
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { old, .. } => write!(f, "was called {old}"),
            Self::AlternativeNames => f.write_str("other alternative names"),
            Self::Up => f.write_str("up"),
            Self::Down => f.write_str("down"),
            Self::Carrier { new, .. } => f.write_str(match new {
                Some(true) => "has a carrier",
                Some(false) => "has no carrier",
                None => "carrier unknown",
            }),
            Self::OperationalState { new, .. } => write!(f, "operational state {}", Shown(new)),
            Self::Flapped { times } => write!(f, "flapped, {times} times"),
            Self::Flags { old, new } => write!(f, "flags {old:?} -> {new:?}"),
            Self::Kind { old, new } => write!(f, "{old} -> {new}"),
            Self::Mtu { old, new } => write!(f, "MTU {} -> {}", Shown(old), Shown(new)),
            Self::MtuDipped { least } => write!(f, "MTU {least} meanwhile"),
            Self::HardwareAddress { old, new } => {
                write!(f, "hardware address {} -> {}", Shown(old), Shown(new))
            }
            Self::Master { old, new } => write!(f, "master {} -> {}", Shown(old), Shown(new)),
            Self::Lower { old, new } => write!(f, "lower {} -> {}", Shown(old), Shown(new)),
            Self::AddressAdded(address) => write!(f, "address {address} added"),
            Self::AddressRemoved(address) => write!(f, "address {address} removed"),
            Self::AddressChanged { new, .. } => write!(f, "address {new} changed"),
            Self::GroupJoined(group) => write!(f, "group {group} joined"),
            Self::GroupLeft(group) => write!(f, "group {group} left"),
        }
    }
}

/// Shows what may be there.
struct Shown<'a, T>(&'a Option<T>);

impl<T: fmt::Display> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(there) => there.fmt(f),
            None => f.write_str("none"),
        }
    }
}
