//! Calls contenders in turn and times them.

use std::fmt::Display;
use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{io, mem, thread};

use crate::method::Method;
use crate::sys::allocator;
use crate::table::Row;
use crate::trace;

/// Something to measure.
pub(crate) struct Call {
    rounds: usize,
    before: Box<dyn FnMut() -> io::Result<()>>,
    work: Box<dyn FnMut() -> io::Result<Sample>>,
}

/// One call, measured.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    time: Duration,
    allocations: u64,
    told: usize,
}

/// A call, and the floor that it is compared with.
pub(crate) struct Contender {
    pub(crate) method: Method,
    pub(crate) floor: Call,
    pub(crate) call: Call,
}

/// What several contenders do.
pub(crate) struct Task {
    pub(crate) name: String,
    /// The number of things there are.
    pub(crate) n: usize,
    /// Of how many things every call must tell, the floor included: whoever
    /// leaves out work is not measured.
    pub(crate) expected: usize,
    /// Among how many things the time of a call is shared out.
    pub(crate) shares: u32,
    /// What happens before each round, off the clock.
    pub(crate) before: Box<dyn FnMut()>,
    pub(crate) contenders: Vec<Contender>,
}

/// What was measured of one contender.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) method: Method,
    /// The median of its calls' times, or of the shares of them.
    pub(crate) median: Duration,
    /// The median of the quotients of its calls and the neighbouring floor calls.
    pub(crate) ratio: f64,
    /// Those of a whole call.
    pub(crate) allocations: u64,
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

    fn sample(&mut self, method: impl Display, expected: usize) -> io::Result<Sample> {
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

impl Contender {
    /// Calls the floor and then the contender, so that both see the same noise.
    fn pair(&mut self, expected: usize) -> io::Result<[Sample; 2]> {
        let floor = self.floor.sample("the floor", expected)?;
        Ok([floor, self.call.sample(self.method, expected)?])
    }
}

impl Task {
    /// Measures all contenders: each round calls every one of them once, so
    /// that noise hits all alike, but for those that have used up `budget`.
    pub(crate) fn measure(&mut self, budget: Duration) -> io::Result<Vec<Row>> {
        self.warm_up()?;
        let mut records: Vec<_> = self.contenders.iter().map(|_| Record::default()).collect();
        for round in 0..MOST_ROUNDS {
            let wanted = |record: &Record| round < LEAST_ROUNDS || record.spent < budget;
            if !records.iter().any(wanted) {
                break;
            }
            (self.before)();
            for position in 0..records.len() {
                // Nobody always comes after the same neighbour.
                let turn = (position + round) % records.len();
                if wanted(&records[turn]) {
                    let pair = self.contenders[turn].pair(self.expected)?;
                    records[turn].add(pair);
                }
            }
        }
        let outcomes = self.contenders.iter().zip(records);
        let rows = outcomes.map(|(contender, record)| Row {
            task: self.name.clone(),
            n: self.n,
            outcome: record.outcome(contender.method, self.shares),
            system_calls: None,
        });
        Ok(rows.collect())
    }

    /// Makes one round of every contender between two marks in a trace.
    pub(crate) fn trace(&mut self) -> io::Result<()> {
        for contender in &mut self.contenders {
            contender.floor.rounds = 1;
            contender.call.rounds = 1;
        }
        self.warm_up()?;
        trace::end(); // the first time, std makes a call more to find out about statx(2)
        (self.before)();
        for contender in &mut self.contenders {
            contender.floor.sample("the floor", self.expected)?;
            let Call { before, work, .. } = &mut contender.call;
            before()?;
            trace::begin(&trace::mark(&self.name, self.n, contender.method));
            work()?;
            trace::end();
        }
        Ok(())
    }

    fn warm_up(&mut self) -> io::Result<()> {
        for _ in 0..WARM_UP_ROUNDS {
            (self.before)();
            for contender in &mut self.contenders {
                contender.pair(self.expected)?;
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Record {
    times: Vec<Duration>,
    ratios: Vec<f64>,
    allocations: Vec<u64>,
    spent: Duration,
}

impl Record {
    fn add(&mut self, [floor, call]: [Sample; 2]) {
        self.times.push(call.time);
        self.ratios.push(call.time.div_duration_f64(floor.time));
        self.allocations.push(call.allocations);
        self.spent += floor.time + call.time;
    }

    fn outcome(mut self, method: Method, shares: u32) -> Outcome {
        self.ratios.sort_unstable_by(f64::total_cmp);
        Outcome {
            method,
            median: median(self.times) / shares,
            ratio: self.ratios[self.ratios.len() / 2],
            allocations: median(self.allocations),
        }
    }
}

/// Of at least one value.
fn median<T: Copy + Ord>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable();
    values[values.len() / 2]
}

const WARM_UP_ROUNDS: usize = 3;
const LEAST_ROUNDS: usize = 11;
const MOST_ROUNDS: usize = 5000;
const PATIENCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// A task of two contenders that write down who was called.
    fn noted(told: usize) -> (Task, Rc<RefCell<Vec<&'static str>>>) {
        let notes = Rc::new(RefCell::new(Vec::new()));
        let call = |note, told| {
            let notes = Rc::clone(&notes);
            let work = move || {
                notes.borrow_mut().push(note);
                Ok(())
            };
            Call::new(work, move |()| told)
        };
        let contender = |name, told| Contender {
            method: Method::peer(name),
            floor: call("floor", 1),
            call: call(name, told),
        };
        let task = Task {
            name: "noting".to_owned(),
            n: 1,
            expected: 1,
            shares: 1,
            before: Box::new(|| {}),
            contenders: vec![contender("a", 1), contender("b", told)],
        };
        (task, notes)
    }

    #[test]
    fn every_round_calls_everyone_once_each_after_its_floor() {
        let (mut task, notes) = noted(1);
        let outcomes = task.measure(Duration::ZERO).unwrap();
        assert_eq!(outcomes.len(), 2);
        let notes = notes.borrow();
        assert_eq!(notes.len(), (WARM_UP_ROUNDS + LEAST_ROUNDS) * 4);
        for round in notes.chunks(4) {
            let mut calls = [round[1], round[3]];
            calls.sort_unstable();
            assert_eq!([round[0], round[2]], ["floor"; 2]);
            assert_eq!(calls, ["a", "b"]);
        }
    }

    #[test]
    fn whoever_leaves_out_work_is_not_measured() {
        let (mut task, _) = noted(0);
        let error = task.measure(Duration::ZERO).unwrap_err();
        assert_eq!(error.to_string(), "b told of 0, not of 1");
    }

    #[test]
    fn a_contender_is_told_by_its_medians() {
        let mut record = Record::default();
        for (floor, call, allocations) in [(1, 8, 3), (2, 4, 5), (1, 90, 4)] {
            let [floor, call] = [floor, call].map(Duration::from_micros);
            let sample = |time| Sample {
                time,
                allocations,
                told: 0,
            };
            record.add([sample(floor), sample(call)]);
        }
        let expected = Outcome {
            method: Method::peer("a"),
            median: Duration::from_micros(4),
            ratio: 8.0,
            allocations: 4,
        };
        assert_eq!(record.outcome(Method::peer("a"), 2), expected);
    }

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
