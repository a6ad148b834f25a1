//! Following what the system says, whatever it says and does not say.

use std::io;
use std::mem;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::link::Link;
use crate::snapshot::Snapshot;
use crate::sys::notice::Notice;
use crate::watching::change::Change;
use crate::watching::live::Live;
use crate::watching::untold::Settling;

/// What a watch needs of the system, so that it can be tested with one that does
/// what systems do at their worst.
pub(crate) trait Kernel {
    /// Shows what the system says next; `WouldBlock` if it has nothing to say.
    fn read(&mut self, visit: &mut dyn FnMut(Notice)) -> io::Result<()>;

    /// Lists all interfaces.
    fn list(&mut self) -> io::Result<Snapshot>;

    /// Completes what a notice says of a link.
    fn refine(&mut self, link: &mut Link);
}

/// When a watch does what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub(crate) settling: Settling,
    /// After what time everything is listed anew, come what may.
    pub(crate) reconcile: Option<Duration>,
}

/// The state of a watch.
#[derive(Debug)]
pub(crate) struct Watch {
    live: Live,
    timing: Timing,
    hints: Option<Hints>,
    /// When everything is to be listed anew, whatever is said until then.
    relist_at: Option<Instant>,
    reconcile_at: Option<Instant>,
    /// The system said something that got lost, and nobody was told yet.
    has_lost: bool,
    /// Reading stopped before there was nothing left to read.
    is_behind: bool,
    /// Something was lost, and since then there was always something left to read:
    /// Linux says only once that it has no room, and drops until all is read.
    is_deaf: bool,
    has_ended: bool,
    notices: Vec<Notice>, // of one reading, kept for its room
}

/// Since when, and until when, the system said that something changed.
#[derive(Clone, Copy, Debug)]
struct Hints {
    first: Instant,
    last: Instant,
}

impl Watch {
    pub(crate) fn new(live: Live, timing: Timing, now: Instant) -> Self {
        let mut watch = Self {
            live,
            timing,
            hints: None,
            relist_at: None,
            reconcile_at: timing.reconcile.map(|period| now + period),
            has_lost: false,
            is_behind: false,
            is_deaf: false,
            has_ended: false,
            notices: Vec::new(),
        };
        if !watch.snapshot().is_consistent() {
            watch.relist_later(now);
        }
        watch
    }

    /// Reads what the system said while the first listing was made.
    pub(crate) fn catch_up(&mut self, kernel: &mut impl Kernel, now: Instant) -> Result<(), Error> {
        let is_lost = self.read(kernel, now)?;
        if is_lost || self.live.may_be_out_of_order() {
            self.live.doubt();
            self.relist_at.get_or_insert(now);
        }
        Ok(())
    }

