//! Which interfaces a LAN shall have, and what it shall do there.

use ifcast_interfaces::{Interface, Selector, Snapshot};
use ifcast_multicast::{Group, MulticastSocket, SharedMulticastSocket, SourceFilter};
use ifcast_socket::{
    BoundSocket, Builder, Family, Metadata, Pinning, RecvBatch, SharedSocket, Sharing,
};

use crate::error::Error;
use crate::event_loop::EventLoop;
use crate::lan::{Lan, Member};
use crate::lan_socket::{LanSocket, Sockets};
use crate::waiting::Waiting;

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
    families: Vec<Family>,
    groups: Vec<(Group, SourceFilter)>,
    port: u16,
    pinning: Pinning,
    sharing: Sharing,
    hops: Option<u8>,
    multicast_loopback: bool,
    receive_buffer: Option<usize>,
    coalesce: bool,
    metadata: Metadata,
    sockets: Sockets,
    batch: RecvBatch,
    waiting: Waiting,
}

impl LanBuilder {
    pub(crate) fn new() -> Self {
        Self {
            selector: Selector::lan(),
            families: Family::ALL.to_vec(),
            groups: Vec::new(),
            port: 0,
            pinning: Pinning::Automatic,
            sharing: Sharing::Exclusive,
            hops: None,
            multicast_loopback: true,
            receive_buffer: None,
            coalesce: false,
            metadata: Metadata::default(),
            sockets: Sockets::Automatic,
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
        self.families = families.to_vec();
        self
    }

    /// A group to join on every interface that has an address of its family.
    /// Call it again for more.
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
        self.port = port;
        self
    }

    /// How to tie the sockets to their interfaces, if each has its own.
    pub fn pinning(mut self, pinning: Pinning) -> Self {
        self.pinning = pinning;
        self
    }

