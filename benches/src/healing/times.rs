//! Many times, in a few figures.

use std::time::Duration;

/// What there is to tell of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Times {
    pub(super) median: Duration,
    /// The 99th percentile.
    pub(super) p99: Duration,
    pub(super) worst: Duration,
}

impl Times {
    pub(super) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            let position = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(position).copied().unwrap_or_default()
        };
        Self {
            median: at(50),
            p99: at(99),
            worst: at(100),
        }
    }

    /// The medians of several, but the worst of all.
    pub(super) fn typical(several: impl Iterator<Item = Self> + Clone) -> Self {
        let median = |of: fn(Self) -> Duration| Self::of(several.clone().map(of).collect()).median;
        Self {
            median: median(|times| times.median),
            p99: median(|times| times.p99),
            worst: several.map(|times| times.worst).max().unwrap_or_default(),
        }
    }
}

/// In milliseconds.
pub(super) fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_times() {
        let times = (1..=200).rev().map(Duration::from_millis);
        let expected = Times {
            median: Duration::from_millis(100),
            p99: Duration::from_millis(198),
            worst: Duration::from_millis(200),
        };
        assert_eq!(Times::of(times.collect()), expected);
        assert_eq!(Times::of(Vec::new()), Times::default());
        let several = [3, 1, 9].map(|n| Times::of(vec![Duration::from_millis(n)]));
        let typical = Times::typical(several.into_iter());
        assert_eq!(
            [typical.median, typical.worst],
            [3, 9].map(Duration::from_millis)
        );
        assert_eq!(millis(expected.median), "100.0");
    }
}
