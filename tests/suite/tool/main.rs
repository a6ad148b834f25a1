//! The tool, driven as a person would on a LAN, against programs that know nothing of it.
//!
//! They are Debian's `socat`, `iperf` (which is iperf 2), `wakeonlan` and `ip`, Python's
//! sockets, and the plain sockets of the standard library. Where one is missing its tests
//! say so and pass, unless `IFCAST_REQUIRE_PEERS` is set.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod ending;
mod listening;
mod listing;
mod pinging;
mod sending;
mod streams;
mod tool;
mod waking;

use ifcast_netlab::{Host, Lab, Nic, Segment};

/// Our host on two segments, and a neighbour on each.
struct Neighbourhood {
    lab: Lab,
    segments: [Segment; 2],
    ours: Host,
    nics: [Nic; 2],
    neighbours: [Nic; 2],
}

impl Neighbourhood {
    fn new() -> Self {
        let lab = Lab::new();
        let segments = [lab.segment(), lab.segment()];
        let ours = lab.host("ours");
        let attach = |i: usize, host: &Host, name: &str, end: u8| {
            let v4 = format!("10.71.{i}.{end}/24");
            let v6 = format!("fe80::7{i}:{end}/64");
            segments[i].attach(host, name, &[&v4, &v6])
        };
        let nics = [0, 1].map(|i| attach(i, &ours, ["lan0", "lan1"][i], 1));
        let neighbours = [0, 1].map(|i| attach(i, &lab.host(["left", "right"][i]), "lan0", 2));
        Self {
            lab,
            segments,
            ours,
            nics,
            neighbours,
        }
    }
}
