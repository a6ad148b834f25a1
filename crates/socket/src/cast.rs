//! To whom a datagram was sent.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use ifcast_interfaces::Interface;

/// To whom a datagram was sent, told from its destination address.
///
/// ```
/// use ifcast_socket::{Cast, Datagram};
///
/// fn worth_answering(datagram: &Datagram<'_>) -> bool {
///     datagram.cast() != Cast::LimitedBroadcast
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cast {
    /// To this host alone.
    Unicast,
    /// To every host of one IPv4 subnet, such as 192.0.2.255.
    DirectedBroadcast,
    /// To every host on the link: 255.255.255.255.
    LimitedBroadcast,
    /// To the members of a group.
    Multicast,
}

impl Cast {
    /// Whether it went to all hosts of a link or subnet.
    #[must_use]
    pub const fn is_broadcast(self) -> bool {
        matches!(self, Self::DirectedBroadcast | Self::LimitedBroadcast)
    }

    /// Classifies a destination that arrived on `interface`.
    ///
    /// `local` is the address the kernel would answer from, where it tells: for
    /// a unicast it is the destination itself. So an IPv4 destination that is
    /// not local is a broadcast even to a subnet added since `interface` was
    /// captured.
    pub(crate) fn of(destination: IpAddr, local: Option<Ipv4Addr>, interface: &Interface) -> Self {
        match destination {
            IpAddr::V4(Ipv4Addr::BROADCAST) => Self::LimitedBroadcast,
            _ if destination.is_multicast() => Self::Multicast,
            IpAddr::V4(destination) => {
                let is_local = local == Some(destination) || interface.owns(destination.into());
                let is_directed = interface
                    .ipv4()
                    .iter()
                    .any(|own| own.is_broadcast(destination));
                if is_directed || (local.is_some() && !is_local) {
                    Self::DirectedBroadcast
                } else {
                    Self::Unicast
                }
            }
            IpAddr::V6(_) => Self::Unicast,
        }
    }
}

impl fmt::Display for Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unicast => "unicast",
            Self::DirectedBroadcast => "directed broadcast",
            Self::LimitedBroadcast => "limited broadcast",
            Self::Multicast => "multicast",
        })
    }
}
