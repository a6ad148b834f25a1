//! Socket addresses and listings as these systems lay them out, for tests.

use std::ffi::{CString, c_char, c_uint, c_void};
use std::net::Ipv6Addr;
use std::ptr;

use crate::sys::berkeley::dialect::{AF_LINK, Berkeley};
use crate::sys::ifaddrs::{self, Entries};
use crate::sys::sockaddr::Sockaddr;

pub(crate) const IFT_ETHER: u8 = 0x06;

/// A whole `struct sockaddr_in`.
pub(crate) fn v4(address: [u8; 4]) -> Vec<u8> {
    let mut bytes = beginning(16, libc::AF_INET);
    bytes.extend([0; 2]); // port
    bytes.extend(address);
    bytes.extend([0; 8]);
    bytes
}

/// A whole `struct sockaddr_in6`.
pub(crate) fn v6(address: &str, scope_id: u32) -> Vec<u8> {
    let mut bytes = beginning(28, libc::AF_INET6);
    bytes.extend([0; 6]); // port, flow
    bytes.extend(address.parse::<Ipv6Addr>().unwrap().octets());
    bytes.extend(scope_id.to_ne_bytes());
    bytes
}

/// A netmask that ends after `len` bytes and names no family.
pub(crate) fn mask(len: u8, ones_at: usize, ones: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; ones_at];
    bytes[0] = len;
    bytes.extend(ones);
    bytes.resize(len.max(1).into(), 0);
    bytes
}

/// A `struct sockaddr_dl` of just the length that it needs.
pub(crate) fn link(index: u16, if_type: u8, name: &str, address: &[u8]) -> Vec<u8> {
    let [name_len, address_len] = [name.len(), address.len()].map(|n| u8::try_from(n).unwrap());
    let mut bytes = beginning(8 + name_len + address_len, AF_LINK);
    bytes.extend(index.to_ne_bytes());
    bytes.extend([if_type, name_len, address_len, 0]);
    bytes.extend(name.bytes().chain(address.iter().copied()));
    bytes
}

fn beginning(len: u8, family: i32) -> Vec<u8> {
    vec![len, u8::try_from(family).unwrap()]
}

/// Reads a socket address as out of a list: at each alignment that there is, with
/// nothing and with something behind it.
pub(crate) fn read(bytes: &[u8]) -> Sockaddr {
    let at = |offset: usize, behind: &[u8]| {
        let room = [&[0xee; 4][..offset], bytes, behind].concat();
        let start = room[offset..].as_ptr();
        // SAFETY: `bytes` begins with its length, and all of it is there.
        unsafe { ifaddrs::read::<Berkeley>(start.cast()) }.unwrap()
    };
    let sockaddr = at(0, &[]);
    for offset in 0..4 {
        for behind in [&[][..], &[0xff; 32]] {
            assert_eq!(at(offset, behind).bytes(), sockaddr.bytes());
        }
    }
    sockaddr
}

/// A list as the C library makes it of what the kernel says: everything in one
/// piece of memory, which ends with the last socket address. Each of those takes as
/// much room as it says, rounded up to 4 bytes.
#[derive(Default)]
pub(crate) struct Listing {
    words: Vec<[u8; 4]>,
    plan: Vec<Planned>,
    names: Vec<CString>,
    nodes: Vec<Node>,
}

/// What is to be an entry, with where its socket addresses are.
struct Planned {
    flags: c_uint,
    address: Option<usize>,
    netmask: Option<usize>,
    destination: Option<usize>,
}

/// `struct ifaddrs`, whose sixth member has other names elsewhere.
#[repr(C)]
struct Node {
    next: *const Self,
    name: *const c_char,
    flags: c_uint,
    address: *const libc::sockaddr,
    netmask: *const libc::sockaddr,
    destination: *const libc::sockaddr,
    data: *const c_void,
    address_flags: c_uint, // NetBSD and DragonFly only
}

impl Listing {
    /// Adds an entry; what is empty is not there.
    pub(crate) fn add(
        mut self,
        name: &str,
        flags: u32,
        address: &[u8],
        netmask: &[u8],
        destination: &[u8],
    ) -> Self {
        let [address, netmask, destination] =
            [address, netmask, destination].map(|bytes| self.append(bytes));
        self.names.push(CString::new(name).unwrap());
        self.plan.push(Planned {
            flags,
            address,
            netmask,
            destination,
        });
        self
    }

    /// Links the entries and gives them out.
    pub(crate) fn entries(&mut self) -> Entries<'_, Berkeley> {
        assert!(size_of::<Node>() >= size_of::<libc::ifaddrs>());
        let base = self.words.as_ptr();
        let at = |place: Option<usize>| {
            place.map_or(ptr::null(), |place| base.wrapping_add(place).cast())
        };
        self.nodes = self
            .plan
            .iter()
            .zip(&self.names)
            .map(|(planned, name)| Node {
                next: ptr::null(),
                name: name.as_ptr(),
                flags: planned.flags,
                address: at(planned.address),
                netmask: at(planned.netmask),
                destination: at(planned.destination),
                data: ptr::null(),
                address_flags: 0,
            })
            .collect();
        let first: *mut Node = self.nodes.as_mut_ptr();
        for position in 1..self.nodes.len() {
            let next = first.wrapping_add(position);
            // SAFETY: a node before `next`, all of which are in `self.nodes`.
            unsafe { (*next.wrapping_sub(1)).next = next };
        }
        let head = if self.nodes.is_empty() {
            ptr::null()
        } else {
            first
        };
        // SAFETY: `self` owns all that the entries point to, and is borrowed.
        unsafe { Entries::starting_at(head.cast()) }
    }

    fn append(&mut self, bytes: &[u8]) -> Option<usize> {
        if bytes.is_empty() {
            return None;
        }
        let start = self.words.len();
        self.words.extend(bytes.chunks(4).map(|chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            word
        }));
        Some(start)
    }
}
