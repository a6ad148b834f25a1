//! Many interfaces as one LAN.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use ifcast_interfaces::{InterfaceId, Selector};
use ifcast_multicast::{Group, SourceFilter};
use ifcast_socket::{Course, Endpoint, Family, Receive, SendBatch, Sender};

use crate::builder::LanBuilder;
use crate::error::Error;
use crate::event::{Event, Incoming};
use crate::fan_out::{FanOut, Kind, Outcome, Skip, To};
use crate::following::{Following, News};
use crate::holdings::{Holdings, Member};
use crate::lan_socket::LanSocket;

/// Every selected interface, with a socket for each family on it, or for all of
/// them: see [`Sockets`](crate::Sockets).
///
/// It receives unicasts, broadcasts and the groups it joined, on one port, on
/// all of its interfaces; and it sends by all of them.
///
/// ```
/// use std::time::Duration;
///
/// use ifcast::{Event, Lan};
///
/// fn answer_everybody() -> Result<(), ifcast::Error> {
///     let mut lan = Lan::builder().port(2222).build()?;
///     loop {
///         lan.poll(Some(Duration::from_secs(1)), |event| {
///             if let Event::Datagram(question) = event {
///                 question.reply(b"here").unwrap_or_else(|error| eprintln!("{error}"));
///             }
///         })?;
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Lan {
    holdings: Holdings,
    following: Following,
    failures: Vec<Error>,
    // Kept, so that sending allocates nothing.
    fan_out: FanOut,
    courses: Vec<Course>,
    places: Vec<usize>, // of each course, whose result it decides
    batch: SendBatch,
}

impl Lan {
    /// Starts to make one.
    pub fn builder() -> LanBuilder {
        LanBuilder::new()
    }

    /// Opens what it can.
    pub(crate) fn open(
        mut following: Following,
        mut holdings: Holdings,
        mut failures: Vec<Error>,
    ) -> Result<Self, Error> {
        if let Some(watcher) = following.watcher_mut() {
            let waiting = holdings.sockets.wait_for(watcher);
            waiting.map_err(|source| Error::Loop { source })?;
        }
        following.update(false, &mut holdings);
        failures.extend(following.take_failures());
        // Which interfaces there are at first is no news.
        while following.next_news().is_some() {}
        let families = holdings.families();
        for interface in following.unnumbered(families) {
            failures.extend(families.iter().map(|family| {
                Error::from(ifcast_socket::Error::NoAddress {
                    interface: interface.id(),
                    family: *family,
                })
            }));
        }
        if holdings.sockets.sockets().next().is_none() && !failures.is_empty() {
            return Err(failures.swap_remove(0));
        }
        Ok(Self {
            holdings,
            following,
            failures,
            fan_out: FanOut::default(),
            courses: Vec::new(),
            places: Vec::new(),
            batch: SendBatch::new(),
        })
    }

    /// Joins a group on every interface, also on those that come later, whatever
    /// sends to it; see [`join_from`](Self::join_from).
    pub fn join(&mut self, group: Group) -> Vec<Error> {
        self.join_from(group, SourceFilter::any())
    }

    /// Joins a group on every interface, also on those that come later, or changes
    /// from whom to receive there. Returns what went wrong; that is tried again.
    pub fn join_from(&mut self, group: Group, filter: SourceFilter) -> Vec<Error> {
        self.following.want(group, filter);
        self.settle()
    }

    /// Leaves a group everywhere. Returns what went wrong.
    pub fn leave(&mut self, group: Group) -> Vec<Error> {
        self.join_from(group, SourceFilter::Include(BTreeSet::new()))
    }

    /// Has other interfaces from now on: opens those that are selected, and closes
    /// those that are not. Returns what went wrong; that is tried again.
    pub fn select(&mut self, selector: Selector) -> Vec<Error> {
        self.following.select(selector);
        self.settle()
    }

    /// Does at once what is to be done.
    fn settle(&mut self) -> Vec<Error> {
        self.following.update(false, &mut self.holdings);
        self.following.take_failures()
    }

    /// Sends to the LAN's own port by every interface that can; the report says
    /// what happened on each. One interface's failure does not stop the others.
    ///
    /// Where no port was given, that is on each interface the one that its socket
    /// has.
    pub fn send(&mut self, payload: &[u8], to: To) -> &FanOut {
        self.send_by_each(payload, to, None)
    }

