//! What befalls the interfaces of a LAN: how soon it hears again, and how little the
//! others notice.

mod mishaps;
mod speaker;
mod times;
mod trouble;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, io};

use clap::Parser;
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, Table as Grid};
use ifcast::{Group, Lan, LanBuilder, Sockets};
use ifcast_netlab::Mishap;

use crate::machine::Machine;
use crate::markdown::Report;
use crate::processors::Processors;
use crate::sys::priority;
use crate::topic;

use self::mishaps::Pace;
use self::times::Times;
use self::trouble::Delays;

/// Has everything happen to a LAN that can happen to interfaces, and tells how
/// soon it hears again.
#[derive(Parser)]
#[command(name = "healing")]
struct Arguments {
    /// How often each thing happens.
    #[arg(long, default_value_t = 25)]
    rounds: usize,

    /// How often the others are listened to for a second.
    #[arg(long, default_value_t = 15)]
    turns: usize,

    /// Writes the report to this file, too.
    #[arg(long, value_name = "PATH")]
    markdown: Option<PathBuf>,
}

/// Measures and reports what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    topic::main(run)
}

fn run(arguments: &Arguments) -> io::Result<()> {
    priority::raise();
    let mut rows = Vec::new();
    for mishap in Mishap::ALL {
        for sockets in WAYS {
            eprintln!("{}, {}", mishaps::name(mishap), name(sockets));
            let mut times = [Times::default(); Pace::ALL.len()];
            for (times, pace) in times.iter_mut().zip(Pace::ALL) {
                let measured = mishaps::measure(mishap, sockets, pace, arguments.rounds)?;
                *times = Times::of(measured);
            }
            rows.push(Row {
                mishap,
                sockets,
                times,
            });
        }
    }
    let processors = Processors::allowed()?;
    let mut delays = trouble::ALL.map(|_| Vec::new());
    // In turns, so that noise hits all alike.
    for turn in 1..=arguments.turns {
        eprintln!("eight interfaces, {turn}");
        for (delays, trouble) in delays.iter_mut().zip(&trouble::ALL) {
            delays.push(trouble.measure(SPELL, processors)?);
        }
    }
    report(arguments, &rows, &delays.map(Heard::of))
}

/// How long it took until a LAN heard again.
struct Row {
    mishap: Mishap,
    sockets: Sockets,
    /// By pace.
    times: [Times; Pace::ALL.len()],
}

/// What was heard in all turns.
struct Heard {
    heard: u64,
    lost: u64,
    /// The medians of those of the turns, but the worst of all.
    times: Times,
}

impl Heard {
    fn of(turns: Vec<Delays>) -> Self {
        let heard = turns.iter().map(|turn| turn.heard).sum();
        let lost = turns.iter().map(|turn| turn.lost).sum();
        let times: Vec<_> = turns
            .into_iter()
            .map(|turn| Times::of(turn.times))
            .collect();
        Self {
            heard,
            lost,
            times: Times::typical(times.into_iter()),
        }
    }
}

fn report(arguments: &Arguments, rows: &[Row], delays: &[Heard]) -> io::Result<()> {
    let verdicts = [restored(rows), undisturbed(delays)];
    let machine = Machine::this();
    let tables = |preset| [of_mishaps(rows, preset), of_trouble(delays, preset)];
    println!("{machine}");
    tables(UTF8_FULL_CONDENSED)
        .iter()
        .for_each(|table| println!("{table}"));
    verdicts.iter().for_each(|verdict| println!("{verdict}"));
    NOTES.iter().for_each(|note| println!("* {note}"));
    let Some(path) = &arguments.markdown else {
        return Ok(());
    };
    let report = Report {
        title: "Healing",
        command: "cargo run --release -p ifcast-benches --features healing --bin healing -- \
            --markdown PATH",
        machine: &machine,
        verdicts: &verdicts,
        figures: &tables(ASCII_MARKDOWN),
        notes: &NOTES,
    };
    fs::write(path, report.page(None))
}

fn restored(rows: &[Row]) -> String {
    let times = rows.iter().flat_map(|row| &row.times);
    let medians = times.clone().map(|times| times.median).max();
    let worst = times.map(|times| times.worst).max();
    let (medians, worst) = (medians.unwrap_or_default(), worst.unwrap_or_default());
    format!(
        "{} everything is heard again within {} ms: the slowest median is {} ms, the worst of all {} ms",
        if worst <= SOON { "PASS" } else { "MISS" },
        SOON.as_millis(),
        times::millis(medians),
        times::millis(worst),
    )
}

fn undisturbed(delays: &[Heard]) -> String {
    let factor = |pair: &[Heard]| {
        let [calm, trouble] = pair else { return 0.0 };
        trouble.times.p99.div_duration_f64(calm.times.p99)
    };
    let factors: Vec<_> = delays.chunks(2).map(factor).collect();
    let lost: u64 = delays.iter().map(|delays| delays.lost).sum();
    let is_well = lost == 0 && factors.iter().all(|factor| *factor < 2.0);
    let factors: Vec<_> = factors
        .iter()
        .map(|factor| format!("{factor:.2}"))
        .collect();
    format!(
        "{} trouble on four of eight interfaces has the others lose nothing and wait less than \
         twice as long: lost {lost}, and the 99th percentiles are {} times as long",
        if is_well { "PASS" } else { "MISS" },
        factors.join(", "),
    )
}

