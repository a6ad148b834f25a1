//! Many interfaces as one LAN, in programs that run on tokio.

use std::fmt;
use std::future;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker, ready};

use ifcast_socket::{Cast, Family, PacketInfo};
use tokio::task::coop;

use crate::async_lan::change::Change;
use crate::async_lan::crowd::{Crowd, Seat, What};
use crate::async_lan::message::Message;
use crate::async_lan::state::{Concerned, State};
use crate::async_lan::streams::{Changes, Messages};
use crate::builder::LanBuilder;
use crate::error::Error;
use crate::fan_out::FanOut;
use crate::lan::Lan;
use crate::to::Addressed;

/// A [`Lan`] for programs that run on tokio.
///
/// Any number of tasks may use it at a time, by reference or in an
/// [`Arc`]: each message and each change goes to one of those who wait for it.
///
/// ```
/// use ifcast::{Lan, To};
///
/// async fn answer_everybody() -> Result<(), ifcast::Error> {
///     let lan = Lan::builder().port(2222).build_async()?;
///     println!("{}", lan.send(b"I am here", To::AllHosts));
///     loop {
///         tokio::select! {
///             question = lan.recv() => {
///                 if let Err(error) = lan.reply(&question?, b"here") {
///                     eprintln!("{error}");
///                 }
///             }
///             change = lan.next_change() => println!("{:?}", change?),
///         }
///     }
/// }
/// ```
///
/// # Cancellation
/// Everything that is awaited may be dropped at any time, such as by `select!` or a
/// timeout: no message and no change is lost with it, and none of the others who wait
/// waits in vain.
///
/// # Who does the work
/// No task and no thread of its own: the sockets are read, and the interfaces followed,
/// by those who wait for messages or for changes. If none does, nothing is done; what
/// arrives stays in the kernel's buffers, which are finite.
///
/// If only changes are taken, a good thousand messages are kept. Then the kernel has to
/// keep the next ones, and [`Change::Dropped`] and [`Change::Woken`] are told only when
/// half of those have been taken; the interfaces are followed all the same. If only
/// messages are taken, the last 256 changes are kept.
///
/// It opens sockets and joins groups only in the network namespace in which the
/// [`Lan`] was built, which is no matter unless the runtime's threads live in several.
pub struct AsyncLan {
    state: Mutex<State>,
    crowd: Arc<Crowd>,
}

impl AsyncLan {
    /// Has the runtime of the caller wait for a LAN, whose
    /// [waiting](LanBuilder::waiting) is no matter from now on.
    ///
    /// # Errors
    /// [`Error::Loop`], usually with `EMFILE`: it needs a descriptor.
    ///
    /// # Panics
    /// Outside of a runtime of tokio's, or if that can wait neither for descriptors nor
    /// for a time: see [`enable_all`](tokio::runtime::Builder::enable_all).
    ///
    /// ```
    /// use ifcast::{AsyncLan, Lan, Waker};
    ///
    /// fn open() -> Result<(AsyncLan, Waker), ifcast::Error> {
    ///     let mut lan = Lan::builder().port(2222).build()?;
    ///     let waker = lan.waker()?;
    ///     Ok((AsyncLan::new(lan)?, waker))
    /// }
    /// ```
    pub fn new(lan: Lan) -> Result<Self, Error> {
        let crowd = Arc::new(Crowd::default());
        let state = State::new(lan, Waker::from(Arc::clone(&crowd)));
        let state = state.map_err(|source| Error::Loop { source })?;
        Ok(Self {
            state: Mutex::new(state),
            crowd,
        })
    }

    /// Waits for a datagram.
    ///
    /// Those of one socket come in the order in which it received them; with several
    /// tasks that wait, each goes to one of them.
    ///
    /// # Errors
    /// [`Error::Loop`]: such as when the runtime is shut down.
    ///
    /// # Cancellation
    /// Nothing is lost if this is dropped before it has returned something.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ifcast::{AsyncLan, Message};
    /// use tokio::time;
    ///
    /// async fn first(lan: &AsyncLan) -> Option<Message> {
    ///     let heard = time::timeout(Duration::from_secs(1), lan.recv()).await;
    ///     heard.ok()?.ok()
    /// }
    /// ```
    pub async fn recv(&self) -> Result<Message, Error> {
        let mut seat = self.crowd.seat(What::Message);
        future::poll_fn(|context| self.poll_message(context, &mut seat)).await
    }

