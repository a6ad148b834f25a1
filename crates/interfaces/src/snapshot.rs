//! All interfaces at one moment.

use std::borrow::Borrow;
use std::net::IpAddr;

use crate::assemble;
use crate::error::Error;
use crate::id::{InterfaceIndex, InterfaceName};
use crate::interface::Interface;
use crate::selector::Selector;
use crate::sys;

/// Every interface of the calling thread's network namespace at one moment,
/// ordered by index.
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// let snapshot = Snapshot::capture()?;
/// if let Some(interface) = snapshot.owner_of([127, 0, 0, 1].into()) {
///     assert!(interface.flags().is_loopback());
///     assert_eq!(snapshot.by_index(interface.index()).map(|i| i.id()), Some(interface.id()));
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    interfaces: Vec<Interface>, // ordered by index, each index once
}

impl Snapshot {
    /// Asks the system for all interfaces, those without addresses included.
    ///
    /// # Errors
    /// [`Error::List`] if the system refuses.
    pub fn capture() -> Result<Self, Error> {
        let records = sys::capture().map_err(|source| Error::List { source })?;
        Ok(Self {
            interfaces: assemble::interfaces(records),
        })
    }

    /// All of them, ordered by index.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// Those that `selector` chooses, ordered by index.
    pub fn select<S: Borrow<Selector>>(&self, selector: S) -> impl Iterator<Item = &Interface> {
        self.interfaces
            .iter()
            .filter(move |interface| selector.borrow().matches(interface))
    }

    /// The interface with this index.
    #[must_use]
    pub fn by_index(&self, index: InterfaceIndex) -> Option<&Interface> {
        let position = self
            .interfaces
            .binary_search_by_key(&index, Interface::index);
        Some(&self.interfaces[position.ok()?])
    }

    /// The interface with this name.
    #[must_use]
    pub fn by_name(&self, name: InterfaceName) -> Option<&Interface> {
        self.interfaces
            .iter()
            .find(|interface| interface.name() == name)
    }

    /// The first interface that has this address. Link-local IPv6 addresses
    /// may be on several.
    #[must_use]
    pub fn owner_of(&self, address: IpAddr) -> Option<&Interface> {
        self.interfaces
            .iter()
            .find(|interface| interface.owns(address))
    }

    /// Every address of every interface, by interface, IPv4 before IPv6.
    pub fn addresses(&self) -> impl Iterator<Item = (&Interface, IpAddr)> {
        self.interfaces.iter().flat_map(|interface| {
            let v4 = interface.ipv4().iter().map(|own| own.address().into());
            let v6 = interface.ipv6().iter().map(|own| own.address().into());
            v4.chain(v6).map(move |address| (interface, address))
        })
    }
}
