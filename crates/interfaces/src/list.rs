//! A part of a list that many own together, until one changes its part.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What one interface has of something, kept with what all others have of it:
/// capturing a thousand interfaces makes one list of addresses, not a thousand.
#[derive(Clone)]
pub(crate) enum List<T> {
    Shared {
        all: Arc<Vec<T>>,
        range: Range<usize>,
    },
    Own(Vec<T>),
}

impl<T> List<T> {
    /// A part of what all have; empty if there is no such part.
    pub(crate) fn shared(all: &Arc<Vec<T>>, range: Range<usize>) -> Self {
        if range.is_empty() {
            return Self::default();
        }
        let all = Arc::clone(all);
        Self::Shared { all, range }
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::Shared { all, range } => all.get(range.clone()).unwrap_or_default(),
            Self::Own(own) => own,
        }
    }
}

impl<T: Clone> List<T> {
    /// What one has, to be changed: from now on it is one's own.
    pub(crate) fn to_mut(&mut self) -> &mut Vec<T> {
        if let Self::Shared { .. } = self {
            *self = Self::Own(self.as_slice().to_vec());
        }
        match self {
            Self::Own(own) => own,
            Self::Shared { .. } => unreachable!("made one's own just now"),
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Eq> Eq for List<T> {}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_changes_a_shared_list_changes_only_its_own_part() {
        let all = Arc::new(vec![1, 2, 3, 4]);
        let mut first = List::shared(&all, 0..2);
        let second = List::shared(&all, 2..4);
        first.to_mut().push(9);
        assert_eq!(first.as_slice(), [1, 2, 9]);
        assert_eq!(second.as_slice(), [3, 4]);
        assert_eq!(*all, [1, 2, 3, 4]);
        assert_eq!(List::shared(&all, 4..4), List::default());
    }
}
