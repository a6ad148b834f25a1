//! Watching interfaces change.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use crate::error::Error;
use crate::link::Link;
use crate::snapshot::Snapshot;
use crate::sys::notice::Notice;
use crate::sys::{Lister, Monitor};
use crate::watching::change::Change;
use crate::watching::diff::Tentative;
use crate::watching::live::Live;
use crate::watching::untold::Settling;
use crate::watching::watch::{Kernel, Timing, Watch};

/// Follows the interfaces of a network namespace, without a thread of its own.
///
/// Register it with mio, or its descriptor with any other event loop, for being
/// readable. When it is, and at [`next_deadline`](Self::next_deadline), call
/// [`drain`](Self::drain), which reports what changed once it has settled.
/// Until then [`snapshot`](Self::snapshot) is how everything is, at no cost.
///
/// ```no_run
/// use std::time::Instant;
///
/// use ifcast_interfaces::{Change, Watcher};
/// use mio::{Events, Interest, Poll, Token};
///
/// let mut watcher = Watcher::builder().build()?;
/// let mut poll = Poll::new()?;
/// poll.registry().register(&mut watcher, Token(0), Interest::READABLE)?;
/// let mut events = Events::with_capacity(8);
/// loop {
///     let deadline = watcher.next_deadline();
///     poll.poll(&mut events, deadline.map(|at| at.saturating_duration_since(Instant::now())))?;
///     watcher.drain(|change| match change {
///         Change::Added(interface) => println!("hello, {}", interface.id()),
///         Change::Removed(interface) => println!("goodbye, {}", interface.id()),
///         change => println!("{change}"),
///     })?;
/// }
/// # #[allow(unreachable_code)]
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Nothing is lost: where the system says more than there is room for, everything
/// is listed anew and [`Change::Resynced`] says so. An interface that is deleted
/// and made anew with the same index is removed and added, with another
/// [`Generation`](crate::Generation).
///
/// # Platform
/// - Linux, Android: the rtnetlink groups for links, IPv4 and IPv6 addresses, and
///   multicast groups (since 6.14), which say what changed. Where Linux changes
///   more than it says, everything is listed anew. It says nothing of the
///   alternative names of an interface that is down until it is up.
/// - Android 11 and later refuses those to apps: everything is listed anew from
///   time to time, see [`WatcherBuilder::reconcile`].
/// - Apple: a routing socket (`PF_ROUTE`), kernel events (`PF_SYSTEM`) and
///   libnotify's `com.apple.system.config.network_change`, or those of them that
///   are not refused. They drop what they have no room for and do not say so,
///   hence all are hints upon which everything is listed anew, as it is from time
///   to time without any.
/// - FreeBSD, NetBSD, OpenBSD, DragonFly, illumos: a routing socket, taken in the same way.
#[derive(Debug)]
pub struct Watcher {
    system: System,
    watch: Watch,
}

impl Watcher {
    /// Says how to watch; the defaults suit most programs.
    pub fn builder() -> WatcherBuilder {
        WatcherBuilder::default()
    }

    /// Reads all that the system has to say, without waiting, and reports what
    /// has settled.
    ///
    /// # Errors
    /// [`Error::List`] if interfaces could not be listed anew; that will be tried
    /// again, see [`next_deadline`](Self::next_deadline). [`Error::Watch`] if the
    /// system can no longer be watched. From then on every further call returns
    /// that at once and does nothing else: deregister it and build another one.
    pub fn drain(&mut self, visit: impl FnMut(Change<'_>)) -> Result<(), Error> {
        self.watch.drain(&mut self.system, Instant::now(), visit)
    }

    /// When to call [`drain`](Self::drain) even if nothing more is to be read.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.watch.next_deadline(Instant::now())
    }

    /// How everything was when it was last drained, settled or not. Asks nobody.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot {
        self.watch.snapshot()
    }

    /// How everything was when it was last reported: what has not settled yet is as it
    /// was before. Asks nobody.
    ///
    /// Who acts upon changes looks here, and not at an interface that is without its
    /// address for a moment.
    #[must_use]
    pub fn settled(&self) -> Snapshot {
        self.watch.settled()
    }

    /// Whether it follows joined groups: they were asked for, and the system says
    /// when they change.
    #[must_use]
    pub const fn follows_groups(&self) -> bool {
        self.system.monitor.follows_groups()
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.system.monitor.as_fd()
    }
}

impl Source for Watcher {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        let fd = self.as_fd().as_raw_fd();
        SourceFd(&fd).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        let fd = self.as_fd().as_raw_fd();
        SourceFd(&fd).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        let fd = self.as_fd().as_raw_fd();
        SourceFd(&fd).deregister(registry)
    }
}

/// How to watch.
///
/// ```
/// use std::time::Duration;
///
/// use ifcast_interfaces::Watcher;
///
/// let watcher = Watcher::builder()
///     .settle(Duration::from_millis(20))
///     .max_delay(Duration::from_millis(200))
///     .groups(true)
///     .build()?;
/// assert!(!watcher.snapshot().interfaces().is_empty());
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct WatcherBuilder {
    settling: Settling,
    reconcile: Option<Option<Duration>>,
    groups: bool,
}

