//! Waiting for what must come.

use std::thread;
use std::time::{Duration, Instant};

/// How long to wait; far beyond what anything needs on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(1);

/// Waits until `condition` holds, which it must in time.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(PAUSE);
    }
}
