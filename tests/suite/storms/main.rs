//! A LAN lives through what befalls its interfaces, one or many, once or again and
//! again, and is in the end as if it had just been built.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod crowd;
mod overrun;
mod survival;
mod trouble;

use std::sync::atomic::{AtomicBool, Ordering};

use ifcast::Sockets;

const WAYS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];

/// Says that something is over when it is dropped, also by a panic.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
