//! How to wait: for least latency, or for least processor time.

use std::io;
use std::time::{Duration, Instant};
use std::{hint, thread};

use mio::{Events, Poll};

/// How an [`EventLoop`](crate::EventLoop) or a [`Lan`](crate::Lan) waits.
///
/// However it waits, `poll` takes no longer than its timeout, but for what the
/// system takes to wake a thread, and nothing is forgotten.
///
/// ```
/// use std::time::Duration;
///
/// use ifcast::{Lan, Waiting};
///
/// fn open() -> Result<Lan, ifcast::Error> {
///     Lan::builder()
///         .port(2222)
///         .waiting(Waiting::SpinThenPark(Duration::from_micros(100)))
///         .build()
/// }
/// ```
///
/// # Platform
/// Linux, Android: who sleeps does so for whole milliseconds, rounded up
/// (`epoll_wait(2)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// Sleeps until something arrives. The default.
    #[default]
    Park,
    /// Asks again and again, without sleeping, from the beginning of a wait for
    /// as long as this or until the timeout, and only then sleeps.
    ///
    /// What arrives meanwhile is taken within a few microseconds instead of after
    /// a wake-up; for that a processor is kept busy. It pays when the next
    /// datagram is often close; it harms where threads are more than processors.
    SpinThenPark(Duration),
    /// Sleeps for as long as this before it looks what has arrived, to take more
    /// of it at once; but only while that pays: while datagrams arrive so close
    /// together that the last nap brought more than one. Otherwise it sleeps until
    /// something arrives, and tries a nap now and then.
    ///
    /// It saves processor time, for each datagram waits up to a nap. The system
    /// prolongs naps: Linux by 50 µs unless told otherwise (`PR_SET_TIMERSLACK`,
    /// prctl(2)). A wait that may not last as long as a nap has none.
    Nap(Duration),
}

/// Waits as it was told to, and remembers what pays.
#[derive(Debug, Default)]
pub(crate) struct Waiter {
    waiting: Waiting,
    last: Wait,
    habit: Habit,
}

/// What the last wait was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wait {
    /// No wait but a look.
    #[default]
    Look,
    Sleep,
    Nap {
        /// Whether there was something at its end.
        found: bool,
    },
}

impl Waiter {
    pub(crate) fn new(waiting: Waiting) -> Self {
        Self {
            waiting,
            ..Self::default()
        }
    }

    pub(crate) const fn waiting(&self) -> Waiting {
        self.waiting
    }

    /// Waits until there are events, up to `timeout`; there are none if the time
    /// was up or a signal interrupted.
    pub(crate) fn wait(
        &mut self,
        poll: &mut Poll,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        self.last = Wait::Look;
        if timeout == Some(Duration::ZERO) {
            return look(poll, events, timeout);
        }
        match self.waiting {
            Waiting::Park => look(poll, events, timeout),
            Waiting::SpinThenPark(window) => spin_then_park(poll, events, timeout, window),
            Waiting::Nap(length) => {
                let has_time = timeout.is_none_or(|timeout| timeout >= length);
                if !(self.habit.is_to_nap() && has_time) {
                    self.last = Wait::Sleep;
                    return look(poll, events, timeout);
                }
                let start = Instant::now();
                thread::sleep(length);
                look(poll, events, Some(Duration::ZERO))?;
                let found = !events.is_empty();
                self.last = Wait::Nap { found };
                if found {
                    return Ok(());
                }
                look(poll, events, left(timeout, start))
            }
        }
    }

    /// Takes note of how many datagrams came of the last wait.
    pub(crate) fn brought(&mut self, count: usize) {
        let Waiting::Nap(length) = self.waiting else {
            return;
        };
        match self.last {
            Wait::Nap { found } => self.habit.napped(found && count > 1),
            Wait::Sleep if count > 0 => self.habit.woke(Instant::now(), length),
            Wait::Sleep | Wait::Look => {}
        }
    }
}

/// Looks until there are events or the time is up, and sleeps from the end of the
/// window on.
fn spin_then_park(
    poll: &mut Poll,
    events: &mut Events,
    timeout: Option<Duration>,
    window: Duration,
) -> io::Result<()> {
    let start = Instant::now();
    loop {
        look(poll, events, Some(Duration::ZERO))?;
        if !events.is_empty() || left(timeout, start) == Some(Duration::ZERO) {
            return Ok(());
        }
        if start.elapsed() >= window {
            return look(poll, events, left(timeout, start));
        }
        hint::spin_loop();
    }
}

