//! What all tasks that use a LAN share: the LAN, and what has come of it.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::ops::BitOr;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use ifcast_socket::PayloadPool;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{self, Sleep};

use crate::async_lan::backlog::Backlog;
use crate::async_lan::change::Change;
use crate::async_lan::crowd::What;
use crate::async_lan::message::Message;
use crate::error::Error;
use crate::event::Event;
use crate::lan::Lan;
use crate::trace;

/// A LAN, and what has come of it that nobody has taken yet.
///
/// Of those who wait, each finds nothing to do when he begins to. Whoever changes that,
/// by taking from the kernel what he does not need himself, has to wake the others: the
/// kernel does not tell it twice.
#[derive(Debug)]
pub(super) struct State {
    pub(super) lan: Lan,
    pub(super) messages: VecDeque<Message>,
    pub(super) changes: Backlog,
    payloads: PayloadPool,
    /// Whether so many messages are queued that the kernel has to keep the next ones.
    is_full: bool,
    /// Readable when the LAN has something to do.
    readiness: AsyncFd<OwnedFd>,
    /// Readable when the interfaces have changed; there while it is full.
    watching: Option<AsyncFd<OwnedFd>>,
    timer: Pin<Box<Sleep>>,
    /// What the timer is set to.
    armed: Option<Instant>,
    /// Wakes everybody who waits.
    everybody: Waker,
}

impl State {
    pub(super) fn new(lan: Lan, everybody: Waker) -> io::Result<Self> {
        Ok(Self {
            readiness: readiness_of(&lan)?,
            lan,
            messages: VecDeque::new(),
            changes: Backlog::default(),
            payloads: PayloadPool::new(),
            is_full: false,
            watching: None,
            timer: Box::pin(time::sleep(Duration::ZERO)),
            armed: None,
            everybody,
        })
    }

    /// Does what there is to do until `take` finds what it wants. If it does not,
    /// everybody is woken when there is more. Says who is to be woken at once.
    pub(super) fn poll<T>(
        &mut self,
        take: &mut impl FnMut(&mut Self) -> Option<T>,
    ) -> (Poll<Result<T, Error>>, Concerned) {
        let before = (self.messages.len(), self.changes.len());
        for _ in 0..STEPS {
            match self.step() {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return (Poll::Ready(Err(error)), Concerned::ALL),
                Poll::Pending => return (Poll::Pending, self.concerned(before)),
            }
            if let Some(taken) = take(self) {
                return (Poll::Ready(Ok(taken)), self.concerned(before));
            }
        }
        // Other tasks of this thread shall have their turn; whoever is first goes on.
        (Poll::Pending, Concerned::ALL)
    }

    /// Takes note that messages may have been taken.
    pub(super) fn make_room(&mut self) -> Concerned {
        if !self.is_full || self.messages.len() > ENOUGH {
            return Concerned::NONE;
        }
        self.is_full = false;
        self.watching = None;
        // They wait for the interfaces only, and shall wait for everything again.
        Concerned {
            messages: false,
            changes: true,
        }
    }

    /// Whether those who wait do not know until when.
    pub(super) fn has_unknown_deadline(&self) -> bool {
        self.lan.next_deadline() != self.armed
    }

    /// Who may find what he waits for, or something to do, since there was so much.
    fn concerned(&self, (messages, changes): (usize, usize)) -> Concerned {
        if self.lan.following.deadline() != self.armed {
            return Concerned::ALL;
        }
        Concerned {
            messages: self.messages.len() > messages || self.lan.holdings.sockets.is_due(),
            changes: self.changes.len() > changes,
        }
    }

    fn step(&mut self) -> Poll<Result<(), Error>> {
        self.is_full |= self.messages.len() >= MOST;
        if self.is_full {
            self.step_aside()
        } else {
            self.step_on()
        }
    }

