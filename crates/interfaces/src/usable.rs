//! Whether an interface can broadcast or multicast, and if not, why not.

use crate::flags::Flags;
use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::ipv6::AssignedIpv6;
use crate::operational_state::OperationalState;

/// Why an interface cannot be used for what was asked.
///
/// ```
/// use ifcast_interfaces::{Snapshot, Unusable};
///
/// for interface in Snapshot::capture()?.interfaces() {
///     match interface.usable_for_multicast() {
///         Ok(()) => println!("{} is fine", interface.id()),
///         Err(Unusable::NoCarrier) => println!("{}: is the cable plugged in?", interface.id()),
///         Err(why) => println!("{}: {why}", interface.id()),
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// It is switched off (`IFF_UP` is not set).
    #[error("it is down")]
    Down,
    /// It is up, but nothing is at the other end; what is sent is lost.
    #[error("it has no carrier")]
    NoCarrier,
    /// It is up and has a carrier, but does not pass packets, perhaps because it
    /// waits for authentication.
    #[error("it does not pass packets: it is {}", shown(*state))]
    NotOperational {
        /// What it is instead, where the system says.
        state: Option<OperationalState>,
    },
    /// It is a port of a bridge or bond, which receives in its stead.
    #[error("it is a port of the interface with index {master}: use that one")]
    Port {
        /// The bridge or bond to use.
        master: InterfaceIndex,
    },
    /// Its link cannot broadcast (`IFF_BROADCAST` is not set).
    #[error("its link has no broadcast")]
    NoBroadcast,
    /// Its link cannot multicast (`IFF_MULTICAST` is not set).
    #[error("its link has no multicast")]
    NoMulticast,
    /// It has no IPv4 address to send from.
    #[error("it has no IPv4 address")]
    NoIpv4Address,
    /// It has no address at all to send from.
    #[error("it has no address")]
    NoAddress,
    /// It has IPv6 addresses only, none of which can be sent from: they are
    /// tentative, for a second or so, or another host's.
    #[error("its addresses are not usable yet, or are another host's")]
    NoUsableAddress,
}

impl Interface {
    /// Whether it can send and receive IPv4 broadcasts now.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn usable_for_broadcast(&self) -> Result<(), Unusable> {
        self.usable(Flags::is_broadcast, Unusable::NoBroadcast)?;
        if self.ipv4().is_empty() {
            return Err(Unusable::NoIpv4Address);
        }
        Ok(())
    }

    /// Whether it can send and receive multicasts of at least one family now.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn usable_for_multicast(&self) -> Result<(), Unusable> {
        self.usable(Flags::is_multicast, Unusable::NoMulticast)?;
        match (self.ipv4().is_empty(), self.ipv6().is_empty()) {
            (true, true) => Err(Unusable::NoAddress),
            (true, false) if !self.ipv6().iter().any(AssignedIpv6::is_usable) => {
                Err(Unusable::NoUsableAddress)
            }
            _ => Ok(()),
        }
    }

    /// Whether it passes packets now: it is up, has a carrier or cannot tell, and
    /// its driver says no different.
    #[must_use]
    pub fn is_operational(&self) -> bool {
        self.operational().is_ok()
    }

    fn usable(&self, capable: fn(Flags) -> bool, incapable: Unusable) -> Result<(), Unusable> {
        if !self.flags().is_up() {
            return Err(Unusable::Down);
        }
        if !capable(self.flags()) {
            return Err(incapable);
        }
        if let Some(master) = self.master() {
            return Err(Unusable::Port { master });
        }
        self.operational()
    }

    fn operational(&self) -> Result<(), Unusable> {
        if !self.flags().is_up() {
            return Err(Unusable::Down);
        }
        if self.carrier() == Some(false) {
            return Err(Unusable::NoCarrier);
        }
        if !self.flags().is_running() {
            let state = self.operational_state();
            return Err(Unusable::NotOperational { state });
        }
        Ok(())
    }
}

fn shown(state: Option<OperationalState>) -> String {
    state.map_or_else(|| "not running".to_owned(), |state| state.to_string())
}
