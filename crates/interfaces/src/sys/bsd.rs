//! FreeBSD, NetBSD, OpenBSD, DragonFly: a routing socket, and nothing to ask beyond
//! `getifaddrs(3)`.

use std::io;

use crate::address_record::AddressRecord;
use crate::link::Link;
pub(crate) use crate::sys::berkeley::dialect::Berkeley as Native;
use crate::sys::berkeley::listing;
pub(crate) use crate::sys::berkeley_list::{complete_link, destination, flags, list};
use crate::sys::if_data;
use crate::sys::ifaddrs::Entry;
pub(crate) use crate::sys::lister::Lister;
use crate::sys::routing::Messages;
pub(crate) use crate::sys::routing_monitor::Monitor;

/// Knows the MTU and asks nothing.
#[derive(Debug)]
pub(crate) struct Details;

impl Details {
    pub(crate) const fn open() -> io::Result<Self> {
        Ok(Self)
    }
}

impl listing::Details for Details {
    fn mtu(&self, entry: &Entry<'_, Native>) -> Option<u32> {
        if_data::mtu(entry)
    }

    fn complete_link(&self, _: &mut Link) -> io::Result<()> {
        Ok(())
    }

    fn complete_address(&self, _: &mut AddressRecord) {}
}

pub(crate) const MESSAGES: Messages = Messages {
    version: libc::RTM_VERSION,
    links: &[
        libc::RTM_IFINFO,
        libc::RTM_IFANNOUNCE,
        libc::RTM_NEWADDR,
        libc::RTM_DELADDR,
    ],
};
