//! How a socket shall be tied to its interface or be shared, and what it shall do.

use std::io;
use std::net::SocketAddr;

use ifcast_interfaces::Interface;
use socket2::{Domain, Protocol, Socket, Type};

use crate::bound::BoundSocket;
use crate::endpoint::Endpoint;
use crate::error::{Error, Scope};
use crate::family::Family;
use crate::metadata::Metadata;
use crate::pinning::Pinning;
use crate::served::{Many, Served};
use crate::shared::SharedSocket;
use crate::sharing::Sharing;
use crate::sys::{self, Refusal};

/// Makes a [`BoundSocket`], tied to an interface, or a [`SharedSocket`].
///
/// ```
/// use ifcast_interfaces::Interface;
/// use ifcast_socket::{BoundSocket, Error, Family, Sharing};
///
/// fn open(interface: &Interface) -> Result<BoundSocket, Error> {
///     BoundSocket::builder(interface, Family::V4)
///         .port(2222)
///         .sharing(Sharing::WithOthers)
///         .hops(4)
///         .receive_buffer(1 << 20)
///         .bind()
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `bind`"]
pub struct Builder<Tie> {
    tie: Tie,
    settings: Settings,
}

/// All that is the same whatever interface a socket is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) family: Family,
    pub(crate) port: u16,
    pub(crate) pinning: Pinning,
    pub(crate) sharing: Sharing,
    pub(crate) hops: Option<u8>,
    pub(crate) traffic_class: Option<u8>,
    pub(crate) receive_buffer: Option<usize>,
    pub(crate) coalesce: bool,
    pub(crate) metadata: Metadata,
    pub(crate) loopback: bool,
    pub(crate) fragments: bool,
    pub(crate) unnumbered: bool,
}

/// Stands for the interface of a [`Builder`] that makes a [`SharedSocket`], which
/// is tied to none.
///
/// ```
/// use ifcast_socket::{Builder, Error, SharedSocket, Unbound};
///
/// fn open(builder: Builder<Unbound>) -> Result<SharedSocket, Error> {
///     builder.port(2222).bind()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Unbound;

impl<Tie> Builder<Tie> {
    const fn with(tie: Tie, family: Family) -> Self {
        Self {
            tie,
            settings: Settings {
                family,
                port: 0,
                pinning: Pinning::Automatic,
                sharing: Sharing::Exclusive,
                hops: None,
                traffic_class: None,
                receive_buffer: None,
                coalesce: false,
                metadata: Metadata {
                    hops: false,
                    traffic_class: false,
                    timestamp: false,
                    drops: false,
                },
                loopback: true,
                fragments: false,
                unnumbered: false,
            },
        }
    }

    /// The UDP port to receive on and send from; 0, the default, is any free one.
    pub const fn port(mut self, port: u16) -> Self {
        self.settings.port = port;
        self
    }

    /// Whether others may bind the port too.
    pub const fn sharing(mut self, sharing: Sharing) -> Self {
        self.settings.sharing = sharing;
        self
    }

    /// How many hops datagrams may make, at least 1: the TTL or hop limit of
    /// unicasts, broadcasts and multicasts alike. Unset, the system's defaults
    /// hold: customarily 64, and 1 for multicasts.
    pub const fn hops(mut self, hops: u8) -> Self {
        self.settings.hops = Some(hops);
        self
    }

    /// How datagrams are to be treated on their way: six bits of DSCP and two of ECN,
    /// the IPv4 type of service or the IPv6 traffic class (RFC 2474, RFC 3168). Unset,
    /// the system's default holds: customarily 0.
    pub const fn traffic_class(mut self, traffic_class: u8) -> Self {
        self.settings.traffic_class = Some(traffic_class);
        self
    }

    /// How many bytes the kernel shall keep until they are received
    /// (`SO_RCVBUF`). It may grant less without a word, and its bookkeeping counts:
    /// [`BoundSocket::receive_buffer`] says how much there is, and how many
    /// datagrams that holds.
    ///
    /// # Platform
    /// - Linux, Android: `net.core.rmem_max` caps it, customarily at 212992 bytes;
    ///   only privileged programs may go beyond, and this one does not try.
    /// - Apple's systems: `kern.ipc.maxsockbuf` caps it, customarily at 8 MiB; FreeBSD:
    ///   the same; NetBSD: `kern.sbmax`.
    pub const fn receive_buffer(mut self, bytes: usize) -> Self {
        self.settings.receive_buffer = Some(bytes);
        self
    }

    /// What the kernel shall say of each datagram beside what is always known.
    /// Nothing unless told.
    pub const fn metadata(mut self, metadata: Metadata) -> Self {
        self.settings.metadata = metadata;
        self
    }

