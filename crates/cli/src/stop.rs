//! Ending in good order when told to by a signal.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Whether a signal has asked to end: Ctrl-C (`SIGINT`), `SIGTERM` or `SIGHUP`.
///
/// The second signal ends the program at once, as if it had not been caught: who is not
/// obeyed may insist.
#[derive(Debug)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Waits for signals from now on; `wake` is to end whatever wait there is.
    pub(crate) fn on_signals(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        let told = Arc::clone(&stop);
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    if told.swap(true, Ordering::SeqCst) {
                        process::exit(128 + signal);
                    }
                    wake();
                }
            })?;
        Ok(Self(stop))
    }

    /// Whether it is time to end.
    pub(crate) fn is_told(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
