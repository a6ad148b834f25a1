//! What ours has to reach.

use crate::bar::{Bar, Figure, HoldsAt, Limit};
use crate::datapath::{fan_out, floor, many, memory, ours, peers, send};
use crate::method::Method;
use crate::table::{Place, Table};

pub(crate) const ALL: [Bar; 34] = [
    Bar {
        says: "R1: Lan::poll takes at most 1.05 of the C loop's time",
        task: "receive:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.05),
        figure: Figure::By(|table, at| table.ratio(at, ours::LAN)),
    },
    Bar {
        says: "R2: a bare batch takes at most 1.03 of the time of C's recvmmsg",
        task: "receive:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.03),
        figure: Figure::By(|table, at| table.ratio(at, ours::READ)),
    },
    Bar {
        says: "R3: Lan::poll is at least 1.7 times as fast as mdns-sd's loop with a burst",
        task: "receive:",
        holds_at: HoldsAt::AtLeast(16),
        limit: Limit::AtLeast(1.7),
        figure: Figure::Speed {
            of: ours::LAN,
            over: peers::MDNS_SD,
        },
    },
    Bar {
        says: "R3: and at least 1.2 times with one datagram",
        task: "receive:",
        holds_at: HoldsAt::Only(1),
        limit: Limit::AtLeast(1.2),
        figure: Figure::Speed {
            of: ours::LAN,
            over: peers::MDNS_SD,
        },
    },
    Bar {
        says: "R4: Lan::poll is at least 1.45 times as fast as mio with socket-pktinfo with a burst",
        task: "receive:",
        holds_at: HoldsAt::AtLeast(16),
        limit: Limit::AtLeast(1.45),
        figure: Figure::Speed {
            of: ours::LAN,
            over: peers::MIO_PACKET_INFO,
        },
    },
    Bar {
        says: "R4: and at least 1.08 times with one datagram",
        task: "receive:",
        holds_at: HoldsAt::Only(1),
        limit: Limit::AtLeast(1.08),
        figure: Figure::Speed {
            of: ours::LAN,
            over: peers::MIO_PACKET_INFO,
        },
    },
    Bar {
        says: "R5: Lan::poll is at least 1.2 times as fast as tokio with a burst",
        task: "receive:",
        holds_at: HoldsAt::AtLeast(16),
        limit: Limit::AtLeast(1.2),
        figure: Figure::Speed {
            of: ours::LAN,
            over: peers::TOKIO,
        },
    },
    Bar {
        says: "R5: and never slower with one datagram",
        task: "receive:",
        holds_at: HoldsAt::Only(1),
        limit: Limit::AtLeast(1.0),
        figure: Figure::Speed {
            of: ours::LAN,
            over: peers::TOKIO,
        },
    },
    Bar {
        says: "R6: Lan::poll is at least 1.2 times as fast as quinn-udp without GRO",
        task: "receive:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtLeast(1.2),
        figure: Figure::Speed {
            of: ours::LAN,
            over: peers::QUINN,
        },
    },
    Bar {
        says: "R6: of a coalesced burst it takes at most 1.05 of the time of quinn-udp with GRO",
        task: "coalesced:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.05),
        figure: Figure::By(|table, at| quotient(table, at, ours::LAN_COALESCING, peers::QUINN_GRO)),
    },
    Bar {
        says: "R6: and at least 5 times as fast as the fastest without GRO",
        task: "coalesced:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtLeast(5.0),
        figure: Figure::By(|table, at| {
            let without = [peers::MIO, peers::TOKIO, peers::QUINN];
            let ratios = without
                .iter()
                .filter_map(|peer| quotient(table, at, *peer, ours::LAN_COALESCING));
            ratios.min_by(f64::total_cmp)
        }),
    },
    Bar {
        says: "R7: Lan::poll allocates nothing",
        task: "",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.0),
        figure: Figure::By(|table, at| allocations(table, at, ours::LAN)),
    },
    Bar {
        says: "R7: BoundSocket::recv_batch allocates nothing",
        task: "",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.0),
        figure: Figure::By(|table, at| allocations(table, at, ours::READ)),
    },
    Bar {
        says: "R7: BoundSocket::send allocates nothing",
        task: "send:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.0),
        figure: Figure::By(|table, at| allocations(table, at, ours::SEND)),
    },
    Bar {
        says: "R7: Lan::send allocates nothing",
        task: "fan-out:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.0),
        figure: Figure::By(|table, at| allocations(table, at, ours::FAN_OUT)),
    },
    Bar {
        says: "R7: kept Bytes are at most 1 allocation for each datagram",
        task: "receive:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.0),
        figure: Figure::By(|table, at| {
            let datagrams = u32::try_from(at.n).ok()?;
            Some(allocations(table, at, ours::LAN_BYTES)? / f64::from(datagrams))
        }),
    },
    Bar {
        says: "R7: and take at most 1.10 of the time of borrowed datagrams",
        task: "receive:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.10),
        figure: Figure::By(|table, at| quotient(table, at, ours::LAN_BYTES, ours::LAN)),
    },
    Bar {
        says: "R7: keeping in a PayloadPool allocates nothing",
        task: "receive:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.0),
        figure: Figure::By(|table, at| allocations(table, at, ours::LAN_POOL)),
    },
    Bar {
        says: "R8: a wake that finds less than a batch makes 2 system calls",
        task: "receive:",
        holds_at: HoldsAt::Below(32),
        limit: Limit::AtMost(2.0),
        figure: Figure::By(|table, at| system_calls(table, at, ours::LAN)),
    },
    Bar {
        says: "R8: nothing wakes it when it is idle (system calls of a wait)",
        task: "idle:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.0),
        figure: Figure::By(|table, at| system_calls(table, at, ours::LAN)),
    },
    Bar {
        says: "S1: one send takes at most 1.03 of the time of std's send_to",
        task: "send:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.03),
        figure: Figure::By(|table, at| quotient(table, at, ours::SEND, send::STD)),
    },
    Bar {
        says: "S2: a batch takes at most 1.03 of the time of C's sendmmsg",
        task: "send:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.03),
        figure: Figure::By(|table, at| table.ratio(at, ours::SEND_BATCH)),
    },
    Bar {
        says: "S2: a batch is at least 1.18 times as fast as a loop of std",
        task: "send:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtLeast(1.18),
        figure: Figure::Speed {
            of: ours::SEND_BATCH,
            over: send::STD,
        },
    },
    Bar {
        says: "S2: with GSO a batch is at least 5 times as fast as a loop of std",
        task: "send:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtLeast(5.0),
        figure: Figure::Speed {
            of: ours::SEND_SEGMENTS,
            over: send::STD,
        },
    },
    Bar {
        says: "S2: and takes at most 1.05 of the time of GSO in C",
        task: "send:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.05),
        figure: Figure::By(|table, at| quotient(table, at, ours::SEND_SEGMENTS, floor::SEGMENTS)),
    },
    Bar {
        says: "S3: a fan-out is at least 1.12 times as fast as a send on each of N bound sockets",
        task: "fan-out:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtLeast(1.12),
        figure: Figure::Speed {
            of: ours::FAN_OUT,
            over: fan_out::BOUND,
        },
    },
    Bar {
        says: "S3: and at least 1.3 times as fast as set_multicast_if and send_to",
        task: "fan-out:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtLeast(1.3),
        figure: Figure::Speed {
            of: ours::FAN_OUT,
            over: fan_out::STEERED,
        },
    },
    Bar {
        says: "F1: one busy interface of 100 takes at most 1.08 of the time of 1 of 1",
        task: "one busy:",
        holds_at: HoldsAt::Only(100),
        limit: Limit::AtMost(1.08),
        figure: Figure::By(one_of_many),
    },
    Bar {
        says: "F1: and of 1,000 at most 1.25",
        task: "one busy:",
        holds_at: HoldsAt::Only(1000),
        limit: Limit::AtMost(1.25),
        figure: Figure::By(one_of_many),
    },
    Bar {
        says: "F1: with all interfaces busy a shared socket takes at most 0.6 of the time of one each",
        task: "all busy:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.6),
        figure: Figure::By(|table, at| {
            quotient(table, at, ours::LAN_SHARED, ours::LAN_PER_INTERFACE)
        }),
    },
    Bar {
        says: "F2: there is one copy of a datagram, however many interfaces there are",
        task: many::COPIES,
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.0),
        figure: Figure::By(|table, at| table.fact(at)),
    },
    Bar {
        says: "L1: a wake-up takes at most 1.10 of the C loop's time",
        task: "wake-up:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(1.10),
        figure: Figure::By(|table, at| table.ratio(at, ours::LAN)),
    },
    Bar {
        says: "L1: and at most 0.25 when it spins before it parks",
        task: "wake-up:",
        holds_at: HoldsAt::Every,
        limit: Limit::AtMost(0.25),
        figure: Figure::By(|table, at| table.ratio(at, ours::LAN_SPINNING)),
    },
    Bar {
        says: "M1: an idle Lan on 10 interfaces keeps less than 4 MiB resident (KiB)",
        task: memory::IDLE,
        holds_at: HoldsAt::Every,
        limit: Limit::Below(4096.0),
        figure: Figure::By(|table, at| table.fact(at)),
    },
];

/// The time among N interfaces by that with one, each beside the same floor.
fn one_of_many(table: &Table, at: Place<'_>) -> Option<f64> {
    let alone = table.ratio(Place { n: 1, ..at }, ours::LAN)?;
    Some(table.ratio(at, ours::LAN)? / alone)
}

/// How many times as long one method takes as another, by their ratios to what
/// came just before each.
fn quotient(table: &Table, at: Place<'_>, slow: Method, fast: Method) -> Option<f64> {
    Some(table.ratio(at, slow)? / table.ratio(at, fast)?)
}

fn allocations(table: &Table, at: Place<'_>, method: Method) -> Option<f64> {
    let allocations = table.row(at, method)?.outcome.allocations;
    u32::try_from(allocations).ok().map(f64::from)
}

fn system_calls(table: &Table, at: Place<'_>, method: Method) -> Option<f64> {
    let calls = table.row(at, method)?.system_calls?;
    u32::try_from(calls).ok().map(f64::from)
}
