//! Keeping what a LAN holds true to what is wanted, whatever becomes of the
//! interfaces.

use std::collections::VecDeque;
use std::mem;
use std::time::Instant;

use ifcast_interfaces::{Change, Difference, Interface, InterfaceId, Selector, Snapshot, Watcher};
use ifcast_multicast::{Group, SourceFilter, State};
use ifcast_socket::Family;

use crate::error::Error;
use crate::event::Event;
use crate::holdings::Holdings;
use crate::reconciler::{Departure, Reconciler, Subject, What};

/// What is to be told: each as the event of that name.
#[derive(Debug)]
pub(crate) enum News {
    InterfaceJoined {
        interface: InterfaceId,
    },
    InterfaceLeft {
        interface: InterfaceId,
        why: Departure,
    },
    Membership {
        interface: InterfaceId,
        group: Group,
        state: State,
    },
    Degraded {
        interface: InterfaceId,
        error: Error,
    },
    Recovered {
        interface: InterfaceId,
    },
    Resynced,
    NotFollowing {
        error: ifcast_interfaces::Error,
    },
}

impl News {
    /// As it is told.
    pub(crate) fn event(&self) -> Event<'_> {
        match self {
            Self::InterfaceJoined { interface } => Event::InterfaceJoined {
                interface: *interface,
            },
            Self::InterfaceLeft { interface, why } => Event::InterfaceLeft {
                interface: *interface,
                why: *why,
            },
            Self::Membership {
                interface,
                group,
                state,
            } => Event::Membership {
                interface: *interface,
                group: *group,
                state,
            },
            Self::Degraded { interface, error } => Event::Degraded {
                interface: *interface,
                error,
            },
            Self::Recovered { interface } => Event::Recovered {
                interface: *interface,
            },
            Self::Resynced => Event::Resynced,
            Self::NotFollowing { error } => Event::NotFollowing { error },
        }
    }
}

/// Follows the interfaces, and has done what follows from that.
#[derive(Debug)]
pub(crate) struct Following {
    reconciler: Reconciler,
    selector: Selector,
    watcher: Option<Watcher>,
    snapshot: Snapshot,
    /// What nobody was told of yet.
    news: VecDeque<News>,
    /// Whether there may be something to do.
    is_due: bool,
    /// Until when at most to wait, found out once for many waits.
    deadline: Option<Instant>,
}

impl Following {
    pub(crate) fn new(
        reconciler: Reconciler,
        selector: Selector,
        watcher: Option<Watcher>,
        snapshot: Snapshot,
    ) -> Self {
        Self {
            reconciler,
            selector,
            watcher,
            snapshot,
            news: VecDeque::new(),
            is_due: true,
            deadline: None,
        }
    }

    pub(crate) const fn watcher_mut(&mut self) -> Option<&mut Watcher> {
        self.watcher.as_mut()
    }

    /// Wants a group from now on, or no more.
    pub(crate) fn want(&mut self, group: Group, filter: SourceFilter) {
        self.reconciler.want(group, filter);
        self.is_due = true;
    }

    /// Wants these interfaces from now on.
    pub(crate) fn select(&mut self, selector: Selector) {
        self.selector = selector;
        self.is_due = true;
    }

