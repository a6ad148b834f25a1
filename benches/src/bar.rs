//! Bars that figures have to pass.

use std::fmt;

#[cfg(feature = "datapath")]
use crate::method::Method;
use crate::table::{Place, Table};

/// What one figure of a table has to be.
pub(crate) struct Bar {
    /// As a sentence.
    pub(crate) says: &'static str,
    /// How the names of the tasks begin that it is about.
    pub(crate) task: &'static str,
    pub(crate) holds_at: HoldsAt,
    pub(crate) limit: Limit,
    pub(crate) figure: Figure,
}

/// A figure of a place.
#[derive(Clone, Copy)]
pub(crate) enum Figure {
    By(fn(&Table, Place<'_>) -> Option<f64>),
    /// How many times as fast one method is as another, by their ratios to what
    /// came just before each.
    #[cfg(feature = "datapath")]
    Speed {
        of: Method,
        over: Method,
    },
}

/// At which numbers of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldsAt {
    Every,
    Only(usize),
    #[cfg(feature = "datapath")]
    AtLeast(usize),
    #[cfg(feature = "datapath")]
    Below(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    AtMost(f64),
    Below(f64),
    AtLeast(f64),
}

/// How a bar was passed or missed, or that it was not measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    says: &'static str,
    limit: Limit,
    found: Vec<Found>,
}

/// A figure and where it was found.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    task: String,
    n: usize,
    value: f64,
    /// What the floor itself would have there.
    floor: Option<f64>,
}

impl Bar {
    pub(crate) fn judge(&self, table: &Table) -> Verdict {
        let held = |place: &Place<'_>| {
            place.task.starts_with(self.task)
                && match self.holds_at {
                    HoldsAt::Every => true,
                    HoldsAt::Only(only) => place.n == only,
                    #[cfg(feature = "datapath")]
                    HoldsAt::AtLeast(least) => place.n >= least,
                    #[cfg(feature = "datapath")]
                    HoldsAt::Below(limit) => place.n < limit,
                }
        };
        let find = |place: Place<'_>| {
            let (value, floor) = self.figure.at(table, place)?;
            Some(Found {
                task: place.task.to_owned(),
                n: place.n,
                value,
                floor,
            })
        };
        let places = table.places().into_iter();
        Verdict {
            says: self.says,
            limit: self.limit,
            found: places.filter(held).filter_map(find).collect(),
        }
    }
}

impl Figure {
    /// It, and what the floor itself would have.
    fn at(self, table: &Table, place: Place<'_>) -> Option<(f64, Option<f64>)> {
        match self {
            Self::By(figure) => Some((figure(table, place)?, None)),
            #[cfg(feature = "datapath")]
            Self::Speed { of, over } => {
                let slow = table.ratio(place, over)?;
                Some((slow / table.ratio(place, of)?, Some(slow)))
            }
        }
    }
}

impl Limit {
    fn allows(self, figure: f64) -> bool {
        match self {
            Self::AtMost(limit) => figure <= limit,
            Self::Below(limit) => figure < limit,
            Self::AtLeast(limit) => figure >= limit,
        }
    }

