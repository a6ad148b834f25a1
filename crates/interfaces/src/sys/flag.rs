//! The `IFF_*` bits that every Unix has, each with numbers of its own.

#![forbid(unsafe_code)]

pub(crate) const UP: u32 = libc::IFF_UP as u32;
pub(crate) const RUNNING: u32 = libc::IFF_RUNNING as u32;
pub(crate) const LOOPBACK: u32 = libc::IFF_LOOPBACK as u32;
pub(crate) const BROADCAST: u32 = libc::IFF_BROADCAST as u32;
pub(crate) const MULTICAST: u32 = libc::IFF_MULTICAST as u32;
pub(crate) const POINTOPOINT: u32 = libc::IFF_POINTOPOINT as u32;
