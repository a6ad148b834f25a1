//! Equipment that breaks stops the test: loudly, at the line of the test that used it.

use std::fmt::Display;
use std::time::{Duration, Instant};
use std::{io, thread};

/// Turns the failure of a piece of equipment into a panic.
pub(crate) trait OrPanic<T> {
    /// Returns the value, or panics with what was being done and why it failed.
    #[track_caller]
    fn or_panic(self, doing: impl Display) -> T;
}

impl<T> OrPanic<T> for io::Result<T> {
    #[track_caller]
    fn or_panic(self, doing: impl Display) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("netlab could not {doing}: {error}"),
        }
    }
}

/// Asks again and again until the answer is yes; an error after ten seconds.
pub(crate) fn await_that(mut condition: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let start = Instant::now();
    while !condition()? {
        if start.elapsed() > PATIENCE {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("still not so after {PATIENCE:?}"),
            ));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// How long anything may take that the kernel is to do; far beyond what it needs on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