    /// The one that is furthest from being allowed.
    fn worst(self, figures: &[Found]) -> Option<&Found> {
        let by_value = |a: &&Found, b: &&Found| a.value.total_cmp(&b.value);
        match self {
            Self::AtMost(_) | Self::Below(_) => figures.iter().max_by(by_value),
            Self::AtLeast(_) => figures.iter().min_by(by_value),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missed = |figure: &&Found| !self.limit.allows(figure.value);
        let (count, misses) = (self.found.len(), self.found.iter().filter(missed).count());
        f.write_str(match (count, misses) {
            (0, _) => "----",
            (_, 0) => "PASS",
            _ => "MISS",
        })?;
        write!(f, " {}: ", self.says)?;
        match self.limit.worst(&self.found) {
            None => f.write_str("not measured"),
            Some(worst) if count > FEW => {
                write!(f, "at worst {worst} at {}; ", worst.task)?;
                write!(f, "{misses} of {count} miss")
            }
            Some(_) => {
                let figures: Vec<_> = self.found.iter().map(Found::to_string).collect();
                f.write_str(&figures.join(", "))
            }
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (N = {}", to_thousandths(self.value), self.n)?;
        if let Some(floor) = self.floor {
            write!(f, ", the floor {}", to_thousandths(floor))?;
        }
        f.write_str(")")
    }
}

/// Enough digits to see on which side of a bar it is.
fn to_thousandths(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

/// How many figures are told one by one.
const FEW: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;
    use crate::table::fixture::row;

    fn judged(limit: Limit, holds_at: HoldsAt) -> String {
        judged_at(&[9, 90], "listing", limit, holds_at)
    }

    /// At 9 things a ratio of 2, at 90 one of 3, and so on.
    fn judged_at(sizes: &[usize], task: &'static str, limit: Limit, holds_at: HoldsAt) -> String {
        let rows = sizes
            .iter()
            .zip(2..)
            .map(|(n, tens)| row("ours", *n, 10 * tens));
        let table = Table::new(rows.collect());
        let figure = |table: &Table, place: Place<'_>| table.ratio(place, Method::peer("ours"));
        let bar = Bar {
            says: "ours is fast",
            task,
            holds_at,
            limit,
            figure: Figure::By(figure),
        };
        bar.judge(&table).to_string()
    }

    #[test]
    fn a_bar_is_passed_only_where_every_number_of_things_passes_it() {
        let every = HoldsAt::Every;
        let figures = "ours is fast: 2 (N = 9), 3 (N = 90)";
        assert_eq!(judged(Limit::AtMost(3.0), every), format!("PASS {figures}"));
        assert_eq!(judged(Limit::Below(3.0), every), format!("MISS {figures}"));
        assert_eq!(
            judged(Limit::AtLeast(2.0), every),
            format!("PASS {figures}")
        );
        assert_eq!(
            judged(Limit::AtLeast(2.1), every),
            format!("MISS {figures}")
        );
    }

    #[test]
    fn a_bar_for_one_number_of_things_looks_at_no_other() {
        let verdict = judged(Limit::Below(3.0), HoldsAt::Only(9));
        assert_eq!(verdict, "PASS ours is fast: 2 (N = 9)");
    }

    #[test]
    fn of_many_figures_the_worst_is_told() {
        let judged = |limit| judged_at(&[1, 2, 3, 4], "list", limit, HoldsAt::Every);
        let verdict = judged(Limit::AtMost(3.0));
        assert_eq!(
            verdict,
            "MISS ours is fast: at worst 5 (N = 4) at listing; 2 of 4 miss"
        );
        let verdict = judged(Limit::AtLeast(2.0));
        assert_eq!(
            verdict,
            "PASS ours is fast: at worst 2 (N = 1) at listing; 0 of 4 miss"
        );
    }

    #[cfg(feature = "datapath")]
    #[test]
    fn against_a_peer_the_floor_is_told_as_well() {
        let table = Table::new(vec![row("ours", 9, 20), row("theirs", 9, 50)]);
        let bar = Bar {
            says: "ours is faster",
            task: "listing",
            holds_at: HoldsAt::Below(10),
            limit: Limit::AtLeast(2.0),
            figure: Figure::Speed {
                of: Method::peer("ours"),
                over: Method::peer("theirs"),
            },
        };
        let verdict = bar.judge(&table).to_string();
        assert_eq!(verdict, "PASS ours is faster: 2.5 (N = 9, the floor 5)");
    }

    #[test]
    fn a_bar_for_another_task_looks_away() {
        let verdict = judged_at(&[9], "watching", Limit::AtMost(1.0), HoldsAt::Every);
        assert_eq!(verdict, "---- ours is fast: not measured");
    }

    #[test]
    fn what_was_not_measured_is_neither_passed_nor_missed() {
        let verdict = judged(Limit::AtMost(9.0), HoldsAt::Only(900));
        assert_eq!(verdict, "---- ours is fast: not measured");
    }
}
