//! The options of RFC 3678, as a plain program sets them.

#![expect(
    unsafe_code,
    reason = "what neither std nor nix wraps for both families"
)]

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::AsRawFd;

/// Which senders a filter is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// None but these.
    Include,
    /// All but these.
    Exclude,
}

/// A group on an interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership {
    pub(crate) index: u32,
    pub(crate) group: IpAddr,
}

impl Membership {
    #[track_caller]
    pub(crate) fn join(self, socket: &UdpSocket) {
        self.set(socket, MCAST_JOIN_GROUP, &self.group_req());
    }

    #[track_caller]
    pub(crate) fn leave(self, socket: &UdpSocket) {
        self.set(socket, MCAST_LEAVE_GROUP, &self.group_req());
    }

    #[track_caller]
    pub(crate) fn join_source(self, socket: &UdpSocket, source: IpAddr) {
        self.set(socket, MCAST_JOIN_SOURCE_GROUP, &self.source_req(source));
    }

    #[track_caller]
    pub(crate) fn leave_source(self, socket: &UdpSocket, source: IpAddr) {
        self.set(socket, MCAST_LEAVE_SOURCE_GROUP, &self.source_req(source));
    }

    #[track_caller]
    pub(crate) fn block(self, socket: &UdpSocket, source: IpAddr) {
        self.set(socket, MCAST_BLOCK_SOURCE, &self.source_req(source));
    }

    #[track_caller]
    pub(crate) fn unblock(self, socket: &UdpSocket, source: IpAddr) {
        self.set(socket, MCAST_UNBLOCK_SOURCE, &self.source_req(source));
    }

    /// Replaces what has been joined of the group, which must be something.
    #[track_caller]
    pub(crate) fn filter(self, socket: &UdpSocket, mode: Mode, sources: &[IpAddr]) {
        let mut request = self.group_req();
        let mode: u32 = match mode {
            Mode::Exclude => 0,
            Mode::Include => 1,
        };
        request.extend(mode.to_ne_bytes());
        request.extend(u32::try_from(sources.len()).unwrap().to_ne_bytes());
        for source in sources {
            request.extend(storage(*source));
        }
        self.set(socket, MCAST_MSFILTER, &request);
    }

    /// `struct group_req`, with which the others begin.
    fn group_req(self) -> Vec<u8> {
        let mut request = self.index.to_ne_bytes().to_vec();
        request.resize(size_of::<libc::c_ulong>(), 0); // as the storage is aligned
        request.extend(storage(self.group));
        request
    }

    /// `struct group_source_req`.
    fn source_req(self, source: IpAddr) -> Vec<u8> {
        let mut request = self.group_req();
        request.extend(storage(source));
        request
    }

    #[track_caller]
    fn set(self, socket: &UdpSocket, option: libc::c_int, value: &[u8]) {
        let level = if self.group.is_ipv4() {
            libc::IPPROTO_IP
        } else {
            libc::IPPROTO_IPV6
        };
        let length = libc::socklen_t::try_from(value.len()).unwrap();
        let fd = socket.as_raw_fd();
        // SAFETY: `value` is readable for `length` bytes, and the kernel copies it.
        let outcome = unsafe { libc::setsockopt(fd, level, option, value.as_ptr().cast(), length) };
        if outcome < 0 {
            panic!("{self:?}, option {option}: {}", io::Error::last_os_error());
        }
    }
}

/// `struct sockaddr_storage`.
fn storage(address: IpAddr) -> Vec<u8> {
    let (family, mut bytes) = match address {
        IpAddr::V4(address) => (libc::AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => {
            let flow_information = [0; 4];
            let bytes = [&flow_information[..], &address.octets()].concat();
            (libc::AF_INET6, bytes)
        }
    };
    let family = u16::try_from(family).unwrap();
    let mut storage = family.to_ne_bytes().to_vec();
    storage.extend([0; 2]); // port
    storage.append(&mut bytes);
    storage.resize(size_of::<libc::sockaddr_storage>(), 0);
    storage
}

// Constants of <linux/in.h>, which not every libc has.
const MCAST_JOIN_GROUP: libc::c_int = 42;
const MCAST_BLOCK_SOURCE: libc::c_int = 43;
const MCAST_UNBLOCK_SOURCE: libc::c_int = 44;
const MCAST_LEAVE_GROUP: libc::c_int = 45;
const MCAST_JOIN_SOURCE_GROUP: libc::c_int = 46;
const MCAST_LEAVE_SOURCE_GROUP: libc::c_int = 47;
const MCAST_MSFILTER: libc::c_int = 48;
