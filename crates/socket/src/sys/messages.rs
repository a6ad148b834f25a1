//! Message headers for a batch, built once: each points at its slot's room for
//! a name, control messages and a payload (recvmmsg(2)).

use std::ffi::c_int;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::{mem, ptr};

use crate::family::Family;
use crate::sys::address::{self, Name};
use crate::sys::control::{self, Buffer, Metadata};
use crate::sys::len;
use crate::sys::platform::{self, Header};
use crate::sys::slab::Slab;

pub(crate) struct Messages {
    headers: Slab<Header>,
    _vectors: Slab<libc::iovec>, // the headers point at them
    names: Slab<Name>,
    controls: Slab<Buffer>,
    payloads: Slab<u8>,
    payload_capacity: usize,
    used: usize, // headers that the last call wrote to
}

impl Messages {
    pub(crate) fn new(count: usize, payload_capacity: usize) -> Self {
        let names = Slab::new(Name([0; address::LEN]), count);
        let controls = Slab::new(Buffer([0; Buffer::LEN]), count);
        let payloads = Slab::new(0, (count * payload_capacity).max(1));
        let empty = libc::iovec {
            iov_base: ptr::null_mut(),
            iov_len: payload_capacity,
        };
        let mut vectors = Slab::new(empty, count);
        if payload_capacity > 0 {
            for (slot, vector) in vectors.items_mut().iter_mut().enumerate() {
                vector.iov_base = payloads.pointer(slot * payload_capacity).cast();
            }
        }
        // SAFETY: all zeros is a header without name, data or control messages.
        let empty: Header = unsafe { mem::zeroed() };
        let mut headers = Slab::new(empty, count);
        for (slot, header) in headers.items_mut().iter_mut().enumerate() {
            header.msg_hdr.msg_name = names.pointer(slot).cast();
            header.msg_hdr.msg_iov = vectors.pointer(slot);
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = controls.pointer(slot).cast();
        }
        Self {
            headers,
            _vectors: vectors,
            names,
            controls,
            payloads,
            payload_capacity,
            used: count,
        }
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.headers.len()
    }

    pub(crate) const fn payload_capacity(&self) -> usize {
        self.payload_capacity
    }

    /// Receives up to a batch in as few system calls as the system can; returns
    /// how many datagrams and whether the kernel had nothing left.
    pub(crate) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<(usize, bool)> {
        let used = mem::take(&mut self.used);
        for header in &mut self.headers.items_mut()[..used] {
            header.msg_hdr.msg_namelen = len::to_c(address::LEN);
            header.msg_hdr.msg_controllen = len::to_c(Buffer::LEN);
        }
        // SAFETY: each header points at its own room, of the lengths just set,
        // in slabs that `self` owns and borrows mutably.
        let received =
            unsafe { platform::receive(socket, self.headers.pointer(0), self.headers.len()) };
        // A failed call may have touched any header.
        self.used = received
            .as_ref()
            .map_or(self.headers.len(), |(count, _)| *count);
        received
    }

    /// A datagram of the last call.
    pub(crate) fn get(&self, slot: usize) -> Message<'_> {
        let header = &self.headers.items()[slot];
        let start = slot * self.payload_capacity;
        let full_len = len::from_c(header.msg_len);
        let len = full_len.min(self.payload_capacity);
        let control_len = len::from_c(header.msg_hdr.msg_controllen).min(Buffer::LEN);
        Message {
            payload: &self.payloads.items()[start..start + len],
            full_len,
            name: &self.names.items()[slot].0,
            control: &self.controls.items()[slot].0[..control_len],
            flags: header.msg_hdr.msg_flags,
        }
    }
}

// SAFETY: the pointers in the headers lead into slabs that move along.
unsafe impl Send for Messages {}
// SAFETY: shared, they can only be read.
unsafe impl Sync for Messages {}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("capacity", &self.capacity())
            .field("payload_capacity", &self.payload_capacity)
            .finish_non_exhaustive()
    }
}

/// A received datagram with all that the kernel says of it.
pub(crate) struct Message<'batch> {
    pub(crate) payload: &'batch [u8],
    /// How long it was when it was sent, if the system tells more than that there
    /// was no room for all.
    pub(crate) full_len: usize,
    name: &'batch [u8; address::LEN],
    control: &'batch [u8],
    flags: c_int,
}

impl Message<'_> {
    pub(crate) fn source(&self, family: Family) -> SocketAddr {
        address::decode(self.name, family)
    }

    pub(crate) fn metadata(&self) -> Metadata {
        control::decode(self.control)
    }

    /// Whether some of the control messages are missing for want of room.
    pub(crate) const fn is_metadata_truncated(&self) -> bool {
        self.flags & libc::MSG_CTRUNC != 0
    }

    /// Whether the datagram was longer than its slot.
    pub(crate) const fn is_truncated(&self) -> bool {
        self.flags & libc::MSG_TRUNC != 0
    }
}
