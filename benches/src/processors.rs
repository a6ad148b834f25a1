//! Which processor runs what.

use std::io;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The processor that receives, or that everything runs on, and the one that
/// sends beside it if there is a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processors {
    main: usize,
    other: Option<usize>,
}

impl Processors {
    /// Those that this process may use.
    pub(crate) fn allowed() -> io::Result<Self> {
        let set = sched_getaffinity(CALLER)?;
        let mut allowed = (0..CpuSet::count()).filter(|n| set.is_set(*n).unwrap_or(false));
        let first = allowed.next().ok_or(io::ErrorKind::NotFound)?;
        let second = allowed.next();
        Ok(Self {
            main: second.unwrap_or(first),
            other: second.and(Some(first)),
        })
    }

    /// Keeps the calling thread on the one.
    pub(crate) fn keep_to_main(self) -> io::Result<()> {
        keep_to(self.main)
    }

    /// Keeps the calling thread on the other.
    ///
    /// # Errors
    /// `Unsupported` if there is none.
    pub(crate) fn keep_to_other(self) -> io::Result<()> {
        keep_to(self.other.ok_or(io::ErrorKind::Unsupported)?)
    }

    #[cfg(feature = "datapath")]
    pub(crate) const fn are_two(self) -> bool {
        self.other.is_some()
    }
}

fn keep_to(processor: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor)?;
    Ok(sched_setaffinity(CALLER, &set)?)
}

const CALLER: Pid = Pid::from_raw(0);