impl WatcherBuilder {
    /// Sets how long an interface must have been at rest before its changes are
    /// reported; 50 ms unless set. What is undone in that time is not reported.
    pub const fn settle(mut self, settle: Duration) -> Self {
        self.settling.settle = settle;
        self
    }

    /// Sets after how long changes are reported of an interface that does not
    /// come to rest; 500 ms unless set.
    pub const fn max_delay(mut self, max_delay: Duration) -> Self {
        self.settling.max_delay = max_delay;
        self
    }

    /// Sets whether an IPv6 address is reported while it is tentative; if not,
    /// which is so unless set, it is reported as added as soon as it can be used
    /// or turns out to be another host's. The snapshot has it in any case, if the
    /// system tells of it: Linux keeps its own link-local addresses to itself for
    /// that time.
    pub const fn report_tentative(mut self, report: bool) -> Self {
        self.settling.tentative = if report {
            Tentative::Reported
        } else {
            Tentative::Awaited
        };
        self
    }

    /// Sets after how long everything is listed anew, come what may, or that it
    /// is not. Unless set it is not where the system says reliably what changed,
    /// and after 30 seconds elsewhere.
    pub const fn reconcile(mut self, period: Option<Duration>) -> Self {
        self.reconcile = Some(period);
        self
    }

    /// Sets whether joined groups are followed too, where the system says when
    /// they change; see [`Watcher::follows_groups`]. Off unless set.
    pub const fn groups(mut self, groups: bool) -> Self {
        self.groups = groups;
        self
    }

    /// Starts to watch the calling thread's network namespace, and lists what
    /// there is.
    ///
    /// # Errors
    /// [`Error::Watch`] and [`Error::List`] if the system refuses, usually for
    /// want of descriptors (`EMFILE`, `ENFILE`).
    pub fn build(self) -> Result<Watcher, Error> {
        // What changes during the listing is said after it, and not lost.
        let monitor = Monitor::open(self.groups).map_err(|source| Error::Watch { source })?;
        let lister = Lister::open().map_err(|source| Error::List { source })?;
        let mut system = System { monitor, lister };
        let snapshot = system.list().map_err(|source| Error::List { source })?;
        let by_itself = system.monitor.is_reliable().then_some(None);
        let reconcile = self
            .reconcile
            .or(by_itself)
            .unwrap_or(Some(USUAL_RECONCILE));
        let timing = Timing {
            settling: Settling {
                settle: self.settling.settle.min(NEVER),
                max_delay: self.settling.max_delay.min(NEVER),
                ..self.settling
            },
            reconcile: reconcile.map(|period| period.min(NEVER)),
        };
        let live = Live::new(snapshot, system.monitor.follows_groups());
        let now = Instant::now();
        let mut watch = Watch::new(live, timing, now);
        watch.catch_up(&mut system, now)?;
        Ok(Watcher { system, watch })
    }
}

impl Default for WatcherBuilder {
    fn default() -> Self {
        Self {
            settling: Settling {
                settle: Duration::from_millis(50),
                max_delay: Duration::from_millis(500),
                tentative: Tentative::Awaited,
            },
            reconcile: None,
            groups: false,
        }
    }
}

/// The system that is watched.
#[derive(Debug)]
struct System {
    monitor: Monitor,
    lister: Lister,
}

impl Kernel for System {
    fn read(&mut self, visit: &mut dyn FnMut(Notice)) -> io::Result<()> {
        if !self.lister.is_portable() {
            return self.monitor.read(visit);
        }
        // What is listed and what is told do not compare: of the one, much is unknown.
        self.monitor.read(&mut |notice| match notice {
            Notice::Lost => visit(Notice::Lost),
            _ => visit(Notice::Hint),
        })
    }

    fn list(&mut self) -> io::Result<Snapshot> {
        self.lister.capture(self.monitor.follows_groups())
    }

    fn refine(&mut self, link: &mut Link) {
        self.lister.refine(link);
    }
}

const USUAL_RECONCILE: Duration = Duration::from_secs(30);
/// No longer time can be added to any other without overflow, on all systems.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Enumerator, Interface, Selector};

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn whoever_wants_to_wait_for_ever_may() {
        let builder = Watcher::builder()
            .settle(Duration::MAX)
            .max_delay(Duration::MAX)
            .reconcile(Some(Duration::MAX));
        let mut watcher = builder.build().unwrap();
        watcher.drain(|_| {}).unwrap();
        assert!(watcher.next_deadline() > Some(Instant::now()));
    }

    fn assert_send_and_sync<T: Send + Sync>() {}

    #[test]
    fn what_asks_watches_and_is_told_may_move_between_threads() {
        assert_send_and_sync::<Watcher>();
        assert_send_and_sync::<WatcherBuilder>();
        assert_send_and_sync::<Enumerator>();
        assert_send_and_sync::<Snapshot>();
        assert_send_and_sync::<Interface>();
        assert_send_and_sync::<Selector>();
        assert_send_and_sync::<Change<'_>>();
        assert_send_and_sync::<Error>();
    }
}
