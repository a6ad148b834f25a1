//! What all topics have in common: their report, and how it is asked for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::{Args, Parser};
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use nix::unistd::alarm;

use crate::bar::Bar;
use crate::machine::Machine;
use crate::markdown::{self, Report};
use crate::table::{Row, Table};
use crate::{chart, trace};

/// What is measured and what it has to reach.
pub(crate) struct Topic {
    pub(crate) title: &'static str,
    pub(crate) command: &'static str,
    pub(crate) bars: &'static [Bar],
    /// How it was measured, and what the figures leave out.
    pub(crate) notes: &'static [&'static str],
}

/// Where the report goes beside the terminal.
#[derive(Args)]
pub(crate) struct Output {
    /// Writes the report to this file, too.
    #[arg(long, value_name = "PATH")]
    markdown: Option<PathBuf>,

    /// Draws the figures into this file; needs the feature `peers`.
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,
}

/// Does what the command line asks for.
pub(crate) fn main<A: Parser>(run: impl FnOnce(&A) -> io::Result<()>) -> ExitCode {
    alarm::set(LONGEST); // some peers would wait for ever for what does not come
    match run(&A::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes down how many system calls a trace of this program with these
/// arguments tells of; where that cannot be had it says so.
pub(crate) fn count_system_calls(rows: &mut [Row], arguments: &[String]) {
    let counts = trace::system_calls(arguments).unwrap_or_else(|error| {
        eprintln!("not counted: {error}");
        HashMap::new()
    });
    for row in rows {
        let mark = trace::mark(&row.task, row.n, row.outcome.method);
        row.system_calls = counts.get(&mark).copied().or(row.system_calls);
    }
}

impl Output {
    /// Finds out early whether all that is asked for can be had.
    ///
    /// # Errors
    /// `Unsupported` where nothing can be drawn.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.svg.as_ref().map_or(Ok(()), |_| chart::can_draw())
    }
}

impl Topic {
    /// Tells and writes down what was measured.
    pub(crate) fn report(&self, output: &Output, table: &Table) -> io::Result<()> {
        let verdicts: Vec<_> = self.bars.iter().map(|bar| bar.judge(table)).collect();
        let machine = Machine::this();
        println!("{machine}\n{}", table.render(UTF8_FULL_CONDENSED));
        table.facts().iter().for_each(|fact| println!("{fact}"));
        verdicts.iter().for_each(|verdict| println!("{verdict}"));
        self.notes.iter().for_each(|note| println!("* {note}"));
        if let Some(path) = &output.svg {
            fs::write(path, chart::svg(self.title, table)?)?;
        }
        if let Some(path) = &output.markdown {
            let mut figures = vec![table.render(ASCII_MARKDOWN)];
            figures.extend(Some(markdown::list(table.facts())).filter(|facts| !facts.is_empty()));
            let verdicts: Vec<_> = verdicts.iter().map(ToString::to_string).collect();
            let report = Report {
                title: self.title,
                command: self.command,
                machine: &machine,
                verdicts: &verdicts,
                figures: &figures,
                notes: self.notes,
            };
            // As they come into the documentation: beside each other.
            let chart = output.svg.as_deref().and_then(Path::file_name);
            fs::write(path, report.page(chart.and_then(|name| name.to_str())))?;
        }
        Ok(())
    }
}

/// After how many seconds the process is ended, whatever it does.
const LONGEST: u32 = 30 * 60;