    /// Waits for datagrams, and appends those that are there, up to `limit`, to
    /// `messages`. Returns how many those are: none only if that is the limit.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancellation
    /// Nothing is appended if this is dropped before it has returned, and nothing lost.
    ///
    /// ```
    /// use ifcast::{AsyncLan, Message};
    ///
    /// async fn count(lan: &AsyncLan) -> Result<(), ifcast::Error> {
    ///     let mut messages: Vec<Message> = Vec::new();
    ///     loop {
    ///         println!("{}", lan.recv_many(&mut messages, 256).await?);
    ///         messages.clear();
    ///     }
    /// }
    /// ```
    pub async fn recv_many(
        &self,
        messages: &mut Vec<Message>,
        limit: usize,
    ) -> Result<usize, Error> {
        if limit == 0 {
            return Ok(0);
        }
        let mut seat = self.crowd.seat(What::Message);
        let mut take = |state: &mut State| {
            let count = state.messages.len().min(limit);
            messages.extend(state.messages.drain(..count));
            (count > 0).then_some(count)
        };
        future::poll_fn(|context| self.poll(context, &mut seat, &mut take)).await
    }

    /// The datagrams as a stream, each as [`recv`](Self::recv) gives it.
    pub fn messages(&self) -> Messages<'_> {
        Messages {
            lan: self,
            seat: self.crowd.seat(What::Message),
        }
    }

    /// Waits until something happens beside datagrams: see [`Change`] for an example.
    ///
    /// # Errors
    /// As [`recv`](Self::recv), and with `EMFILE` if so many messages are queued that it
    /// follows the interfaces only, for which it needs a descriptor more.
    ///
    /// # Cancellation
    /// Nothing is lost if this is dropped before it has returned something.
    pub async fn next_change(&self) -> Result<Change, Error> {
        let mut seat = self.crowd.seat(What::Change);
        future::poll_fn(|context| self.poll_change(context, &mut seat)).await
    }

    /// What happens beside datagrams as a stream, each as
    /// [`next_change`](Self::next_change) gives it.
    pub fn changes(&self) -> Changes<'_> {
        Changes {
            lan: self,
            seat: self.crowd.seat(What::Change),
        }
    }

    /// Sends as [`Lan::send`] does, at once. The report is the caller's own, so that
    /// several tasks may send; who sends so much that he does not want one allocated
    /// each time sends [`with`](Self::with) the [`Lan`].
    #[must_use = "it says where it was not sent, and why"]
    pub fn send(&self, payload: &[u8], to: impl Into<Addressed>) -> FanOut {
        let mut report = FanOut::default();
        let lan = &mut self.lock().lan;
        mem::swap(&mut lan.dispatch.report, &mut report);
        lan.send(payload, to);
        mem::swap(&mut lan.dispatch.report, &mut report);
        report
    }

    /// Sends again what has not gone out for a reason that passes, as
    /// [`Lan::resend`] does, and corrects the report.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ifcast::{AsyncLan, To};
    /// use tokio::time;
    ///
    /// async fn insist(lan: &AsyncLan, payload: &[u8]) -> bool {
    ///     let mut report = lan.send(payload, To::AllHosts);
    ///     for _ in 0..3 {
    ///         if report.failures().next().is_none() {
    ///             return true;
    ///         }
    ///         time::sleep(Duration::from_millis(20)).await;
    ///         lan.resend(payload, &mut report);
    ///     }
    ///     report.failures().next().is_none()
    /// }
    /// ```
    pub fn resend(&self, payload: &[u8], report: &mut FanOut) {
        let lan = &mut self.lock().lan;
        mem::swap(&mut lan.dispatch.report, report);
        lan.resend(payload);
        mem::swap(&mut lan.dispatch.report, report);
    }

    /// Answers the sender of a message alone, at once: by the interface where it
    /// arrived, from the address it was sent to, or, if that was a broadcast or
    /// multicast, from the interface's own.
    ///
    /// # Errors
    /// As [`Sender::send_with`](ifcast_socket::Sender::send_with), and
    /// [`NotShared`](ifcast_socket::Error::NotShared) if the interface has left.
    pub fn reply(&self, message: &Message, payload: &[u8]) -> Result<(), ifcast_socket::Error> {
        let (interface, to) = (message.interface(), message.source());
        let asked = message.destination();
        let info = PacketInfo {
            source: (message.cast() == Cast::Unicast).then_some(asked),
            ..PacketInfo::default()
        };
        let lan = &self.lock().lan;
        let sender = lan.sender(interface, Family::of(to.ip()));
        let named = interface.index().get();
        let sender = sender.ok_or(ifcast_socket::Error::NotShared { named })?;
        sender.send_with(payload, to, info)
    }

    /// Has the [`Lan`] itself do something: join, leave, send to one host, say what
    /// its counters count. Everybody else waits meanwhile, so it shall not take long;
    /// and it must not use this [`AsyncLan`], which would wait for itself.
    ///
    /// If `act` panics, all goes on.
    ///
    /// ```
    /// use ifcast::{AsyncLan, Group, To};
    ///
    /// fn move_to(lan: &AsyncLan, old: Group, new: Group) -> usize {
    ///     lan.with(|lan| {
    ///         for error in lan.leave(old).into_iter().chain(lan.join(new)) {
    ///             eprintln!("{error}");
    ///         }
    ///         lan.send(b"I have moved", To::Group(new)).sent()
    ///     })
    /// }
    /// ```
    pub fn with<R>(&self, act: impl FnOnce(&mut Lan) -> R) -> R {
        let _afterwards = Afterwards(self); // and after the state is free again
        act(&mut self.lock().lan)
    }

    pub(super) fn poll_message(
        &self,
        context: &mut Context<'_>,
        seat: &mut Seat<'_>,
    ) -> Poll<Result<Message, Error>> {
        self.poll(context, seat, &mut |state| state.messages.pop_front())
    }

    pub(super) fn poll_change(
        &self,
        context: &mut Context<'_>,
        seat: &mut Seat<'_>,
    ) -> Poll<Result<Change, Error>> {
        self.poll(context, seat, &mut |state| state.changes.pop())
    }

    fn poll<T>(
        &self,
        context: &mut Context<'_>,
        seat: &mut Seat<'_>,
        take: &mut impl FnMut(&mut State) -> Option<T>,
    ) -> Poll<Result<T, Error>> {
        let progress = ready!(coop::poll_proceed(context));
        let mut state = self.lock();
        let (outcome, concerned) = match take(&mut state) {
            Some(taken) => (Poll::Ready(Ok(taken)), Concerned::NONE),
            None => {
                seat.take(context.waker()); // before looking, lest something comes between
                state.poll(take)
            }
        };
        let concerned = concerned | state.make_room();
        drop(state);
        if outcome.is_ready() {
            seat.leave();
            progress.made_progress();
        }
        if !concerned.is_nobody() {
            self.crowd.wake(|what| concerned.includes(what));
        }
        outcome
    }

    /// It stays what it was if a caller's closure panics; ours do not.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AsyncLan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return f.debug_struct("AsyncLan").finish_non_exhaustive();
            }
        };
        f.debug_struct("AsyncLan")
            .field("lan", &state.lan)
            .field("messages", &state.messages.len())
            .field("changes", &state.changes.len())
            .finish_non_exhaustive()
    }
}

impl LanBuilder {
    /// Opens the sockets and joins the groups, as [`build`](Self::build) does, for a
    /// program that runs on tokio.
    ///
    /// # Errors
    /// As [`build`](Self::build), and as [`AsyncLan::new`].
    ///
    /// # Panics
    /// As [`AsyncLan::new`].
    pub fn build_async(self) -> Result<AsyncLan, Error> {
        AsyncLan::new(self.build()?)
    }
}

/// Wakes those who wait if there is something to do or another deadline, when the
/// LAN has been in other hands.
struct Afterwards<'a>(&'a AsyncLan);

impl Drop for Afterwards<'_> {
    fn drop(&mut self) {
        let is_unknown = self.0.lock().has_unknown_deadline();
        if is_unknown {
            self.0.crowd.wake(|_| true);
        }
    }
}