fn of_mishaps(rows: &[Row], preset: &str) -> String {
    let mut grid = grid(
        preset,
        2,
        &[
            "what befalls the interface",
            "sockets",
            "noticed: median (ms)",
            "worst (ms)",
            "sudden: median (ms)",
            "worst (ms)",
        ],
    );
    grid.add_rows(rows.iter().map(|row| {
        let mut cells = vec![
            mishaps::name(row.mishap).to_owned(),
            name(row.sockets).to_owned(),
        ];
        for times in &row.times {
            cells.extend([times.median, times.worst].map(times::millis));
        }
        cells
    }));
    grid.to_string()
}

fn of_trouble(delays: &[Heard], preset: &str) -> String {
    let mut grid = grid(
        preset,
        1,
        &[
            "what befalls four of eight interfaces",
            "heard on the others",
            "lost",
            "delay: median (µs)",
            "99th percentile (µs)",
            "worst (µs)",
        ],
    );
    grid.add_rows(delays.iter().zip(&trouble::ALL).map(|(delays, trouble)| {
        let Times {
            median, p99, worst, ..
        } = delays.times;
        let mut cells = vec![trouble.name().to_owned()];
        cells.extend([delays.heard, delays.lost].map(|count| count.to_string()));
        cells.extend([median, p99, worst].map(|time| time.as_micros().to_string()));
        cells
    }));
    grid.to_string()
}

fn grid(preset: &str, texts: usize, header: &[&str]) -> Grid {
    let mut grid = Grid::new();
    grid.load_preset(preset).set_header(header);
    for column in grid.column_iter_mut().skip(texts) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    grid
}

/// A LAN in both groups.
fn lan(sockets: Sockets) -> LanBuilder {
    let groups = speaker::GROUPS
        .iter()
        .filter_map(|group| group.parse().ok());
    let builder = Lan::builder().port(PORT).sockets(sockets);
    groups.fold(builder, |builder, group: Group| builder.join(group))
}

const fn name(sockets: Sockets) -> &'static str {
    match sockets {
        Sockets::PerInterface => "each its own",
        Sockets::Shared => "shared",
        Sockets::Automatic => "automatic",
    }
}

const PORT: u16 = 2222;
const WAYS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];
const SPELL: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_millis(250);
const NOTES: [&str; 5] = [
    "A host whose LAN is in an IPv4 and an IPv6 group has one interface on a segment (veth and \
     bridge), on which a neighbour says something to everybody and to both groups every \
     millisecond. What befalls the interface begins, and ends.",
    "The clock starts just before the first request that ends it, so what the kernel takes to \
     make and connect interfaces is on the clock. It stops when a broadcast, a multicast of IPv4 \
     and one of IPv6 that were sent after that have all been heard.",
    "noticed: it ends after the LAN has told that it began, or 150 ms after it began if there is \
     nothing to tell. sudden: it ends at once. 50 ms is how long changes take to settle \
     before a LAN acts on them.",
    "A host has eight interfaces, each with sockets of its own. On four of them a neighbour sends \
     a datagram every millisecond, and the host sends to everybody by all eight every ten. Of the \
     other four, one is deleted, one loses its carrier, one is firewalled (nftables rejects its \
     output; without nft it is not), and the neighbour of one floods it. Each is compared with the \
     same flood among two other hosts, which has the processors work as much, and nobody else.",
    "The delay is the time from before the sending until the LAN hands the datagram over. Who \
     sends and who listens share a processor, and a flood comes from another. All happen in turns of \
     a second: told are the medians of the turns, and the worst of all.",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn times(millis: u64) -> Times {
        Times::of(vec![Duration::from_millis(millis)])
    }

    #[test]
    fn what_befalls_an_interface_is_over_in_the_end() {
        for pace in Pace::ALL {
            let times = mishaps::measure(Mishap::MadeAnew, Sockets::Shared, pace, 2);
            assert_eq!(times.unwrap().len(), 2);
        }
    }

    #[test]
    fn the_slowest_of_all_has_to_be_soon_enough() {
        let row = |sudden| Row {
            mishap: Mishap::Down,
            sockets: Sockets::Shared,
            times: [times(50), times(sudden)],
        };
        assert!(restored(&[row(1), row(250)]).starts_with("PASS "));
        assert!(restored(&[row(251), row(1)]).starts_with("MISS "));
    }

    #[test]
    fn trouble_is_compared_with_the_peace_before_it() {
        let heard = |lost, millis| Heard {
            heard: 1,
            lost,
            times: times(millis),
        };
        let verdict = undisturbed(&[heard(0, 10), heard(0, 19), heard(0, 50), heard(0, 50)]);
        assert!(verdict.starts_with("PASS ") && verdict.contains("are 1.90, 1.00 times"));
        assert!(undisturbed(&[heard(0, 10), heard(0, 20)]).starts_with("MISS "));
        assert!(undisturbed(&[heard(0, 10), heard(1, 10)]).starts_with("MISS "));
    }
}
