//! Linux and Android (`<linux/in.h>`, ip(7)).

use std::ffi::c_int;
use std::io;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use ifcast_socket::Family;

use crate::source_filter::Mode;
use crate::sys::option;
use crate::sys::request::{self, Calls, Layout, Options};

pub(super) const CALLS: Calls = Calls::Rfc3678 {
    options: Options {
        join: libc::MCAST_JOIN_GROUP,
        leave: libc::MCAST_LEAVE_GROUP,
        join_source: libc::MCAST_JOIN_SOURCE_GROUP,
        leave_source: libc::MCAST_LEAVE_SOURCE_GROUP,
        block: libc::MCAST_BLOCK_SOURCE,
        unblock: libc::MCAST_UNBLOCK_SOURCE,
    },
    layout: LAYOUT,
};

/// A socket address begins with a two-byte family.
pub(super) const LAYOUT: Layout = Layout {
    align: align_of::<libc::sockaddr_storage>(),
    storage_len: size_of::<libc::sockaddr_storage>(),
    head,
};

/// `IP_MULTICAST_ALL`, `IPV6_MULTICAST_ALL`.
pub(crate) const OTHERS_CAN_KEEP: bool = true;

/// What is said along with a datagram that is sent is kept in the same memory as the
/// socket's memberships (`net.core.optmem_max`), 20 KiB on older systems. So many, with
/// ten sources each, leave room for it.
pub(crate) const MOST_OF_ITS_OWN: usize = 64;

/// `inet6_mc_check` in `net/ipv6/mcast.c` takes the first filter for the group,
/// whatever the interface.
pub(crate) const fn tells_interfaces_apart(family: Family) -> bool {
    matches!(family, Family::V4)
}

/// `SO_NETNS_COOKIE`, since Linux 5.14.
pub(crate) fn namespace(socket: BorrowedFd<'_>) -> Option<u64> {
    let mut cookie = [0; size_of::<u64>()];
    option::get(socket, libc::SOL_SOCKET, SO_NETNS_COOKIE, &mut cookie).ok()?;
    Some(u64::from_ne_bytes(cookie))
}

fn head(family: c_int, _len: u8) -> [u8; 2] {
    libc::sa_family_t::try_from(family)
        .unwrap_or_default()
        .to_ne_bytes()
}

/// `MCAST_MSFILTER`.
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
    let filter = request::encode_filter(LAYOUT, interface, group, mode, sources, 0);
    let level = option::level(group);
    option::set(socket, level, libc::MCAST_MSFILTER, &filter)
}

/// The same, read.
pub(super) fn filter(
    socket: BorrowedFd<'_>,
    interface: u32,
    group: IpAddr,
) -> io::Result<(Mode, Vec<IpAddr>)> {
    let mut room = FEW_SOURCES;
    loop {
        let mut bytes = request::encode_filter(LAYOUT, interface, group, INCLUDE, &[], room);
        let level = option::level(group);
        let len = option::get(socket, level, libc::MCAST_MSFILTER, &mut bytes)?;
        let answer = bytes.get(..len).unwrap_or(&bytes);
        let (mode, count, sources) =
            request::decode_filter(LAYOUT, answer).ok_or(io::ErrorKind::InvalidData)?;
        if count > room {
            room = count;
            continue;
        }
        let mode = match mode {
            INCLUDE => Mode::Include,
            _ => Mode::Exclude,
        };
        return Ok((mode, sources));
    }
}

const INCLUDE: u32 = libc::MCAST_INCLUDE as u32;
const EXCLUDE: u32 = libc::MCAST_EXCLUDE as u32;
const FEW_SOURCES: usize = 64;
/// `<asm-generic/socket.h>`; libc does not have it for Android. Where it is another
/// number, no two sockets are told apart.
const SO_NETNS_COOKIE: c_int = 71;

#[cfg(test)]
ifcast_abi::same!(SO_NETNS_COOKIE);

#[cfg(test)]
ifcast_abi::claims! {
    "offsetof(struct group_filter, gf_group)" => LAYOUT.align,
    "offsetof(struct group_filter, gf_fmode)" => LAYOUT.align + LAYOUT.storage_len,
    "offsetof(struct group_filter, gf_numsrc)" => LAYOUT.align + LAYOUT.storage_len + 4,
    "offsetof(struct group_filter, gf_slist)" => LAYOUT.align + LAYOUT.storage_len + 8,
}
