//! What came of sending by every interface.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ifcast_interfaces::InterfaceId;
use ifcast_socket::{Course, Family};

use crate::error::Error;

/// What came of sending by every interface: one result for each, or for each of its
/// subnets.
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
    pub(crate) entries: Vec<Entry>,
}

/// What came of one datagram, or why there was none.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) interface: InterfaceId,
    pub(crate) outcome: Outcome,
    /// How to send it, if it can be.
    pub(crate) course: Option<Course>,
}

impl FanOut {
    /// Each interface with what happened there: in the order of their indexes, and
    /// more than once where the interface has several subnets to send to.
    pub fn iter(&self) -> impl Iterator<Item = (InterfaceId, &Outcome)> {
        let entries = self.entries.iter();
        entries.map(|entry| (entry.interface, &entry.outcome))
    }

    /// By how many interfaces it was sent, be it to one of several subnets.
    #[must_use]
    pub fn sent(&self) -> usize {
        let is_sent = |entry: &&Entry| matches!(entry.outcome, Outcome::Sent { .. });
        let mut last = None;
        let interfaces = self.entries.iter().filter(is_sent).filter(|entry| {
            let is_next = last != Some(entry.interface);
            last = Some(entry.interface);
            is_next
        });
        interfaces.count()
    }

    /// What went wrong, and where.
    pub fn failures(&self) -> impl Iterator<Item = (InterfaceId, &Error)> {
        self.iter()
            .filter_map(|(interface, outcome)| match outcome {
                Outcome::Failed(error) => Some((interface, error)),
                _ => None,
            })
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

/// What happened to a datagram on one interface.
///
/// See [`FanOut`] for an example.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It went out.
    Sent {
        /// Where to.
        destination: SocketAddr,
        /// From which of the interface's addresses; none if the system would not say.
        ///
        /// Where the kernel chooses, it is asked once, and again when the interface
        /// has changed and that has settled.
        source: Option<IpAddr>,
    },
    /// The interface has no use for it.
    Skipped(Skip),
    /// It should have gone out and did not.
    Failed(Error),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent {
                destination,
                source,
            } => {
                write!(f, "sent to {destination}")?;
                source.map_or(Ok(()), |source| write!(f, " from {source}"))
            }
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
    /// [`Lan::failures`](crate::Lan::failures) and
    /// [`Event::Degraded`](crate::Event::Degraded) tell.
    NoSocket {
        /// The family.
        family: Family,
    },
    /// Its link cannot broadcast.
    NoBroadcast,
    /// None of its subnets has a broadcast address.
    NoSubnet,
    /// The interface that was named is not one of the LAN's, or not any more.
    NotOnLan,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSocket { family } => write!(f, "no {family} socket there"),
            Self::NoBroadcast => f.write_str("its link has no broadcast"),
            Self::NoSubnet => f.write_str("no subnet with a broadcast address"),
            Self::NotOnLan => f.write_str("it is not one of the LAN's"),
        }
    }
}
