//! Asking the kernel for interfaces, one kind of thing at a time.

use std::fs;
use std::io;
use std::net::IpAddr;

use crate::id::InterfaceIndex;
use crate::kind::{Kind, KindSource};
use crate::link::Link;
use crate::route::Route;
use crate::sys::answer::Answer;
use crate::sys::linux::netlink::Netlink;
use crate::sys::linux::nlmsg::Request;
use crate::sys::linux::rtnetlink::group::Family;
use crate::sys::linux::rtnetlink::link::LinkMessage;
use crate::sys::linux::wireless::Wireless;
use crate::sys::linux::{igmp, rtnetlink};
use crate::table::Table;

/// Sockets of the network namespace in which they were opened, whoever asks.
#[derive(Debug)]
pub(crate) struct Sockets {
    rtnetlink: Netlink,
    wireless: Option<Wireless>, // opened when it is needed
}

impl Sockets {
    pub(crate) fn open() -> io::Result<Self> {
        let mut sockets = Self::open_for_once()?;
        sockets.wireless = Some(Wireless::open()?);
        Ok(sockets)
    }

    /// For a single question, from the thread that opens it.
    pub(crate) fn open_for_once() -> io::Result<Self> {
        Ok(Self {
            rtnetlink: Netlink::open(libc::NETLINK_ROUTE)?,
            wireless: None,
        })
    }

    /// Sockets on which nobody answers (`ECONNREFUSED`).
    #[cfg(test)]
    pub(crate) fn unanswered() -> io::Result<Self> {
        Ok(Self {
            rtnetlink: Netlink::open(libc::NETLINK_USERSOCK)?,
            wireless: None,
        })
    }

    /// Lists all that there is.
    pub(crate) fn list_all(&mut self, table: &mut Table, groups: bool) -> io::Result<Answer> {
        let links = self.links(table, &mut rtnetlink::link::all())?;
        let addresses = self.addresses(table, None)?;
        if table.links_mut().any(|link| may_be_wireless(link)) {
            for (index, kind) in self.wireless()?.all()? {
                let mut links = table.links_mut();
                if let Some(link) = links.find(|link| link.index == index) {
                    set_wireless(link, kind);
                }
            }
        }
        let groups = match groups {
            true => self.groups(table, None)?,
            false => Answer::Whole,
        };
        Ok(links.and(addresses).and(groups))
    }

    /// Lists the interface that `request` asks for; `ENODEV` if there is none.
    pub(crate) fn list_one(
        &mut self,
        table: &mut Table,
        request: &mut Request,
        groups: bool,
    ) -> io::Result<Answer> {
        let links = self.links(table, request)?;
        let Some(link) = table.links_mut().next() else {
            return Ok(links);
        };
        self.complete(link)?;
        let index = link.index;
        let addresses = self.addresses(table, Some(index))?;
        let groups = match groups {
            true => self.groups(table, Some(index))?,
            false => Answer::Whole,
        };
        Ok(links.and(addresses).and(groups))
    }

    /// Asks what rtnetlink does not tell of a link.
    pub(crate) fn complete(&mut self, link: &mut Link) -> io::Result<()> {
        if may_be_wireless(link) {
            if let Some(kind) = self.wireless()?.at(link.index)? {
                set_wireless(link, kind);
            }
        }
        Ok(())
    }

    /// Asks for the way to a destination.
    pub(crate) fn route(&mut self, destination: IpAddr) -> io::Result<Option<Route>> {
        let mut route = None;
        let mut request = rtnetlink::route::to(destination);
        let answer = self.rtnetlink.ask(&mut request, |payload| {
            route = rtnetlink::route::decode(payload);
        });
        answer.map(|_| route)
    }

    fn links(&mut self, table: &mut Table, request: &mut Request) -> io::Result<Answer> {
        let answer = self.rtnetlink.ask(request, |payload| {
            if let Some(message) = LinkMessage::decode(payload) {
                let names = message.alternative_names();
                table.add_link(message.link);
                names.for_each(|name| table.add_alternative_name(name));
            }
        });
        table.close_links();
        answer
    }

    /// Asks for the addresses of one interface, or of all.
    fn addresses(&mut self, table: &mut Table, of: Option<InterfaceIndex>) -> io::Result<Answer> {
        let mut request = of.map_or_else(rtnetlink::address::all, rtnetlink::address::of);
        self.rtnetlink.ask(&mut request, |payload| {
            let record = rtnetlink::address::decode(payload);
            // Before Linux 4.20 all addresses are told of, whoever's were asked for.
            if let Some(record) = record.filter(|record| of.is_none() || record.owner == of) {
                table.add_address(&record);
            }
        })
    }

    /// Asks for the groups joined on one interface, or on all. They stay unknown
    /// where they may not be known.
    fn groups(&mut self, table: &mut Table, of: Option<InterfaceIndex>) -> io::Result<Answer> {
        let mut whole = Answer::Whole;
        for family in [Family::V4, Family::V6] {
            let mut request = rtnetlink::group::joined(family, of);
            let answer = self.rtnetlink.ask(&mut request, |payload| {
                let joined = rtnetlink::group::decode(payload);
                let joined = joined.filter(|(index, _)| of.is_none_or(|of| of == *index));
                if let Some((index, group)) = joined {
                    table.add_group(index, group);
                }
            });
            match answer {
                Ok(answer) => whole = whole.and(answer),
                Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {
                    if !read_groups(table, family, of)? {
                        return Ok(whole);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        table.expect_groups();
        Ok(whole)
    }

    fn wireless(&mut self) -> io::Result<&mut Wireless> {
        let wireless = match self.wireless.take() {
            Some(wireless) => wireless,
            None => Wireless::open()?,
        };
        Ok(self.wireless.insert(wireless))
    }
}

/// Reads the groups where the kernel does not tell of them otherwise: the calling
/// thread's `/proc/net`, not the process's. A family whose file is missing is one
/// that the kernel does not have. Returns whether they may be read: not by apps on
/// Android.
pub(crate) fn read_groups(
    table: &mut Table,
    family: Family,
    of: Option<InterfaceIndex>,
) -> io::Result<bool> {
    let path = match family {
        Family::V4 => "/proc/thread-self/net/igmp",
        Family::V6 => "/proc/thread-self/net/igmp6",
    };
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
        Err(error) => return Err(error),
    };
    let text = String::from_utf8_lossy(&text); // names need not be text, and do not matter
    table.expect_groups();
    let mut add = |(index, group)| {
        if of.is_none_or(|of| of == index) {
            table.add_group(index, group);
        }
    };
    match family {
        Family::V4 => igmp::ipv4_groups(&text).for_each(&mut add),
        Family::V6 => igmp::ipv6_groups(&text).for_each(&mut add),
    }
    Ok(true)
}

/// rtnetlink takes wireless interfaces for Ethernet.
fn may_be_wireless(link: &Link) -> bool {
    link.kind == Kind::Wired && link.kind_source == KindSource::LinkType
}

fn set_wireless(link: &mut Link, kind: Kind) {
    (link.kind, link.kind_source) = (kind, KindSource::Wireless);
}