    /// Receives, and follows the interfaces, if there is anything to do.
    fn step_on(&mut self) -> Poll<Result<(), Error>> {
        let context = &mut Context::from_waker(&self.everybody);
        let ready = match self.readiness.poll_read_ready(context) {
            Poll::Ready(ready) => Some(ready.map_err(cannot_wait)?),
            Poll::Pending => None,
        };
        let deadline = self.lan.next_deadline();
        if ready.is_none() && !has_passed(deadline) {
            return self.wait(deadline);
        }
        self.lan
            .turn(Some(Duration::ZERO), &mut |event| match event {
                Event::Datagram(heard) => {
                    let message = Message::new(&heard, &mut self.payloads);
                    self.messages.push_back(message);
                }
                other => Change::of(other)
                    .into_iter()
                    .for_each(|change| self.changes.push(change)),
            })?;
        if let Some(mut ready) = ready {
            // What is left is due, and what has come since then has made it ready anew.
            ready.clear_ready();
        }
        self.follow(false);
        Poll::Ready(Ok(()))
    }

    /// Follows the interfaces only, if there is anything to do.
    fn step_aside(&mut self) -> Poll<Result<(), Error>> {
        if self.watching.is_none() {
            let watcher = self.lan.following.watcher_mut();
            let watching = watcher.map(|watcher| readiness_of(watcher)).transpose();
            self.watching = watching.map_err(cannot_wait)?;
        }
        let mut is_ready = false;
        if let Some(watching) = &self.watching {
            let context = &mut Context::from_waker(&self.everybody);
            if let Poll::Ready(ready) = watching.poll_read_ready(context) {
                ready.map_err(cannot_wait)?.clear_ready(); // it is read to its end, or again before waiting
                is_ready = true;
            }
        }
        let deadline = self.lan.following.deadline();
        if !is_ready && !has_passed(deadline) && !self.lan.following.has_news() {
            return self.wait(deadline);
        }
        self.follow(is_ready);
        Poll::Ready(Ok(()))
    }

    /// Does what follows from what has become of the interfaces.
    fn follow(&mut self, is_ready: bool) {
        let lan = &mut self.lan;
        let is_ready = lan.holdings.sockets.take_other_ready() || is_ready;
        if is_ready || lan.following.is_due() || has_passed(lan.following.deadline()) {
            lan.following.update(is_ready, &mut lan.holdings);
        }
        while let Some(news) = lan.following.next_news() {
            trace::told(news.event());
            self.changes.push(news.into());
        }
        if lan.following.watcher_mut().is_none() {
            self.watching = None;
        }
    }

    /// Waits until then, or for ever.
    fn wait(&mut self, deadline: Option<Instant>) -> Poll<Result<(), Error>> {
        let is_new = self.armed != deadline;
        self.armed = deadline;
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        if is_new {
            // The runtime has a clock of its own, which may be stopped.
            let left = deadline.saturating_duration_since(Instant::now());
            let timer = self.timer.as_mut();
            timer.reset(time::Instant::now() + left);
        }
        let context = &mut Context::from_waker(&self.everybody);
        ready!(self.timer.as_mut().poll(context));
        self.armed = None;
        Poll::Ready(Ok(()))
    }
}

/// Whom it concerns what has happened, of those who wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Concerned {
    messages: bool,
    changes: bool,
}

impl Concerned {
    pub(super) const NONE: Self = Self {
        messages: false,
        changes: false,
    };
    const ALL: Self = Self {
        messages: true,
        changes: true,
    };

    pub(super) const fn is_nobody(self) -> bool {
        !self.messages && !self.changes
    }

    pub(super) const fn includes(self, what: What) -> bool {
        match what {
            What::Message => self.messages,
            What::Change => self.changes,
        }
    }
}

impl BitOr for Concerned {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            messages: self.messages || other.messages,
            changes: self.changes || other.changes,
        }
    }
}

/// Another descriptor of the same thing, which tokio waits for.
#[expect(
    deprecated,
    reason = "what replaces it is unsafe, because of those that own no descriptor"
)]
fn readiness_of(of: &impl AsFd) -> io::Result<AsyncFd<OwnedFd>> {
    let descriptor = of.as_fd().try_clone_to_owned()?;
    AsyncFd::with_interest(descriptor, Interest::READABLE)
}

const fn cannot_wait(source: io::Error) -> Error {
    Error::Loop { source }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|at| at <= Instant::now())
}

/// So many messages are queued before the kernel has to keep the next ones; one turn
/// of the LAN may add more than that.
const MOST: usize = 1024;

/// With so few it goes on.
const ENOUGH: usize = MOST / 2;

/// How often a task may look in vain before others have their turn.
const STEPS: usize = 8;