    /// As [`send`](Self::send), to another port.
    pub fn send_to_port(&mut self, payload: &[u8], to: To, port: u16) -> &FanOut {
        self.send_by_each(payload, to, Some(port))
    }

    /// Sends to a port, or to that of each socket.
    fn send_by_each(&mut self, payload: &[u8], to: To, port: Option<u16>) -> &FanOut {
        self.fan_out.clear();
        self.courses.clear();
        self.places.clear();
        let family = to.family();
        for (place, member) in self.holdings.members.iter().enumerate() {
            let id = member.socket(family);
            let outcome = match id.and_then(|id| self.holdings.sockets.get(id)) {
                None => Outcome::Skipped(Skip::NoSocket { family }),
                Some(LanSocket::Bound(socket)) => {
                    let port = port.unwrap_or_else(|| socket.endpoint().port());
                    send(socket.socket().sender(), payload, to, port)
                }
                Some(LanSocket::Shared(socket)) => {
                    let port = port.unwrap_or_else(|| socket.endpoint().port());
                    let before = self.courses.len();
                    let planned = plan(socket.endpoint(), member, to, port, &mut self.courses);
                    self.places.resize(self.courses.len(), place);
                    planned.map_or_else(outcome_of, |()| Outcome::Sent {
                        datagrams: self.courses.len() - before,
                    })
                }
            };
            self.fan_out.push(member.interface, outcome);
        }
        self.send_planned(payload, family);
        &self.fan_out
    }

    /// Sends by all interfaces that share a socket, and corrects the report where
    /// that failed.
    fn send_planned(&mut self, payload: &[u8], family: Family) {
        let members = &self.holdings.members;
        let mut ids = members.iter().filter_map(|member| member.socket(family));
        let shared = ids.find_map(|id| match self.holdings.sockets.get(id)? {
            LanSocket::Shared(socket) => Some(socket.socket()),
            LanSocket::Bound(_) => None,
        });
        let Some(shared) = shared.filter(|_| !self.courses.is_empty()) else {
            return;
        };
        let sent = shared.fan_out(&mut self.batch, payload, &self.courses);
        for place in sent.unsent() {
            let (course, whose) = (self.courses[place], self.places[place]);
            let error = ifcast_socket::Error::Send {
                interface: members[whose].interface,
                destination: course.destination,
                source: io::ErrorKind::WouldBlock.into(),
            };
            self.fan_out.fail(whose, error.into());
        }
        for (place, error) in sent.into_failures() {
            self.fan_out.fail(self.places[place], error.into());
        }
    }

    /// Waits until something happens, up to `timeout`, or for ever without one,
    /// and hands it to `visit`. Returns how many datagrams there were: none if
    /// the time was up, if a signal interrupted, if what arrived was for another
    /// interface, or if something else happened.
    ///
    /// Interfaces take turns: each hands over a bounded number of datagrams,
    /// however many it has queued, and goes on in the next call. What the kernel
    /// dropped is told after the datagrams of the turn, and what has become of the
    /// interfaces last.
    ///
    /// It opens sockets and joins groups only in the network namespace in which it
    /// was built; a thread that lives in another can receive and send.
    ///
    /// # Errors
    /// [`Error::Loop`].
    pub fn poll(
        &mut self,
        timeout: Option<Duration>,
        mut visit: impl FnMut(Event<'_>),
    ) -> Result<usize, Error> {
        // Also what there was when `visit` panicked.
        let is_ready = self.holdings.sockets.take_other_ready();
        if (is_ready || self.following.is_due()) && self.follow(is_ready, &mut visit) {
            return Ok(0);
        }
        let mut wait = timeout;
        // Nobody is asked what time it is who does not wait.
        let end = timeout
            .filter(|timeout| !timeout.is_zero())
            .and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let deadline = self.following.deadline();
            if let Some(deadline) = deadline {
                let left = deadline.saturating_duration_since(Instant::now());
                wait = Some(wait.map_or(left, |wait| wait.min(left)));
            }
            let (count, has_told) = self.turn(wait, &mut visit)?;
            let is_ready = self.holdings.sockets.take_other_ready();
            if !is_ready && deadline.is_none_or(|deadline| deadline > Instant::now()) {
                return Ok(count);
            }
            let has_told = self.follow(is_ready, &mut visit) || has_told;
            wait = timeout.map(|_| {
                end.map_or(Duration::ZERO, |end| {
                    end.saturating_duration_since(Instant::now())
                })
            });
            if has_told || wait.is_some_and(|wait| wait.is_zero()) {
                return Ok(count);
            }
        }
    }

