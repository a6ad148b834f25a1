//! Asking once, for programs that do not ask again.

use std::net::IpAddr;

use crate::enumerator::Enumerator;
use crate::error::Error;
use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::route::Route;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// Asks the system for all interfaces, those without addresses included, in
    /// the calling thread's network namespace. As [`Enumerator::capture`], for a
    /// single question.
    ///
    /// # Errors
    /// [`Error::List`] if the system refuses.
    pub fn capture() -> Result<Self, Error> {
        Enumerator::for_once()?.capture()
    }
}

impl Interface {
    /// Asks the system for one interface, in the calling thread's network
    /// namespace; `None` if there is none with this index. As
    /// [`Enumerator::by_index`], for a single question.
    ///
    /// # Errors
    /// [`Error::List`] if the system refuses.
    pub fn by_index(index: InterfaceIndex) -> Result<Option<Self>, Error> {
        Enumerator::for_once()?.by_index(index)
    }

    /// Asks the system for one interface by a name that a user gave; `None` if
    /// there is none. As [`Enumerator::by_name`], for a single question.
    ///
    /// # Errors
    /// [`Error::List`] if the system refuses.
    pub fn by_name(name: impl AsRef<[u8]>) -> Result<Option<Self>, Error> {
        Enumerator::for_once()?.by_name(name)
    }
}

impl Route {
    /// Asks the system for the way to `destination`: `None` if there is none.
    /// Nothing is sent. As [`Enumerator::route_for`], for a single question.
    ///
    /// # Errors
    /// [`Error::Route`] if the system refuses to say.
    pub fn to(destination: IpAddr) -> Result<Option<Self>, Error> {
        Enumerator::for_once()?.route_for(destination)
    }
}
