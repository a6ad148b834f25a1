//! Listing and watching interfaces.

mod arena;
mod bars;
mod floor;
mod ours;
#[cfg_attr(not(feature = "peers"), path = "no_peers.rs")]
mod peers;
mod tasks;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, io};

use clap::Parser;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use ifcast_netlab::Lab;
use nix::unistd::alarm;

use crate::machine::Machine;
use crate::markdown::Report;
use crate::sys::allocator;
use crate::table::{Row, Table};
use crate::{chart, trace};

use self::arena::Arena;

/// Lists and watches interfaces with ifcast and with its peers, and tells how
/// long each takes.
#[derive(Parser)]
#[command(name = "interfaces")]
struct Arguments {
    /// How many interfaces there are: even numbers.
    #[arg(long, value_delimiter = ',', default_value = "10,100,1000", value_parser = even)]
    interfaces: Vec<usize>,

    /// Milliseconds that each method may take in all, at each number.
    #[arg(long, default_value_t = 500)]
    budget: u64,

    /// Writes the report to this file, too.
    #[arg(long, value_name = "PATH")]
    markdown: Option<PathBuf>,

    /// Draws the figures into this file; needs the feature `peers`.
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,

    /// Among this many interfaces, makes one call of each method between marks,
    /// for strace.
    #[arg(long, hide = true)]
    trace: Option<usize>,
}

/// Measures and reports what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    alarm::set(LONGEST); // some peers would wait for an event for ever
    if let Some(n) = arguments.trace {
        let arena = Arena::new(&Lab::try_new()?, n)?;
        return arena.run(|| trace(&arena));
    }
    if arguments.svg.is_some() {
        chart::can_draw()?;
    }
    allocator::keep_freed_memory();
    let budget = Duration::from_millis(arguments.budget);
    let mut arenas = Vec::new(); // none ends before the last figure: that keeps the kernel busy
    let mut rows = Vec::new();
    for &n in &arguments.interfaces {
        let arena = Arena::new(&Lab::try_new()?, n)?;
        rows.extend(arena.run(|| measure(&arena, budget))?);
        arenas.push(arena);
    }
    for &n in &arguments.interfaces {
        let counts = system_calls(n);
        for row in rows.iter_mut().filter(|row| row.n == n) {
            row.system_calls = counts.get(row.outcome.method.name).copied();
        }
    }
    report(arguments, &Table::new(rows))
}

fn measure(arena: &Arena, budget: Duration) -> io::Result<Vec<Row>> {
    let n = arena.interfaces();
    let mut rows = Vec::new();
    for task in tasks::ALL {
        let mut task = task(arena)?;
        eprintln!("N = {n}: {}", task.name);
        rows.extend(task.measure(budget)?.into_iter().map(|outcome| Row {
            task: task.name,
            n,
            outcome,
            system_calls: None,
        }));
    }
    Ok(rows)
}

fn trace(arena: &Arena) -> io::Result<()> {
    tasks::ALL.iter().try_for_each(|task| task(arena)?.trace())
}

/// None where they cannot be counted, which is said.
fn system_calls(n: usize) -> HashMap<String, usize> {
    eprintln!("N = {n}: system calls");
    trace::system_calls(&[format!("--trace={n}")]).unwrap_or_else(|error| {
        eprintln!("not counted: {error}");
        HashMap::new()
    })
}

fn report(arguments: &Arguments, table: &Table) -> io::Result<()> {
    let verdicts: Vec<_> = bars::ALL.iter().map(|bar| bar.judge(table)).collect();
    let machine = Machine::this();
    println!("{machine}\n{}", table.render(UTF8_FULL_CONDENSED));
    verdicts.iter().for_each(|verdict| println!("{verdict}"));
    NOTES.iter().for_each(|note| println!("* {note}"));
    if let Some(path) = &arguments.svg {
        fs::write(path, chart::svg(TITLE, table)?)?;
    }
    if let Some(path) = &arguments.markdown {
        let report = Report {
            title: TITLE,
            command: COMMAND,
            machine: &machine,
            table,
            verdicts: &verdicts,
            notes: &NOTES,
        };
        // As they come into the documentation: beside each other.
        let chart = arguments.svg.as_deref().and_then(Path::file_name);
        fs::write(path, report.page(chart.and_then(|name| name.to_str())))?;
    }
    Ok(())
}

fn even(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 && n % 2 == 0 => Ok(n),
        _ => Err("not an even number: they are made in pairs".to_owned()),
    }
}

/// After how many seconds the process is ended, whatever it does.
const LONGEST: u32 = 30 * 60;

const TITLE: &str = "Listing and watching interfaces";
const COMMAND: &str = "cargo run --release -p ifcast-benches --features peers --bin interfaces -- \
     --markdown PATH --svg PATH";
const NOTES: [&str; 7] = [
    "N interfaces (veth, up, one IPv4 address with a broadcast address and one IPv6 address each) \
     and `lo` are in a network namespace of their own.",
    "Every round calls every method once, each right after its floor, until a method has used up \
     its time. The median is that of its calls; the ratio is the median of the quotients of a call \
     and the floor's call just before it, so a floor's own ratio shows the noise.",
    "A floor asks the kernel the same and only counts the messages: rtnetlink dumps of links \
     (without statistics) and addresses in 32 KiB reads; both requests for one interface; `recv` \
     of an event.",
    "Every method must tell of every address, and what it returns is dropped on the clock.",
    "An event: an address is added to or removed from one interface, and waits in the socket of \
     every watcher. The clock starts then, so no method's time has the delay of the notification, \
     and it stops when the method returned and knows the new state. The wait that tells that the \
     event is there is on the clock: `poll` in ours and in netwatcher, tokio's in if-watch.",
    "Allocations are those of Rust code, by one call; what `getifaddrs(3)` allocates within the C \
     library is not seen. For all alike, glibc is told to keep the memory that is freed: to give it \
     back and to get it again can take as long as the work.",
    "System calls are those of one call, by strace.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_come_in_pairs() {
        assert_eq!(even("10"), Ok(10));
        for odd in ["0", "3", "-2", "ten"] {
            assert!(even(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn every_method_tells_of_everything() {
        let arena = Arena::new(&Lab::new(), 4).unwrap();
        let rows = arena.run(|| {
            let tasks = tasks::ALL
                .iter()
                .map(|task| task(&arena)?.measure(Duration::ZERO));
            tasks.collect::<io::Result<Vec<_>>>()
        });
        assert!(rows.unwrap().iter().all(|outcomes| !outcomes.is_empty()));
    }
}
