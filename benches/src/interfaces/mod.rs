//! Listing and watching interfaces.

mod arena;
mod bars;
mod floor;
mod ours;
#[cfg_attr(not(feature = "peers"), path = "no_peers.rs")]
mod peers;
mod tasks;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use ifcast_netlab::Lab;

use crate::sys::allocator;
use crate::table::{Row, Table};
use crate::topic::{self, Output, Topic};

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

    #[command(flatten)]
    output: Output,

    /// Among this many interfaces, makes one call of each method between marks,
    /// for strace.
    #[arg(long, hide = true)]
    trace: Option<usize>,
}

/// Measures and reports what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    topic::main(run)
}

fn run(arguments: &Arguments) -> io::Result<()> {
    if let Some(n) = arguments.trace {
        let arena = Arena::new(&Lab::try_new()?, n)?;
        return arena.run(|| trace(&arena));
    }
    arguments.output.check()?;
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
        eprintln!("N = {n}: system calls");
        topic::count_system_calls(&mut rows, &[format!("--trace={n}")]);
    }
    TOPIC.report(&arguments.output, &Table::new(rows))
}

fn measure(arena: &Arena, budget: Duration) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for task in tasks::ALL {
        let mut task = task(arena)?;
        eprintln!("N = {}: {}", task.n, task.name);
        rows.extend(task.measure(budget)?);
    }
    Ok(rows)
}

fn trace(arena: &Arena) -> io::Result<()> {
    tasks::ALL.iter().try_for_each(|task| task(arena)?.trace())
}

fn even(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 && n % 2 == 0 => Ok(n),
        _ => Err("not an even number: they are made in pairs".to_owned()),
    }
}

const TOPIC: Topic = Topic {
    title: "Listing and watching interfaces",
    command: "cargo run --release -p ifcast-benches --features peers --bin interfaces -- \
        --markdown PATH --svg PATH",
    bars: &bars::ALL,
    notes: &NOTES,
};
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
        assert!(rows.unwrap().iter().all(|rows| !rows.is_empty()));
    }
}