    /// Reads all that the system has to say, and tells what has settled by now.
    pub(crate) fn drain(
        &mut self,
        kernel: &mut impl Kernel,
        now: Instant,
        mut visit: impl FnMut(Change<'_>),
    ) -> Result<(), Error> {
        if self.has_ended {
            return Err(ended());
        }
        let outcome = self.follow(kernel, now, &mut visit);
        self.live.tell(now, &self.timing.settling, visit);
        outcome
    }

    /// When to drain again although the system has nothing to say.
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        if self.has_ended {
            return None;
        }
        [
            self.is_behind.then_some(now),
            self.live.next_deadline(&self.timing.settling),
            self.hints.map(|hints| self.settles_at(hints)),
            self.relist_at,
            self.reconcile_at,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(crate) const fn snapshot(&self) -> &Snapshot {
        self.live.snapshot()
    }

    pub(crate) fn settled(&self) -> Snapshot {
        self.live.settled()
    }

    /// Reads until there is nothing left, and lists anew if something was lost or
    /// it is time to.
    fn follow(
        &mut self,
        kernel: &mut impl Kernel,
        now: Instant,
        visit: &mut impl FnMut(Change<'_>),
    ) -> Result<(), Error> {
        let is_lost = self.read(kernel, now)?;
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let hints = self.hints.filter(|hints| self.settles_at(*hints) <= now);
        let is_time = is_due(self.relist_at) || is_due(self.reconcile_at) || hints.is_some();
        if self.relist_at.is_some() && !is_due(self.relist_at) {
            return Ok(()); // it has been tried in vain
        }
        if !is_lost && !is_time {
            return Ok(());
        }
        for _ in 0..RELISTS {
            // What hints have announced has had its time to settle already.
            let changed_at = hints.map_or(now, |hints| hints.last);
            let was_deaf = self.is_deaf;
            self.relist(kernel, now, changed_at)?;
            if self.has_lost {
                self.has_lost = false;
                visit(Change::Resynced);
            }
            // While the system was listing it went on talking.
            let is_lost = self.read(kernel, now)?;
            if !is_lost && !was_deaf && !self.live.may_be_out_of_order() {
                return Ok(());
            }
        }
        self.relist_later(now);
        Ok(())
    }

    /// Applies what there is to be read; returns whether some of it was lost.
    fn read(&mut self, kernel: &mut impl Kernel, now: Instant) -> Result<bool, Error> {
        let (mut is_lost, mut has_failed) = (false, false);
        self.is_behind = false;
        for _ in 0..READS {
            let mut notices = mem::take(&mut self.notices);
            let outcome = kernel.read(&mut |notice| notices.push(notice));
            for notice in notices.drain(..) {
                match notice {
                    Notice::Lost => (is_lost, self.is_deaf) = (true, true),
                    Notice::Hint => self.hint(now),
                    notice => self.live.apply(notice, now, |link| kernel.refine(link)),
                }
                if self.live.take_gap() {
                    self.live.doubt();
                    self.hint(now);
                }
            }
            self.notices = notices;
            match outcome {
                Ok(()) => has_failed = false,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.has_lost |= is_lost;
                    self.is_deaf = false;
                    return Ok(is_lost);
                }
                // Some errors are reported once and are over then; what was to be
                // said instead may be lost.
                Err(_) if !has_failed => (has_failed, is_lost) = (true, true),
                Err(source) => {
                    self.has_ended = true;
                    return Err(Error::Watch { source });
                }
            }
        }
        self.is_behind = true;
        self.has_lost |= is_lost;
        Ok(is_lost)
    }

    fn relist(
        &mut self,
        kernel: &mut impl Kernel,
        now: Instant,
        changed_at: Instant,
    ) -> Result<(), Error> {
        match kernel.list() {
            Ok(fresh) => {
                let is_consistent = fresh.is_consistent();
                self.hints = None;
                self.relist_at = None;
                self.reconcile_at = self.timing.reconcile.map(|period| now + period);
                self.live.replace(fresh, changed_at);
                if !is_consistent {
                    self.relist_later(now);
                }
                Ok(())
            }
            Err(source) => {
                self.relist_later(now);
                Err(Error::List { source })
            }
        }
    }

    /// Not at once, or a storm would have the system list and nothing else.
    fn relist_later(&mut self, now: Instant) {
        self.live.doubt();
        let pause = self.timing.settling.max_delay.max(SHORTEST_PAUSE);
        self.relist_at = Some(now + pause);
        self.hints = None;
        if let Some(reconcile_at) = &mut self.reconcile_at {
            *reconcile_at = (*reconcile_at).max(now + pause);
        }
    }

    fn hint(&mut self, now: Instant) {
        let hints = self.hints.get_or_insert(Hints {
            first: now,
            last: now,
        });
        hints.last = now;
    }

    fn settles_at(&self, hints: Hints) -> Instant {
        self.timing.settling.settles_at(hints.first, hints.last)
    }
}

fn ended() -> Error {
    let source = io::Error::new(io::ErrorKind::BrokenPipe, "an earlier error has ended it");
    Error::Watch { source }
}

/// How many batches are read in one go before others have their turn.
const READS: usize = 16 * 1024;
/// How often everything is listed anew in one go.
const RELISTS: usize = 3;
/// Between one listing that has failed and the next.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
