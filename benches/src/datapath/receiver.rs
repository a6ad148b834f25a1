//! What receives.

use std::hint::black_box;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::datapath::cables::{Cables, Cast};
use crate::method::Method;

/// Something that waits up to a time for datagrams, takes what is there until
/// it knows that there is no more, and tells how many datagrams that was. What
/// has no loop does not wait.
pub(crate) struct Receiver(Box<dyn FnMut(Duration) -> io::Result<usize>>);

impl Receiver {
    pub(crate) fn new(turn: impl FnMut(Duration) -> io::Result<usize> + 'static) -> Self {
        Self(Box::new(turn))
    }

    pub(crate) fn turn(&mut self, patience: Duration) -> io::Result<usize> {
        (self.0)(patience)
    }
}

/// A way to receive, and how to open it on a port.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) method: Method,
    pub(crate) open: fn(&Cables, Cast, u16) -> io::Result<Receiver>,
}

impl Way {
    pub(crate) const fn new(
        method: Method,
        open: fn(&Cables, Cast, u16) -> io::Result<Receiver>,
    ) -> Self {
        Self { method, open }
    }
}

/// Looks at a datagram as everybody does: at its beginning, its length, where it
/// came from and, if that is known, where it arrived.
#[inline]
pub(crate) fn look(payload: &[u8], source: SocketAddr, interface: u32) {
    let beginning = payload.first_chunk().copied().map(u64::from_ne_bytes);
    black_box((beginning, payload.len(), source.port(), interface));
}
