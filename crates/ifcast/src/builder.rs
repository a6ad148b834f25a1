//! Which interfaces a LAN shall have, and what it shall do there.

use std::time::Instant;

use ifcast_interfaces::{Selector, Snapshot, Subnet, Watcher};
use ifcast_multicast::{Group, SourceFilter};
use ifcast_socket::{Family, Metadata, Pinning, RecvBatch, Sharing};

use crate::error::Error;
use crate::event_loop::EventLoop;
use crate::following::Following;
use crate::holdings::Holdings;
use crate::lan::Lan;
use crate::lan_socket::Sockets;
use crate::reconciler::Reconciler;
use crate::screening::{Deduplication, RateLimit, Screening, Screens};
use crate::waiting::Waiting;
use crate::wanted::Wanted;

/// Makes a [`Lan`].
///
/// ```
/// use ifcast::{Lan, Selector, Sharing};
///
/// fn open() -> Result<Lan, ifcast::Error> {
///     Lan::builder()
///         .interfaces(Selector::lan())
///         .port(5353)
///         .sharing(Sharing::WithOthers)
///         .join("224.0.0.251".parse().expect("a group"))
///         .join("ff02::fb".parse().expect("a group"))
///         .build()
/// }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct LanBuilder {
    selector: Selector,
    groups: Vec<(Group, SourceFilter)>,
    wanted: Wanted,
    sockets: Sockets,
    follow: bool,
    screens: Screens,
    batch: RecvBatch,
    waiting: Waiting,
}

impl LanBuilder {
    pub(crate) fn new() -> Self {
        Self {
            selector: Selector::lan(),
            groups: Vec::new(),
            wanted: Wanted::new(),
            sockets: Sockets::Automatic,
            follow: true,
            screens: Screens::default(),
            batch: RecvBatch::new(),
            waiting: Waiting::Park,
        }
    }

    /// Which interfaces; [`Selector::lan`] unless told.
    pub fn interfaces(mut self, selector: Selector) -> Self {
        self.selector = selector;
        self
    }

    /// Which families, on interfaces that have an address of them; both unless
    /// told.
    pub fn families(mut self, families: &[Family]) -> Self {
        self.wanted.families = families.to_vec();
        self.wanted.families.sort_unstable();
        self.wanted.families.dedup(); // a second socket would receive all of it again
        self
    }

    /// A group to join on every interface that has an address of its family, if that
    /// is one of the [`families`](Self::families). Call it again for more.
    pub fn join(self, group: Group) -> Self {
        self.join_from(group, SourceFilter::any())
    }

    /// A group to join likewise, and from whom to receive there.
    ///
    /// ```
    /// use std::net::IpAddr;
    ///
    /// use ifcast::{Group, Lan, LanBuilder, SourceFilter};
    ///
    /// fn only_from(source: IpAddr, group: Group) -> LanBuilder {
    ///     Lan::builder().join_from(group, SourceFilter::Include([source].into()))
    /// }
    /// ```
    pub fn join_from(mut self, group: Group, filter: SourceFilter) -> Self {
        self.groups.push((group, filter));
        self
    }

    /// The UDP port to receive on, and to send from and to; 0, the default, is
    /// any free one, on each interface another.
    pub fn port(mut self, port: u16) -> Self {
        self.wanted.port = port;
        self
    }

    /// How to tie the sockets to their interfaces, if each has its own.
    pub fn pinning(mut self, pinning: Pinning) -> Self {
        self.wanted.pinning = pinning;
        self
    }

    /// Whether other programs may use the port too; not unless told.
    pub fn sharing(mut self, sharing: Sharing) -> Self {
        self.wanted.sharing = sharing;
        self
    }

    /// How many hops datagrams may make, at least 1; see
    /// [`Builder::hops`](ifcast_socket::Builder::hops).
    pub fn hops(mut self, hops: u8) -> Self {
        self.wanted.hops = Some(hops);
        self
    }

    /// Whether own multicasts reach members on this host; they do unless told.
    pub fn multicast_loopback(mut self, on: bool) -> Self {
        self.wanted.multicast_loopback = on;
        self
    }

