//! The `IFF_*` bits that every Unix has, each with numbers of its own.

#![forbid(unsafe_code)]

pub(crate) const UP: u32 = libc::IFF_UP as u32;
pub(crate) const RUNNING: u32 = libc::IFF_RUNNING as u32;
pub(crate) const LOOPBACK: u32 = libc::IFF_LOOPBACK as u32;
pub(crate) const BROADCAST: u32 = libc::IFF_BROADCAST as u32;
pub(crate) const MULTICAST: u32 = libc::IFF_MULTICAST as u32;
pub(crate) const POINTOPOINT: u32 = libc::IFF_POINTOPOINT as u32;

/// What tells of the state that an interface is in; it changes by itself.
pub(crate) const STATE: u32 = UP | RUNNING | OTHER_STATE;
#[cfg(any(target_os = "linux", target_os = "android"))]
const OTHER_STATE: u32 = LOWER_UP | 1 << 17; // IFF_DORMANT
#[cfg(target_os = "illumos")]
const OTHER_STATE: u32 = (libc::IFF_FAILED | libc::IFF_INACTIVE) as u32; // of a group's port
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "illumos")))]
const OTHER_STATE: u32 = libc::IFF_OACTIVE as u32;

#[cfg(any(target_os = "linux", target_os = "android"))]
const LOWER_UP: u32 = 1 << 16;

/// Whether there is a carrier: `IFF_LOWER_UP` of an interface that is up.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn carrier(flags: u32) -> Option<bool> {
    (flags & UP != 0).then_some(flags & LOWER_UP != 0)
}

/// Whether there is a carrier: these systems' flags do not tell.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) const fn carrier(_: u32) -> Option<bool> {
    None
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
ifcast_abi::claims! {
    "IFF_LOWER_UP" => LOWER_UP,
    "IFF_UP | IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT" => STATE,
}
