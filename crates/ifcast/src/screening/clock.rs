//! What time it is, asked at most once a turn.

use std::time::{Duration, Instant};

/// A time, as what has passed since the clock was started: nanoseconds, for five
/// centuries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

/// Tells the time of a turn to those who ask.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    now: Option<Moment>,
}

impl Clock {
    pub(crate) const fn started_at(start: Instant) -> Self {
        Self { start, now: None }
    }

    /// Has whoever asks next look what time it is.
    #[inline]
    pub(crate) const fn begin_turn(&mut self) {
        self.now = None;
    }

    /// The time of this turn, by `look` if nobody has asked yet.
    #[inline]
    pub(crate) fn now(&mut self, look: impl FnOnce() -> Instant) -> Moment {
        let start = self.start;
        *self
            .now
            .get_or_insert_with(|| Moment(nanos(look().saturating_duration_since(start))))
    }
}

/// What does not fit is as good as for ever.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_once_a_turn_and_only_if_it_is_asked() {
        let start = Instant::now();
        let mut clock = Clock::started_at(start);
        let after = |micros| start + Duration::from_micros(micros);
        assert_eq!(clock.now(|| after(7)), Moment(7000));
        assert_eq!(clock.now(|| panic!("it was asked already")), Moment(7000));
        clock.begin_turn();
        clock.begin_turn();
        assert_eq!(clock.now(|| after(9)), Moment(9000));
    }
}
