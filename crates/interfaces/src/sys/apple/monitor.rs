//! What the kernel and the notification server say by themselves.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_sys::NetworkChange;

use crate::sys::hint_source::HintSource;
use crate::sys::hint_sources::HintSources;
use crate::sys::notice::Notice;
use crate::sys::xnu::{kernel_event, routing::MESSAGES};
use crate::sys::{groups, routing_socket};

/// Listens; see the contract in `sys`.
///
/// A routing socket would do. But it drops what it has no room for and does not
/// say so, which kernel events make up for, and the other way round; and the
/// notification server speaks up when both have. Where one of them cannot be had,
/// as in a sandbox, the others do.
#[derive(Debug)]
pub(crate) struct Monitor {
    sources: HintSources,
    follows_groups: bool,
}

impl Monitor {
    pub(crate) fn open(groups: bool) -> io::Result<Self> {
        let groups = groups && groups::ARE_TOLD;
        let matters = |message: &[u8], groups| MESSAGES.include(message, groups);
        let routing = routing_socket::open(matters, groups);
        let kernel = ifcast_sys::kernel_events()
            .map(|events| HintSource::new(events, kernel_event::matters, groups));
        let server =
            NetworkChange::register().map(|change| HintSource::new(change, |_, _| true, groups));
        Ok(Self {
            sources: HintSources::join([routing, kernel, server])?,
            follows_groups: groups,
        })
    }

    pub(crate) fn read(&mut self, visit: &mut dyn FnMut(Notice)) -> io::Result<()> {
        self.sources.read(visit)
    }

    /// All of them lose what they have no room for.
    pub(crate) const fn is_reliable(&self) -> bool {
        false
    }

    pub(crate) const fn follows_groups(&self) -> bool {
        self.follows_groups
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.sources.as_fd()
    }
}
