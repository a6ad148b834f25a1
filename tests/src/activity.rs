//! What a thread has done.

use std::fs;

/// How often a thread of this process was put to sleep or off a processor, and for how
/// many of the system's ticks it ran: both stay as they are while it sleeps.
#[must_use]
pub fn activity(thread: &str) -> (u64, u64) {
    let read = |file| fs::read_to_string(format!("/proc/self/task/{thread}/{file}")).unwrap();
    let status = read("status");
    let switches = status.lines().filter_map(|line| {
        let (what, count) = line.split_once(':')?;
        what.ends_with("ctxt_switches")
            .then(|| count.trim().parse::<u64>().unwrap())
    });
    // After the name, which may be anything, they are the 14th and the 15th of proc(5).
    let stat = read("stat");
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap());
    (switches.sum(), ticks.sum())
}