    /// How many bytes the kernel shall keep for each socket until they are
    /// received; it may grant less: see
    /// [`Builder::receive_buffer`](ifcast_socket::Builder::receive_buffer).
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.wanted.receive_buffer = Some(bytes);
        self
    }

    /// What the kernel shall say of each datagram beside what is always known.
    /// Nothing unless told.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.wanted.metadata = metadata;
        self
    }

    /// How to hold the interfaces: each with sockets of its own, or all with a
    /// shared one; [`Sockets::Automatic`] unless told.
    pub fn sockets(mut self, sockets: Sockets) -> Self {
        self.sockets = sockets;
        self
    }

    /// Whether the kernel may hand over several datagrams as one message, which takes
    /// a tenth of the time where they come as a stream from one source that has the
    /// kernel split them; see
    /// [`Builder::coalesce`](ifcast_socket::Builder::coalesce). Not unless told:
    /// where nothing can be joined it costs up to a fiftieth more, a
    /// [`batch`](Self::batch) with short slots would lose what is joined, and
    /// [`Event::Dropped`](crate::Event::Dropped) would count messages.
    pub fn coalesce(mut self, on: bool) -> Self {
        self.wanted.coalesce = on;
        self
    }

    /// How much to receive at once; [`RecvBatch::new`] unless told.
    pub fn batch(mut self, batch: RecvBatch) -> Self {
        self.batch = batch;
        self
    }

    /// How to wait; [`Waiting::Park`] unless told.
    pub fn waiting(mut self, waiting: Waiting) -> Self {
        self.waiting = waiting;
        self
    }

    /// Whether to follow what becomes of the interfaces, so that it keeps what it was
    /// built with: those that appear are opened, those that change are told, and
    /// memberships that are lost are joined again. It does unless told.
    ///
    /// # Platform
    /// As [`Watcher`]. Where the system refuses to tell, this is one of the
    /// [failures](Lan::failures), and the interfaces stay those of the beginning.
    pub fn follow(mut self, on: bool) -> Self {
        self.follow = on;
        self
    }

    /// Whether to keep back own datagrams: those that come from an address of one of
    /// its interfaces and from the port that it has there. Own broadcasts always
    /// come back, and own multicasts do unless
    /// [`multicast_loopback`](Self::multicast_loopback) is off, or if two interfaces
    /// are on one link. Not unless told.
    ///
    /// What another program on this host sends from the same port, if it
    /// [shares](Self::sharing) that, looks the same and is kept back too; so is what
    /// comes from a neighbour with the same port and the link-local address of another
    /// interface, as some administrators give `fe80::1` to several hosts. An address
    /// that has just come is known once the LAN has taken note of it
    /// ([`follow`](Self::follow)).
    ///
    /// What is kept back, for this or for another reason, does not become an
    /// [`Event`](crate::Event) and is counted: see [`Lan::screened`]. Of several
    /// reasons these come first in this order: own, [`accept_from`](Self::accept_from),
    /// [`on_link_only`](Self::on_link_only), [`rate_limit`](Self::rate_limit),
    /// [`deduplicate`](Self::deduplicate).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ifcast::{Deduplication, Lan, RateLimit};
    ///
    /// fn open() -> Result<Lan, ifcast::Error> {
    ///     Lan::builder()
    ///         .port(2222)
    ///         .suppress_own(true)
    ///         .on_link_only(true)
    ///         .rate_limit(RateLimit::per_second(1000))
    ///         .deduplicate(Deduplication::within(Duration::from_secs(1)))
    ///         .build()
    /// }
    /// ```
    pub fn suppress_own(mut self, on: bool) -> Self {
        self.screens.own = on;
        self
    }

    /// Keeps back what comes from elsewhere than this subnet; call it again to accept
    /// another one too. It is about both families, and about hosts without an address
    /// too: who accepts an IPv4 subnet alone hears nobody over IPv6.
    ///
    /// ```
    /// use ifcast::{Lan, LanBuilder};
    ///
    /// fn builder() -> LanBuilder {
    ///     ["10.71.0.0/16", "fe80::/10"]
    ///         .map(|subnet| subnet.parse().expect("a subnet"))
    ///         .into_iter()
    ///         .fold(Lan::builder(), LanBuilder::accept_from)
    /// }
    /// ```
    pub fn accept_from(mut self, subnet: Subnet) -> Self {
        self.screens.accepted.push(subnet);
        self
    }

    /// Whether to keep back what comes from a source that is not on the link: which
    /// has neither an address in one of the subnets of the interface where it
    /// arrived, as they are then, nor a link-local one, nor none yet (`0.0.0.0`).
    /// Not unless told.
    ///
    /// An interface's IPv6 address of 128 bits, as DHCPv6 assigns them, tells of no
    /// subnet; there only link-local sources are known to be on the link.
    pub fn on_link_only(mut self, on: bool) -> Self {
        self.screens.off_link = on;
        self
    }

    /// How much to hand over of each source, so that one that floods an interface
    /// does not keep the program from what comes from others; everything unless
    /// told. Where interfaces [share](crate::Sockets::Shared) a socket, it still takes
    /// the room of others in the kernel's buffer.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.screens.rate = Some(limit);
        self
    }

    /// Has a datagram that arrives on several interfaces, because they are on one
    /// link, handed over once; it is handed over for each unless told.
    ///
    /// A datagram whose [end is missing](ifcast_socket::Datagram::is_truncated) is
    /// always handed over.
    pub fn deduplicate(mut self, wanted: Deduplication) -> Self {
        self.screens.duplicates = Some(wanted);
        self
    }

    /// Opens the sockets and joins the groups.
    ///
    /// What fails on one interface does not stop the others: see
    /// [`Lan::failures`].
    ///
    /// # Errors
    /// [`Error::Interfaces`] or [`Error::Loop`]; [`Error::NoInterface`] if none
    /// is selected; and if no socket at all could be opened, the first reason.
    pub fn build(self) -> Result<Lan, Error> {
        let mut failures = Vec::new();
        let watcher = match self.follow.then(|| Watcher::builder().build()).transpose() {
            Ok(watcher) => watcher,
            Err(error) => {
                failures.push(error.into());
                None
            }
        };
        let snapshot = match &watcher {
            Some(watcher) => watcher.settled(),
            None => Snapshot::capture()?,
        };
        let count = snapshot.select(&self.selector).count();
        if count == 0 {
            return Err(Error::NoInterface {
                selector: self.selector,
            });
        }
        let mut sockets =
            EventLoop::with_batch(self.batch).map_err(|source| Error::Loop { source })?;
        sockets.set_waiting(self.waiting);
        let screening = Screening::new(self.screens, Instant::now()).map(Box::new);
        let is_shared = self.sockets.are_shared_by(count);
        let holdings = Holdings::new(sockets, screening, self.wanted, is_shared);
        let mut reconciler = Reconciler::new(holdings.families());
        for (group, filter) in self.groups {
            reconciler.want(group, filter);
        }
        Lan::open(
            Following::new(reconciler, self.selector, watcher, snapshot),
            holdings,
            failures,
        )
    }
}
