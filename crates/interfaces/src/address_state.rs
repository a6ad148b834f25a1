//! What an IPv6 address is good for at the moment.

use std::fmt;

/// What an IPv6 address is good for at the moment (RFC 4862).
///
/// ```
/// use ifcast_interfaces::{AddressState, Snapshot};
///
/// let snapshot = Snapshot::capture()?;
/// for address in snapshot.interfaces().iter().flat_map(|interface| interface.ipv6()) {
///     if address.state() == Some(AddressState::Duplicated) {
///         println!("{address} belongs to another host");
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressState {
    /// The link is being asked whether another host has it, which takes a second
    /// or so; until then it cannot be used (`EADDRNOTAVAIL`).
    Tentative,
    /// As tentative, but used already (RFC 4429).
    Optimistic,
    /// In use without restriction.
    Preferred,
    /// Still valid, but not chosen for anything new.
    Deprecated,
    /// Another host has it; it cannot be used.
    Duplicated,
}

impl AddressState {
    /// Whether it can be sent from.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        match self {
            Self::Optimistic | Self::Preferred | Self::Deprecated => true,
            Self::Tentative | Self::Duplicated => false,
        }
    }
}

impl fmt::Display for AddressState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tentative => "tentative",
            Self::Optimistic => "optimistic",
            Self::Preferred => "preferred",
            Self::Deprecated => "deprecated",
            Self::Duplicated => "duplicated",
        })
    }
}
