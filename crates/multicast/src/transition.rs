//! What takes a membership from one filter to another.

use crate::source_filter::SourceFilter;
use crate::sys::Change;

/// The calls that take one socket's membership from `old` to `new`, none of which
/// is to be no member. Of several only the first makes a member of who was none.
pub(crate) fn changes<'f>(
    old: Option<&SourceFilter>,
    new: Option<&'f SourceFilter>,
) -> Vec<Change<'f>> {
    let old = old.filter(|filter| !filter.is_none());
    let new = new.filter(|filter| !filter.is_none());
    match (old, new) {
        (None, None) => Vec::new(),
        (Some(_), None) => vec![Change::Leave],
        (None, Some(new)) => enter(new),
        (Some(old), Some(new)) => modify(old, new).into_iter().collect(),
    }
}

fn enter(new: &SourceFilter) -> Vec<Change<'_>> {
    let first = match new {
        SourceFilter::Include(sources) => sources.first().copied().map(Change::JoinSource),
        SourceFilter::Exclude(_) => Some(Change::Join),
    };
    let is_more = match new {
        SourceFilter::Include(sources) => sources.len() > 1,
        SourceFilter::Exclude(sources) => !sources.is_empty(),
    };
    let rest = is_more.then_some(Change::Set(new));
    first.into_iter().chain(rest).collect()
}

/// One call: about the one source that is different, or about all.
fn modify<'f>(old: &SourceFilter, new: &'f SourceFilter) -> Option<Change<'f>> {
    if old == new {
        return None;
    }
    let mut added = new.sources().difference(old.sources());
    let mut removed = old.sources().difference(new.sources());
    let is_same_mode = old.mode() == new.mode();
    let difference = (added.next(), added.next(), removed.next(), removed.next());
    Some(match (new, difference) {
        _ if !is_same_mode => Change::Set(new),
        (SourceFilter::Include(_), (Some(source), None, None, _)) => Change::JoinSource(*source),
        (SourceFilter::Include(_), (None, _, Some(source), None)) => Change::LeaveSource(*source),
        (SourceFilter::Exclude(_), (Some(source), None, None, _)) => Change::Block(*source),
        (SourceFilter::Exclude(_), (None, _, Some(source), None)) => Change::Unblock(*source),
        _ => Change::Set(new),
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::source_filter::Mode;

    fn source(number: u8) -> IpAddr {
        [10, 71, 0, number].into()
    }

    fn filter(mode: Mode, numbers: &[u8]) -> SourceFilter {
        SourceFilter::new(mode, numbers.iter().map(|number| source(*number)))
    }

    fn include(numbers: &[u8]) -> SourceFilter {
        filter(Mode::Include, numbers)
    }

    fn exclude(numbers: &[u8]) -> SourceFilter {
        filter(Mode::Exclude, numbers)
    }

    #[test]
    fn who_is_no_member_joins_and_then_says_the_rest() {
        let joins = |new: &SourceFilter| format!("{:?}", changes(None, Some(new)));
        let expected = |changes: &[Change<'_>]| format!("{changes:?}");
        assert_eq!(joins(&exclude(&[])), expected(&[Change::Join]));
        let some = exclude(&[1]);
        assert_eq!(joins(&some), expected(&[Change::Join, Change::Set(&some)]));
        let one = Change::JoinSource(source(1));
        assert_eq!(joins(&include(&[1])), expected(&[one]));
        let two = include(&[1, 2]);
        assert_eq!(joins(&two), expected(&[one, Change::Set(&two)]));
        assert_eq!(joins(&include(&[])), expected(&[]));
    }

    #[test]
    fn one_source_more_or_less_is_a_change_of_that_source_alone() {
        for (old, new, expected) in [
            (
                include(&[1]),
                include(&[1, 2]),
                Change::JoinSource(source(2)),
            ),
            (
                include(&[1, 2]),
                include(&[2]),
                Change::LeaveSource(source(1)),
            ),
            (exclude(&[]), exclude(&[1]), Change::Block(source(1))),
            (exclude(&[1, 2]), exclude(&[1]), Change::Unblock(source(2))),
        ] {
            assert_eq!(changes(Some(&old), Some(&new)), [expected]);
        }
    }

    #[test]
    fn everything_else_is_said_at_once() {
        for (old, new) in [
            (include(&[1]), exclude(&[1])),
            (exclude(&[]), include(&[1])),
            (include(&[1]), include(&[2])),
            (include(&[1]), include(&[1, 2, 3])),
            (exclude(&[1, 2, 3]), exclude(&[])),
        ] {
            assert_eq!(changes(Some(&old), Some(&new)), [Change::Set(&new)]);
        }
    }

    #[test]
    fn who_has_no_source_left_leaves_and_who_changes_nothing_does_nothing() {
        let old = include(&[1]);
        assert_eq!(changes(Some(&old), Some(&include(&[]))), [Change::Leave]);
        assert_eq!(changes(Some(&old), None), [Change::Leave]);
        assert_eq!(changes(Some(&old), Some(&old)), []);
        assert_eq!(changes(Some(&include(&[])), None), []);
    }
}
