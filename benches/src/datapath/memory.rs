//! What a LAN keeps in memory.

use std::{fs, io};

use ifcast::Lan;

use crate::datapath::cables::Cables;
use crate::table::Fact;

/// How many KiB become resident for each of several LANs that are opened: the
/// first gets memory that has been used before.
pub(crate) fn idle(cables: &Cables) -> io::Result<Fact> {
    let open = |_| {
        let builder = Lan::builder().port(cables.port());
        cables.at_receiver(|| builder.build())
    };
    let before = resident()?;
    let lans: Vec<_> = (0..LANS)
        .map(open)
        .collect::<Result<_, _>>()
        .map_err(io::Error::other)?;
    let after = resident()?;
    drop(lans);
    Ok(Fact {
        task: IDLE,
        n: cables.count(),
        figure: f64::from(after.saturating_sub(before)) / f64::from(LANS),
    })
}

fn resident() -> io::Result<u32> {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup")?;
    rss(&rollup).ok_or_else(|| io::Error::other("the kernel tells of no resident memory"))
}

fn rss(rollup: &str) -> Option<u32> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

pub(crate) const IDLE: &str = "KiB that an idle Lan keeps resident";
const LANS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_one_line_of_many() {
        let rollup = "55e0-7ffd ---p 0 00:00 0 [rollup]\nRss:  2048 kB\nPss: 1044 kB\n";
        assert_eq!(rss(rollup), Some(2048));
        assert_eq!(rss("Pss: 1044 kB\n"), None);
    }
}
