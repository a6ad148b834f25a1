//! Network namespaces.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};

/// A network namespace, kept alive by this handle and by every thread, process and socket inside.
#[derive(Debug)]
pub(crate) struct Namespace {
    file: File,
}

impl Namespace {
    /// Makes an empty namespace and runs `furnish` inside.
    pub(crate) fn create<T: Send>(
        furnish: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<(Self, T)> {
        let build = || -> io::Result<(Self, T)> {
            unshare(CloneFlags::CLONE_NEWNET)?;
            let file = File::open("/proc/thread-self/ns/net")?;
            Ok((Self { file }, furnish()?))
        };
        thread::scope(|scope| {
            let builder = thread::Builder::new().name("netlab".to_owned());
            let thread = builder.spawn_scoped(scope, build)?;
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Moves the calling thread into the namespace, for good.
    pub(crate) fn enter(&self) -> io::Result<()> {
        Ok(setns(&self.file, CloneFlags::CLONE_NEWNET)?)
    }

    /// The descriptor by which rtnetlink requests name the namespace; valid as long as this handle.
    pub(crate) fn descriptor(&self) -> i32 {
        self.file.as_raw_fd()
    }
}
