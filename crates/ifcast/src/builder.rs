//! Which interfaces a LAN shall have, and what it shall do there.

use ifcast_interfaces::{Interface, Selector, Snapshot};
use ifcast_multicast::{Group, MulticastSocket};
use ifcast_socket::{BoundSocket, Family, Pinning, RecvBatch, Sharing};

use crate::error::Error;
use crate::event_loop::EventLoop;
use crate::lan::{Lan, Member};
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
    groups: Vec<Group>,
    port: u16,
    pinning: Pinning,
    sharing: Sharing,
    hops: Option<u8>,
    multicast_loopback: bool,
    receive_buffer: Option<usize>,
    coalesce: bool,
    receive_hops: bool,
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
            receive_hops: false,
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
    pub fn join(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// The UDP port to receive on, and to send from and to; 0, the default, is
    /// any free one, on each interface another.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How to tie the sockets to their interfaces.
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

    /// Whether the kernel says of each datagram how many more hops it could have
    /// made; see [`Builder::receive_hops`](ifcast_socket::Builder::receive_hops).
    /// Not unless told.
    pub fn receive_hops(mut self, on: bool) -> Self {
        self.receive_hops = on;
        self
    }

    /// Whether the kernel may hand over several datagrams as one message, which a
    /// stream of datagrams from one source profits from; see
    /// [`Builder::coalesce`](ifcast_socket::Builder::coalesce). Not unless told.
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
        let mut sockets = EventLoop::with_batch(batch).map_err(|source| Error::Loop { source })?;
        sockets.set_waiting(self.waiting);
        let mut members = Vec::new();
        let mut failures = Vec::new();
        for interface in snapshot.select(&self.selector) {
            members.push(self.open(interface, &mut sockets, &mut failures));
        }
        if members.is_empty() {
            return Err(Error::NoInterface {
                selector: self.selector,
            });
        }
        if sockets.sockets().next().is_none() && !failures.is_empty() {
            return Err(failures.swap_remove(0));
        }
        Ok(Lan::new(sockets, members, failures, self.port))
    }

    /// Opens what it can on one interface.
    fn open(
        &self,
        interface: &Interface,
        sockets: &mut EventLoop<MulticastSocket>,
        failures: &mut Vec<Error>,
    ) -> Member {
        let mut member = Member {
            interface: interface.id(),
            v4: None,
            v6: None,
        };
        let has = |family: &Family| family.is_on(interface);
        let on_it: Vec<_> = self.families.iter().copied().filter(has).collect();
        // Where there is no address at all, let the attempt say so.
        let families = if on_it.is_empty() {
            &self.families
        } else {
            &on_it
        };
        for &family in families {
            match self.open_family(interface, family, failures) {
                Ok(socket) => match sockets.add(socket) {
                    Ok(id) => *member.socket_mut(family) = Some(id),
                    Err(source) => failures.push(Error::Loop { source }),
                },
                Err(error) => failures.push(error),
            }
        }
        member
    }

    fn open_family(
        &self,
        interface: &Interface,
        family: Family,
        failures: &mut Vec<Error>,
    ) -> Result<MulticastSocket, Error> {
        let mut builder = BoundSocket::builder(interface, family)
            .port(self.port)
            .pinning(self.pinning)
            .sharing(self.sharing)
            .coalesce(self.coalesce)
            .receive_hops(self.receive_hops)
            .multicast_loopback(self.multicast_loopback);
        if let Some(hops) = self.hops {
            builder = builder.hops(hops);
        }
        if let Some(bytes) = self.receive_buffer {
            builder = builder.receive_buffer(bytes);
        }
        let mut socket = MulticastSocket::new(builder.bind()?);
        let groups = self.groups.iter().filter(|group| group.family() == family);
        failures.extend(groups.filter_map(|&group| Some(socket.join(group).err()?.into())));
        Ok(socket)
    }
}
