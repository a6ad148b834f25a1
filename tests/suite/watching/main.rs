//! A watcher sees what changes, says what settled, and is never wrong for long.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod changes;
mod readiness;
mod scale;
mod silence;
mod storms;

use std::time::{Duration, Instant};

use ifcast::interfaces::{Change, Enumerator, Interface, Snapshot, Watcher, WatcherBuilder};
use ifcast_netlab::{Host, Lab, Nic};
use mio::{Events, Interest, Poll, Token};

const PATIENCE: Duration = Duration::from_secs(20);

/// A host with one network card, plugged in.
fn host_with_card(addresses: &[&str]) -> (Host, Nic) {
    let lab = Lab::new();
    let host = lab.host("host");
    let nic = lab.segment().attach(&host, "lan0", addresses);
    (host, nic)
}

/// A watcher on a host, and an event loop that waits for it.
struct Watched {
    host: Host,
    watcher: Watcher,
    poll: Poll,
    told: Vec<String>, // while something else was awaited
}

impl Watched {
    fn new(host: &Host) -> Self {
        Self::with(host, Watcher::builder().groups(true))
    }

    fn with(host: &Host, builder: WatcherBuilder) -> Self {
        let mut watcher = host.run(|| builder.build()).unwrap();
        let poll = Poll::new().unwrap();
        let registry = poll.registry();
        registry
            .register(&mut watcher, Token(0), Interest::READABLE)
            .unwrap();
        let host = host.clone();
        Self {
            host,
            watcher,
            poll,
            told: Vec::new(),
        }
    }

    /// Waits until `timeout` for something to read; whether there was.
    fn wait(&mut self, timeout: Duration) -> bool {
        let mut events = Events::with_capacity(4);
        self.poll.poll(&mut events, Some(timeout)).unwrap();
        !events.is_empty()
    }

    /// Drains once and returns what is reported, in words.
    #[track_caller]
    fn drain(&mut self) -> Vec<String> {
        let mut told = std::mem::take(&mut self.told);
        self.watcher
            .drain(|change| told.push(change.to_string()))
            .unwrap();
        told
    }

    /// Drains until everything that has happened so far is reported.
    #[track_caller]
    fn reports(&mut self) -> Vec<String> {
        let mut told = std::mem::take(&mut self.told);
        self.drain_until(|watcher, change| {
            told.extend(change.map(|change| change.to_string()));
            watcher.is_some_and(|watcher| watcher.next_deadline().is_none())
        });
        told
    }

    /// Drains until this is reported, and returns what was reported before it.
    #[track_caller]
    fn await_report(&mut self, expected: &str) -> Vec<String> {
        let mut before = Vec::new();
        self.drain_until(|_, change| {
            let Some(change) = change.map(|change| change.to_string()) else {
                return false;
            };
            let is_it = change == expected;
            if !is_it {
                before.push(change);
            }
            is_it
        });
        before
    }

    /// Drains, and waits as an event loop does, until `is_done` says so, which is
    /// shown each change, and after each round the watcher.
    #[track_caller]
    fn drain_until(
        &mut self,
        mut is_done: impl FnMut(Option<&Watcher>, Option<Change<'_>>) -> bool,
    ) {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut done = false;
            self.watcher
                .drain(|change| done |= is_done(None, Some(change)))
                .unwrap();
            if done || is_done(Some(&self.watcher), None) {
                return;
            }
            let now = Instant::now();
            assert!(now < end, "{:?}", self.watcher);
            let deadline = self.watcher.next_deadline().unwrap_or(end).min(end);
            self.wait(deadline.saturating_duration_since(now));
        }
    }

    /// Checks that the live snapshot is what a fresh listing says.
    #[track_caller]
    fn assert_up_to_date(&self) {
        let fresh = self.fresh();
        let live = self.watcher.snapshot();
        for (live, fresh) in live.interfaces().iter().zip(fresh.interfaces()) {
            assert_eq!(live, fresh);
        }
        assert_eq!(live.interfaces().len(), fresh.interfaces().len());
        assert!(live.is_consistent());
    }

    /// Drains until the live snapshot is what a fresh listing says: Linux tells of
    /// IPv6 addresses, and of the groups that they need, when it gets round to it.
    #[track_caller]
    fn assert_gets_up_to_date(&mut self) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let live = self.watcher.snapshot();
            if live.is_consistent() && live.interfaces() == self.fresh().interfaces() {
                return;
            }
            self.told = self.drain();
        }
        self.assert_up_to_date();
    }

    fn fresh(&self) -> Snapshot {
        let groups = self.watcher.follows_groups();
        self.host
            .run(|| Enumerator::new().unwrap().groups(groups).capture())
            .unwrap()
    }

    /// The interface with this name, as the watcher sees it now.
    #[track_caller]
    fn named(&self, name: &str) -> Interface {
        let name = name.parse().unwrap();
        self.watcher.snapshot().by_name(name).cloned().unwrap()
    }
}
