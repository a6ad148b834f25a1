//! The calls for source filters where there are none.

#![forbid(unsafe_code)]

use std::io;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use crate::source_filter::Mode;
use crate::sys::request;

pub(super) fn set_filter(
    _: BorrowedFd<'_>,
    _: u32,
    _: IpAddr,
    _: Mode,
    _: &[IpAddr],
) -> io::Result<()> {
    Err(request::no_sources())
}

pub(super) fn filter(_: BorrowedFd<'_>, _: u32, _: IpAddr) -> io::Result<(Mode, Vec<IpAddr>)> {
    Err(request::no_sources())
}
