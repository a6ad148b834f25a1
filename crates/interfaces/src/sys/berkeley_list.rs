//! `getifaddrs(3)` of Apple's systems and the BSDs.

use std::io;

use crate::link::Link;
use crate::sys::answer::Answer;
use crate::sys::berkeley::listing;
use crate::sys::ifaddrs::List;
use crate::sys::platform::Details;
use crate::table::Table;

pub(crate) fn list(details: &Details, table: &mut Table) -> io::Result<Answer> {
    let list = List::capture()?;
    Ok(listing::read(list.iter(), details, table))
}

pub(crate) fn complete_link(details: &Details, link: &mut Link) -> io::Result<()> {
    listing::Details::complete_link(details, link)
}

pub(crate) fn destination(entry: &libc::ifaddrs) -> *const libc::sockaddr {
    entry.ifa_dstaddr
}

pub(crate) const fn flags(entry: &libc::ifaddrs) -> u32 {
    entry.ifa_flags
}
