//! One loop over many sockets that starves none and forgets none.

use std::fmt;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

use ifcast_socket::{Datagram, DropWatch, Receive, RecvBatch};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, event};

use crate::waiting::{Waiter, Waiting};
use crate::waker::Waker;

/// How many batches one socket may take before the others have their turn.
const BATCHES_PER_TURN: usize = 2;

/// What are not sockets.
const OTHER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);

/// How many sockets can report readiness at once; the rest do so next time.
const EVENTS: usize = 256;

/// Receives from a set of sockets, each of them on whatever interface.
///
/// Readiness is edge-triggered: the kernel tells once that a socket has become
/// readable. So a socket that still has something queued when its turn ends
/// stays on a list and is served again in the next turn, before the loop sleeps.
///
/// ```no_run
/// use std::time::Duration;
///
/// use ifcast::broadcast::BroadcastSocket;
/// use ifcast::{EventLoop, Snapshot};
///
/// let mut sockets = EventLoop::new()?;
/// for interface in Snapshot::capture()?.interfaces() {
///     if interface.usable_for_broadcast().is_ok() {
///         sockets.add(BroadcastSocket::bind(interface, 2222)?)?;
///     }
/// }
/// sockets.poll(Some(Duration::ZERO), |socket, received| match received {
///     Ok(datagram) => println!("{} on {}", datagram.source(), datagram.interface()),
///     Err(error) => eprintln!("{}: {error}", socket.socket().interface().id()),
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EventLoop<S> {
    poll: Poll,
    events: Events,
    batch: RecvBatch,
    slots: Vec<Slot<S>>,
    free: Vec<usize>,     // slots without a socket
    ready: Vec<usize>,    // slots with something queued, each once
    suspects: Vec<usize>, // slots whose socket may have lost something, each once
    waiter: Waiter,
    is_other_ready: bool,
    waker: Option<Waker>, // made for the first who asks
    is_woken: bool,
    may_have_more: bool, // there were as many events as there is room for
}

struct Slot<S> {
    socket: Option<S>,
    watch: Option<DropWatch>, // where the system counts what it drops
    generation: u32,          // how many sockets have left this slot
    ready: bool,              // whether it is on the ready list
    suspect: bool,            // whether it is among the suspects
}

/// Which socket of an [`EventLoop`]; never reused within it.
///
/// ```
/// use ifcast::EventLoop;
/// use ifcast::socket::BoundSocket;
///
/// fn swap(sockets: &mut EventLoop<BoundSocket>, socket: BoundSocket) -> std::io::Result<()> {
///     let id = sockets.add(socket)?;
///     assert!(sockets.get(id).is_some());
///     let _socket = sockets.remove(id)?;
///     assert!(sockets.get(id).is_none());
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SocketId {
    slot: usize,
    generation: u32,
}

impl<S: Receive + event::Source> EventLoop<S> {
    /// Makes one without sockets.
    ///
    /// # Errors
    /// What the operating system answered, usually `EMFILE`.
    pub fn new() -> io::Result<Self> {
        Self::with_batch(RecvBatch::new())
    }