    /// Whether other programs may use the port too; not unless told.
    pub fn sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = sharing;
        self
    }

    /// How many hops datagrams may make, at least 1; see
    /// [`Builder::hops`](ifcast_socket::Builder::hops).
    pub fn hops(mut self, hops: u8) -> Self {
        self.hops = Some(hops);
        self
    }

    /// Whether own multicasts reach members on this host; they do unless told.
    pub fn multicast_loopback(mut self, on: bool) -> Self {
        self.multicast_loopback = on;
        self
    }

    /// How many bytes the kernel shall keep for each socket until they are
    /// received; it may grant less: see
    /// [`Builder::receive_buffer`](ifcast_socket::Builder::receive_buffer).
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// What the kernel shall say of each datagram beside what is always known.
    /// Nothing unless told.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
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
        self.coalesce = on;
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

    /// Opens the sockets and joins the groups.
    ///
    /// What fails on one interface does not stop the others: see
    /// [`Lan::failures`].
    ///
    /// # Errors
    /// [`Error::Interfaces`] or [`Error::Loop`]; [`Error::NoInterface`] if none
    /// is selected; and if no socket at all could be opened, the first reason.
    pub fn build(mut self) -> Result<Lan, Error> {
        let snapshot = Snapshot::capture()?;
        let batch = std::mem::take(&mut self.batch);
        let mut lan = Opening {
            sockets: EventLoop::with_batch(batch).map_err(|source| Error::Loop { source })?,
            members: Vec::new(),
            failures: Vec::new(),
        };
        lan.sockets.set_waiting(self.waiting);
        lan.members.extend(
            snapshot
                .select(&self.selector)
                .map(|interface| (interface, Member::new(interface.id()))),
        );
        if lan.members.is_empty() {
            return Err(Error::NoInterface {
                selector: self.selector,
            });
        }
        if self.sockets.are_shared_by(lan.members.len()) {
            for &family in &self.families {
                self.open_shared(family, &mut lan);
            }
        } else {
            self.open_each(&mut lan);
        }
        if lan.sockets.sockets().next().is_none() && !lan.failures.is_empty() {
            return Err(lan.failures.swap_remove(0));
        }
        let members = lan.members.into_iter().map(|(_, member)| member).collect();
        Ok(Lan::new(lan.sockets, members, lan.failures, self.port))
    }

    /// Opens what it can on each interface.
    fn open_each(&self, lan: &mut Opening<'_>) {
        for (interface, member) in &mut lan.members {
            for family in self.families_on(interface) {
                match self.open_bound(interface, family, &mut lan.failures) {
                    Ok(socket) => match lan.sockets.add(LanSocket::Bound(socket)) {
                        Ok(id) => *member.socket_mut(family) = Some(id),
                        Err(source) => lan.failures.push(Error::Loop { source }),
                    },
                    Err(error) => lan.failures.push(error),
                }
            }
        }
    }

    /// Opens one socket of a family for all interfaces.
    fn open_shared(&self, family: Family, lan: &mut Opening<'_>) {
        let builder = self.configure(SharedSocket::builder(family));
        let mut socket = match builder.bind() {
            Ok(socket) => SharedMulticastSocket::new(socket),
            Err(error) => return lan.failures.push(error.into()),
        };
        let mut served = Vec::new();
        for (place, (interface, _)) in lan.members.iter().enumerate() {
            if !self.families_on(interface).any(|other| other == family) {
                continue;
            }
            match socket.add(interface) {
                Ok(()) => served.push(place),
                Err(error) => {
                    lan.failures.push(error.into());
                    continue;
                }
            }
            for (group, filter) in self.groups_of(family) {
                let joined = socket.set_filter(interface.index(), group, filter);
                lan.failures.extend(joined.err().map(Error::from));
            }
        }
        if served.is_empty() {
            return;
        }
        match lan.sockets.add(LanSocket::Shared(socket)) {
            Ok(id) => {
                for place in served {
                    *lan.members[place].1.socket_mut(family) = Some(id);
                }
            }
            Err(source) => lan.failures.push(Error::Loop { source }),
        }
    }

    /// The families to open on an interface: those that it has, or, where it has no
    /// address at all, all, so that the attempt says so.
    fn families_on(&self, interface: &Interface) -> impl Iterator<Item = Family> {
        let has = |family: &Family| family.is_on(interface);
        let has_none = !self.families.iter().any(has);
        let families = self.families.iter().copied();
        families.filter(move |family| has_none || has(family))
    }

    fn groups_of(&self, family: Family) -> impl Iterator<Item = (Group, SourceFilter)> {
        let groups = self.groups.iter().cloned();
        groups.filter(move |(group, _)| group.family() == family)
    }

    fn open_bound(
        &self,
        interface: &Interface,
        family: Family,
        failures: &mut Vec<Error>,
    ) -> Result<MulticastSocket, Error> {
        let builder = BoundSocket::builder(interface, family).pinning(self.pinning);
        let mut socket = MulticastSocket::new(self.configure(builder).bind()?);
        let groups = self.groups_of(family);
        failures.extend(groups.filter_map(|(group, filter)| {
            let joined = socket.set_filter(group, filter);
            Some(joined.err()?.into())
        }));
        Ok(socket)
    }

    /// Passes on what is the same for each socket.
    fn configure<Tie>(&self, builder: Builder<Tie>) -> Builder<Tie> {
        let mut builder = builder
            .port(self.port)
            .sharing(self.sharing)
            .coalesce(self.coalesce)
            .metadata(self.metadata)
            .multicast_loopback(self.multicast_loopback);
        if let Some(hops) = self.hops {
            builder = builder.hops(hops);
        }
        if let Some(bytes) = self.receive_buffer {
            builder = builder.receive_buffer(bytes);
        }
        builder
    }
}

/// A LAN while it is opened.
struct Opening<'s> {
    sockets: EventLoop<LanSocket>,
    members: Vec<(&'s Interface, Member)>,
    failures: Vec<Error>,
}
