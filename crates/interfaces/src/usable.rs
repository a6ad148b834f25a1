//! Whether an interface can broadcast or multicast, and if not, why not.

use crate::address::AssignedIpv6;
use crate::address_state::AddressState;
use crate::flags::Flags;
use crate::id::InterfaceIndex;
use crate::interface::Interface;

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
        if self.ipv4.is_empty() {
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
        let is_usable = |own: &AssignedIpv6| own.state().is_none_or(AddressState::is_usable);
        match (self.ipv4.is_empty(), self.ipv6.is_empty()) {
            (true, true) => Err(Unusable::NoAddress),
            (true, false) if !self.ipv6.iter().any(is_usable) => Err(Unusable::NoUsableAddress),
            _ => Ok(()),
        }
    }

    fn usable(&self, capable: fn(Flags) -> bool, incapable: Unusable) -> Result<(), Unusable> {
        if !self.flags.is_up() {
            return Err(Unusable::Down);
        }
        if !capable(self.flags) {
            return Err(incapable);
        }
        if let Some(master) = self.master {
            return Err(Unusable::Port { master });
        }
        if self.carrier == Some(false) {
            return Err(Unusable::NoCarrier);
        }
        Ok(())
    }
}
