//! All systems but Linux and Android: `getifaddrs(3)`, and what else each of them can be
//! asked.

use std::io;
use std::net::IpAddr;

use crate::interface::Interface;
use crate::link::Link;
use crate::route::Route;
use crate::snapshot::Snapshot;
use crate::sys::platform::{self, Details};
use crate::sys::which::Which;
use crate::sys::{connect, groups, repeat};
use crate::table::Size;

/// Asks for interfaces; see the contract in `sys`. What more a system tells,
/// its `Details` ask.
#[derive(Debug)]
pub(crate) struct Lister {
    details: Details,
    size: Size, // of the last listing
}

impl Lister {
    pub(crate) fn open() -> io::Result<Self> {
        let (details, size) = (Details::open()?, Size::default());
        Ok(Self { details, size })
    }

    /// Nothing is spared.
    pub(crate) fn open_for_once() -> io::Result<Self> {
        Self::open()
    }

    /// There is nothing better to do without.
    pub(crate) fn open_portable() -> io::Result<Self> {
        Self::open()
    }

    pub(crate) fn capture(&mut self, groups: bool) -> io::Result<Snapshot> {
        repeat::repeat(&mut self.size, |table| {
            let answer = platform::list(&self.details, table)?;
            let joined = if groups { groups::list()? } else { None };
            if let Some(joined) = joined {
                table.expect_groups();
                for (index, group) in joined {
                    table.add_group(index, group);
                }
            }
            Ok(answer)
        })
    }

    pub(crate) fn find(&mut self, which: Which<'_>, groups: bool) -> io::Result<Option<Interface>> {
        let all = self.capture(groups)?.interfaces;
        Ok(all.into_iter().find(|interface| which.is(interface)))
    }

    pub(crate) fn route(&mut self, destination: IpAddr) -> io::Result<Option<Route>> {
        match connect::source_towards(destination)? {
            Some(source) => Ok(self.capture(false)?.route_from(source, destination)),
            None => Ok(None),
        }
    }

    /// Notices say nothing but that something changed.
    pub(crate) const fn is_portable(&self) -> bool {
        false
    }

    /// What is gone meanwhile stays as the notice says.
    pub(crate) fn refine(&mut self, link: &mut Link) {
        let _ = platform::complete_link(&self.details, link);
    }
}
