//! Sending by every interface at once, with a result for each.

use std::fmt;

use ifcast_broadcast::Target;
use ifcast_interfaces::InterfaceId;
use ifcast_multicast::Group;
use ifcast_socket::Family;

use crate::error::Error;

/// Whom a datagram is for, on each interface.
///
/// ```
/// use ifcast::{Group, Lan, To};
///
/// fn announce(lan: &mut Lan, group: Group) {
///     lan.send(b"hello, neighbours", To::AllHosts);
///     lan.send(b"hello, subnets", To::Subnets);
///     lan.send(b"hello, members", To::Group(group));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum To {
    /// Every host on the link: a limited broadcast, over IPv4.
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

/// What came of sending by every interface: one result for each.
///
/// ```
/// use ifcast::{Lan, Outcome, To};
///
/// fn announce(lan: &mut Lan) {
///     let report = lan.send(b"I am here", To::AllHosts);
///     for (interface, outcome) in report.iter() {
///         if let Outcome::Failed(error) = outcome {
///             eprintln!("not on {interface}: {error}");
///         }
///     }
///     println!("told {} links", report.sent());
/// }
/// ```
#[derive(Debug, Default)]
pub struct FanOut {
    results: Vec<(InterfaceId, Outcome)>,
}

impl FanOut {
    pub(crate) fn clear(&mut self) {
        self.results.clear();
    }

    pub(crate) fn push(&mut self, interface: InterfaceId, outcome: Outcome) {
        self.results.push((interface, outcome));
    }

    /// Notes the first failure of an interface, by its place.
    pub(crate) fn fail(&mut self, place: usize, error: Error) {
        let (_, outcome) = &mut self.results[place];
        if !matches!(outcome, Outcome::Failed(_)) {
            *outcome = Outcome::Failed(error);
        }
    }

    /// Each interface with what happened there.
    pub fn iter(&self) -> impl Iterator<Item = (InterfaceId, &Outcome)> {
        self.results
            .iter()
            .map(|(interface, outcome)| (*interface, outcome))
    }

    /// By how many interfaces it was sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        let sent = |outcome: &Outcome| matches!(outcome, Outcome::Sent { .. });
        self.iter().filter(|(_, outcome)| sent(outcome)).count()
    }
}

impl fmt::Display for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (interface, outcome)) in self.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{interface}: {outcome}")?;
        }
        Ok(())
    }
}

/// What happened on one interface.
///
/// See [`FanOut`] for an example.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It went out.
    Sent {
        /// How many datagrams: more than one for several subnets.
        datagrams: usize,
    },
    /// The interface has no use for it.
    Skipped(Skip),
    /// It should have gone out and did not.
    Failed(Error),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { datagrams: 1 } => f.write_str("sent"),
            Self::Sent { datagrams } => write!(f, "sent {datagrams} datagrams"),
            Self::Skipped(why) => write!(f, "skipped, {why}"),
            Self::Failed(error) => write!(f, "failed, {error}"),
        }
    }
}

/// Why nothing was sent by an interface although nothing went wrong.
///
/// ```
/// use ifcast::{Family, Skip};
///
/// let why = Skip::NoSocket { family: Family::V6 };
/// assert_eq!(why.to_string(), "no IPv6 socket there");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skip {
    /// There is no socket of the family: the interface had no such address, the
    /// family was not asked for, or it could not be opened, of which
    /// [`Lan::failures`](crate::Lan::failures) tells.
    NoSocket {
        /// The family.
        family: Family,
    },
    /// Its link cannot broadcast.
    NoBroadcast,
    /// None of its subnets has a broadcast address.
    NoSubnet,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSocket { family } => write!(f, "no {family} socket there"),
            Self::NoBroadcast => f.write_str("its link has no broadcast"),
            Self::NoSubnet => f.write_str("no subnet with a broadcast address"),
        }
    }
}
