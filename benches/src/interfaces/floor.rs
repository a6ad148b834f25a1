//! What the kernel takes at least: its answers are read, and their messages
//! counted.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use ifcast_interfaces::InterfaceIndex;

use crate::call::Call;
use crate::method::Method;
use crate::sys::ifaddrs::List;
use crate::sys::netlink::Socket;

pub(crate) const KEPT: Method = Method::floor("bare dump, kept descriptor");
pub(crate) const FRESH: Method = Method::floor("bare dump, fresh descriptor");
pub(crate) const BY_INDEX: Method = Method::floor("bare requests by index");
pub(crate) const EVENT: Method = Method::floor("bare recv");
pub(crate) const GETIFADDRS: Method = Method::peer("getifaddrs(3)");

/// Dumps all links and addresses over one descriptor.
pub(crate) fn kept_descriptor() -> io::Result<impl Fn() -> Call> {
    let (requests, dump) = (dump_requests(), Rc::new(RefCell::new(Bare::open()?)));
    Ok(move || {
        let (requests, dump) = (requests.clone(), Rc::clone(&dump));
        Call::new(move || dump.borrow_mut().ask(&requests), |told| *told)
    })
}

/// Dumps all links and addresses over a descriptor that it opens and closes.
pub(crate) fn fresh_descriptor() -> Call {
    let requests = dump_requests();
    Call::new(move || Bare::open()?.ask(&requests), |told| *told)
}

/// Asks for one link and its addresses.
pub(crate) fn by_index(index: InterfaceIndex) -> io::Result<impl Fn() -> Call> {
    let index = index.get();
    let requests = [
        request(libc::RTM_GETLINK, ONE, &link_body(index)),
        request(libc::RTM_GETADDR, DUMP, &address_body(index)),
    ];
    let bare = Bare::open()?;
    bare.socket.be_strict()?;
    let bare = Rc::new(RefCell::new(bare));
    Ok(move || {
        let (requests, bare) = (requests.clone(), Rc::clone(&bare));
        Call::new(move || bare.borrow_mut().ask(&requests), |told| *told)
    })
}

/// Receives one event, and does not look at it.
pub(crate) fn event() -> io::Result<Call> {
    let mut bare = Bare::open()?;
    bare.socket.subscribe()?;
    let work = move || bare.socket.receive(&mut bare.buffer);
    Ok(Call::new(work, |()| 1))
}

/// What C programs do; not the least, but what most peers stand on.
pub(crate) fn getifaddrs() -> Call {
    Call::new(List::capture, List::ip_addresses)
}

struct Bare {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Bare {
    fn open() -> io::Result<Self> {
        Ok(Self {
            socket: Socket::open()?,
            buffer: Vec::with_capacity(BUFFER_LEN),
        })
    }

    /// Sends both requests, one after the other's answer, and returns how many
    /// addresses there were.
    fn ask(&mut self, requests: &[Vec<u8>; 2]) -> io::Result<usize> {
        let mut addresses = 0;
        for request in requests {
            self.socket.send(request)?;
            let dump = request[FLAGS_AT..].starts_with(&DUMP.to_ne_bytes());
            let mut more = true;
            while more {
                self.socket.receive(&mut self.buffer)?;
                more = dump;
                for message_type in message_types(&self.buffer) {
                    match message_type {
                        libc::RTM_NEWADDR => addresses += 1,
                        DONE => more = false,
                        ERROR => return Err(io::Error::other("a bare request was refused")),
                        _ => {}
                    }
                }
            }
        }
        Ok(addresses)
    }
}

fn dump_requests() -> [Vec<u8>; 2] {
    [
        request(libc::RTM_GETLINK, DUMP, &link_body(0)),
        request(libc::RTM_GETADDR, DUMP, &address_body(0)),
    ]
}

/// A `struct nlmsghdr` with number 1 for the kernel, and its body.
fn request(message_type: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(HEADER_LEN + body.len()).unwrap_or(u32::MAX);
    let mut bytes = len.to_ne_bytes().to_vec();
    bytes.extend(message_type.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend([1u32, 0].map(u32::to_ne_bytes).concat());
    bytes.extend(body);
    bytes
}

/// A `struct ifinfomsg`, and an `IFLA_EXT_MASK` that leaves out statistics.
fn link_body(index: u32) -> Vec<u8> {
    let words = [0, index, 0, 0].map(u32::to_ne_bytes);
    let attribute = [8u16, IFLA_EXT_MASK].map(u16::to_ne_bytes);
    let mask = RTEXT_FILTER_SKIP_STATS.to_ne_bytes();
    [&words.concat()[..], &attribute.concat(), &mask].concat()
}

/// A `struct ifaddrmsg`.
fn address_body(index: u32) -> Vec<u8> {
    [0, index].map(u32::to_ne_bytes).concat()
}

/// The types of the messages in what one read returned.
fn message_types(mut bytes: &[u8]) -> impl Iterator<Item = u16> {
    std::iter::from_fn(move || {
        let [a, b, c, d, e, f] = *bytes.first_chunk()?;
        let len = usize::try_from(u32::from_ne_bytes([a, b, c, d])).ok()?;
        let next = len.max(HEADER_LEN).next_multiple_of(4);
        bytes = bytes.get(next..).unwrap_or_default();
        Some(u16::from_ne_bytes([e, f]))
    })
}

const BUFFER_LEN: usize = 32 * 1024;
const HEADER_LEN: usize = 16;
const FLAGS_AT: usize = 6;
const ONE: u16 = 0x1; // NLM_F_REQUEST
const DUMP: u16 = 0x301; // and NLM_F_DUMP
const ERROR: u16 = 2; // NLMSG_ERROR
const DONE: u16 = 3; // NLMSG_DONE
const IFLA_EXT_MASK: u16 = 29;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_their_lengths_alone() {
        let stream = [
            request(libc::RTM_NEWADDR, 0, &[0; 8]),
            request(libc::RTM_NEWADDR, 0, &[0; 3]),
        ];
        let mut stream = [&stream[0][..], &stream[1], &[0]].concat(); // padded to 4
        stream.extend(request(DONE, 0, &[0; 4]));
        let types: Vec<_> = message_types(&stream).collect();
        assert_eq!(types, [libc::RTM_NEWADDR, libc::RTM_NEWADDR, DONE]);
    }
}
