//! Many interfaces as one LAN.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use ifcast_interfaces::{InterfaceId, Selector};
use ifcast_multicast::{Group, SourceFilter};
use ifcast_socket::{Datagram, Endpoint, Family, Receive, Sender};
use mio::{Interest, Registry, Token, event};

use crate::builder::LanBuilder;
use crate::dispatch::Dispatch;
use crate::error::Error;
use crate::event::{Event, Incoming};
use crate::fan_out::FanOut;
use crate::following::Following;
use crate::holdings::Holdings;
use crate::lan_socket::LanSocket;
use crate::screening::Screened;
use crate::status::Status;
use crate::to::Addressed;
use crate::trace;
use crate::waker::Waker;

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
    pub(crate) holdings: Holdings,
    pub(crate) following: Following,
    failures: Vec<Error>,
    pub(crate) dispatch: Dispatch,
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
            dispatch: Dispatch::default(),
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

    /// Sends to the LAN's own port by every interface that can, or as it is
    /// [`Addressed`]; the report says what happened on each. One interface's failure
    /// does not stop the others.
    ///
    /// Where no port was given, that is on each interface the one that its socket
    /// has.
    pub fn send(&mut self, payload: &[u8], to: impl Into<Addressed>) -> &FanOut {
        self.dispatch.send(&mut self.holdings, payload, to.into())
    }

    /// Sends again what the last [`send`](Self::send) could not send for a reason that
    /// passes, such as a send buffer that is full, and nothing that has gone out; the
    /// report is that one, corrected.
    ///
    /// When that is worth while, and how often, is for the caller to say:
    ///
    /// ```
    /// use std::thread;
    /// use std::time::Duration;
    ///
    /// use ifcast::{Lan, To};
    ///
    /// fn insist(lan: &mut Lan, payload: &[u8]) -> bool {
    ///     let mut failed = lan.send(payload, To::AllHosts).failures().count();
    ///     for _ in 0..3 {
    ///         if failed == 0 {
    ///             break;
    ///         }
    ///         thread::sleep(Duration::from_millis(20));
    ///         failed = lan.resend(payload).failures().count();
    ///     }
    ///     failed == 0
    /// }
    /// ```
    pub fn resend(&mut self, payload: &[u8]) -> &FanOut {
        self.dispatch.resend(&mut self.holdings, payload)
    }

    /// What sends by one interface, such as to one host there; none if there is no
    /// socket of the family.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use ifcast::{Family, InterfaceId, Lan};
    ///
    /// fn tell(lan: &Lan, neighbour: SocketAddr, on: InterfaceId) {
    ///     let sender = lan.sender(on, Family::of(neighbour.ip()));
    ///     match sender.map(|sender| sender.send(b"hello", neighbour)) {
    ///         Some(Ok(())) => println!("told {neighbour}"),
    ///         Some(Err(error)) => eprintln!("{error}"),
    ///         None => eprintln!("{on} has left"),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn sender(&self, interface: InterfaceId, family: Family) -> Option<Sender<'_>> {
        let member = &self.holdings.members[self.holdings.place(interface)?];
        let socket = self.holdings.sockets.get(member.socket(family)?)?;
        socket.endpoint().sender(interface.index())
    }

    /// Waits until something happens, up to `timeout`, or for ever without one,
    /// and hands it to `visit`. Returns how many datagrams there were: none if
    /// the time was up, if a signal interrupted, or if something else happened.
    ///
    /// What arrived for another interface, or what it was told to keep back
    /// ([`screened`](Self::screened)), does not count: if there was nothing else, it
    /// goes on waiting until the time is up.
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
        if self.holdings.sockets.take_woken() {
            visit(Event::Woken);
            return Ok(0);
        }
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
            let Turn {
                count,
                mut has_told,
                has_ignored,
            } = self.turn(wait, &mut visit)?;
            let is_ready = self.holdings.sockets.take_other_ready();
            if is_ready || deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                has_told |= self.follow(is_ready, &mut visit);
            } else if has_told || !has_ignored {
                return Ok(count);
            }
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
            visit(trace::told(news.event()));
        }
        has_told
    }

    /// Waits for datagrams and hands them over.
    pub(crate) fn turn(
        &mut self,
        timeout: Option<Duration>,
        visit: &mut impl FnMut(Event<'_>),
    ) -> Result<Turn, Error> {
        let mut has_told = false;
        let Holdings {
            sockets, screening, ..
        } = &mut self.holdings;
        let mut tell = |socket: &LanSocket, received: io::Result<Datagram<'_>>| {
            let endpoint = socket.endpoint();
            visit(match received {
                Ok(datagram) => Event::Datagram(Incoming { datagram, endpoint }),
                Err(error) => {
                    has_told = true;
                    let scope = endpoint.scope();
                    trace::told(Event::Failed { scope, error })
                }
            });
        };
        let poll = match screening {
            None => sockets.poll(timeout, tell).map(|count| (count, 0)),
            Some(screening) => screening.poll(sockets, timeout, &mut tell),
        };
        let (count, kept_back) = poll.map_err(|source| Error::Loop { source })?;
        // Foreign datagrams may have filled a receive buffer, and not too full.
        let has_ignored = kept_back > 0 || sockets.has_suspects();
        sockets.take_drops(|socket, dropped| {
            has_told = true;
            let scope = socket.endpoint().scope();
            visit(trace::told(match dropped {
                Ok(count) => Event::Dropped { scope, count },
                Err(error) => Event::Failed { scope, error },
            }));
        });
        if sockets.take_woken() {
            has_told = true;
            visit(Event::Woken);
        }
        Ok(Turn {
            count,
            has_told: has_told || count > 0,
            has_ignored,
        })
    }

    /// What wakes it from another thread: [`Event::Woken`] is told then.
    ///
    /// # Errors
    /// [`Error::Loop`], usually with `EMFILE`: the first one needs a descriptor.
    pub fn waker(&mut self) -> Result<Waker, Error> {
        let waker = self.holdings.sockets.waker();
        waker.map_err(|source| Error::Loop { source })
    }

    /// Until when at most to wait before [`poll`](Self::poll) is called again, for those
    /// who wait in a loop of their own (see [`AsFd`]): what has become of the interfaces
    /// has settled then, or something is tried again, or the last one left something.
    /// `None` is for ever.
    ///
    /// ```no_run
    /// use std::time::{Duration, Instant};
    ///
    /// use ifcast::Lan;
    /// use mio::{Events, Interest, Poll, Token};
    ///
    /// let mut lan = Lan::builder().port(2222).build()?;
    /// let mut poll = Poll::new()?;
    /// poll.registry().register(&mut lan, Token(0), Interest::READABLE)?;
    /// let mut events = Events::with_capacity(16);
    /// loop {
    ///     let timeout = lan
    ///         .next_deadline()
    ///         .map(|deadline| deadline.saturating_duration_since(Instant::now()));
    ///     poll.poll(&mut events, timeout)?;
    ///     lan.poll(Some(Duration::ZERO), |event| println!("{event:?}"))?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.holdings.sockets.is_due() || self.following.has_news() {
            return Some(Instant::now());
        }
        self.following.deadline()
    }

    /// Its interfaces, also those on which no socket could be opened.
    pub fn interfaces(&self) -> impl Iterator<Item = InterfaceId> {
        self.holdings.members.iter().map(|member| member.interface)
    }

    /// Its sockets, for counters and settings.
    pub fn sockets(&self) -> impl Iterator<Item = &Endpoint> {
        self.holdings.sockets.sockets().map(Receive::endpoint)
    }

    /// How it fares, on each interface.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::of(&self.holdings, &self.following)
    }

    /// How many datagrams that arrived on one of its interfaces it kept back, and why:
    /// see [`LanBuilder::suppress_own`](crate::LanBuilder::suppress_own). The numbers
    /// of an interface that has left are gone; none for what is not of this LAN.
    #[must_use]
    pub fn screened(&self, interface: InterfaceId) -> Option<Screened> {
        self.holdings.screened(interface)
    }

    /// What could not be opened or joined when it was built, while the rest was.
    #[must_use]
    pub fn failures(&self) -> &[Error] {
        &self.failures
    }
}

/// Readable when [`poll`](Lan::poll) has something to do before the
/// [deadline](Lan::next_deadline): for a loop of one's own, be it of mio, of `poll(2)`,
/// or of an async runtime. Nobody else may read from it, or change it.
impl AsFd for Lan {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.holdings.sockets.as_fd()
    }
}

impl event::Source for Lan {
    fn register(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        self.holdings.sockets.register(registry, token, what)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        self.holdings.sockets.reregister(registry, token, what)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.holdings.sockets.deregister(registry)
    }
}

/// What came of a turn.
pub(crate) struct Turn {
    /// How many datagrams were handed over.
    count: usize,
    /// Whether those or anything else was told.
    has_told: bool,
    /// Whether any datagrams were not.
    has_ignored: bool,
}