    /// Makes one that receives into `batch`, which sets how many datagrams are
    /// taken at once and how long they may be.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_batch(batch: RecvBatch) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            batch,
            slots: Vec::new(),
            free: Vec::new(),
            ready: Vec::new(),
            suspects: Vec::new(),
            waiter: Waiter::default(),
            is_other_ready: false,
            waker: None,
            is_woken: false,
            may_have_more: false,
        })
    }

    /// Sets how to wait; [`Waiting::Park`] unless told.
    pub fn set_waiting(&mut self, waiting: Waiting) {
        self.waiter = Waiter::new(waiting);
    }

    /// How it waits.
    #[must_use]
    pub const fn waiting(&self) -> Waiting {
        self.waiter.waiting()
    }

    /// What wakes it from another thread.
    ///
    /// # Errors
    /// What the operating system answered, usually `EMFILE`: the first one needs a
    /// descriptor.
    pub fn waker(&mut self) -> io::Result<Waker> {
        if let Some(waker) = &self.waker {
            return Ok(waker.clone());
        }
        let waker = Waker::new(self.poll.registry(), WAKER)?;
        Ok(self.waker.insert(waker).clone())
    }

    /// Whether it was woken since this was last asked.
    pub const fn take_woken(&mut self) -> bool {
        mem::replace(&mut self.is_woken, false)
    }

    /// Whether [`poll`](Self::poll) would find something to do although nothing more
    /// arrives: something was left by the last one. Who waits for it in a loop of his
    /// own (see [`AsFd`]) must not wait then.
    #[must_use]
    pub fn is_due(&self) -> bool {
        !self.ready.is_empty() || self.may_have_more || self.is_woken || self.is_other_ready
    }

    /// Takes a socket in, with the receive buffer that it has now.
    ///
    /// # Errors
    /// What the operating system answered. The other sockets stay.
    pub fn add(&mut self, mut socket: S) -> io::Result<SocketId> {
        let watch = match DropWatch::new(socket.endpoint()) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => None,
            watch => Some(watch?),
        };
        let slot = self.free.last().copied().unwrap_or(self.slots.len());
        let registry = self.poll.registry();
        registry.register(&mut socket, Token(slot), Interest::READABLE)?;
        if self.free.pop().is_none() {
            self.slots.push(Slot {
                socket: None,
                watch: None,
                generation: 0,
                ready: false,
                suspect: false,
            });
        }
        self.slots[slot].socket = Some(socket);
        self.slots[slot].watch = watch;
        Ok(SocketId {
            slot,
            generation: self.slots[slot].generation,
        })
    }

    /// Gives a socket back; none if it has left already.
    ///
    /// # Errors
    /// What the operating system answered; the socket is then closed.
    pub fn remove(&mut self, id: SocketId) -> io::Result<Option<S>> {
        if self.get(id).is_none() {
            return Ok(None);
        }
        let slot = &mut self.slots[id.slot];
        slot.generation = slot.generation.wrapping_add(1);
        let mut socket = slot.socket.take();
        self.free.push(id.slot);
        if let Some(socket) = &mut socket {
            self.poll.registry().deregister(socket)?;
        }
        Ok(socket)
    }

    /// A socket, unless it has left.
    #[must_use]
    pub fn get(&self, id: SocketId) -> Option<&S> {
        let slot = self.slots.get(id.slot)?;
        slot.socket
            .as_ref()
            .filter(|_| slot.generation == id.generation)
    }

    /// A socket to change, such as to join a group, unless it has left.
    pub fn get_mut(&mut self, id: SocketId) -> Option<&mut S> {
        let slot = self.slots.get_mut(id.slot)?;
        slot.socket
            .as_mut()
            .filter(|_| slot.generation == id.generation)
    }

    /// All sockets.
    pub fn sockets(&self) -> impl Iterator<Item = &S> {
        self.slots.iter().filter_map(|slot| slot.socket.as_ref())
    }

    /// Waits until something arrives, up to `timeout`, or for ever without one,
    /// and hands `visit` every datagram of one turn with its socket. Returns how
    /// many datagrams there were: none if the time was up, if a signal
    /// interrupted, if it was woken, or if there may be drops to
    /// [tell of](Self::take_drops).
    ///
    /// What the system hands over although it was not for these sockets does not
    /// count: if there was nothing else, it goes on waiting until the time is up.
    ///
    /// An error of one socket is handed to `visit` like a datagram; the socket
    /// is tried again. If `visit` panics, what was read with that datagram, up to a
    /// batch, is lost, but no socket is forgotten.
    ///
    /// # Errors
    /// What the operating system answered to waiting.
    pub fn poll(
        &mut self,
        timeout: Option<Duration>,
        mut visit: impl FnMut(&S, io::Result<Datagram<'_>>),
    ) -> io::Result<usize> {
        // Nobody is asked what time it is who does not wait.
        let start = timeout
            .filter(|timeout| !timeout.is_zero())
            .map(|_| Instant::now());
        let suspects = self.suspects.len();
        let mut wait = timeout;
        loop {
            let is_unfinished = !self.ready.is_empty();
            if is_unfinished {
                wait = Some(Duration::ZERO); // no sleep: only to learn who else is ready
            }
            let served = self.turn(wait, &mut visit)?;
            // Of what is read all may be foreign; and the last turn may have ended with
            // the last datagram.
            let may_go_on = (served.has_read || is_unfinished) && timeout != Some(Duration::ZERO);
            let has_news = self.is_other_ready || self.is_woken || self.suspects.len() > suspects;
            if served.has_told() || has_news || !may_go_on {
                return Ok(served.count);
            }
            let elapsed = start.map_or(Duration::ZERO, |start| start.elapsed());
            wait = timeout.map(|timeout| timeout.saturating_sub(elapsed));
            if wait == Some(Duration::ZERO) {
                return Ok(0);
            }
        }
    }

    /// Waits, and then serves each ready socket once.
    fn turn(
        &mut self,
        timeout: Option<Duration>,
        visit: &mut impl FnMut(&S, io::Result<Datagram<'_>>),
    ) -> io::Result<Served> {
        self.waiter
            .wait(&mut self.poll, &mut self.events, timeout)?;
        self.forget_drained(); // some are left where a visitor panicked
        self.may_have_more = self.events.iter().count() == EVENTS;
        for event in &self.events {
            match event.token() {
                OTHER => {
                    self.is_other_ready = true;
                    continue;
                }
                WAKER => {
                    self.is_woken = true;
                    continue;
                }
                Token(_) => {}
            }
            let position = event.token().0;
            let slot = &mut self.slots[position];
            if !slot.ready {
                slot.ready = true;
                self.ready.push(position);
            }
        }
        self.events.clear();
        let served = self.take_turns(visit);
        self.waiter.brought(served.count);
        Ok(served)
    }

    /// Waits for something else too, which is not read here.
    pub(crate) fn wait_for(&mut self, other: &mut impl event::Source) -> io::Result<()> {
        let registry = self.poll.registry();
        registry.register(other, OTHER, Interest::READABLE)
    }

    /// Whether that has become readable since this was last asked.
    pub(crate) fn take_other_ready(&mut self) -> bool {
        mem::take(&mut self.is_other_ready)
    }

    /// Hands `visit` every socket of which the kernel dropped datagrams, usually
    /// because the receive buffer was full, with how many those were since the
    /// last time or since it was added; or why the kernel would not say.
    ///
    /// It costs no system call unless [`poll`](Self::poll) read so much at once
    /// from a socket that its buffer may have been full: see [`DropWatch`]. Where
    /// the system counts no drops for each socket, it hands over nothing.
    ///
    /// ```no_run
    /// use ifcast::EventLoop;
    /// use ifcast::socket::BoundSocket;
    ///
    /// fn receive(sockets: &mut EventLoop<BoundSocket>) -> std::io::Result<()> {
    ///     loop {
    ///         sockets.poll(None, |_, received| println!("{received:?}"))?;
    ///         sockets.take_drops(|socket, dropped| match dropped {
    ///             Ok(count) => eprintln!("{}: {count} lost", socket.interface().id()),
    ///             Err(error) => eprintln!("{}: {error}", socket.interface().id()),
    ///         });
    ///     }
    /// }
    /// ```
    pub fn take_drops(&mut self, mut visit: impl FnMut(&S, io::Result<u32>)) {
        while let Some(position) = self.suspects.pop() {
            let slot = &mut self.slots[position];
            slot.suspect = false;
            let (Some(socket), Some(watch)) = (&slot.socket, &mut slot.watch) else {
                continue; // removed since
            };
            if !watch.is_due() {
                continue; // another one, added since
            }
            match watch.ask(socket.endpoint()) {
                Ok(0) => {}
                dropped => visit(socket, dropped),
            }
        }
    }

    /// Whether there may be drops to tell of.
    pub(crate) fn has_suspects(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// Serves each ready socket once; those with more queued stay ready.
    ///
    /// If `visit` panics, nobody who is ready is off the list.
    fn take_turns(&mut self, visit: &mut impl FnMut(&S, io::Result<Datagram<'_>>)) -> Served {
        let mut all = Served::default();
        for &position in &self.ready {
            let slot = &mut self.slots[position];
            let Some(socket) = &slot.socket else {
                slot.ready = false; // removed since
                continue;
            };
            let (served, turn) = take_turn(socket, &mut slot.watch, &mut self.batch, visit);
            all.add(&served);
            slot.ready = turn == Turn::Unfinished;
            if !slot.suspect && slot.watch.as_ref().is_some_and(DropWatch::is_due) {
                slot.suspect = true;
                self.suspects.push(position);
            }
        }
        self.forget_drained();
        all
    }

    /// Takes from the list who has nothing queued any more.
    fn forget_drained(&mut self) {
        let slots = &self.slots;
        self.ready.retain(|&position| slots[position].ready);
    }
}

/// Readable when [`poll`](EventLoop::poll) has something to do, unless it
/// [is due](EventLoop::is_due) anyway: for a loop of one's own, be it of mio, of
/// `poll(2)`, or of an async runtime. Nobody else may read from it, or change it.
impl<S> AsFd for EventLoop<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poll.registry().as_fd()
    }
}

impl<S> event::Source for EventLoop<S> {
    fn register(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        SourceFd(&self.as_fd().as_raw_fd()).register(registry, token, what)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        SourceFd(&self.as_fd().as_raw_fd()).reregister(registry, token, what)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.as_fd().as_raw_fd()).deregister(registry)
    }
}

