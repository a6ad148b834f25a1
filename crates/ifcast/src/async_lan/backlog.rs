//! What has changed and nobody has heard of yet, but not without end.

use std::collections::VecDeque;
use std::mem;

use crate::async_lan::change::Change;

/// The last changes, and how many were dropped before them.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    changes: VecDeque<Change>,
    missed: u64,
}

impl Backlog {
    /// Adds one; drops the oldest if there is no room.
    pub(super) fn push(&mut self, change: Change) {
        if self.changes.len() == MOST {
            self.changes.pop_front();
            self.missed += 1;
        }
        self.changes.push_back(change);
    }

    /// The oldest; before it, how many are missing there.
    pub(super) fn pop(&mut self) -> Option<Change> {
        match mem::take(&mut self.missed) {
            0 => self.changes.pop_front(),
            count => Some(Change::Missed { count }),
        }
    }

    /// How many there are, without those that are missing.
    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }
}

const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use ifcast_socket::Scope;

    use super::*;

    fn dropped(count: u32) -> Change {
        let scope = Scope::Shared;
        Change::Dropped { scope, count }
    }

    fn all(backlog: &mut Backlog) -> Vec<String> {
        std::iter::from_fn(|| backlog.pop())
            .map(|change| match change {
                Change::Dropped { count, .. } => count.to_string(),
                Change::Missed { count } => format!("{count} missed"),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn changes_come_out_as_they_went_in() {
        let mut backlog = Backlog::default();
        (1..=3).for_each(|count| backlog.push(dropped(count)));
        assert_eq!(backlog.len(), 3);
        assert_eq!(all(&mut backlog), ["1", "2", "3"]);
        assert_eq!(backlog.len(), 0);
    }

    #[test]
    fn the_oldest_are_dropped_and_that_is_told_once() {
        let mut backlog = Backlog::default();
        (1..=260).for_each(|count| backlog.push(dropped(count)));
        let all = all(&mut backlog);
        assert_eq!(all.len(), MOST + 1);
        assert_eq!(all[..3], ["4 missed", "5", "6"]);
        assert_eq!(all[MOST], "260");
        assert_eq!(backlog.len(), 0);
    }
}