    /// Whether the kernel may hand over datagrams of one source and size that
    /// arrive close together as one message, which takes a fraction of the time;
    /// they are handed to the program one by one all the same. Off by default.
    ///
    /// The [`RecvBatch`](crate::RecvBatch) needs slots of 64 KiB for that, as
    /// [`RecvBatch::new`](crate::RecvBatch::new) makes them: what does not fit
    /// into a slot is lost, in part ([`Counters::truncated`](crate::Counters)) or
    /// as a whole ([`Counters::without_room`](crate::Counters)).
    ///
    /// # Platform
    /// Linux, Android: `UDP_GRO`, since 5.0. Elsewhere [`Error::Option`] with
    /// [`io::ErrorKind::Unsupported`].
    pub const fn coalesce(mut self, on: bool) -> Self {
        self.settings.coalesce = on;
        self
    }

    /// Whether multicasts sent here reach members on this very host
    /// (`IP_MULTICAST_LOOP`, `IPV6_MULTICAST_LOOP`); they do by default.
    /// Broadcasts always come back, whatever this says.
    pub const fn multicast_loopback(mut self, on: bool) -> Self {
        self.settings.loopback = on;
        self
    }

    /// Whether payloads may be longer than one packet of the link and travel in
    /// fragments, each of which can get lost. Off by default.
    ///
    /// # Platform
    /// Apple's systems and the BSDs refuse to fragment broadcasts.
    pub const fn fragments(mut self, allowed: bool) -> Self {
        self.settings.fragments = allowed;
        self
    }

    /// Whether to go on if the interface has no address of the family. What is
    /// sent then carries another interface's address, or 0.0.0.0, as its source;
    /// DHCP clients and pure listeners want that. Off by default.
    pub const fn unnumbered(mut self, allowed: bool) -> Self {
        self.settings.unnumbered = allowed;
        self
    }

    /// Opens the socket, has `pin` tie it, sets its options and binds it to the
    /// port.
    fn make<T>(
        &self,
        scope: Scope,
        pin: impl FnOnce(&Socket) -> Result<T, Error>,
        is_port_ours: impl FnOnce(&T) -> bool,
    ) -> Result<(Socket, u16, T), Error> {
        let socket = self.open().map_err(|source| Error::Open {
            scope,
            family: self.settings.family,
            source,
        })?;
        let tied = pin(&socket)?;
        self.configure(&socket, scope, is_port_ours(&tied))?;
        let port = self.take_port(&socket).map_err(|source| Error::Bind {
            scope,
            family: self.settings.family,
            port: self.settings.port,
            source,
        })?;
        Ok((socket, port, tied))
    }

    fn endpoint(&self, socket: Socket, served: Served, port: u16) -> Endpoint {
        Endpoint::new(
            socket,
            served,
            Settings {
                port,
                ..self.settings
            },
        )
    }

    fn open(&self) -> io::Result<Socket> {
        let domain = match self.settings.family {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        };
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// Binds to the wildcard address, because broadcasts and multicasts do not
    /// reach a socket bound to one of the interface's own; returns the port.
    fn take_port(&self, socket: &Socket) -> io::Result<u16> {
        let wildcard = SocketAddr::new(self.settings.family.unspecified(), self.settings.port);
        socket.bind(&wildcard.into())?;
        let local = socket.local_addr()?.as_socket();
        Ok(local.ok_or(io::ErrorKind::InvalidData)?.port())
    }

    /// Sets what has to be set before it is bound; `is_port_ours` says whether no
    /// other socket of ours can be on the port.
    fn configure(&self, socket: &Socket, scope: Scope, is_port_ours: bool) -> Result<(), Error> {
        if self.settings.sharing == Sharing::WithOthers || !is_port_ours {
            sys::share_port(socket).map_err(failed(scope, "SO_REUSEADDR"))?;
        }
        match self.settings.family {
            Family::V4 => {
                socket
                    .set_broadcast(true)
                    .map_err(failed(scope, "SO_BROADCAST"))?;
            }
            Family::V6 => {
                socket
                    .set_only_v6(true)
                    .map_err(failed(scope, "IPV6_V6ONLY"))?;
            }
        }
        set_multicast_loopback(socket, scope, self.settings.family, self.settings.loopback)?;
        if let Some(traffic_class) = self.settings.traffic_class {
            sys::set_traffic_class(socket, self.settings.family, traffic_class)
                .map_err(|(option, source)| failed(scope, option)(source))?;
        }
        if let Some(bytes) = self.settings.receive_buffer {
            socket
                .set_recv_buffer_size(bytes.min(MOST_BYTES))
                .map_err(failed(scope, "SO_RCVBUF"))?;
        }
        sys::receive_metadata(socket, self.settings.family, self.settings.metadata)
            .map_err(|(option, source)| failed(scope, option)(source))?;
        if self.settings.coalesce {
            sys::coalesce(socket).map_err(failed(scope, "UDP_GRO"))?;
        }
        sys::configure(socket, self.settings.family, self.settings.fragments)
            .map_err(|(option, source)| failed(scope, option)(source))?;
        self.settings.hops.map_or(Ok(()), |hops| {
            set_hops(socket, scope, self.settings.family, hops)
        })
    }
}

impl<'i> Builder<&'i Interface> {
    pub(crate) const fn new(interface: &'i Interface, family: Family) -> Self {
        Self::with(interface, family)
    }

