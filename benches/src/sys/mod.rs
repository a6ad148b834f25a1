//! All unsafe code: what the floors ask of the system, and the allocator that
//! counts.

#![allow(unsafe_code, reason = "the only place for it in this crate")]

pub(crate) mod allocator;
pub(crate) mod ifaddrs;
pub(crate) mod netlink;
#[cfg(any(feature = "datapath", feature = "healing"))]
pub(crate) mod priority;
#[cfg(feature = "datapath")]
pub(crate) mod receive;
#[cfg(feature = "datapath")]
pub(crate) mod send;
