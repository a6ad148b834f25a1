//! Programs that know nothing of ifcast hear what it sends, and are heard.
//!
//! They are Debian's `socat`, `iperf` (which is iperf 2) and `asmping`; and, on our own
//! host and port, `avahi-daemon`, `minissdpd`, `smcroute` and a few lines of Python.
//! Where one is missing its tests say so and pass, unless `IFCAST_REQUIRE_PEERS` is
//! set.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod avahi;
mod daemon;
mod iperf;
mod ours;
mod peer;
mod sharing;
mod smcroute;
mod socat;
mod ssmping;

use ifcast_netlab::{Host, Lab, Nic};

/// Our host on two segments, and a neighbour on each.
struct Neighbourhood {
    ours: Host,
    nics: [Nic; 2],
    neighbours: [Nic; 2],
}

impl Neighbourhood {
    fn new() -> Self {
        let lab = Lab::new();
        let segments = [lab.segment(), lab.segment()];
        let ours = lab.host("ours");
        let nics = [0, 1].map(|i| {
            let addresses = [
                ["10.71.0.1/24", "fd71:0::1/64", "fe80::71:1/64"],
                ["10.71.1.1/24", "fd71:1::1/64", "fe80::72:1/64"],
            ];
            segments[i].attach(&ours, ["lan0", "lan1"][i], &addresses[i])
        });
        let neighbours = [0, 1].map(|i| {
            let addresses = [
                ["10.71.0.2/24", "fd71:0::2/64", "fe80::71:2/64"],
                ["10.71.1.2/24", "fd71:1::2/64", "fe80::72:2/64"],
            ];
            let host = lab.host(["left", "right"][i]);
            segments[i].attach(&host, "lan0", &addresses[i])
        });
        Self {
            ours,
            nics,
            neighbours,
        }
    }
}
