//! The interface flags that every Unix has.

use std::fmt;

use crate::sys::flag;

/// The `IFF_*` flags of an interface, as the system lists them.
///
/// The bits differ between systems; the questions do not.
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// for interface in Snapshot::capture()?.interfaces() {
///     if interface.flags().is_loopback() {
///         println!("{interface:?} never leaves this host");
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flags(u32);

impl Flags {
    /// Wraps the system's own bits.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The system's own bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// `IFF_UP`: an administrator, or the system, wants it to work.
    #[must_use]
    pub const fn is_up(self) -> bool {
        self.0 & flag::UP != 0
    }

    /// `IFF_RUNNING`. On Linux: operational, so there is a carrier. Elsewhere
    /// it says only that the driver has resources.
    #[must_use]
    pub const fn is_running(self) -> bool {
        self.0 & flag::RUNNING != 0
    }

    /// `IFF_LOOPBACK`: what is sent here never leaves the host.
    #[must_use]
    pub const fn is_loopback(self) -> bool {
        self.0 & flag::LOOPBACK != 0
    }

    /// `IFF_BROADCAST`: the link can reach all of its hosts at once.
    #[must_use]
    pub const fn is_broadcast(self) -> bool {
        self.0 & flag::BROADCAST != 0
    }

    /// `IFF_MULTICAST`: the link can reach groups of its hosts.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0 & flag::MULTICAST != 0
    }

    /// What an administrator can set or a driver is, without the state it is in.
    pub(crate) const fn without_state(self) -> u32 {
        self.0 & !flag::STATE
    }

    /// Whether there is a carrier, where the flags tell.
    pub(crate) fn carrier(self) -> Option<bool> {
        flag::carrier(self.0)
    }

    /// `IFF_POINTOPOINT`: there is one host at the other end, as in a tunnel.
    #[must_use]
    pub const fn is_point_to_point(self) -> bool {
        self.0 & flag::POINTOPOINT != 0
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.is_up(), "UP"),
            (self.is_running(), "RUNNING"),
            (self.is_loopback(), "LOOPBACK"),
            (self.is_broadcast(), "BROADCAST"),
            (self.is_multicast(), "MULTICAST"),
            (self.is_point_to_point(), "POINTOPOINT"),
        ];
        f.write_str("Flags(")?;
        for (_, name) in names.iter().filter(|(set, _)| *set) {
            write!(f, "{name} ")?;
        }
        write!(f, "{:#x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_names() {
        let flags = Flags::from_bits(flag::UP | flag::BROADCAST);
        let text = format!("{flags:?}");
        assert!(text.starts_with("Flags(UP BROADCAST 0x"), "{text}");
    }
}
