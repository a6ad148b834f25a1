//! What a routing socket says by itself, where there is nothing else to listen to.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::sys::hint_source::HintSource;
use crate::sys::notice::Notice;
use crate::sys::platform::MESSAGES;
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
