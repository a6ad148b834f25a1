//! illumos: `getifaddrs(3SOCKET)` lists the addresses of what is up, and nothing of links.

use std::io;

use crate::kind::{Kind, KindSource};
use crate::link::Link;
use crate::sys::answer::Answer;
pub(crate) use crate::sys::family_first::FamilyFirst as Native;
use crate::sys::ifaddrs::List;
pub(crate) use crate::sys::lister::Lister;
use crate::sys::routing::Messages;
pub(crate) use crate::sys::routing_monitor::Monitor;
use crate::sys::{merged, named};
use crate::table::Table;

/// Asks nothing.
#[derive(Debug)]
pub(crate) struct Details;

impl Details {
    pub(crate) const fn open() -> io::Result<Self> {
        Ok(Self)
    }
}

/// There is nothing more.
#[expect(clippy::unnecessary_wraps, reason = "others ask")]
pub(crate) const fn complete_link(_: &Details, _: &mut Link) -> io::Result<()> {
    Ok(())
}

/// Each interface is what its addresses say that it is.
pub(crate) fn list(_: &Details, table: &mut Table) -> io::Result<Answer> {
    let list = List::capture()?;
    let entries = list
        .iter()
        .filter_map(|entry| Some((entry.name()?, entry.flags())));
    for (name, flags) in merged::interfaces(entries, OF_ADDRESSES) {
        // One that has gone meanwhile leaves its addresses behind as orphans.
        if let Some(link) = named::link(name, flags) {
            let is_tunnel = link.kind == Kind::Unknown && flags.is_point_to_point();
            table.add_link(if is_tunnel {
                Link {
                    kind: Kind::Tunnel,
                    kind_source: KindSource::Flags,
                    ..link
                }
            } else {
                link
            });
        }
    }
    table.close_links();
    for record in list.iter().filter_map(|entry| entry.address_record()) {
        table.add_address(&record);
    }
    Ok(if table.has_orphans() {
        Answer::Torn
    } else {
        Answer::Whole
    })
}

pub(crate) fn destination(entry: &libc::ifaddrs) -> *const libc::sockaddr {
    entry.ifa_dstaddr
}

/// The lower half; what is in the upper one is of addresses.
#[expect(clippy::cast_possible_truncation, reason = "that is what is wanted")]
pub(crate) const fn flags(entry: &libc::ifaddrs) -> u32 {
    entry.ifa_flags as u32
}

/// `<net/route.h>`; libc does not have them.
pub(crate) const MESSAGES: Messages = Messages {
    version: 3,
    links: &[0xc, 0xd, 0xe, 0xf], // RTM_NEWADDR, RTM_DELADDR, RTM_IFINFO, RTM_CHGADDR
};

/// The flags that are an address's, or say of which family it is.
const OF_ADDRESSES: u32 = (libc::IFF_UNNUMBERED
    | libc::IFF_DHCPRUNNING
    | libc::IFF_NOLOCAL
    | libc::IFF_DEPRECATED
    | libc::IFF_ADDRCONF
    | libc::IFF_ANYCAST
    | libc::IFF_IPV4
    | libc::IFF_IPV6) as u32;
