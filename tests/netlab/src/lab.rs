//! The lab: where hosts and segments come from.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::fault::OrPanic;
use crate::host::Host;
use crate::segment::Segment;
use crate::sys;
use crate::wire::{Passage, Wire};

/// A room full of pretend hosts and pretend wires.
///
/// Labs are independent of each other: any number of them may exist at a time, as in a test binary whose tests run in
/// parallel. What a lab hands out keeps working after the lab itself is dropped, and is gone when the last handle to
/// it is.
#[derive(Debug)]
pub struct Lab {
    switch: Host,
    indexes: Arc<Indexes>,
}

impl Lab {
    /// Opens a lab.
    ///
    /// # Panics
    ///
    /// Where the kernel refuses a private network namespace; the message says which step failed and what to do. A
    /// network test that is skipped is a network test that nobody runs.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self::try_new().or_panic("open a lab")
    }

    /// Opens a lab, for a program that has something else to show where there can be none.
    ///
    /// # Errors
    ///
    /// The system's error, with a message that says which step failed and what to do about it;
    /// [`io::ErrorKind::Unsupported`] on anything but Linux.
    pub fn try_new() -> io::Result<Self> {
        sys::isolation()?;
        let indexes = Arc::new(Indexes::default());
        let switch = Host::switch(&indexes)?;
        Ok(Self { switch, indexes })
    }

    /// Adds a host: a network namespace of its own with nothing in it but `lo`, which is up.
    #[must_use]
    #[track_caller]
    pub fn host(&self, name: &str) -> Host {
        Host::new(name, &self.indexes).or_panic(format_args!("set up host {name}"))
    }

    /// Adds a segment: whatever is attached to it hears every broadcast and every multicast of the others.
    #[must_use]
    #[track_caller]
    pub fn segment(&self) -> Segment {
        Segment::flooding(&self.switch).or_panic("set up a segment")
    }

    /// Adds a segment whose switch snoops IGMP and MLD: a multicast reaches only those who joined its group.
    ///
    /// The switch is also the querier, of IGMPv3 and MLDv2, and can become [another](Segment::set_querier); without one a
    /// snooping switch floods. Groups that every
    /// switch floods (`224.0.0.x`, `ff02::1`) still reach everybody.
    ///
    /// It needs a writable `/proc/sys`, for the switch's own IPv6 address.
    #[must_use]
    #[track_caller]
    pub fn snooping_segment(&self) -> Segment {
        Segment::snooping(&self.switch).or_panic("set up a snooping segment")
    }

    /// Joins two hosts by a wire that passes on as many copies of each Ethernet frame as `policy` says: 0 loses it,
    /// 1 is an honest wire, 2 duplicates it.
    ///
    /// An end is a host, the name of the interface that appears there, and its addresses. The policy sees frames of
    /// both directions, ARP and neighbour discovery included.
    #[must_use = "the wire is cut when it is dropped"]
    #[track_caller]
    pub fn wire(
        &self,
        left: (&Host, &str, &[&str]),
        right: (&Host, &str, &[&str]),
        mut policy: impl FnMut(&[u8]) -> usize + Send + 'static,
    ) -> Wire {
        self.unruly_wire(left, right, move |frame| Passage::Copies(policy(frame)))
    }

    /// Joins two hosts likewise, by a wire that may also have frames pass in another order.
    #[must_use = "the wire is cut when it is dropped"]
    #[track_caller]
    pub fn unruly_wire(
        &self,
        left: (&Host, &str, &[&str]),
        right: (&Host, &str, &[&str]),
        policy: impl FnMut(&[u8]) -> Passage + Send + 'static,
    ) -> Wire {
        Wire::between(&self.switch, left, right, policy).or_panic("lay a wire")
    }
}

impl Default for Lab {
    fn default() -> Self {
        Self::new()
    }
}

/// Hands out interface indexes, none twice in a lab.
///
/// Left to itself the kernel gives the first interface of every host the index 2, and code that mixes up two
/// interfaces, or the interfaces of two hosts, passes its tests.
#[derive(Debug)]
pub(crate) struct Indexes {
    next: AtomicU32,
}

impl Indexes {
    pub(crate) fn next(&self) -> u32 {
        self.next.fetch_add(STRIDE, Ordering::Relaxed)
    }
}

impl Default for Indexes {
    fn default() -> Self {
        Self {
            next: AtomicU32::new(FIRST),
        }
    }
}

/// Leaves room for `lo` and for the fallback tunnels that some kernels put into every namespace.
const FIRST: u32 = 11;
const STRIDE: u32 = 7;
