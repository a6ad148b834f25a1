//! Asking again and again, without opening anything each time.

use std::io;
use std::net::IpAddr;

use crate::error::Error;
use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::route::Route;
use crate::snapshot::Snapshot;
use crate::sys::Lister;
use crate::sys::which::Which;

/// Asks the system about its interfaces; keeps its descriptor and its buffer, so
/// that each further question costs only what the kernel takes to answer.
///
/// It asks in the network namespace of the thread that made it. (Joined IPv4
/// groups come from the calling thread's `/proc/net` before Linux 6.15, and so
/// from its namespace.)
///
/// ```
/// use ifcast_interfaces::{Enumerator, Selector};
///
/// let mut enumerator = Enumerator::new()?;
/// let before = enumerator.capture()?;
/// let after = enumerator.capture()?;
/// for interface in after.select(Selector::lan()) {
///     match enumerator.by_index(interface.index())? {
///         Some(now) => println!("{} has {} IPv4 addresses", now.id(), now.ipv4().len()),
///         None => println!("{} is gone", interface.id()),
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Debug)]
pub struct Enumerator {
    lister: Lister,
    groups: bool,
}

impl Enumerator {
    /// Opens what it takes to ask.
    ///
    /// # Errors
    /// [`Error::List`] if the system refuses, usually for want of descriptors
    /// (`EMFILE`, `ENFILE`).
    pub fn new() -> Result<Self, Error> {
        Self::over(Lister::open())
    }

    /// For a single question.
    pub(crate) fn for_once() -> Result<Self, Error> {
        Self::over(Lister::open_for_once())
    }

    /// Asks `getifaddrs(3)`, as is done by itself wherever the system has nothing
    /// better or refuses it. It knows less: see PLATFORM.md; and it asks in the
    /// network namespace of the thread that calls it.
    ///
    /// # Errors
    /// As [`Enumerator::new`].
    pub fn portable() -> Result<Self, Error> {
        Self::over(Lister::open_portable())
    }

    fn over(lister: io::Result<Lister>) -> Result<Self, Error> {
        let lister = lister.map_err(|source| Error::List { source })?;
        Ok(Self {
            lister,
            groups: false,
        })
    }

    /// Sets whether joined groups are asked for too; off unless set, because it
    /// takes two more questions to the kernel. See [`Interface::groups`].
    #[must_use]
    pub const fn groups(mut self, groups: bool) -> Self {
        self.groups = groups;
        self
    }

    /// Asks for all interfaces, those without addresses included.
    ///
    /// # Errors
    /// [`Error::List`] if the system refuses.
    pub fn capture(&mut self) -> Result<Snapshot, Error> {
        self.lister
            .capture(self.groups)
            .map_err(|source| Error::List { source })
    }

    /// Asks for one interface; `None` if there is none with this index.
    ///
    /// # Errors
    /// [`Error::List`] if the system refuses.
    ///
    /// # Platform
    /// Linux (since 4.20), Android: the kernel answers for this interface only,
    /// however many there are. Elsewhere all are asked for.
    pub fn by_index(&mut self, index: InterfaceIndex) -> Result<Option<Interface>, Error> {
        self.find(Which::Index(index))
    }

    /// Asks for one interface by its name or one of its alternative names; `None`
    /// if there is none. For names that a user gave; a program has no business
    /// knowing one.
    ///
    /// # Errors
    /// [`Error::List`] if the system refuses.
    ///
    /// # Platform
    /// As [`by_index`](Self::by_index).
    pub fn by_name(&mut self, name: impl AsRef<[u8]>) -> Result<Option<Interface>, Error> {
        self.find(Which::Name(name.as_ref()))
    }

    /// Asks which way the system would send to `destination`, were the choice
    /// left to it: `None` if there is no way. Nothing is sent.
    ///
    /// The way to a link-local address depends on the link that is meant, which
    /// the address does not say.
    ///
    /// # Errors
    /// [`Error::Route`] if the system refuses to say.
    ///
    /// # Platform
    /// - Linux, Android: `RTM_GETROUTE` of rtnetlink.
    /// - Elsewhere: the address that a socket gets from `connect(2)`.
    pub fn route_for(&mut self, destination: IpAddr) -> Result<Option<Route>, Error> {
        self.lister
            .route(destination)
            .map_err(|source| Error::Route {
                destination,
                source,
            })
    }

    fn find(&mut self, which: Which<'_>) -> Result<Option<Interface>, Error> {
        self.lister
            .find(which, self.groups)
            .map_err(|source| Error::List { source })
    }
}
