//! What ours has to reach.

use crate::bar::{Bar, HoldsAt, Limit};
use crate::interfaces::{floor, ours, peers};
use crate::method::Method;
use crate::table::Table;

pub(crate) const ALL: [Bar; 9] = [
    Bar {
        says: "a full capture with a reused Enumerator takes at most 1.05 of the bare dump's time",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.05),
        figure: |table, n| ratio(table, ours::KEPT, n),
    },
    Bar {
        says: "a one-shot full capture takes at most 1.10 of the bare dump's time",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.10),
        figure: |table, n| ratio(table, ours::ONCE, n),
    },
    Bar {
        says: "a one-shot full capture is at least 1.6 times as fast as getifaddrs(3)",
        holds_at: HoldsAt::Every,
        limit: Limit::AtLeast(1.6),
        figure: |table, n| quotient(table, floor::GETIFADDRS, ours::ONCE, n),
    },
    Bar {
        says: "a full capture with a reused Enumerator makes at most 16 allocations",
        holds_at: HoldsAt::Only(1000),
        limit: Limit::AtMost(16.0),
        figure: |table, n| count(table.row(ours::KEPT, n)?.outcome.allocations),
    },
    Bar {
        says: "one interface by index takes less than 2 times the bare requests' time",
        holds_at: HoldsAt::Every,
        limit: Limit::Below(2.0),
        figure: |table, n| ratio(table, ours::BY_INDEX, n),
    },
    Bar {
        // What is proportional to N would be 100 times as slow; the rest is noise and caches.
        says: "one interface by index takes as long at any N (its time at N / at the least N)",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.25),
        figure: |table, n| {
            let at = |n| Some(table.row(ours::BY_INDEX, n)?.outcome.median);
            Some(at(n)?.div_duration_f64(at(*table.sizes().first()?)?))
        },
    },
    Bar {
        says: "an event is applied in at most 2 times if-watch's time",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(2.0),
        figure: |table, n| quotient(table, ours::DRAIN, peers::IF_WATCH, n),
    },
    Bar {
        says: "an event is applied at least 100 times as fast as by netwatcher",
        holds_at: HoldsAt::Only(1000),
        limit: Limit::AtLeast(100.0),
        figure: |table, n| quotient(table, peers::NETWATCHER, ours::DRAIN, n),
    },
    Bar {
        says: "snapshot() of a watcher makes no system call",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.0),
        figure: |table, n| count(table.row(ours::SNAPSHOT, n)?.system_calls?),
    },
];

fn ratio(table: &Table, method: Method, n: usize) -> Option<f64> {
    Some(table.row(method, n)?.outcome.ratio)
}

/// How many times as long one method of a task takes as another.
fn quotient(table: &Table, slow: Method, fast: Method, n: usize) -> Option<f64> {
    let median = |method| Some(table.row(method, n)?.outcome.median);
    Some(median(slow)?.div_duration_f64(median(fast)?))
}

fn count<T: TryInto<u32>>(count: T) -> Option<f64> {
    count.try_into().ok().map(f64::from)
}
