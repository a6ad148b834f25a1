//! All interfaces at one moment.

use std::net::{IpAddr, SocketAddr};

use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::name::InterfaceName;
use crate::route::Route;

/// Every interface of a network namespace at one moment, ordered by index.
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
    pub(crate) interfaces: Vec<Interface>, // ordered by index, each index once
    pub(crate) is_consistent: bool,
}

impl Snapshot {
    /// All of them, ordered by index.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// Whether nothing changed while the system was being asked. If something
    /// did, four times in a row, an interface or an address that came or went
    /// meanwhile may be listed or not; the others are right. That of a
    /// [`Watcher`](crate::Watcher) is not consistent while changes come faster
    /// than they can be followed.
    ///
    /// # Platform
    /// - Linux, Android: `NLM_F_DUMP_INTR` of netlink, and addresses whose interface
    ///   is not listed.
    /// - Apple: addresses as above, and interfaces that are gone when it is asked
    ///   what they are.
    /// - Elsewhere: addresses as above.
    #[must_use]
    pub const fn is_consistent(&self) -> bool {
        self.is_consistent
    }

    /// The interface with this index.
    #[must_use]
    pub fn by_index(&self, index: InterfaceIndex) -> Option<&Interface> {
        Some(&self.interfaces[self.position_of(index).ok()?])
    }

    /// The interface with this name, or else with this alternative name.
    #[must_use]
    pub fn by_name(&self, name: InterfaceName) -> Option<&Interface> {
        let mut interfaces = self.interfaces.iter();
        interfaces
            .find(|interface| interface.name() == name)
            .or_else(|| {
                let mut interfaces = self.interfaces.iter();
                interfaces.find(|interface| interface.is_called(name.as_bytes()))
            })
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
            let addresses = interface.addresses();
            addresses.map(move |own| (interface, own.ip()))
        })
    }

    /// The route to `destination` of which only the address that it gives a
    /// socket is known.
    pub(crate) fn route_from(&self, source: SocketAddr, destination: IpAddr) -> Option<Route> {
        let mut interfaces = self.interfaces.iter();
        let interface = match source {
            // What is sent to oneself goes no further, whose address it may be.
            _ if self.owner_of(destination).is_some() => interfaces
                .find(|interface| interface.flags().is_loopback())
                .map(Interface::index),
            SocketAddr::V6(address) if address.scope_id() != 0 => {
                InterfaceIndex::new(address.scope_id())
            }
            _ => self.owner_of(source.ip()).map(Interface::index),
        };
        Some(Route {
            interface: interface?,
            source: Some(source.ip()),
            gateway: None,
        })
    }

    /// Where the interface with this index is among the others, or would be.
    pub(crate) fn position_of(&self, index: InterfaceIndex) -> Result<usize, usize> {
        self.interfaces
            .binary_search_by_key(&index, Interface::index)
    }
}
