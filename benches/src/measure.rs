//! Has contenders called in turn.

use std::io;
use std::time::Duration;

use crate::call::{Call, Sample, median};
use crate::method::Method;
use crate::table::Row;
use crate::trace;

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
            contender.floor.make_one_round();
            contender.call.make_one_round();
        }
        self.warm_up()?;
        trace::end(); // the first time, std makes a call more to find out about statx(2)
        (self.before)();
        for contender in &mut self.contenders {
            contender.floor.sample("the floor", self.expected)?;
            let mark = trace::mark(&self.name, self.n, contender.method);
            contender.call.trace(&mark)?;
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

const WARM_UP_ROUNDS: usize = 3;
const LEAST_ROUNDS: usize = 11;
const MOST_ROUNDS: usize = 5000;

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
}