    /// Until when at most to wait for anything else.
    #[inline]
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether there is something to do or to tell before waiting.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        self.is_due || self.has_news()
    }

    /// Whether there is something to tell.
    #[inline]
    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// The first of what is to be told.
    pub(crate) fn next_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// Takes out what has failed of what is to be told: who asked for it is told so at
    /// once.
    pub(crate) fn take_failures(&mut self) -> Vec<Error> {
        let mut failures = Vec::new();
        for news in mem::take(&mut self.news) {
            match news {
                News::Degraded { error, .. } => failures.push(error),
                other => self.news.push_back(other),
            }
        }
        failures
    }

    /// Takes note of what has become of the interfaces, if they have become
    /// something, and does what is to be done. What is to be told of it is told later,
    /// so that nothing is left half done if who is told panics.
    pub(crate) fn update(&mut self, is_ready: bool, holdings: &mut Holdings) {
        self.drain(is_ready);
        let now = Instant::now();
        let next = self.reconciler.next_attempt();
        if next.is_some_and(|at| at <= now) {
            self.is_due = true;
        }
        if self.is_due {
            self.act(now, holdings);
        }
        let watcher = self.watcher.as_ref().and_then(Watcher::next_deadline);
        // What is due already waits for a thread in the right namespace.
        let attempt = self.reconciler.next_attempt().filter(|_| !self.is_due);
        self.deadline = watcher.into_iter().chain(attempt).min();
    }

    fn drain(&mut self, is_ready: bool) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        // In this order: who is behind is always due now.
        let next = watcher.next_deadline();
        if !is_ready && next.is_none_or(|at| at > Instant::now()) {
            return;
        }
        let mut has_changed = false;
        let drained = watcher.drain(|change| {
            has_changed = true;
            match change {
                Change::Resynced => {
                    self.reconciler.distrust(|_| true);
                    self.news.push_back(News::Resynced);
                }
                // It is as it was, and without its memberships.
                Change::Modified {
                    new,
                    difference: Difference::MtuDipped { .. },
                    ..
                } => self.reconciler.distrust(|id| id == new.id()),
                _ => {}
            }
        });
        if has_changed {
            self.snapshot = watcher.settled();
            self.is_due = true;
        }
        // Other errors are of one attempt, and the watcher makes more.
        if let Err(error @ ifcast_interfaces::Error::Watch { .. }) = drained {
            self.watcher = None;
            self.news.push_back(News::NotFollowing { error });
        }
    }

    /// Does what is to be done, unless the calling thread lives where other
    /// interfaces have these indexes.
    fn act(&mut self, now: Instant, holdings: &mut Holdings) {
        if !holdings.is_at_home() {
            return;
        }
        self.is_due = false;
        let selected = self.snapshot.select(&self.selector);
        let selected: Vec<Interface> = selected.cloned().collect();
        let there = self.snapshot.interfaces();
        let exists = |id| there.iter().any(|interface| interface.id() == id);
        for action in self.reconciler.observe(&selected, exists) {
            holdings.close(action.interface);
            if let What::Close(why) = action.what {
                // By the name that it has now, if it is there.
                let mut ids = there.iter().map(Interface::id);
                let interface = ids.find(|id| *id == action.interface);
                self.news.push_back(News::InterfaceLeft {
                    interface: interface.unwrap_or(action.interface),
                    why,
                });
            }
        }
        let ids = selected.iter().map(Interface::id);
        let new: Vec<_> = ids.filter(|id| holdings.admit(*id)).collect();
        for interface in new {
            self.news.push_back(News::InterfaceJoined { interface });
        }
        self.perform(now, &selected, holdings);
        holdings.refresh_screening();
        for member in &mut holdings.members {
            if member.is_degraded && !self.reconciler.has_failed(member.interface) {
                member.is_degraded = false;
                member.troubles.clear();
                self.news.push_back(News::Recovered {
                    interface: member.interface,
                });
            }
        }
    }

    fn perform(&mut self, now: Instant, selected: &[Interface], holdings: &mut Holdings) {
        // One thing leads to another: a socket to its groups.
        for _ in 0..ROUNDS {
            let actions = self.reconciler.actions(now);
            if actions.is_empty() {
                break;
            }
            for action in actions {
                let id = action.interface;
                let mut interfaces = selected.iter();
                let Some(interface) = interfaces.find(|interface| interface.id() == id) else {
                    continue;
                };
                let done = holdings.perform(&action, interface);
                if let Some(place) = holdings.place(id) {
                    holdings.members[place].note(&action.what, &done);
                    let changed = holdings.changed_states(place, &action.what);
                    self.news
                        .extend(changed.into_iter().map(|(group, state)| News::Membership {
                            interface: id,
                            group,
                            state,
                        }));
                }
                self.reconciler.done(action, done.is_ok(), now);
                if let Err(error) = done {
                    self.news.push_back(News::Degraded {
                        interface: id,
                        error,
                    });
                }
            }
        }
    }

    /// Which interfaces are wanted.
    pub(crate) const fn selector(&self) -> &Selector {
        &self.selector
    }

    /// Whether what becomes of the interfaces is followed.
    pub(crate) const fn is_on(&self) -> bool {
        self.watcher.is_some()
    }

    /// How often something was tried in vain on an interface, and when it is next.
    pub(crate) fn attempts(&self, interface: InterfaceId, subject: Subject) -> (u32, Instant) {
        let failed = self.reconciler.failed(interface, subject);
        failed.unwrap_or((1, Instant::now()))
    }

    /// The selected interfaces that have no address of any family that is wanted.
    pub(crate) fn unnumbered(&self, families: &[Family]) -> impl Iterator<Item = &Interface> {
        let selected = self.snapshot.select(&self.selector);
        selected.filter(|interface| !families.iter().any(|family| family.is_on(interface)))
    }
}

/// Open, join, and once more for what that has changed.
const ROUNDS: usize = 4;
