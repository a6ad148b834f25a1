//! The kernel's own time.

use std::io;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// The time of the kernel's last tick: what its timers go by.
pub(crate) fn kernel_time() -> io::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE)?.into())
}
