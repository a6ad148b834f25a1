//! Linux and Android: rtnetlink, or `getifaddrs(3)` where that is refused.
//!
//! rtnetlink comes first because `getifaddrs(3)` of glibc loses much: it lists no
//! address for a link without a hardware address, takes a peer for a broadcast
//! address, and says by name whose an address is, which is wrong when the name
//! is a label or changes meanwhile.

#[cfg(fuzzing)]
pub mod fuzzing;
mod getifaddrs;
mod igmp;
mod link_type;
mod monitor;
mod netlink;
mod netlink_socket;
mod nl80211;
mod nlmsg;
mod rtnetlink;
mod wireless;

use std::fs;
use std::io;
use std::net::IpAddr;

pub(crate) use self::getifaddrs::{destination, family, sockaddr_len};
pub(crate) use self::monitor::Monitor;
use self::netlink::{Answer, Netlink};
use self::rtnetlink::group::Family;
use self::rtnetlink::link::LinkMessage;
use crate::enumerator::Which;
use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::kind::{Kind, KindSource};
use crate::link::Link;
use crate::route::Route;
use crate::snapshot::Snapshot;
use crate::sys::connect;
use crate::table::{Size, Table};

/// Asks for interfaces; see the contract in `sys`.
#[derive(Debug)]
pub(crate) struct Lister {
    way: Way,
    size: Size, // of the last listing
}

#[derive(Debug)]
enum Way {
    Rtnetlink(Netlink),
    Getifaddrs,
}

impl Lister {
    pub(crate) fn open() -> io::Result<Self> {
        let way = match Netlink::open(libc::NETLINK_ROUTE) {
            Ok(netlink) => Way::Rtnetlink(netlink),
            Err(error) if is_refusal(&error) => Way::Getifaddrs,
            Err(error) => return Err(error),
        };
        let size = Size::default();
        Ok(Self { way, size })
    }

    pub(crate) fn open_portable() -> io::Result<Self> {
        let (way, size) = (Way::Getifaddrs, Size::default());
        Ok(Self { way, size })
    }

    pub(crate) fn capture(&mut self, groups: bool) -> io::Result<Snapshot> {
        self.list(groups, |netlink, table| {
            let mut answer = ask_links(netlink, table, &mut rtnetlink::link::all())?;
            answer = answer.and(ask_addresses(netlink, table, None)?);
            if table.links_mut().any(|link| may_be_wireless(link)) {
                for (index, kind) in wireless::all()? {
                    table.links_mut().for_each(|link| {
                        if link.index == index {
                            set_wireless(link, kind);
                        }
                    });
                }
            }
            if groups {
                answer = answer.and(ask_groups(netlink, table, None)?);
            }
            Ok(answer)
        })
    }

    pub(crate) fn find(&mut self, which: Which<'_>, groups: bool) -> io::Result<Option<Interface>> {
        if let Way::Getifaddrs = self.way {
            let all = self.capture(groups)?.interfaces;
            return Ok(all.into_iter().find(|interface| which.is(interface)));
        }
        let request = match which {
            Which::Index(index) => Some(rtnetlink::link::by_index(index)),
            Which::Name(name) => rtnetlink::link::by_name(name),
        };
        let Some(mut request) = request else {
            return Ok(None); // no interface can be called that
        };
        let found = self.list(groups, |netlink, table| {
            let mut answer = ask_links(netlink, table, &mut request)?;
            let Some(link) = table.links_mut().next() else {
                return Ok(answer);
            };
            let index = link.index;
            complete(link)?;
            answer = answer.and(ask_addresses(netlink, table, Some(index))?);
            if groups {
                answer = answer.and(ask_groups(netlink, table, Some(index))?);
            }
            Ok(answer)
        });
        match found {
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
            Err(error) => Err(error),
            // Where the kernel was not asked after all, all are listed.
            Ok(snapshot) => Ok(snapshot.interfaces.into_iter().find(|i| which.is(i))),
        }
    }

    pub(crate) fn route(&mut self, destination: IpAddr) -> io::Result<Option<Route>> {
        let answer = match &mut self.way {
            Way::Getifaddrs => Err(io::ErrorKind::PermissionDenied.into()),
            Way::Rtnetlink(netlink) => {
                let (mut request, mut route) = (rtnetlink::route::to(destination), None);
                netlink
                    .ask(&mut request, |payload| {
                        route = rtnetlink::route::decode(payload);
                    })
                    .map(|_| route)
            }
        };
        match answer {
            Err(error) if is_no_route(&error) => Ok(None),
            // Also the answer to a destination that an administrator forbids.
            Err(error) if is_refusal(&error) => {
                let source = connect::source_towards(destination)?;
                Ok(match source {
                    Some(source) => self.capture(false)?.route_from(source),
                    None => None,
                })
            }
            answer => answer,
        }
    }

    pub(crate) fn refine(&mut self, link: &mut Link) {
        // What cannot be had stays unsaid; it may be gone by now.
        let _ = complete(link);
    }

