//! All sources of a membership at once: setsourcefilter(3), getsourcefilter(3) (RFC 3678,
//! section 5.2).

use std::ffi::c_int;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::source_filter::Mode;
use crate::sys::{platform, request};

pub(super) fn set_filter(
    socket: BorrowedFd<'_>,
    interface: u32,
    group: IpAddr,
    mode: Mode,
    sources: &[IpAddr],
) -> io::Result<()> {
    let mode = match mode {
        Mode::Include => INCLUDE,
        Mode::Exclude => EXCLUDE,
    };
    let len = address_len(group);
    let mut group = storage([group]);
    let mut list = storage(sources.iter().copied());
    let count = u32::try_from(sources.len()).map_err(io::Error::other)?;
    let fd = socket.as_raw_fd();
    let (group, list) = (group.as_mut_ptr().cast(), list.as_mut_ptr().cast());
    // SAFETY: `group` is a socket address of `len` bytes, and `list` holds `count`
    // more, each in a `sockaddr_storage`; both are aligned and outlive the call.
    match unsafe { setsourcefilter(fd, interface, group, len, mode, count, list) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub(super) fn filter(
    socket: BorrowedFd<'_>,
    interface: u32,
    group: IpAddr,
) -> io::Result<(Mode, Vec<IpAddr>)> {
    let mut group_storage = storage([group]);
    let mut room = FEW_SOURCES;
    loop {
        let mut list = vec![EMPTY; usize::try_from(room).map_err(io::Error::other)?];
        let (mut mode, mut count) = (0, room);
        let (fd, len) = (socket.as_raw_fd(), address_len(group));
        let group_in = group_storage.as_mut_ptr().cast();
        let sources = list.as_mut_ptr().cast();
        let (mode_out, count_out) = (&raw mut mode, &raw mut count);
        // SAFETY: as in `set_filter`; the list has room for as many as `count` says.
        let outcome =
            unsafe { getsourcefilter(fd, interface, group_in, len, mode_out, count_out, sources) };
        if outcome != 0 {
            return Err(io::Error::last_os_error());
        }
        if count > room {
            room = count;
            continue;
        }
        let mode = match mode {
            INCLUDE => Mode::Include,
            _ => Mode::Exclude,
        };
        let count = usize::try_from(count).map_err(io::Error::other)?;
        let sources = list[..count].iter();
        let sources = sources.map(|Storage(bytes)| request::address(platform::LAYOUT, bytes));
        let sources: Option<_> = sources.collect();
        return Ok((mode, sources.ok_or(io::ErrorKind::InvalidData)?));
    }
}

/// `struct sockaddr_storage`, as bytes.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Storage([u8; STORAGE_LEN]);

const EMPTY: Storage = Storage([0; STORAGE_LEN]);

fn storage(addresses: impl IntoIterator<Item = IpAddr>) -> Vec<Storage> {
    let one = |address| {
        let mut bytes = Vec::with_capacity(STORAGE_LEN);
        request::push_address(platform::LAYOUT, address, &mut bytes);
        let mut storage = EMPTY;
        storage.0.copy_from_slice(&bytes);
        storage
    };
    addresses.into_iter().map(one).collect()
}

/// The length of its socket address.
fn address_len(address: IpAddr) -> libc::socklen_t {
    let len = match address {
        IpAddr::V4(_) => size_of::<libc::sockaddr_in>(),
        IpAddr::V6(_) => size_of::<libc::sockaddr_in6>(),
    };
    libc::socklen_t::try_from(len).unwrap_or_default()
}

const STORAGE_LEN: usize = size_of::<libc::sockaddr_storage>();
const INCLUDE: u32 = 1;
const EXCLUDE: u32 = 2;
const FEW_SOURCES: u32 = 64;

unsafe extern "C" {
    // `struct sockaddr *` and `struct sockaddr_storage *`, which they only read.
    fn setsourcefilter(
        socket: c_int,
        interface: u32,
        group: *mut libc::sockaddr,
        group_len: libc::socklen_t,
        mode: u32,
        count: u32,
        sources: *mut libc::sockaddr_storage,
    ) -> c_int;

    fn getsourcefilter(
        socket: c_int,
        interface: u32,
        group: *mut libc::sockaddr,
        group_len: libc::socklen_t,
        mode: *mut u32,
        count: *mut u32,
        sources: *mut libc::sockaddr_storage,
    ) -> c_int;
}

#[cfg(test)]
ifcast_abi::claims! {
    "MCAST_INCLUDE" => INCLUDE,
    "MCAST_EXCLUDE" => EXCLUDE,
}