    /// One that makes a socket just like that with these settings.
    pub(crate) const fn like(interface: &'i Interface, settings: Settings) -> Self {
        Self {
            tie: interface,
            settings,
        }
    }

    /// How to tie the socket to the interface.
    pub const fn pinning(mut self, pinning: Pinning) -> Self {
        self.settings.pinning = pinning;
        self
    }

    /// Opens the socket.
    ///
    /// # Errors
    /// [`Error::NoAddress`] on an unnumbered interface; [`Error::Open`],
    /// [`Error::Pin`], [`Error::Unsupported`], [`Error::Option`],
    /// [`Error::ZeroHops`] or [`Error::Bind`] by what fails.
    pub fn bind(self) -> Result<BoundSocket, Error> {
        let (interface, family) = (self.tie, self.settings.family);
        if !self.settings.unnumbered && !family.is_on(interface) {
            return Err(Error::NoAddress {
                interface: interface.id(),
                family,
            });
        }
        let (socket, port, pinning) = self.make(
            Scope::Interface(interface.id()),
            |socket| self.pin(socket),
            |pinning| sys::DEVICE_OWNS_PORT && *pinning == Pinning::Device,
        )?;
        let served = Served::One(interface.clone());
        let endpoint = self.endpoint(socket, served, port);
        Ok(BoundSocket::new(endpoint, pinning))
    }

    fn pin(&self, socket: &Socket) -> Result<Pinning, Error> {
        pin(
            socket,
            self.tie,
            self.settings.family,
            self.settings.pinning,
        )
    }
}

impl Builder<Unbound> {
    pub(crate) const fn shared(family: Family) -> Self {
        Self::with(Unbound, family)
    }

    /// Opens the socket.
    ///
    /// # Errors
    /// [`Error::Open`], [`Error::Option`], [`Error::ZeroHops`] or [`Error::Bind`]
    /// by what fails.
    pub fn bind(self) -> Result<SharedSocket, Error> {
        let (socket, port, ()) = self.make(Scope::Shared, |_| Ok(()), |()| true)?;
        let served = Served::Many(Many::default());
        let endpoint = self.endpoint(socket, served, port);
        Ok(SharedSocket::new(endpoint))
    }
}

/// Ties a socket to an interface.
pub(crate) fn pin(
    socket: &Socket,
    interface: &Interface,
    family: Family,
    pinning: Pinning,
) -> Result<Pinning, Error> {
    sys::pin(socket, interface, family, pinning).map_err(|refusal| {
        let interface = interface.id();
        match refusal {
            Refusal::Cannot { what, why } => Error::Unsupported {
                interface,
                what,
                why,
            },
            Refusal::Failed(source) => Error::Pin {
                interface,
                pinning,
                source,
            },
        }
    })
}

/// Sets one limit for unicasts, broadcasts and multicasts.
pub(crate) fn set_hops(
    socket: &Socket,
    scope: Scope,
    family: Family,
    hops: u8,
) -> Result<(), Error> {
    if hops == 0 {
        return Err(Error::ZeroHops { scope });
    }
    match family {
        Family::V4 => {
            socket
                .set_ttl_v4(hops.into())
                .map_err(failed(scope, "IP_TTL"))?;
            sys::set_broadcast_hops(socket, hops).map_err(failed(scope, "IP_BROADCAST_TTL"))?;
            sys::set_ipv4_multicast(socket, sys::Ipv4Multicast::Hops, hops)
                .map_err(failed(scope, "IP_MULTICAST_TTL"))
        }
        Family::V6 => {
            socket
                .set_unicast_hops_v6(hops.into())
                .map_err(failed(scope, "IPV6_UNICAST_HOPS"))?;
            socket
                .set_multicast_hops_v6(hops.into())
                .map_err(failed(scope, "IPV6_MULTICAST_HOPS"))
        }
    }
}

/// Sets whether multicasts come back to this host.
pub(crate) fn set_multicast_loopback(
    socket: &Socket,
    scope: Scope,
    family: Family,
    on: bool,
) -> Result<(), Error> {
    match family {
        Family::V4 => sys::set_ipv4_multicast(socket, sys::Ipv4Multicast::Loopback, on.into())
            .map_err(failed(scope, "IP_MULTICAST_LOOP")),
        Family::V6 => socket
            .set_multicast_loop_v6(on)
            .map_err(failed(scope, "IPV6_MULTICAST_LOOP")),
    }
}

pub(crate) fn failed(scope: Scope, option: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Option {
        scope,
        option,
        source,
    }
}

/// As much as the option's C type can say; more would wrap around.
const MOST_BYTES: usize = i32::MAX as usize;