    /// Lists by rtnetlink what `ask` asks for, again if the answer is torn; by
    /// `getifaddrs(3)` where rtnetlink is refused.
    fn list(
        &mut self,
        groups: bool,
        mut ask: impl FnMut(&mut Netlink, &mut Table) -> io::Result<Answer>,
    ) -> io::Result<Snapshot> {
        let mut table = Table::with_capacity(self.size);
        let mut is_consistent = false;
        for _ in 0..TRIES {
            table.clear();
            let answer = match &mut self.way {
                Way::Getifaddrs => getifaddrs::list(&mut table).map(|()| {
                    if groups {
                        read_groups(&mut table, &[Family::V4, Family::V6], None);
                    }
                    Answer::Whole
                }),
                Way::Rtnetlink(netlink) => {
                    if !netlink.is_sound() {
                        *netlink = Netlink::open(libc::NETLINK_ROUTE)?;
                    }
                    ask(netlink, &mut table)
                }
            };
            match answer {
                Ok(Answer::Whole) if !table.has_orphans() => {
                    is_consistent = true;
                    break;
                }
                Ok(_) => {}
                Err(error) if is_refusal(&error) && !matches!(self.way, Way::Getifaddrs) => {
                    self.way = Way::Getifaddrs;
                }
                Err(error) => return Err(error),
            }
        }
        if !is_consistent {
            table.remove_repeated_addresses();
        }
        self.size = table.size();
        Ok(Snapshot {
            interfaces: table.into_interfaces(),
            is_consistent,
        })
    }
}

fn ask_links(
    netlink: &mut Netlink,
    table: &mut Table,
    request: &mut nlmsg::Request,
) -> io::Result<Answer> {
    let answer = netlink.ask(request, |payload| {
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
fn ask_addresses(
    netlink: &mut Netlink,
    table: &mut Table,
    of: Option<InterfaceIndex>,
) -> io::Result<Answer> {
    let mut request = of.map_or_else(rtnetlink::address::all, rtnetlink::address::of);
    netlink.ask(&mut request, |payload| {
        let record = rtnetlink::address::decode(payload);
        // Before Linux 4.20 all addresses are told of, whoever's were asked for.
        if let Some(record) = record.filter(|record| of.is_none() || record.owner == of) {
            table.add_address(&record);
        }
    })
}

/// Asks for the groups joined on one interface, or on all.
fn ask_groups(
    netlink: &mut Netlink,
    table: &mut Table,
    of: Option<InterfaceIndex>,
) -> io::Result<Answer> {
    table.expect_groups();
    let mut whole = Answer::Whole;
    for family in [Family::V4, Family::V6] {
        let mut request = rtnetlink::group::joined(family, of);
        let answer = netlink.ask(&mut request, |payload| {
            let joined = rtnetlink::group::decode(payload);
            if let Some((index, group)) =
                joined.filter(|(index, _)| of.is_none_or(|of| of == *index))
            {
                table.add_group(index, group);
            }
        });
        match answer {
            Ok(answer) => whole = whole.and(answer),
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {
                read_groups(table, &[family], of);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(whole)
}

/// Reads the groups where the kernel does not tell of them otherwise: the calling
/// thread's `/proc/net`, not the process's. A family whose file is missing is one
/// that the kernel does not have.
fn read_groups(table: &mut Table, families: &[Family], of: Option<InterfaceIndex>) {
    table.expect_groups();
    let mut add = |(index, group)| {
        if of.is_none_or(|of| of == index) {
            table.add_group(index, group);
        }
    };
    for family in families {
        match family {
            Family::V4 => {
                let text = fs::read_to_string("/proc/thread-self/net/igmp").unwrap_or_default();
                igmp::ipv4_groups(&text).for_each(&mut add);
            }
            Family::V6 => {
                let text = fs::read_to_string("/proc/thread-self/net/igmp6").unwrap_or_default();
                igmp::ipv6_groups(&text).for_each(&mut add);
            }
        }
    }
}

/// Asks what rtnetlink does not tell of a link.
fn complete(link: &mut Link) -> io::Result<()> {
    if may_be_wireless(link) {
        if let Some(kind) = wireless::at(link.index)? {
            set_wireless(link, kind);
        }
    }
    Ok(())
}

/// rtnetlink takes wireless interfaces for Ethernet.
fn may_be_wireless(link: &Link) -> bool {
    link.kind == Kind::Wired && link.kind_source == KindSource::LinkType
}

fn set_wireless(link: &mut Link, kind: Kind) {
    (link.kind, link.kind_source) = (kind, KindSource::Wireless);
}

/// Whether this is not how to ask here, as on Android and in some containers.
fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
        || matches!(
            error.raw_os_error(),
            Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT)
        )
}

/// `EINVAL` is a black hole.
fn is_no_route(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EINVAL)
    )
}

/// Listings are torn by changes; by then they may lack something.
const TRIES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn both_ways_of_asking_agree_on_loopback() {
        let [asked, listed] = [Lister::open(), Lister::open_portable()].map(|lister| {
            let interfaces = lister.unwrap().capture(false).unwrap().interfaces;
            let mut loopback = interfaces.into_iter().filter(|i| i.flags().is_loopback());
            loopback.next().unwrap()
        });
        assert_eq!(asked.id(), listed.id());
        assert_eq!(asked.flags(), listed.flags());
        assert_eq!(asked.carrier(), listed.carrier());
        assert_eq!(asked.kind(), listed.kind());
        let addresses = |interface: &Interface| {
            let v4 = interface.ipv4().iter().map(ToString::to_string);
            let v6 = interface.ipv6().iter().map(ToString::to_string);
            v4.chain(v6).collect::<Vec<_>>()
        };
        assert_eq!(addresses(&asked), addresses(&listed));
    }
}
