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
mod sockets;
mod transport;
mod wireless;

use std::io;
use std::net::IpAddr;

pub(crate) use self::getifaddrs::{Linux as Native, destination, flags};
pub(crate) use self::monitor::Monitor;
use self::rtnetlink::group::Family;
use self::sockets::Sockets;
use crate::interface::Interface;
use crate::link::Link;
use crate::route::Route;
use crate::snapshot::Snapshot;
use crate::sys::answer::Answer;
use crate::sys::connect;
use crate::sys::which::Which;
use crate::table::{Size, Table};

/// Asks for interfaces; see the contract in `sys`.
#[derive(Debug)]
pub(crate) struct Lister {
    way: Way,
    size: Size, // of the last listing
}

#[derive(Debug)]
enum Way {
    Netlink(Sockets),
    Getifaddrs,
}

impl Lister {
    pub(crate) fn open() -> io::Result<Self> {
        Self::over(Sockets::open())
    }

    pub(crate) fn open_for_once() -> io::Result<Self> {
        Self::over(Sockets::open_for_once())
    }

    pub(crate) fn open_portable() -> io::Result<Self> {
        Self::over(Err(io::ErrorKind::PermissionDenied.into()))
    }

    fn over(sockets: io::Result<Sockets>) -> io::Result<Self> {
        let way = match sockets {
            Ok(sockets) => Way::Netlink(sockets),
            Err(error) if is_refusal(&error) => Way::Getifaddrs,
            Err(error) => return Err(error),
        };
        let size = Size::default();
        Ok(Self { way, size })
    }

    pub(crate) fn capture(&mut self, groups: bool) -> io::Result<Snapshot> {
        let table = Table::with_capacity(self.size);
        let (table, is_consistent) = self.list(table, groups, |sockets, table| {
            sockets.list_all(table, groups)
        })?;
        self.size = table.size();
        Ok(Snapshot {
            interfaces: table.into_interfaces(),
            is_consistent,
        })
    }

    pub(crate) fn find(&mut self, which: Which<'_>, groups: bool) -> io::Result<Option<Interface>> {
        let request = match which {
            Which::Index(index) => rtnetlink::link::by_index(index),
            Which::Name(name) => rtnetlink::link::by_name(name),
        };
        let Some(mut request) = request else {
            return Ok(None); // no interface can be that
        };
        let found = self.list(Table::default(), groups, |sockets, table| {
            sockets.list_one(table, &mut request, groups)
        });
        match found {
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
            Err(error) => Err(error),
            // `getifaddrs(3)` lists all.
            Ok((table, _)) => Ok(table.into_interfaces().into_iter().find(|i| which.is(i))),
        }
    }

    pub(crate) fn route(&mut self, destination: IpAddr) -> io::Result<Option<Route>> {
        let answer = match &mut self.way {
            Way::Netlink(sockets) => sockets.route(destination),
            Way::Getifaddrs => Err(io::ErrorKind::PermissionDenied.into()),
        };
        match answer {
            Err(error) if is_no_route(&error) => Ok(None),
            // Also the answer to a destination that an administrator forbids.
            Err(error) if is_refusal(&error) => match connect::source_towards(destination)? {
                Some(source) => Ok(self.capture(false)?.route_from(source, destination)),
                None => Ok(None),
            },
            answer => answer,
        }
    }

    pub(crate) const fn is_portable(&self) -> bool {
        matches!(self.way, Way::Getifaddrs)
    }

    pub(crate) fn refine(&mut self, link: &mut Link) {
        if let Way::Netlink(sockets) = &mut self.way {
            // What cannot be had stays unsaid; it may be gone by now.
            let _ = sockets.complete(link);
        }
    }

    /// Lists by netlink what `ask` asks for, again if the answer is torn; all by
    /// `getifaddrs(3)` where netlink is refused. Returns whether it tells all.
    fn list(
        &mut self,
        mut table: Table,
        groups: bool,
        mut ask: impl FnMut(&mut Sockets, &mut Table) -> io::Result<Answer>,
    ) -> io::Result<(Table, bool)> {
        for _ in 0..TRIES {
            table.clear();
            let answer = match &mut self.way {
                Way::Netlink(sockets) => ask(sockets, &mut table),
                Way::Getifaddrs => list_portably(&mut table, groups),
            };
            match answer {
                Ok(Answer::Whole) if !table.has_orphans() => return Ok((table, true)),
                Ok(_) => {}
                Err(error) if is_refusal(&error) && !matches!(self.way, Way::Getifaddrs) => {
                    self.way = Way::Getifaddrs;
                }
                Err(error) => return Err(error),
            }
        }
        table.remove_repeated_addresses();
        Ok((table, false))
    }
}

fn list_portably(table: &mut Table, groups: bool) -> io::Result<Answer> {
    getifaddrs::list(table)?;
    if groups && sockets::read_groups(table, Family::V4, None)? {
        sockets::read_groups(table, Family::V6, None)?;
    }
    Ok(Answer::Whole)
}

/// Whether this is not how to ask here, as on Android and in some containers.
fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
        || matches!(
            error.raw_os_error(),
            Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT)
        )
}

/// `EINVAL` is a black hole, `EOPNOTSUPP` a kernel without this family.
fn is_no_route(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EINVAL | libc::EOPNOTSUPP)
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
    #[test]
    fn only_where_netlink_is_refused_is_getifaddrs_asked() {
        let over = |errno| Lister::over(Err(io::Error::from_raw_os_error(errno)));
        for refusal in [
            libc::EPERM,
            libc::EACCES,
            libc::EAFNOSUPPORT,
            libc::EPROTONOSUPPORT,
        ] {
            assert!(matches!(over(refusal).unwrap().way, Way::Getifaddrs));
        }
        for errno in [libc::EMFILE, libc::ENFILE, libc::ENOMEM] {
            assert_eq!(over(errno).unwrap_err().raw_os_error(), Some(errno));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn what_netlink_refuses_to_list_is_listed_by_getifaddrs_from_then_on() {
        let mut lister = Lister::open().unwrap();
        let refuse = |_: &mut Sockets, _: &mut Table| Err(io::ErrorKind::PermissionDenied.into());
        let (table, is_whole) = lister.list(Table::default(), false, refuse).unwrap();
        let listed = table.into_interfaces();
        assert!(is_whole && listed.iter().any(|i| i.flags().is_loopback()));
        assert!(matches!(lister.way, Way::Getifaddrs));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no netlink")]
    fn a_torn_listing_is_asked_for_again_but_not_for_ever() {
        let mut lister = Lister::open().unwrap();
        for (torn, asked, whole) in [(0, 1, true), (1, 2, true), (3, 4, true), (4, 4, false)] {
            let mut times = 0;
            let answer = lister.list(Table::default(), false, |_, _| {
                times += 1;
                Ok(if times > torn {
                    Answer::Whole
                } else {
                    Answer::Torn
                })
            });
            assert_eq!((times, answer.unwrap().1), (asked, whole));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no netlink")]
    fn what_is_neither_an_answer_nor_a_refusal_is_an_error() {
        let way = Way::Netlink(Sockets::unanswered().unwrap());
        let size = Size::default();
        let mut lister = Lister { way, size };
        let errors = [
            lister.capture(false).err(),
            lister.find(Which::Name(b"lo"), false).err(),
            lister.route([127, 0, 0, 1].into()).err(),
        ];
        for error in errors {
            assert_eq!(error.unwrap().kind(), io::ErrorKind::ConnectionRefused);
        }
    }
}
