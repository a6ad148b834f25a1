//! Message headers for a batch on its way out, filled anew for each call
//! (sendmmsg(2)).

use std::ffi::c_int;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::{mem, ptr};

use crate::sys::address::{self, LEN, Name};
use crate::sys::control::{Buffer, Way, Writer};
use crate::sys::len;
use crate::sys::platform::{self, Header};
use crate::sys::slab::Slab;

/// Room for headers, and for what they point at but the payloads.
pub(crate) struct Outgoing {
    headers: Slab<Header>,
    vectors: Slab<libc::iovec>,
    names: Slab<Name>,
    controls: Slab<Buffer>,
}

/// Headers while they are filled with what is to be sent; they borrow the
/// payloads until that is over.
pub(crate) struct Filling<'a> {
    room: &'a mut Outgoing,
    messages: usize,
    vectors: usize,
    names: usize,
    last: Option<(SocketAddr, usize)>, // destination, length of its name
}

/// What the kernel is told about a message beside its destination.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Orders {
    /// How it leaves, unless the socket is tied to the one interface.
    pub(crate) way: Option<Way>,
    /// Into what it is split, if it is.
    pub(crate) segment: Option<Segment>,
}

impl Orders {
    /// Returns how many bytes that took.
    fn write(self, buffer: &mut Buffer) -> usize {
        let mut writer = Writer::new(buffer);
        if let Some(way) = self.way {
            writer.way(way);
        }
        if let Some(Segment { kind, len }) = self.segment {
            writer.segment(kind, len);
        }
        writer.finish().len()
    }
}

/// How a message is split into datagrams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// Level and type of the control message that says so.
    pub(crate) kind: (c_int, c_int),
    /// How many bytes each but the last has.
    pub(crate) len: u16,
}

impl Outgoing {
    pub(crate) fn new(messages: usize, vectors: usize) -> Self {
        let empty = libc::iovec {
            iov_base: ptr::null_mut(),
            iov_len: 0,
        };
        // SAFETY: all zeros is a header without name, data or control messages.
        let header: Header = unsafe { mem::zeroed() };
        Self {
            headers: Slab::new(header, messages),
            vectors: Slab::new(empty, vectors.max(messages)),
            names: Slab::new(Name([0; LEN]), messages),
            controls: Slab::new(Buffer([0; Buffer::LEN]), messages),
        }
    }

    /// Starts to fill the headers.
    pub(crate) fn fill<'a>(&'a mut self) -> Filling<'a> {
        Filling {
            room: self,
            messages: 0,
            vectors: 0,
            names: 0,
            last: None,
        }
    }
}

impl<'a> Filling<'a> {
    /// Adds a message of `payloads`; whether there was room for it.
    pub(crate) fn push(
        &mut self,
        destination: SocketAddr,
        payloads: impl ExactSizeIterator<Item = &'a [u8]>,
        orders: Orders,
    ) -> bool {
        let room = &mut *self.room;
        let is_full = self.messages == room.headers.len()
            || self.vectors + payloads.len() > room.vectors.len();
        if is_full {
            return false;
        }
        if self.last.is_none_or(|(last, _)| last != destination) {
            let name = &mut room.names.items_mut()[self.names];
            self.last = Some((destination, address::encode(destination, name)));
            self.names += 1;
        }
        let first = self.vectors;
        for payload in payloads {
            self.add_payload(first, payload);
        }
        let room = &mut *self.room;
        let buffer = &mut room.controls.items_mut()[self.messages];
        let control_len = orders.write(buffer);
        let control = if control_len == 0 {
            ptr::null_mut()
        } else {
            room.controls.pointer(self.messages).cast()
        };
        let name_len = self.last.map_or(0, |(_, len)| len);
        let (name, vector) = (
            room.names.pointer(self.names - 1),
            room.vectors.pointer(first),
        );
        let header = &mut room.headers.items_mut()[self.messages].msg_hdr;
        header.msg_name = name.cast();
        header.msg_namelen = len::to_c(name_len);
        header.msg_iov = vector;
        header.msg_iovlen = len::to_c(self.vectors - first);
        header.msg_control = control;
        header.msg_controllen = len::to_c(control_len);
        self.messages += 1;
        true
    }

    /// Sends from the message with this number on, in as few system calls as the
    /// system can; returns how many messages it took. Retries when a signal
    /// interrupts.
    pub(crate) fn send(&mut self, socket: BorrowedFd<'_>, from: usize) -> io::Result<usize> {
        let count = self.messages - from;
        let headers = self.room.headers.pointer(from);
        // SAFETY: `count` headers have been filled from there on. They point at
        // names, vectors and control messages in slabs that `self.room` owns, and
        // at payloads that are borrowed as long as `self` lives.
        unsafe { platform::send(socket, headers, count) }
    }

    /// Adds to the last vector what lies right behind it.
    fn add_payload(&mut self, first: usize, payload: &'a [u8]) {
        let vectors = self.room.vectors.items_mut();
        if self.vectors > first {
            let last = &mut vectors[self.vectors - 1];
            let end = last.iov_base.cast::<u8>().wrapping_add(last.iov_len);
            if end.cast_const() == payload.as_ptr() {
                last.iov_len += payload.len();
                return;
            }
        }
        vectors[self.vectors] = libc::iovec {
            iov_base: payload.as_ptr().cast_mut().cast(),
            iov_len: payload.len(),
        };
        self.vectors += 1;
    }
}

// SAFETY: the pointers in the headers lead into slabs that move along, and to
// payloads only while a `Filling` borrows them.
unsafe impl Send for Outgoing {}
// SAFETY: shared, nothing of it can be reached.
unsafe impl Sync for Outgoing {}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("messages", &self.headers.len())
            .finish_non_exhaustive()
    }
}
