//! macOS, iOS, tvOS, watchOS, visionOS (`<netinet/in.h>`, setsourcefilter(3)).

use std::ffi::c_int;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::source_filter::Mode;
use crate::sys::request::{self, Layout, Options, STORAGE_LEN};

pub(super) const OPTIONS: Options = Options {
    join: 80,
    leave: 81,
    join_source: 82,
    leave_source: 83,
    block: 84,
    unblock: 85,
};

/// The structures are packed to 4 bytes. A socket address begins with its length,
/// without which the kernel refuses it, and a one-byte family.
pub(super) const LAYOUT: Layout = Layout { align: 4, head };

/// The kernel hands a multicast to members only.
pub(crate) const OTHERS_CAN_KEEP: bool = false;

fn head(family: c_int, len: u8) -> [u8; 2] {
    [len, libc::sa_family_t::try_from(family).unwrap_or_default()]
}

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
    let mut group = storage([group]);
    let mut list = storage(sources.iter().copied());
    let count = u32::try_from(sources.len()).map_err(io::Error::other)?;
    let (fd, len) = (socket.as_raw_fd(), address_len(&group));
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
        let (fd, len) = (socket.as_raw_fd(), address_len(&group_storage));
        let group = group_storage.as_mut_ptr().cast();
        let sources = list.as_mut_ptr().cast();
        let (mode_out, count_out) = (&raw mut mode, &raw mut count);
        // SAFETY: as in `set_filter`; the list has room for as many as `count` says.
        let outcome =
            unsafe { getsourcefilter(fd, interface, group, len, mode_out, count_out, sources) };
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
        let sources = sources.map(|Storage(bytes)| request::address(LAYOUT, bytes));
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
        request::push_address(LAYOUT, address, &mut bytes);
        let mut storage = EMPTY;
        storage.0.copy_from_slice(&bytes);
        storage
    };
    addresses.into_iter().map(one).collect()
}

/// The length that a socket address begins with.
fn address_len(address: &[Storage]) -> libc::socklen_t {
    address.first().map_or(0, |Storage(bytes)| bytes[0].into())
}

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
