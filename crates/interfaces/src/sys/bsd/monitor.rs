//! What a routing socket says by itself.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::sys::berkeley::routing::Messages;
use crate::sys::hint_source::HintSource;
use crate::sys::notice::Notice;
use crate::sys::{groups, routing_socket};

/// Listens; see the contract in `sys`.
#[derive(Debug)]
pub(crate) struct Monitor {
    source: HintSource,
    follows_groups: bool,
}

impl Monitor {
    pub(crate) fn open(groups: bool) -> io::Result<Self> {
        let follows_groups = groups && groups::ARE_TOLD;
        let matters = |message: &[u8], groups| MESSAGES.include(message, groups);
        Ok(Self {
            source: routing_socket::open(matters, follows_groups)?,
            follows_groups,
        })
    }

    pub(crate) fn read(&mut self, visit: &mut dyn FnMut(Notice)) -> io::Result<()> {
        self.source.read(visit)
    }

    /// Most of these systems do not say when they had no room for a message.
    pub(crate) const fn is_reliable(&self) -> bool {
        false
    }

    pub(crate) const fn follows_groups(&self) -> bool {
        self.follows_groups
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.source.as_fd()
    }
}

const MESSAGES: Messages = Messages {
    version: libc::RTM_VERSION,
    links: &[
        libc::RTM_IFINFO,
        libc::RTM_IFANNOUNCE,
        libc::RTM_NEWADDR,
        libc::RTM_DELADDR,
    ],
};
