//! Bars that figures have to pass.

use std::fmt;

use crate::table::{Place, Table};

/// What one figure of a table has to be.
pub(crate) struct Bar {
    /// As a sentence.
    pub(crate) says: &'static str,
    /// How the names of the tasks begin that it is about.
    pub(crate) task: &'static str,
    pub(crate) holds_at: HoldsAt,
    pub(crate) limit: Limit,
    /// The figure at a place.
    pub(crate) figure: fn(&Table, Place<'_>) -> Option<f64>,
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
    figures: Vec<Figure>,
}

/// A figure and where it was found.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    task: String,
    n: usize,
    value: f64,
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
        let figure = |place: Place<'_>| {
            Some(Figure {
                task: place.task.to_owned(),
                n: place.n,
                value: (self.figure)(table, place)?,
            })
        };
        Verdict {
            says: self.says,
            limit: self.limit,
            figures: table
                .places()
                .into_iter()
                .filter(held)
                .filter_map(figure)
                .collect(),
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
    fn worst(self, figures: &[Figure]) -> Option<&Figure> {
        let by_value = |a: &&Figure, b: &&Figure| a.value.total_cmp(&b.value);
        match self {
            Self::AtMost(_) | Self::Below(_) => figures.iter().max_by(by_value),
            Self::AtLeast(_) => figures.iter().min_by(by_value),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missed = |figure: &&Figure| !self.limit.allows(figure.value);
        let (count, misses) = (
            self.figures.len(),
            self.figures.iter().filter(missed).count(),
        );
        f.write_str(match (count, misses) {
            (0, _) => "----",
            (_, 0) => "PASS",
            _ => "MISS",
        })?;
        write!(f, " {}: ", self.says)?;
        match self.limit.worst(&self.figures) {
            None => f.write_str("not measured"),
            Some(worst) if count > FEW => {
                write!(f, "at worst {worst} at {}; ", worst.task)?;
                write!(f, "{misses} of {count} miss")
            }
            Some(_) => {
                let figures: Vec<_> = self.figures.iter().map(Figure::to_string).collect();
                f.write_str(&figures.join(", "))
            }
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (N = {})", to_thousandths(self.value), self.n)
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
            figure,
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