/// How much is left of a timeout that began to run at `start`.
fn left(timeout: Option<Duration>, start: Instant) -> Option<Duration> {
    timeout.map(|timeout| timeout.saturating_sub(start.elapsed()))
}

/// Looks for events, up to `timeout`; there are none also if a signal
/// interrupted.
fn look(poll: &mut Poll, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
    match poll.poll(events, timeout) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        result => result,
    }
}

/// Whether napping pays.
///
/// A nap costs one wake-up and saves one for each datagram that it brings, so it
/// pays from the second. Before the first nap, and after one that did not pay, it
/// wants a row of wake-ups that are closer together than a nap is long: the
/// longer, the less it paid before.
#[derive(Debug)]
struct Habit {
    napping: bool,
    close: u32,
    enough: u32,
    woke: Option<Instant>,
}

impl Habit {
    const fn is_to_nap(&self) -> bool {
        self.napping
    }

    fn napped(&mut self, it_paid: bool) {
        self.napping = it_paid;
        self.close = 0;
        self.woke = None;
        self.enough = if it_paid {
            (self.enough / 2).max(FEWEST)
        } else {
            (self.enough * 2).min(MOST)
        };
    }

    fn woke(&mut self, now: Instant, nap: Duration) {
        let is_close = |woke| now.saturating_duration_since(woke) < nap;
        self.close = match self.woke.replace(now) {
            Some(woke) if is_close(woke) => self.close.saturating_add(1),
            _ => 0,
        };
        self.napping = self.close >= self.enough;
    }
}

impl Default for Habit {
    fn default() -> Self {
        Self {
            napping: false,
            close: 0,
            enough: FEWEST,
            woke: None,
        }
    }
}

/// How many wake-ups in a row have to be close before a nap is tried.
const FEWEST: u32 = 2;
const MOST: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const NAP: Duration = Duration::from_micros(100);

    /// How many naps, and how many wake-ups, there are while datagrams come at
    /// such a distance: naps last as long as they should, and everything else
    /// takes no time.
    fn lived(distance: Duration, datagrams: u32) -> (u32, u32) {
        let start = Instant::now();
        let (mut now, mut next) = (start, start + distance);
        let (mut habit, mut naps, mut wakes) = (Habit::default(), 0, 0);
        while next < start + distance * datagrams {
            wakes += 1;
            let napped = habit.is_to_nap();
            if napped {
                naps += 1;
                now += NAP;
            }
            let found = now >= next;
            if !found {
                wakes += u32::from(napped);
                now = next;
            }
            let mut count = 0;
            while next <= now {
                next += distance;
                count += 1;
            }
            if napped {
                habit.napped(found && count > 1);
            } else {
                habit.woke(now, NAP);
            }
        }
        (naps, wakes)
    }

    #[test]
    fn it_naps_where_that_saves_wake_ups() {
        for (micros, spared) in [(1, 90), (10, 8), (25, 3), (50, 2)] {
            let (naps, wakes) = lived(Duration::from_micros(micros), 10_000);
            assert!(naps > 0, "{micros} µs");
            assert!(wakes * spared <= 11_000, "{micros} µs: {wakes}");
        }
    }

    #[test]
    fn it_hardly_ever_naps_where_that_costs_wake_ups() {
        let (naps, _) = lived(Duration::from_micros(200), 10_000);
        assert_eq!(naps, 0);
        // Close enough to try, too far apart to pay.
        let (naps, wakes) = lived(Duration::from_micros(90), 10_000);
        assert!(naps > 0);
        assert!(wakes <= 10_300, "{wakes}");
    }

    #[test]
    fn what_does_not_pay_is_tried_ever_more_rarely_and_what_pays_again_soon() {
        let mut habit = Habit::default();
        let mut tries = Vec::new();
        let mut now = Instant::now();
        for wake in 0..400 {
            now += NAP / 2;
            habit.woke(now, NAP);
            if habit.is_to_nap() {
                tries.push(wake);
                habit.napped(false);
            }
        }
        let gaps: Vec<_> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.is_sorted(), "{gaps:?}");
        assert!(gaps.contains(&65), "{gaps:?}");
        for _ in 0..5 {
            habit.napped(true);
        }
        assert_eq!(habit.enough, FEWEST);
    }

    #[test]
    fn wake_ups_can_be_close_for_ever() {
        // As where no wait may last as long as a nap.
        let mut habit = Habit {
            close: u32::MAX,
            woke: Some(Instant::now()),
            ..Habit::default()
        };
        habit.woke(Instant::now(), Duration::MAX);
        assert!(habit.is_to_nap());
    }
}
