//! Sending and receiving.

mod bars;
mod cables;
mod fan_out;
mod floor;
mod line;
mod many;
mod memory;
mod ours;
#[cfg_attr(not(feature = "peers"), path = "no_peers.rs")]
mod peers;
mod plan;
mod receive;
mod receiver;
mod send;
mod waiting;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::measure::Task;
use crate::processors::Processors;
use crate::sys::priority;
use crate::table::Table;
use crate::topic::{self, Output, Topic};

use self::plan::Plan;

/// Sends and receives with ifcast and with its peers, and tells how long each
/// takes.
#[derive(Parser)]
#[command(name = "datapath")]
struct Arguments {
    /// Measures less, within a minute.
    #[arg(long)]
    quick: bool,

    /// Measures only what has a name that begins so, such as "receive" or
    /// "fan-out".
    #[arg(long, value_name = "NAME")]
    only: Option<String>,

    #[command(flatten)]
    output: Output,

    /// Makes one call of each method between marks, for strace.
    #[arg(long, hide = true)]
    trace: bool,
}

/// Measures and reports what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    topic::main(run)
}

fn run(arguments: &Arguments) -> io::Result<()> {
    let processors = Processors::allowed()?;
    processors.keep_to_main()?;
    open_more_files()?;
    let plan = Plan {
        quick: arguments.quick,
        only: arguments.only.clone(),
        traced: arguments.trace,
        processors,
    };
    if arguments.trace {
        return plan.each(|mut task| task.trace(), drop);
    }
    arguments.output.check()?;
    priority::raise();
    let (mut rows, mut facts) = (Vec::new(), Vec::new());
    let measure = |mut task: Task| {
        eprintln!("{} (N = {})", task.name, task.n);
        rows.extend(task.measure(Duration::ZERO)?);
        Ok(())
    };
    plan.each(measure, |fact| facts.push(fact))?;
    eprintln!("system calls");
    topic::count_system_calls(&mut rows, &arguments.traced());
    let table = Table::new(rows).with_facts(facts);
    TOPIC.report(&arguments.output, &table)
}

impl Arguments {
    /// The same for a trace.
    fn traced(&self) -> Vec<String> {
        let mut arguments = vec!["--trace".to_owned()];
        arguments.extend(self.quick.then(|| "--quick".to_owned()));
        arguments.extend(self.only.as_ref().map(|name| format!("--only={name}")));
        arguments
    }
}

/// A thousand interfaces have more sockets than many systems let a process open
/// unless it asks.
fn open_more_files() -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

const TOPIC: Topic = Topic {
    title: "Sending and receiving",
    command: "cargo run --release -p ifcast-benches --features peers --bin datapath -- \
        --markdown PATH --svg PATH",
    bars: &bars::ALL,
    notes: &NOTES,
};
const NOTES: [&str; 9] = [
    "Two hosts, each a network namespace, are joined by cables (veth pairs), and a datagram is in \
     the receiver's queue when the system call that sends it returns. All but the last two tasks \
     of one interface run in one thread that stays on one processor.",
    "Every method is called 11 times, each time right after its floor. A call is many rounds, and \
     told by their median. The median in the table is that of the calls, for one datagram; the \
     ratio is the median of the quotients of a call and the floor's call just before it, so a \
     floor's own ratio shows the noise.",
    "receive: N datagrams are sent off the clock. What has a loop waits (no time at all) and reads \
     until it knows that there is no more; what has none only reads. Everybody looks at the \
     beginning of a datagram, its length, its source and, if it knows, its interface.",
    "The floors are C that takes 32 datagrams with each `recvmmsg` or `sendmmsg` and asks for packet \
     info. Those who read with a loop are compared with the one that has one.",
    "coalesced: 64 datagrams come as one large one (UDP_SEGMENT). processor time: so many datagrams \
     come as often as the name says from another processor, and what is told is the time of the \
     receiving thread by its own clock. wake-up: the time from before the sending until the \
     receiver, which slept unless it spins, has the datagram.",
    "one busy: one datagram, each time on another of N interfaces, each time after C that has but one socket; \
     all busy: one on each. send: N datagrams with a call each or as few as there can be, to where \
     one socket listens. fan-out: one payload by each of N interfaces, where none does.",
    "tokio is told with the time that it takes to enter its runtime; mdns-sd's loop is made anew \
     here: packet info with socket-pktinfo and a new vector for every read.",
    "Allocations are those of Rust code, by a whole round of N datagrams.",
    "System calls are those of such a round, by strace.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_planned_can_be_done() {
        let plan = Plan {
            quick: true,
            only: None,
            traced: true,
            processors: Processors::allowed().unwrap(),
        };
        let (mut tasks, mut facts) = (0, 0);
        let one_round = |mut task: Task| {
            tasks += 1;
            task.trace()
        };
        plan.each(one_round, |_| facts += 1).unwrap();
        assert!(tasks > 10, "{tasks}");
        assert_eq!(facts, 3);
    }
}