    /// Has done what follows from what has become of the interfaces; whether there was
    /// something to tell.
    #[cold]
    fn follow(&mut self, is_ready: bool, visit: &mut dyn FnMut(Event<'_>)) -> bool {
        self.following.update(is_ready, &mut self.holdings);
        let mut has_told = false;
        while let Some(news) = self.following.next_news() {
            has_told = true;
            visit(match &news {
                News::InterfaceJoined { interface } => Event::InterfaceJoined {
                    interface: *interface,
                },
                News::InterfaceLeft { interface, why } => Event::InterfaceLeft {
                    interface: *interface,
                    why: *why,
                },
                News::Degraded { interface, error } => Event::Degraded {
                    interface: *interface,
                    error,
                },
                News::Recovered { interface } => Event::Recovered {
                    interface: *interface,
                },
                News::Resynced => Event::Resynced,
                News::NotFollowing { error } => Event::NotFollowing { error },
            });
        }
        has_told
    }

    /// Waits for datagrams and hands them over: how many, and whether anything was told.
    fn turn(
        &mut self,
        timeout: Option<Duration>,
        visit: &mut impl FnMut(Event<'_>),
    ) -> Result<(usize, bool), Error> {
        let mut has_told = false;
        let sockets = &mut self.holdings.sockets;
        let poll = sockets.poll(timeout, |socket, received| {
            let endpoint = socket.endpoint();
            visit(match received {
                Ok(datagram) => Event::Datagram(Incoming { datagram, endpoint }),
                Err(error) => {
                    has_told = true;
                    Event::Failed {
                        scope: endpoint.scope(),
                        error,
                    }
                }
            });
        });
        let count = poll.map_err(|source| Error::Loop { source })?;
        sockets.take_drops(|socket, dropped| {
            has_told = true;
            let scope = socket.endpoint().scope();
            visit(match dropped {
                Ok(count) => Event::Dropped { scope, count },
                Err(error) => Event::Failed { scope, error },
            });
        });
        Ok((count, has_told || count > 0))
    }

    /// Its interfaces, also those on which no socket could be opened.
    pub fn interfaces(&self) -> impl Iterator<Item = InterfaceId> {
        self.holdings.members.iter().map(|member| member.interface)
    }

    /// Its sockets, for counters and settings.
    pub fn sockets(&self) -> impl Iterator<Item = &Endpoint> {
        self.holdings.sockets.sockets().map(Receive::endpoint)
    }

    /// What could not be opened or joined when it was built, while the rest was.
    #[must_use]
    pub fn failures(&self) -> &[Error] {
        &self.failures
    }
}

fn send(sender: Sender<'_>, payload: &[u8], to: To, port: u16) -> Outcome {
    let sent = match to.kind() {
        Kind::Broadcast(target) => {
            ifcast_broadcast::send(sender, payload, target, port).map_err(Error::from)
        }
        Kind::Multicast(group) => ifcast_multicast::send(sender, payload, group, port)
            .map(|()| 1)
            .map_err(Error::from),
    };
    sent.map_or_else(outcome_of, |datagrams| Outcome::Sent { datagrams })
}

/// Adds the courses on which a datagram has to go by one of those that share a
/// socket.
fn plan(
    endpoint: &Endpoint,
    member: &Member,
    to: To,
    port: u16,
    courses: &mut Vec<Course>,
) -> Result<(), Error> {
    let index = member.interface.index();
    match to.kind() {
        Kind::Multicast(group) => courses.push(Course {
            interface: index,
            destination: group.socket_addr(port),
            source: None,
        }),
        Kind::Broadcast(target) => {
            let not_shared = ifcast_socket::Error::NotShared { named: index.get() };
            let interface = endpoint.sender(index).ok_or(not_shared)?.interface();
            courses.extend(ifcast_broadcast::courses(interface, target, port)?);
        }
    }
    Ok(())
}

/// What an error means for the interface on which it happened.
fn outcome_of(error: Error) -> Outcome {
    match error {
        Error::Broadcast(ifcast_broadcast::Error::NoBroadcast { .. }) => {
            Outcome::Skipped(Skip::NoBroadcast)
        }
        Error::Broadcast(ifcast_broadcast::Error::NoSubnet { .. }) => {
            Outcome::Skipped(Skip::NoSubnet)
        }
        error => Outcome::Failed(error),
    }
}
