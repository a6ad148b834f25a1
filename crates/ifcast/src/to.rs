//! Whom a datagram is for.

use std::fmt;

use ifcast_broadcast::Target;
use ifcast_interfaces::InterfaceId;
use ifcast_multicast::Group;
use ifcast_socket::Family;

/// Whom a datagram is for, on each interface.
///
/// ```
/// use ifcast::{Group, Lan, To};
///
/// fn announce(lan: &mut Lan, group: Group) {
///     lan.send(b"hello, neighbours", To::AllHosts);
///     lan.send(b"hello, subnets", To::Subnets);
///     lan.send(b"hello, members", To::Group(group).port(5353));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum To {
    /// Every host on the link: a limited broadcast, over IPv4. FreeBSD cannot send that by
    /// an interface that is named, and OpenBSD not by one of several that share a socket:
    /// use [`Subnets`](Self::Subnets) there.
    AllHosts,
    /// Every host of each IPv4 subnet of the interface: directed broadcasts.
    Subnets,
    /// The members of a group on the link.
    Group(Group),
}

/// The two kinds of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Broadcast(Target),
    Multicast(Group),
}

impl To {
    /// At another port than the LAN's own.
    #[must_use]
    pub fn port(self, port: u16) -> Addressed {
        Addressed::from(self).port(port)
    }

    /// By one interface only.
    #[must_use]
    pub fn on(self, interface: InterfaceId) -> Addressed {
        Addressed::from(self).on(interface)
    }

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::AllHosts => Kind::Broadcast(Target::Limited),
            Self::Subnets => Kind::Broadcast(Target::Directed),
            Self::Group(group) => Kind::Multicast(group),
        }
    }

    pub(crate) const fn family(self) -> Family {
        match self {
            Self::AllHosts | Self::Subnets => Family::V4,
            Self::Group(group) => group.family(),
        }
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllHosts => f.write_str("all hosts"),
            Self::Subnets => f.write_str("subnets"),
            Self::Group(group) => group.fmt(f),
        }
    }
}

/// Whom a datagram is for, at which port and by which interfaces: at the LAN's own and
/// by all of them, unless told.
///
/// ```
/// use ifcast::{Event, Lan, To};
///
/// /// Greets by an interface that has just joined, where the others listen.
/// fn greet(lan: &mut Lan, event: &Event<'_>) {
///     if let Event::InterfaceJoined { interface } = event {
///         lan.send(b"hello", To::AllHosts.on(*interface).port(2222));
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Addressed {
    pub(crate) to: To,
    pub(crate) port: Option<u16>,
    pub(crate) interface: Option<InterfaceId>,
}

impl Addressed {
    /// At this port.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// By this interface only.
    #[must_use]
    pub const fn on(mut self, interface: InterfaceId) -> Self {
        self.interface = Some(interface);
        self
    }
}

impl From<To> for Addressed {
    fn from(to: To) -> Self {
        Self {
            to,
            port: None,
            interface: None,
        }
    }
}
