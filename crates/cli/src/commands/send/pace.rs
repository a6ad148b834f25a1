//! When the next datagram is due.

use std::time::{Duration, Instant};

use crate::arguments::Rate;

/// Says how many datagrams are due, so that the rate is right over any longer time,
/// however coarse the waits between are.
#[derive(Debug)]
pub(crate) struct Pace {
    /// None is as fast as it goes.
    rate: Option<f64>,
    /// When the one numbered 0 was due.
    start: Instant,
    issued: u64,
}

impl Pace {
    /// The first one is due `now`.
    pub(crate) const fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate: match rate {
                Rate::PerSecond(rate) => Some(rate),
                Rate::Highest => None,
            },
            start: now,
            issued: 0,
        }
    }

    /// How many are due by now. Who could not send for longer than a quarter of a second
    /// does not make up for it.
    pub(crate) fn due(&mut self, now: Instant) -> u64 {
        let Some(rate) = self.rate else {
            return u64::MAX;
        };
        let elapsed = now.saturating_duration_since(self.start);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is not negative, and saturates"
        )]
        let all = (elapsed.as_secs_f64() * rate) as u64;
        let due = all.saturating_add(1).saturating_sub(self.issued);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is not negative, and saturates"
        )]
        let most = (rate * MOST_BEHIND.as_secs_f64()).max(1.0) as u64;
        if due <= most {
            return due;
        }
        // From now on, as if it had begun here.
        self.start = now;
        self.issued = 0;
        1
    }

    /// Takes note that so many have been sent.
    pub(crate) const fn took(&mut self, count: u64) {
        self.issued += count;
    }

    /// How long until the next one is due; for a while less than a millisecond it does
    /// not pay to wait, so that they go together.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        let Some(rate) = self.rate else {
            return Duration::ZERO;
        };
        #[expect(clippy::cast_precision_loss, reason = "2⁵³ datagrams take long enough")]
        let offset = Duration::try_from_secs_f64(self.issued as f64 / rate);
        let next = offset
            .ok()
            .and_then(|offset| self.start.checked_add(offset));
        let wait = next.map_or(Duration::MAX, |next| next.saturating_duration_since(now));
        if rate * TOGETHER.as_secs_f64() > 1.0 {
            wait.max(TOGETHER)
        } else {
            wait
        }
    }
}

/// How much a sender that was kept from sending makes up for.
const MOST_BEHIND: Duration = Duration::from_millis(250);
/// Those that are due within this time leave together.
const TOGETHER: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_is_due_at_once_and_the_next_when_its_time_has_come() {
        let start = Instant::now();
        let mut pace = Pace::new(Rate::PerSecond(10.0), start);
        assert_eq!(pace.due(start), 1);
        pace.took(1);
        assert_eq!(pace.due(start + Duration::from_millis(99)), 0);
        assert_eq!(pace.wait(start), Duration::from_millis(100));
        assert_eq!(pace.due(start + Duration::from_millis(100)), 1);
        assert_eq!(pace.due(start + Duration::from_millis(201)), 2);
    }

    #[test]
    fn who_goes_as_fast_as_he_can_never_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(Rate::Highest, start);
        pace.took(1_000_000);
        assert_eq!(
            (pace.due(start), pace.wait(start)),
            (u64::MAX, Duration::ZERO)
        );
    }

    #[test]
    fn who_was_kept_from_sending_does_not_flood_the_lan_afterwards() {
        let start = Instant::now();
        let mut pace = Pace::new(Rate::PerSecond(1000.0), start);
        pace.took(1);
        let late = start + Duration::from_secs(5);
        assert_eq!(pace.due(late), 1);
        pace.took(1);
        assert_eq!(pace.due(late + Duration::from_millis(10)), 10);
    }

    #[test]
    fn one_a_day_overflows_nothing() {
        let start = Instant::now();
        let mut pace = Pace::new(Rate::PerSecond(1e-300), start);
        pace.took(1);
        assert_eq!(pace.due(start + Duration::from_secs(1)), 0);
        assert_eq!(pace.wait(start), Duration::MAX);
    }

    proptest! {
        /// However the waits come out, as long as they are not too long.
        #[test]
        fn over_any_time_the_rate_is_right(
            rate in 1.0..100_000.0_f64, waits in prop::collection::vec(0..50_000_u64, 1..200),
        ) {
            let start = Instant::now();
            let mut pace = Pace::new(Rate::PerSecond(rate), start);
            let (mut now, mut sent) = (start, 0);
            for wait in waits {
                now += Duration::from_micros(wait);
                let due = pace.due(now);
                pace.took(due);
                sent += due;
            }
            let expected = 1.0 + (now - start).as_secs_f64() * rate;
            prop_assert!((sent as f64 - expected).abs() <= 1.0, "{sent} {expected}");
        }
    }
}
