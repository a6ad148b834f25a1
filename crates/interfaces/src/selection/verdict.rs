//! Whether a selector chooses an interface, and why.

use std::fmt;

use crate::id::InterfaceIndex;
use crate::kind::Kind;
use crate::selection::rule::Criterion;
use crate::usable::Unusable;

/// Whether a selector chooses an interface, and why; see
/// [`Snapshot::explain`](crate::Snapshot::explain).
///
/// ```
/// use ifcast_interfaces::{Reason, Selector, Snapshot};
///
/// let (snapshot, selector) = (Snapshot::capture()?, Selector::lan());
/// for (interface, verdict) in snapshot.explain(&selector) {
///     println!("{}: {verdict}", interface.id()); // lo (index 1): no, it reaches only this host
///     if let Reason::Port { master } = verdict.reason() {
///         println!("  use the interface with index {master}");
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'s> {
    is_chosen: bool,
    reason: Reason<'s>,
}

impl<'s> Verdict<'s> {
    pub(crate) const fn new(is_chosen: bool, reason: Reason<'s>) -> Self {
        Self { is_chosen, reason }
    }

    /// Whether the interface is chosen.
    #[must_use]
    pub const fn is_chosen(&self) -> bool {
        self.is_chosen
    }

    /// What decided it.
    #[must_use]
    pub const fn reason(&self) -> Reason<'s> {
        self.reason
    }

    /// The same facts, the other way round.
    pub(crate) const fn reversed(self) -> Self {
        Self::new(!self.is_chosen, self.reason)
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_chosen { "yes" } else { "no" };
        write!(f, "{verdict}, {}", self.reason)
    }
}

/// What decides whether an interface is chosen.
///
/// See [`Verdict`] for an example.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Reason<'s> {
    /// A LAN protocol can use it for both.
    CanBroadcastAndMulticast,
    /// A LAN protocol can use it, but not for multicast.
    CanBroadcast {
        /// Why not for multicast.
        no_multicast: Unusable,
    },
    /// A LAN protocol can use it, but not for broadcast.
    CanMulticast {
        /// Why not for broadcast.
        no_broadcast: Unusable,
    },
    /// Something of its kind does not lead to a LAN.
    Kind(Kind),
    /// There is one host at its other end.
    PointToPoint,
    /// It is a port of a bridge or bond, which stands for it.
    Port {
        /// The bridge or bond to use.
        master: InterfaceIndex,
    },
    /// It leads only to containers, virtual machines or programs on this host,
    /// as a container engine's bridge does.
    LeadsOnlyWithinThisHost,
    /// It leads to nobody.
    LeadsNowhere,
    /// It can be used neither for broadcast nor for multicast, at present.
    Unusable {
        /// Why not for broadcast.
        no_broadcast: Unusable,
        /// Why not for multicast.
        no_multicast: Unusable,
    },
    /// It is, or has, what was asked for.
    Matches(Criterion<'s>),
    /// It is not, or has not, what was asked for.
    Differs(Criterion<'s>),
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CanBroadcastAndMulticast => f.write_str("it can broadcast and multicast"),
            Self::CanBroadcast { no_multicast } => {
                write!(f, "it can broadcast, but not multicast: {no_multicast}")
            }
            Self::CanMulticast { no_broadcast } => {
                write!(f, "it can multicast, but not broadcast: {no_broadcast}")
            }
            Self::Kind(kind) => f.write_str(match kind {
                Kind::Loopback => "it reaches only this host",
                Kind::WifiPeerToPeer => "it is Wi-Fi between two devices",
                Kind::Cellular => "it leads to a mobile network",
                Kind::Tunnel => "it is a tunnel",
                Kind::Coprocessor | Kind::Management => "it leads into this device",
                Kind::Companion => "it leads to a companion device",
                _ => "it does not lead to a LAN",
            }),
            Self::PointToPoint => f.write_str("there is one host at its other end"),
            Self::Port { master } => Unusable::Port { master: *master }.fmt(f),
            Self::LeadsOnlyWithinThisHost => f.write_str(
                "it leads only to containers, virtual machines or programs on this host",
            ),
            Self::LeadsNowhere => f.write_str("it leads to nobody"),
            Self::Unusable {
                no_broadcast,
                no_multicast,
            } if no_broadcast == no_multicast => no_broadcast.fmt(f),
            Self::Unusable {
                no_broadcast,
                no_multicast,
            } => write!(f, "{no_broadcast}, and {no_multicast}"),
            Self::Matches(criterion) => write!(f, "it matches \"{criterion}\""),
            Self::Differs(criterion) => write!(f, "it does not match \"{criterion}\""),
        }
    }
}
