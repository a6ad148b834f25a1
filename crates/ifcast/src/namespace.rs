//! Where a thread lives, on systems where that can be more than one place.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// A network namespace (`network_namespaces(7)`), where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Namespace(Option<u64>);

impl Namespace {
    /// That of the calling thread.
    pub(crate) fn current() -> Self {
        let file = fs::metadata("/proc/thread-self/ns/net");
        Self(file.ok().map(|file| file.ino()))
    }
}