impl<S> fmt::Debug for EventLoop<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sockets = self.slots.iter().filter(|slot| slot.socket.is_some());
        f.debug_struct("EventLoop")
            .field("sockets", &sockets.count())
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}

/// What came of a turn.
#[derive(Default)]
struct Served {
    count: usize,   // of datagrams that were handed over
    errors: usize,  // that were handed over
    has_read: bool, // whether there was a datagram at all, if only a foreign one
}

impl Served {
    const fn has_told(&self) -> bool {
        self.count > 0 || self.errors > 0
    }

    const fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.has_read |= other.has_read;
    }
}

/// Whether a socket was read until nothing was left.
#[derive(PartialEq, Eq)]
enum Turn {
    Drained,
    Unfinished,
}

/// Reads one socket until it is drained or its turn is over.
///
/// After an error it may still have datagrams for which the kernel will not
/// report readiness again, so it stays ready; but a turn of nothing but errors
/// ends that, lest a broken socket keep the loop awake.
fn take_turn<S: Receive>(
    socket: &S,
    watch: &mut Option<DropWatch>,
    batch: &mut RecvBatch,
    visit: &mut impl FnMut(&S, io::Result<Datagram<'_>>),
) -> (Served, Turn) {
    let mut served = Served::default();
    for _ in 0..BATCHES_PER_TURN {
        match socket.recv_batch(batch) {
            Ok(received) => {
                let drained = received.is_drained();
                if let Some(watch) = watch {
                    watch.took(received.taken());
                }
                served.count += received.len();
                served.has_read = true;
                for datagram in received {
                    visit(socket, Ok(datagram));
                }
                if drained {
                    return (served, Turn::Drained);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return (served, Turn::Drained);
            }
            Err(error) => {
                served.errors += 1;
                visit(socket, Err(error));
            }
        }
    }
    if served.errors == BATCHES_PER_TURN {
        (served, Turn::Drained)
    } else {
        (served, Turn::Unfinished)
    }
}
