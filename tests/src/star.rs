//! A host in the middle of several segments.

use ifcast_netlab::{Host, Lab, Nic, Segment};

/// A host with an interface on each of `N` segments, and a neighbour on each: the hub
/// has `10.71.i.1` and `fe80::i:1` on segment i, its neighbour there ends with a 2.
#[derive(Debug)]
pub struct Star<const N: usize> {
    _lab: Lab,
    /// What is in the middle.
    pub hub: Host,
    /// The hub's.
    pub nics: [Nic; N],
    /// Its neighbours'.
    pub ends: [Nic; N],
}

impl<const N: usize> Star<N> {
    /// All cables are plugged in, and everybody can be heard.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "making hosts is no default")]
    pub fn new() -> Self {
        let lab = Lab::new();
        let hub = lab.host("hub");
        let segments: [Segment; N] = std::array::from_fn(|_| lab.segment());
        let attach = |i: usize, host: &Host, end| {
            let v4 = format!("10.71.{i}.{end}/24");
            let v6 = format!("fe80::{i:x}:{end}/64");
            segments[i].attach(host, &format!("lan{i}"), &[&v4, &v6])
        };
        let nics = std::array::from_fn(|i| attach(i, &hub, 1));
        let ends = std::array::from_fn(|i| attach(i, &lab.host(&format!("end{i}")), 2));
        Self {
            _lab: lab,
            hub,
            nics,
            ends,
        }
    }
}
