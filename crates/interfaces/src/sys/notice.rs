//! What a system says by itself when something changes.

use std::net::IpAddr;

use crate::address_record::AddressRecord;
use crate::id::InterfaceIndex;
use crate::link::Link;

/// One thing that the system says; it may say it again, or late.
#[derive(Debug)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android", test)),
    expect(dead_code, reason = "this system never says what changed")
)]
pub(crate) enum Notice {
    /// So an interface is now.
    Link {
        link: Link,
        alternative_names: Vec<u8>, // each with a NUL behind it
    },
    /// An interface is gone.
    LinkGone(InterfaceIndex),
    /// So an address is now.
    Address(AddressRecord),
    /// An address is gone.
    AddressGone(AddressRecord),
    /// Somebody was the first to join a group.
    Joined(InterfaceIndex, IpAddr),
    /// The last one left a group.
    Left(InterfaceIndex, IpAddr),
    /// More was said than there was room for, so something was lost.
    Lost,
    /// Something changed, and the system does not say what.
    Hint,
}
