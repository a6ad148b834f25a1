//! What the fuzz targets in `fuzz/` reach of this crate: bytes go in and public
//! types come out. Only cargo-fuzz builds it.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::fmt::Debug;
use std::hint;
use std::io;
use std::time::{Duration, Instant};

use crate::link::Link;
use crate::snapshot::Snapshot;
use crate::sys::linux::rtnetlink::link::LinkMessage;
use crate::sys::linux::rtnetlink::{address, group, route};
use crate::sys::linux::{igmp, monitor, nl80211, nlmsg};
use crate::sys::notice::Notice;
use crate::table::Table;
use crate::watching::Change;
use crate::watching::diff::Tentative;
use crate::watching::live::Live;
use crate::watching::untold::Settling;
use crate::watching::watch::{Kernel, Timing, Watch};

/// Has everything that decodes messages decode those in what one read returned,
/// whether they are meant for it or not.
pub fn decode(read: &[u8]) {
    for message in nlmsg::messages(read) {
        let payload = message.payload;
        show(monitor::notice(&message));
        show(LinkMessage::decode(payload).map(|message| message.link));
        show(address::decode(payload));
        show(group::decode(payload));
        show(route::decode(payload));
        show(nl80211::family(payload));
        show(nl80211::interface(payload));
        show(nlmsg::outcome(payload));
    }
}

/// Reads what `/proc/net/igmp` and `/proc/net/igmp6` might say.
pub fn read_groups(text: &str) {
    igmp::ipv4_groups(text).for_each(show);
    igmp::ipv6_groups(text).for_each(show);
}

/// What a listing makes of messages, as if the kernel had been changing all the
/// while, because then it may tell anything in any order.
pub fn list(messages: &[u8]) -> Snapshot {
    let of_type = |wanted: u16| {
        nlmsg::messages(messages)
            .filter(move |message| message.message_type == wanted)
            .map(|message| message.payload)
    };
    let mut table = Table::default();
    for message in of_type(libc::RTM_NEWLINK).filter_map(LinkMessage::decode) {
        let names = message.alternative_names();
        table.add_link(message.link);
        names.for_each(|name| table.add_alternative_name(name));
    }
    table.close_links();
    for record in of_type(libc::RTM_NEWADDR).filter_map(address::decode) {
        table.add_address(&record);
    }
    table.remove_repeated_addresses();
    table.expect_groups();
    for (index, group) in of_type(group::RTM_GETMULTICAST).filter_map(group::decode) {
        table.add_group(index, group);
    }
    Snapshot {
        is_consistent: !table.has_orphans(),
        interfaces: table.into_interfaces(),
    }
}

/// A system that says what it is made to say, and nothing else.
#[derive(Debug, Default)]
pub struct System {
    /// What each reading brings: messages, or `None` where some were lost.
    pub says: VecDeque<Option<Vec<u8>>>,
    /// What it has to say only once it has listed all interfaces.
    pub says_later: VecDeque<Option<Vec<u8>>>,
    /// The messages that list all interfaces.
    pub lists: Vec<u8>,
    /// How often it did.
    pub listings: usize,
}

impl Kernel for System {
    fn read(&mut self, visit: &mut dyn FnMut(Notice)) -> io::Result<()> {
        match self.says.pop_front() {
            None => return Err(io::ErrorKind::WouldBlock.into()),
            Some(None) => visit(Notice::Lost),
            Some(Some(read)) => nlmsg::messages(&read)
                .filter_map(|message| monitor::notice(&message))
                .for_each(visit),
        }
        Ok(())
    }

    fn list(&mut self) -> io::Result<Snapshot> {
        self.listings += 1;
        self.says.append(&mut self.says_later);
        Ok(list(&self.lists))
    }

    fn refine(&mut self, _: &mut Link) {}
}

/// A [`Watcher`](crate::Watcher) of such a system, in a time of its own.
#[derive(Debug)]
pub struct Watched {
    /// What is watched.
    pub system: System,
    watch: Watch,
}

impl Watched {
    /// Starts to watch a system that has no interfaces yet.
    pub fn new(settle: Duration, max_delay: Duration, now: Instant) -> Self {
        let settling = Settling {
            settle,
            max_delay,
            tentative: Tentative::Awaited,
        };
        let reconcile = None;
        let timing = Timing {
            settling,
            reconcile,
        };
        let system = System::default();
        let live = Live::new(list(&system.lists), true);
        let watch = Watch::new(live, timing, now);
        Self { system, watch }
    }

    /// As [`Watcher::drain`](crate::Watcher::drain) would.
    pub fn drain(&mut self, now: Instant, visit: impl FnMut(Change<'_>)) {
        let outcome = self.watch.drain(&mut self.system, now, visit);
        debug_assert!(outcome.is_ok(), "{outcome:?}");
    }

    /// As [`Watcher::next_deadline`](crate::Watcher::next_deadline) would.
    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.watch.next_deadline(now)
    }

    /// As [`Watcher::snapshot`](crate::Watcher::snapshot) would.
    pub fn snapshot(&self) -> &Snapshot {
        self.watch.snapshot()
    }
}

/// Formats, so that showing it is tried as well.
fn show(decoded: impl Debug) {
    hint::black_box(format!("{decoded:?}"));
}
