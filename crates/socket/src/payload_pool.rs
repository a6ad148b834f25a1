//! Keeping payloads without an allocation for each.

use std::fmt;
use std::mem;

use bytes::{Bytes, BytesMut};

/// Room for payloads that are to be kept after their [`RecvBatch`](crate::RecvBatch)
/// is used again.
///
/// It copies them one behind the other into a slab, and goes on in another when
/// that is full: the one before, if nothing in it is kept any more, or else a new
/// one. So nothing is allocated as long as each payload is dropped, by whatever
/// thread, before one more slab has been filled; otherwise a new slab is, which
/// holds hundreds of small payloads.
///
/// What is kept keeps its whole slab: one payload of ten bytes that is never
/// dropped costs 64 KiB, or as much as the slabs are large. So payloads that stay
/// for long, or few among many, are better off with
/// [`Datagram::to_bytes`](crate::Datagram::to_bytes), which allocates just their
/// length. It is also a little faster for those that the same thread drops before
/// the next. A pool is for those that are passed on, worked on and dropped: where
/// another thread drops them it takes down to half the time, and a fraction of it
/// with the allocator of musl.
///
/// ```
/// use std::sync::mpsc::Sender;
///
/// use bytes::Bytes;
/// use ifcast_socket::{BoundSocket, PayloadPool, RecvBatch};
///
/// /// Passes on what arrives to a thread that has the time to look at it.
/// fn pass_on(
///     socket: &BoundSocket,
///     batch: &mut RecvBatch,
///     pool: &mut PayloadPool,
///     worker: &Sender<Bytes>,
/// ) -> std::io::Result<()> {
///     for datagram in socket.recv_batch(batch)? {
///         let _ = worker.send(pool.keep(datagram.payload()));
///     }
///     Ok(())
/// }
/// ```
pub struct PayloadPool {
    slab_capacity: usize,
    /// The slabs from where they are still free on; neither is there at first.
    current: BytesMut,
    previous: BytesMut,
}

impl PayloadPool {
    /// With slabs of 64 KiB, which hold a thousand payloads of 64 bytes or 44 that
    /// fill a packet of Ethernet's.
    #[must_use]
    pub fn new() -> Self {
        Self::with_slab_capacity(SLAB)
    }

    /// With slabs of so many bytes. There are two of them, or more where some are
    /// kept; neither is allocated before it is needed.
    #[must_use]
    pub fn with_slab_capacity(bytes: usize) -> Self {
        Self {
            slab_capacity: bytes,
            current: BytesMut::new(),
            previous: BytesMut::new(),
        }
    }

    /// Copies a payload. One that is longer than a slab gets an allocation of its
    /// own.
    #[inline]
    #[must_use]
    pub fn keep(&mut self, payload: &[u8]) -> Bytes {
        if payload.len() > self.current.capacity() && !self.make_room(payload.len()) {
            return Bytes::copy_from_slice(payload);
        }
        if payload.is_empty() {
            return Bytes::new(); // which keeps no slab
        }
        self.current.extend_from_slice(payload);
        self.current.split().freeze()
    }

    /// How many bytes a slab has.
    #[must_use]
    pub const fn slab_capacity(&self) -> usize {
        self.slab_capacity
    }

    /// Begins a slab, unless it would be too small.
    #[cold]
    fn make_room(&mut self, len: usize) -> bool {
        if len > self.slab_capacity {
            return false;
        }
        // The whole of it: what little was left is no good for going on.
        if !self.current.try_reclaim(self.slab_capacity) {
            mem::swap(&mut self.current, &mut self.previous);
            if !self.current.try_reclaim(self.slab_capacity) {
                self.current = BytesMut::with_capacity(self.slab_capacity);
            }
        }
        true
    }
}

impl Default for PayloadPool {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PayloadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadPool")
            .field("slab_capacity", &self.slab_capacity)
            .field("left", &self.current.capacity())
            .finish_non_exhaustive()
    }
}

const SLAB: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::ops::Range;

    use super::*;

    /// Which memory is occupied.
    fn place(bytes: &Bytes) -> Range<*const u8> {
        bytes.as_ptr_range()
    }

    #[test]
    fn payloads_lie_one_behind_the_other_and_stay_what_they_were() {
        let mut pool = PayloadPool::with_slab_capacity(10);
        let kept = [&b"abc"[..], b"", b"defg"].map(|payload| pool.keep(payload));
        assert_eq!(kept, [&b"abc"[..], b"", b"defg"]);
        assert_eq!(place(&kept[0]).end, place(&kept[2]).start);
    }

    #[test]
    fn what_is_kept_is_never_written_to_again() {
        for slab_capacity in [0, 1, 7, 64, 1000] {
            let mut pool = PayloadPool::with_slab_capacity(slab_capacity);
            let mut kept = VecDeque::new();
            for number in 0..=255u8 {
                let payload = vec![number; usize::from(number) % 70];
                kept.push_back((pool.keep(&payload), payload));
                for _ in (usize::from(number) % 20)..kept.len() {
                    let (bytes, payload) = kept.pop_front().unwrap();
                    assert_eq!(bytes, payload);
                }
            }
        }
    }

    #[test]
    fn a_slab_of_which_nothing_is_kept_is_used_again() {
        let mut pool = PayloadPool::with_slab_capacity(8);
        let first = place(&pool.keep(b"12345678"));
        for _ in 0..10 {
            assert_eq!(place(&pool.keep(b"12345678")), first);
        }
    }

    #[test]
    fn two_slabs_take_turns_if_the_last_is_kept_until_the_next_is_full() {
        let mut pool = PayloadPool::with_slab_capacity(8);
        let mut kept = pool.keep(b"12345678");
        let mut places = vec![place(&kept)];
        for _ in 0..10 {
            kept = pool.keep(b"12345678");
            places.push(place(&kept));
        }
        assert_ne!(places[0], places[1]);
        assert!(places.iter().step_by(2).all(|place| *place == places[0]));
        assert!(places[1..].iter().step_by(2).all(|p| *p == places[1]));
        drop(kept);
    }

    #[test]
    fn what_little_was_left_of_a_slab_is_not_taken_for_a_slab() {
        let mut pool = PayloadPool::with_slab_capacity(8);
        let first = pool.keep(b"12345"); // and three bytes are left
        let second = pool.keep(b"1234567");
        let third = pool.keep(b"12");
        assert_ne!(place(&first).end, place(&third).start);
        drop((first, second, third));
    }

    #[test]
    fn a_slab_of_which_something_is_kept_is_left_to_it() {
        let mut pool = PayloadPool::with_slab_capacity(4);
        let kept: Vec<_> = (0..10u8).map(|number| pool.keep(&[number; 4])).collect();
        drop(pool);
        for (number, bytes) in (0..10u8).zip(kept) {
            assert_eq!(bytes, [number; 4][..]);
        }
    }

    #[test]
    fn a_payload_that_is_longer_than_a_slab_is_kept_too_and_does_not_end_one() {
        let mut pool = PayloadPool::with_slab_capacity(8);
        let before = pool.keep(b"abc");
        let long = pool.keep(b"123456789");
        let after = pool.keep(b"def");
        assert_eq!((&before[..], &long[..]), (&b"abc"[..], &b"123456789"[..]));
        assert_eq!(place(&before).end, place(&after).start);
    }

    #[test]
    fn what_was_kept_is_not_shown_to_debuggers() {
        let mut pool = PayloadPool::new();
        let _kept = pool.keep(b"secret");
        assert_eq!(
            format!("{pool:?}"),
            "PayloadPool { slab_capacity: 65536, left: 65530, .. }"
        );
    }
}
