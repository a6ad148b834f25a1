//! Whether an interface can pass packets, as RFC 2863 puts it.

use std::fmt;

/// Whether an interface can pass packets: `ifOperStatus` of RFC 2863.
///
/// ```
/// use ifcast_interfaces::{OperationalState, Snapshot};
///
/// for interface in Snapshot::capture()?.interfaces() {
///     if interface.operational_state() == Some(OperationalState::Dormant) {
///         println!("{} waits, perhaps for a password", interface.id());
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationalState {
    /// The driver does not say, as of loopback and tun; it works if it is up
    /// and has a carrier.
    Unknown,
    /// Some component is missing.
    NotPresent,
    /// It cannot pass packets.
    Down,
    /// An interface below it is down, as of a VLAN on an unplugged card.
    LowerLayerDown,
    /// It is being tested and passes none but test packets.
    Testing,
    /// There is a carrier, but something else must happen first, such as
    /// authentication (IEEE 802.1X, WPA).
    Dormant,
    /// It passes packets.
    Up,
}

impl OperationalState {
    /// Decodes `IF_OPER_*` of `<linux/if.h>`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) const fn from_linux(state: u8) -> Option<Self> {
        Some(match state {
            0 => Self::Unknown,
            1 => Self::NotPresent,
            2 => Self::Down,
            3 => Self::LowerLayerDown,
            4 => Self::Testing,
            5 => Self::Dormant,
            6 => Self::Up,
            _ => return None,
        })
    }
}

impl fmt::Display for OperationalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "unknown",
            Self::NotPresent => "not present",
            Self::Down => "down",
            Self::LowerLayerDown => "lower layer down",
            Self::Testing => "testing",
            Self::Dormant => "dormant",
            Self::Up => "up",
        })
    }
}
