//! What is measured, in which order.

use std::io;
use std::time::Duration;

use ifcast_netlab::Lab;

use crate::datapath::cables::{Cables, Cast};
use crate::datapath::line::Load;
use crate::datapath::{fan_out, many, memory, receive, send, waiting};
use crate::measure::Task;
use crate::processors::Processors;
use crate::table::Fact;

/// Which tasks there are.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Fewer of them, for a short run.
    pub(crate) quick: bool,
    /// Only those whose names begin so.
    pub(crate) only: Option<String>,
    /// Only those that make a call's system calls in one thread, and no more
    /// interfaces than are needed for that.
    pub(crate) traced: bool,
    pub(crate) processors: Processors,
}

impl Plan {
    /// Hands over every task, made just before, and every fact.
    pub(crate) fn each(
        &self,
        mut task: impl FnMut(Task) -> io::Result<()>,
        mut fact: impl FnMut(Fact),
    ) -> io::Result<()> {
        let lab = Lab::try_new()?;
        if self.wants(memory::IDLE) {
            fact(memory::idle(&Cables::new(&lab, 10)?)?);
        }
        let cables = Cables::new(&lab, 1)?;
        for load in self.loads("receive") {
            task(receive::burst(&cables, load)?)?;
        }
        for load in self.coalesced() {
            task(receive::coalesced(&cables, load)?)?;
        }
        if self.wants("idle") {
            task(receive::idle(&cables)?)?;
        }
        for load in self.sent() {
            task(send::burst(&cables, load)?)?;
        }
        if !self.traced && self.processors.are_two() {
            self.with_two_threads(&cables, &mut task)?;
        }
        self.with_many(&lab, cables, task, fact)
    }

    fn with_two_threads(
        &self,
        cables: &Cables,
        mut task: impl FnMut(Task) -> io::Result<()>,
    ) -> io::Result<()> {
        let streams: &[(usize, u64)] = if !self.quick && self.wants("processor time") {
            &[(16, 200), (1, 200), (1, 50), (1, 10)]
        } else {
            &[]
        };
        for &(count, micros) in streams {
            let load = Load {
                cast: Cast::MulticastV4,
                len: 512,
                count,
            };
            let gap = Duration::from_micros(micros);
            task(waiting::stream(cables, self.processors, load, gap)?)?;
        }
        if self.wants("wake-up") {
            task(waiting::wake_up(cables, self.processors)?)?;
        }
        Ok(())
    }

    fn with_many(
        &self,
        lab: &Lab,
        one: Cables,
        mut task: impl FnMut(Task) -> io::Result<()>,
        mut fact: impl FnMut(Fact),
    ) -> io::Result<()> {
        if self.wants("one busy") {
            task(many::one_busy(&one)?)?;
        }
        drop(one);
        let most = if self.quick || self.traced { 100 } else { 1000 };
        for count in [10, 100, 1000].into_iter().filter(|count| *count <= most) {
            if !NAMES_OF_MANY.iter().any(|name| self.wants(name)) {
                break;
            }
            eprintln!("{count} cables");
            let cables = Cables::new(lab, count)?;
            if count < 1000 && self.wants("fan-out") {
                task(fan_out::fan_out(&cables, Cast::MulticastV4, 512)?)?;
            }
            if count > 10 && self.wants("one busy") {
                task(many::one_busy(&cables)?)?;
            }
            if count == 100 && self.wants("all busy") {
                task(many::all_busy(&cables)?)?;
            }
            if self.wants(many::COPIES) {
                fact(many::copies(&cables)?);
            }
        }
        Ok(())
    }

    fn loads(&self, name: &str) -> Vec<Load> {
        let casts = [Cast::MulticastV4, Cast::MulticastV6, Cast::BroadcastV4];
        let lens: &[usize] = if self.quick { &[512] } else { &[64, 512, 1472] };
        let counts: &[usize] = if self.quick { &[1, 16] } else { &[1, 16, 256] };
        let casts = if self.wants(name) { &casts[..] } else { &[] };
        let mut loads = Vec::new();
        for &cast in casts {
            for &len in lens {
                let load = |count| Load { cast, len, count };
                // What an IPv6 packet has no room for.
                let len = len.min(cast.longest());
                loads.extend(counts.iter().map(|count| Load {
                    len,
                    ..load(*count)
                }));
            }
        }
        loads
    }

    fn coalesced(&self) -> Vec<Load> {
        let casts = [Cast::MulticastV4, Cast::MulticastV6, Cast::BroadcastV4];
        let load = |cast| Load {
            cast,
            len: 512,
            count: 64,
        };
        self.some("coalesced", &casts.map(load))
    }

    fn sent(&self) -> Vec<Load> {
        let load = |(cast, len)| Load {
            cast,
            len,
            count: 64,
        };
        let loads = [
            (Cast::MulticastV4, 512),
            (Cast::BroadcastV4, 512),
            (Cast::MulticastV6, 512),
            (Cast::MulticastV4, 64),
            (Cast::MulticastV4, 1472),
        ];
        self.some("send", &loads.map(load))
    }

    /// All of them, the first if it shall be quick, or none.
    fn some(&self, name: &str, loads: &[Load]) -> Vec<Load> {
        let count = match (self.wants(name), self.quick) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => loads.len(),
        };
        loads[..count].to_vec()
    }

    fn wants(&self, name: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| name.starts_with(only.as_str()))
    }
}

const NAMES_OF_MANY: [&str; 4] = ["fan-out", "one busy", "all busy", many::COPIES];
