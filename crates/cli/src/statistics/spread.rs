//! How values are spread: the least, the average, the most, and what few exceed.

use std::time::Duration;

/// Round-trip times, of which as many are kept as it takes for percentiles; of more than
/// that, a fair sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread {
    count: u64,
    sum: Duration,
    least: Duration,
    most: Duration,
    sample: Vec<Duration>,
}

impl Spread {
    /// Takes note of the next one.
    pub(crate) fn take(&mut self, time: Duration) {
        self.least = if self.count == 0 {
            time
        } else {
            self.least.min(time)
        };
        self.most = self.most.max(time);
        self.sum += time;
        self.count += 1;
        if self.sample.len() < SAMPLE {
            self.sample.push(time);
        } else if let Ok(place) = usize::try_from(fastrand::u64(..self.count)) {
            // Each of all has the same chance to be there (Vitter's algorithm R).
            if let Some(kept) = self.sample.get_mut(place) {
                *kept = time;
            }
        }
    }

    /// How many there were.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    pub(crate) const fn least(&self) -> Duration {
        self.least
    }

    pub(crate) const fn most(&self) -> Duration {
        self.most
    }

    pub(crate) fn average(&self) -> Duration {
        let nanoseconds = self.sum.as_nanos() / u128::from(self.count.max(1));
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    /// What so many of a hundred do not exceed (the nearest rank).
    pub(crate) fn percentile(&self, of_hundred: usize) -> Duration {
        let mut sorted = self.sample.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * of_hundred).div_ceil(100);
        sorted
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }
}

/// How many are kept.
const SAMPLE: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(milliseconds: impl IntoIterator<Item = u64>) -> Spread {
        let mut spread = Spread::default();
        for time in milliseconds {
            spread.take(Duration::from_millis(time));
        }
        spread
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let spread = of((1..=200).rev());
        assert_eq!(spread.percentile(99), Duration::from_millis(198));
        assert_eq!(spread.percentile(50), Duration::from_millis(100));
        assert_eq!(spread.percentile(100), spread.most());
        assert_eq!(of([7]).percentile(99), Duration::from_millis(7));
        assert_eq!(of([]).percentile(99), Duration::ZERO);
    }

    #[test]
    fn least_average_and_most_are_those_of_all() {
        let spread = of([4, 1, 7]);
        assert_eq!(spread.least(), Duration::from_millis(1));
        assert_eq!(spread.average(), Duration::from_millis(4));
        assert_eq!(
            (spread.most(), spread.count()),
            (Duration::from_millis(7), 3)
        );
    }

    #[test]
    fn of_many_a_sample_is_kept() {
        let spread = of(0..50_000);
        assert_eq!(spread.sample.len(), SAMPLE);
        let median = spread.percentile(50).as_millis();
        assert!((20_000..30_000).contains(&median), "{median}");
    }
}
