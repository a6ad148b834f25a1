//! Bars that figures have to pass.

use std::fmt;

use crate::table::Table;

/// What one figure of a table has to be.
pub(crate) struct Bar {
    /// As a sentence.
    pub(crate) says: &'static str,
    pub(crate) holds_at: HoldsAt,
    pub(crate) limit: Limit,
    /// The figure at a number of things.
    pub(crate) figure: fn(&Table, usize) -> Option<f64>,
}

/// At which numbers of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldsAt {
    Every,
    Only(usize),
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
    /// The numbers of things and the figures there.
    figures: Vec<(usize, f64)>,
}

impl Bar {
    pub(crate) fn judge(&self, table: &Table) -> Verdict {
        let sizes = table.sizes().into_iter().filter(|n| match self.holds_at {
            HoldsAt::Every => true,
            HoldsAt::Only(only) => *n == only,
        });
        Verdict {
            says: self.says,
            limit: self.limit,
            figures: sizes
                .filter_map(|n| Some((n, (self.figure)(table, n)?)))
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
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = |&(_, figure): &(_, f64)| self.limit.allows(figure);
        f.write_str(match self.figures.as_slice() {
            [] => "----",
            figures if figures.iter().all(passed) => "PASS",
            _ => "MISS",
        })?;
        write!(f, " {}: ", self.says)?;
        match self.figures.as_slice() {
            [] => f.write_str("not measured"),
            figures => {
                let figures: Vec<_> = figures
                    .iter()
                    .map(|(n, figure)| format!("{} (N = {n})", to_thousandths(*figure)))
                    .collect();
                f.write_str(&figures.join(", "))
            }
        }
    }
}

/// Enough digits to see on which side of a bar it is.
fn to_thousandths(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;
    use crate::table::fixture::row;

    fn judged(limit: Limit, holds_at: HoldsAt) -> String {
        let table = Table::new(vec![row("ours", 9, 20), row("ours", 90, 30)]);
        let figure = |table: &Table, n| Some(table.row(Method::peer("ours"), n)?.outcome.ratio);
        let bar = Bar {
            says: "ours is fast",
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
    fn what_was_not_measured_is_neither_passed_nor_missed() {
        let verdict = judged(Limit::AtMost(9.0), HoldsAt::Only(900));
        assert_eq!(verdict, "---- ours is fast: not measured");
    }
}
