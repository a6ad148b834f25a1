//! What ours has to reach.

use crate::bar::{Bar, Figure, HoldsAt, Limit};
use crate::interfaces::{floor, ours, peers};
use crate::method::Method;
use crate::table::{Place, Table};

pub(crate) const ALL: [Bar; 9] = [
    Bar {
        says: "a full capture with a reused Enumerator takes at most 1.05 of the bare dump's time",
        task: "full",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.05),
        figure: Figure::By(|table, at| table.ratio(at, ours::KEPT)),
    },
    Bar {
        says: "a one-shot full capture takes at most 1.10 of the bare dump's time",
        task: "full",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.10),
        figure: Figure::By(|table, at| table.ratio(at, ours::ONCE)),
    },
    Bar {
        says: "a one-shot full capture is at least 1.6 times as fast as getifaddrs(3)",
        task: "full",
        holds_at: HoldsAt::Every,
        limit: Limit::AtLeast(1.6),
        figure: Figure::By(|table, at| quotient(table, at, floor::GETIFADDRS, ours::ONCE)),
    },
    Bar {
        says: "a full capture with a reused Enumerator makes at most 16 allocations",
        task: "full",
        holds_at: HoldsAt::Only(1000),
        limit: Limit::AtMost(16.0),
        figure: Figure::By(|table, at| count(table.row(at, ours::KEPT)?.outcome.allocations)),
    },
    Bar {
        says: "one interface by index takes less than 2 times the bare requests' time",
        task: "one interface",
        holds_at: HoldsAt::Every,
        limit: Limit::Below(2.0),
        figure: Figure::By(|table, at| table.ratio(at, ours::BY_INDEX)),
    },
    Bar {
        // What is proportional to N would be 100 times as slow; the rest is noise and caches.
        says: "one interface by index takes as long at any N (its time at N / at the least N)",
        task: "one interface",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.25),
        figure: Figure::By(|table, at| {
            let median = |at| Some(table.row(at, ours::BY_INDEX)?.outcome.median);
            let n = *table.sizes().first()?;
            Some(median(at)?.div_duration_f64(median(Place { n, ..at })?))
        }),
    },
    Bar {
        says: "an event is applied in at most 2 times if-watch's time",
        task: "an event",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(2.0),
        figure: Figure::By(|table, at| quotient(table, at, ours::DRAIN, peers::IF_WATCH)),
    },
    Bar {
        says: "an event is applied at least 100 times as fast as by netwatcher",
        task: "an event",
        holds_at: HoldsAt::Only(1000),
        limit: Limit::AtLeast(100.0),
        figure: Figure::By(|table, at| quotient(table, at, peers::NETWATCHER, ours::DRAIN)),
    },
    Bar {
        says: "snapshot() of a watcher makes no system call",
        task: "an event",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.0),
        figure: Figure::By(|table, at| count(table.row(at, ours::SNAPSHOT)?.system_calls?)),
    },
];

/// How many times as long one method of a task takes as another.
fn quotient(table: &Table, at: Place<'_>, slow: Method, fast: Method) -> Option<f64> {
    let median = |method| Some(table.row(at, method)?.outcome.median);
    Some(median(slow)?.div_duration_f64(median(fast)?))
}

fn count<T: TryInto<u32>>(count: T) -> Option<f64> {
    count.try_into().ok().map(f64::from)
}
