//! Choosing among the interfaces of a snapshot.

use std::borrow::Borrow;

use crate::interface::Interface;
use crate::selection::selector::Selector;
use crate::selection::surroundings::Surroundings;
use crate::selection::verdict::Verdict;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// Those that `selector` chooses, ordered by index.
    pub fn select<S: Borrow<Selector>>(&self, selector: S) -> impl Iterator<Item = &Interface> {
        let surroundings = Surroundings::of(self.interfaces());
        self.interfaces().iter().filter(move |interface| {
            let verdict = selector.borrow().judge(interface, &surroundings);
            verdict.is_chosen()
        })
    }

    /// All of them, ordered by index, and of each whether `selector` chooses it
    /// and why.
    pub fn explain<'a>(
        &'a self,
        selector: &'a Selector,
    ) -> impl Iterator<Item = (&'a Interface, Verdict<'a>)> {
        let surroundings = Surroundings::of(self.interfaces());
        self.interfaces()
            .iter()
            .map(move |interface| (interface, selector.judge(interface, &surroundings)))
    }
}
