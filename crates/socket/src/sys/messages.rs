//! Message headers for a batch, built once: each points at its slot's room for
//! a name, control messages and a payload (recvmmsg(2)).

use std::ffi::c_int;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::time::SystemTime;
use std::{mem, ptr};

use crate::family::Family;
use crate::sys::address::{self, Name};
use crate::sys::control::{self, Arrival, Buffer, Outline};
use crate::sys::len;
use crate::sys::platform::{self, Header};
use crate::sys::slab::Slab;

pub(crate) struct Messages {
    headers: Slab<Header>,
    _vectors: Slab<libc::iovec>, // the headers point at them
    written: Slab<Written>,
    payloads: Slab<u8>,
    payload_capacity: usize,
    used: usize, // headers that the last call wrote to
}

impl Messages {
    pub(crate) fn new(count: usize, payload_capacity: usize) -> Self {
        let unwritten = Written {
            name: Name([0; address::LEN]),
            control: Buffer([0; Buffer::LEN]),
        };
        let written = Slab::new(unwritten, count);
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
            let start = written.pointer(slot).cast::<u8>();
            let name = start.wrapping_add(mem::offset_of!(Written, name));
            let control = start.wrapping_add(mem::offset_of!(Written, control));
            header.msg_hdr.msg_name = name.cast();
            header.msg_hdr.msg_iov = vectors.pointer(slot);
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = control.cast();
        }
        Self {
            headers,
            _vectors: vectors,
            written,
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

    /// A message of the last call.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> Message<'_> {
        let header = &self.headers.items()[slot];
        let capacity = u32::try_from(self.payload_capacity).unwrap_or(u32::MAX);
        let control_len = len::from_c(header.msg_hdr.msg_controllen).min(Buffer::LEN);
        Message {
            len: header.msg_len.min(capacity),
            full_len: header.msg_len,
            written: self.written(slot),
            control_len: u8::try_from(control_len).unwrap_or(u8::MAX),
            flags: header.msg_hdr.msg_flags,
        }
    }

    /// How long the messages of the last call were when they were sent, if the system
    /// tells.
    #[inline]
    pub(crate) fn lens(&self) -> impl Iterator<Item = usize> {
        let headers = &self.headers.items()[..self.used];
        headers.iter().map(|header| len::from_c(header.msg_len))
    }

    /// The beginning of what a message carries.
    #[inline]
    pub(crate) fn payload(&self, slot: usize, len: usize) -> &[u8] {
        &self.payloads.items()[slot * self.payload_capacity..][..len]
    }

    /// What the kernel wrote about a message.
    #[inline]
    pub(crate) fn written(&self, slot: usize) -> &Written {
        &self.written.items()[slot]
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

/// A received message.
pub(crate) struct Message<'batch> {
    /// How many bytes of its payload there are.
    pub(crate) len: u32,
    /// How long it was when it was sent, if the system tells more than that there
    /// was no room for all.
    pub(crate) full_len: u32,
    pub(crate) written: &'batch Written,
    /// How many bytes of control messages there are.
    pub(crate) control_len: u8,
    flags: c_int,
}

impl Message<'_> {
    #[inline]
    pub(crate) fn outline(&self, family: Family) -> Outline {
        control::outline(self.written.control(self.control_len), family)
    }

    /// Whether some of the control messages are missing for want of room.
    #[inline]
    pub(crate) const fn is_metadata_truncated(&self) -> bool {
        self.flags & libc::MSG_CTRUNC != 0
    }

    /// Whether the datagram was longer than its slot.
    #[inline]
    pub(crate) const fn is_truncated(&self) -> bool {
        self.flags & libc::MSG_TRUNC != 0
    }
}

/// What the kernel wrote about a message: control messages and who sent it. It is
/// read when somebody asks.
///
/// In this order, and so aligned, all that IPv4 usually needs is on one line of the
/// processor's cache.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Written {
    name: Name,
    control: Buffer,
}

impl Written {
    #[inline]
    pub(crate) fn source(&self, family: Family) -> SocketAddr {
        address::decode(&self.name.0, family)
    }

    /// The interface of packet info, where an [`Outline`] has found it.
    #[inline]
    pub(crate) fn interface(&self, packet_info: u8, family: Family) -> u32 {
        control::interface(&self.control, packet_info, family)
    }

    /// The destination there.
    #[inline]
    pub(crate) fn destination(&self, packet_info: u8, family: Family) -> IpAddr {
        control::destination(&self.control, packet_info, family)
    }

    /// All of it.
    pub(crate) fn arrival(&self, packet_info: u8, family: Family) -> Arrival {
        control::arrival(&self.control, packet_info, family)
    }

    pub(crate) fn hops(&self, control_len: u8, family: Family) -> Option<u8> {
        control::hops(self.control(control_len), family)
    }

    pub(crate) fn traffic_class(&self, control_len: u8, family: Family) -> Option<u8> {
        control::traffic_class(self.control(control_len), family)
    }

    pub(crate) fn timestamp(&self, control_len: u8) -> Option<SystemTime> {
        control::timestamp(self.control(control_len))
    }

    pub(crate) fn drops(&self, control_len: u8) -> Option<u32> {
        control::drops(self.control(control_len))
    }

    #[inline]
    fn control(&self, len: u8) -> &[u8] {
        &self.control.0[..usize::from(len)]
    }
}
