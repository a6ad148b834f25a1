//! The messages of routing sockets that matter (`RTM_*` of `<net/route.h>`, which
//! only the SDK of macOS has).

use std::ffi::c_int;

use crate::sys::routing::Messages;

pub(crate) const MESSAGES: Messages = Messages {
    version: RTM_VERSION,
    links: &[RTM_NEWADDR, RTM_DELADDR, RTM_IFINFO, RTM_IFINFO2],
};

pub(crate) const RTM_VERSION: c_int = 5;
pub(crate) const RTM_NEWADDR: c_int = 0x0c;
pub(crate) const RTM_DELADDR: c_int = 0x0d;
pub(crate) const RTM_IFINFO: c_int = 0x0e;
pub(crate) const RTM_IFINFO2: c_int = 0x12;

#[cfg(all(test, target_vendor = "apple"))]
ifcast_abi::same!(
    RTM_VERSION,
    RTM_NEWADDR,
    RTM_DELADDR,
    RTM_IFINFO,
    RTM_IFINFO2
);
