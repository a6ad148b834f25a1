//! Something to measure, measured.

use std::fmt::Display;
use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{io, mem, thread};

use crate::sys::allocator;
use crate::trace;

/// Something to measure.
pub(crate) struct Call {
    rounds: usize,
    before: Box<dyn FnMut() -> io::Result<()>>,
    work: Box<dyn FnMut() -> io::Result<Sample>>,
}

/// One call, measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) time: Duration,
    pub(crate) allocations: u64,
    pub(crate) told: usize,
}

impl Call {
    /// Measures `work` and the dropping of what it returns, but not `told`,
    /// which counts what that tells of.
    pub(crate) fn new<T>(
        mut work: impl FnMut() -> io::Result<T> + 'static,
        told: impl Fn(&T) -> usize + 'static,
    ) -> Self {
        Self::sampled(move || {
            let mut sample = Sample::default();
            let value = sample.add(|| black_box(work()))?;
            sample.told = told(&value);
            if mem::needs_drop::<T>() {
                sample.add(|| drop(value));
            }
            Ok(sample)
        })
    }

    /// Takes the word of `work` for the time and for how many things it tells
    /// of: it has a clock of its own.
    #[cfg(feature = "datapath")]
    pub(crate) fn timed(mut work: impl FnMut() -> io::Result<(Duration, usize)> + 'static) -> Self {
        Self::sampled(move || {
            let (time, told) = work()?;
            Ok(Sample {
                time,
                told,
                ..Sample::default()
            })
        })
    }

    fn sampled(work: impl FnMut() -> io::Result<Sample> + 'static) -> Self {
        Self {
            rounds: 1,
            before: Box::new(|| Ok(())),
            work: Box::new(work),
        }
    }

    /// Makes this a call of so many rounds, each after `before`, which is off
    /// the clock. The call is told by the medians of its rounds.
    #[cfg(feature = "datapath")]
    pub(crate) fn rounds(
        mut self,
        rounds: usize,
        before: impl FnMut() -> io::Result<()> + 'static,
    ) -> Self {
        self.rounds = rounds;
        self.before = Box::new(before);
        self
    }

    /// For a trace.
    pub(crate) fn make_one_round(&mut self) {
        self.rounds = 1;
    }

    /// Makes a round between marks.
    pub(crate) fn trace(&mut self, mark: &str) -> io::Result<()> {
        (self.before)()?;
        trace::begin(mark);
        (self.work)()?;
        trace::end();
        Ok(())
    }

    /// Measures it. What tells of another number of things is an error.
    pub(crate) fn sample(&mut self, method: impl Display, expected: usize) -> io::Result<Sample> {
        let mut samples = Vec::with_capacity(self.rounds);
        let mut late = 0;
        while samples.len() < self.rounds {
            (self.before)()?;
            let sample = (self.work)()?;
            if sample.told == expected {
                samples.push(sample);
            } else if late < self.rounds / 2 && self.catch_up(sample.told, expected)? {
                late += 1;
            } else {
                let told = sample.told;
                return Err(io::Error::other(format!(
                    "{method} told of {told}, not of {expected}"
                )));
            }
        }
        Ok(Sample::median(samples))
    }

    /// On a busy machine the kernel may bring late what a round waits for:
    /// whether it has come after all. Such a round does not count.
    fn catch_up(&mut self, mut told: usize, expected: usize) -> io::Result<bool> {
        let deadline = Instant::now() + PATIENCE;
        while told < expected && Instant::now() < deadline {
            thread::yield_now();
            told += (self.work)()?.told;
        }
        Ok(told == expected)
    }
}

impl Sample {
    fn add<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let allocations = allocator::allocations();
        let start = Instant::now();
        let value = work();
        self.time += start.elapsed();
        self.allocations += allocator::allocations() - allocations;
        value
    }

    /// Of each figure by itself.
    fn median(samples: Vec<Self>) -> Self {
        Self {
            time: median(samples.iter().map(|sample| sample.time)),
            allocations: median(samples.iter().map(|sample| sample.allocations)),
            told: median(samples.iter().map(|sample| sample.told)),
        }
    }
}

/// Of at least one value.
pub(crate) fn median<T: Copy + Ord>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable();
    values[values.len() / 2]
}

const PATIENCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    /// A call whose rounds tell of these numbers of things, one after the other.
    #[cfg(feature = "datapath")]
    fn telling(told: &'static [usize], rounds: usize) -> Call {
        let mut told = told.iter().copied();
        let work = move || {
            told.next()
                .ok_or_else(|| io::Error::other("too many rounds"))
        };
        Call::new(work, |told| *told).rounds(rounds, || Ok(()))
    }

    #[cfg(feature = "datapath")]
    #[test]
    fn a_round_that_gets_its_things_late_does_not_count() {
        let sample = telling(&[3, 1, 1, 1, 3, 3], 3).sample("a call", 3);
        assert_eq!(sample.unwrap().told, 3);
    }

    #[cfg(feature = "datapath")]
    #[test]
    fn a_call_that_is_late_half_of_the_time_is_not_measured() {
        let late = telling(&[2, 1, 2, 1, 3, 3], 3).sample("a call", 3);
        assert_eq!(late.unwrap_err().to_string(), "a call told of 2, not of 3");
        let too_many = telling(&[4, 3, 3], 2).sample("a call", 3);
        assert_eq!(
            too_many.unwrap_err().to_string(),
            "a call told of 4, not of 3"
        );
    }

    #[test]
    fn what_is_returned_is_dropped_on_the_clock_and_counted_off_it() {
        let mut call = Call::new(|| Ok(vec![7; 64]), |bytes| bytes.clone().len());
        let sample = call.sample("a vector", 64).unwrap();
        assert_eq!(sample.allocations, 1);
    }
}
