//! macOS, iOS, tvOS, watchOS, visionOS: what the C shims ask, and what these systems
//! say by themselves.

mod monitor;

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};

pub(crate) use self::monitor::Monitor;
use crate::address_record::AddressRecord;
use crate::link::Link;
pub(crate) use crate::sys::berkeley::dialect::Berkeley as Native;
use crate::sys::berkeley::listing;
pub(crate) use crate::sys::berkeley_list::{complete_link, destination, flags, list};
use crate::sys::ifaddrs::Entry;
pub(crate) use crate::sys::lister::Lister;
use crate::sys::xnu::{address_flags, functional_type};
use crate::sys::{descriptor, if_data};

/// Asks what `getifaddrs(3)` does not tell. What a driver or a sandbox refuses to
/// say stays unknown.
#[derive(Debug)]
pub(crate) struct Details {
    // They carry questions and nothing else.
    ipv4: OwnedFd,
    ipv6: OwnedFd,
}

impl Details {
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {
            ipv4: descriptor::socket(libc::AF_INET, libc::SOCK_DGRAM)?,
            ipv6: descriptor::socket(libc::AF_INET6, libc::SOCK_DGRAM)?,
        })
    }
}

impl listing::Details for Details {
    fn mtu(&self, entry: &Entry<'_, Native>) -> Option<u32> {
        if_data::mtu(entry)
    }

    fn complete_link(&self, link: &mut Link) -> io::Result<()> {
        let (socket, name) = (self.ipv4.as_fd(), link.name);
        match ifcast_sys::functional_type(socket, name.as_c_str()) {
            Ok(answer) => functional_type::refine(link, answer),
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) => return Err(error),
            Err(_) => {}
        }
        // Of a driver's own errors none says that the interface is gone.
        if link.flags.is_up() {
            link.carrier = ifcast_sys::carrier(socket, name.as_c_str()).unwrap_or(None);
        }
        Ok(())
    }

    fn complete_address(&self, record: &mut AddressRecord) {
        let (IpAddr::V6(address), Some(name)) = (record.address, record.name) else {
            return;
        };
        let flags = ifcast_sys::ipv6_address_flags(self.ipv6.as_fd(), name.as_c_str(), address);
        if let Ok(flags) = flags {
            let (state, is_temporary) = address_flags::decode(flags);
            (record.state, record.temporary) = (Some(state), Some(is_temporary));
        }
    }
}
