//! What was measured, as a table.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use comfy_table::{CellAlignment, Table as Grid};

use crate::measure::Outcome;
use crate::method::Method;

/// One contender at one number of things.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) task: String,
    pub(crate) n: usize,
    pub(crate) outcome: Outcome,
    /// `None` where strace could not be had.
    pub(crate) system_calls: Option<usize>,
}

/// Something that has no floor and takes no time.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    /// What it is, and of what.
    pub(crate) task: &'static str,
    pub(crate) n: usize,
    pub(crate) figure: f64,
}

/// Where figures can be compared: at one task with one number of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'t> {
    pub(crate) task: &'t str,
    pub(crate) n: usize,
}

/// All rows: tasks in the order of their measuring, within a task the fastest
/// first, by the largest `n`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    facts: Vec<Fact>,
}

impl Table {
    pub(crate) fn new(mut rows: Vec<Row>) -> Self {
        let mut tasks = Vec::new();
        let mut slowest: HashMap<_, (usize, Duration)> = HashMap::new();
        for row in &rows {
            if !tasks.contains(&row.task) {
                tasks.push(row.task.clone());
            }
            let key = (row.task.clone(), row.outcome.method);
            let seen = slowest.entry(key).or_default();
            *seen = (*seen).max((row.n, row.outcome.median));
        }
        rows.sort_by_cached_key(|row| {
            let task = tasks.iter().position(|task| *task == row.task);
            let method = row.outcome.method;
            (task, slowest[&(row.task.clone(), method)], method, row.n)
        });
        Self {
            rows,
            facts: Vec::new(),
        }
    }

    /// Adds what no row can tell.
    #[cfg(feature = "datapath")]
    pub(crate) fn with_facts(mut self, facts: Vec<Fact>) -> Self {
        self.facts = facts;
        self
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    pub(crate) fn row(&self, place: Place<'_>, method: Method) -> Option<&Row> {
        let same = |row: &&Row| row.outcome.method == method && row.place() == place;
        self.rows.iter().find(same)
    }

    #[cfg(feature = "datapath")]
    pub(crate) fn fact(&self, place: Place<'_>) -> Option<f64> {
        let fact = self.facts.iter().find(|fact| fact.place() == place)?;
        Some(fact.figure)
    }

    /// How many times as long as the floor a method takes.
    pub(crate) fn ratio(&self, place: Place<'_>, method: Method) -> Option<f64> {
        Some(self.row(place, method)?.outcome.ratio)
    }

    /// Every place that there are figures for.
    pub(crate) fn places(&self) -> Vec<Place<'_>> {
        let rows = self.rows.iter().map(Row::place);
        let mut places = Vec::new();
        for place in rows.chain(self.facts.iter().map(Fact::place)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// Every number of things, ascending.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<_> = self.rows.iter().map(|row| row.n).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Lays it out in a style of `comfy_table::presets`.
    pub(crate) fn render(&self, preset: &str) -> String {
        let mut grid = Grid::new();
        grid.load_preset(preset).set_header(HEADER);
        for column in grid.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        grid.add_rows(self.rows().iter().map(Row::cells));
        grid.to_string()
    }
}

impl Fact {
    fn place(&self) -> Place<'_> {
        Place {
            task: self.task,
            n: self.n,
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { task, n, figure } = self;
        write!(f, "{task} (N = {n}): {figure}")
    }
}

impl Row {
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            task: &self.task,
            n: self.n,
        }
    }

    fn cells(&self) -> [String; 7] {
        let Outcome {
            method,
            median,
            ratio,
            allocations,
        } = self.outcome;
        [
            self.task.clone(),
            method.name.to_owned(),
            self.n.to_string(),
            microseconds(median),
            format!("{ratio:.2}"),
            allocations.to_string(),
            self.system_calls
                .map_or("-".to_owned(), |calls| calls.to_string()),
        ]
    }
}

fn microseconds(time: Duration) -> String {
    let time = time.as_secs_f64() * 1e6;
    let decimals = match time {
        ..1.0 => 3,
        1.0..100.0 => 2,
        _ => 0,
    };
    format!("{time:.decimals$}")
}

const HEADER: [&str; 7] = [
    "work",
    "method",
    "N",
    "median (µs)",
    "ratio to floor",
    "allocations",
    "system calls",
];

/// Tables for tests.
#[cfg(test)]
pub(crate) mod fixture {
    use super::*;

    pub(crate) fn row(name: &'static str, n: usize, micros: u64) -> Row {
        let floor = Duration::from_micros(10);
        let median = Duration::from_micros(micros);
        let outcome = Outcome {
            method: Method::peer(name),
            median,
            ratio: median.div_duration_f64(floor),
            allocations: 2,
        };
        Row {
            task: "listing".to_owned(),
            n,
            outcome,
            system_calls: Some(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use comfy_table::presets::ASCII_MARKDOWN;

    use super::fixture::row;
    use super::*;

    #[test]
    fn the_fastest_at_the_largest_number_comes_first() {
        let rows = [
            ("slow", 9, 1),
            ("slow", 90, 8),
            ("fast", 90, 7),
            ("fast", 9, 2),
        ];
        let table = Table::new(rows.map(|(name, n, micros)| row(name, n, micros)).into());
        let order: Vec<_> = table
            .rows()
            .iter()
            .map(|r| (r.outcome.method.name, r.n))
            .collect();
        assert_eq!(
            order,
            [("fast", 9), ("fast", 90), ("slow", 9), ("slow", 90)]
        );
        assert_eq!(table.sizes(), [9, 90]);
    }

    #[test]
    fn a_row_has_all_its_figures_and_a_dash_for_what_was_not_counted() {
        let mut odd = row("odd", 9, 25);
        odd.system_calls = None;
        let text = Table::new(vec![row("even", 9, 1234), odd]).render(ASCII_MARKDOWN);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<_> = text.lines().map(words).collect();
        assert_eq!(lines[2], "| listing | odd | 9 | 25.00 | 2.50 | 2 | - |");
        assert_eq!(lines[3], "| listing | even | 9 | 1234 | 123.40 | 2 | 3 |");
    }
}
