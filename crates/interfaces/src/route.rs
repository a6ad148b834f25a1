//! Which way a destination would be left for.

use std::net::IpAddr;

use crate::id::InterfaceIndex;

/// The way that the system would send to a destination, were the choice left to
/// it; for showing, and for finding out why a datagram left by the VPN.
///
/// ```
/// use ifcast_interfaces::{Route, Snapshot};
///
/// if let Some(route) = Route::to([127, 0, 0, 1].into())? {
///     let snapshot = Snapshot::capture()?;
///     let interface = snapshot.by_index(route.interface()).expect("it is still there");
///     assert!(interface.flags().is_loopback());
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    pub(crate) interface: InterfaceIndex,
    pub(crate) source: Option<IpAddr>,
    pub(crate) gateway: Option<IpAddr>,
}

impl Route {
    /// The interface that a datagram would leave by.
    #[must_use]
    pub const fn interface(&self) -> InterfaceIndex {
        self.interface
    }

    /// The address that it would come from.
    #[must_use]
    pub const fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// The router that it would go to first; `None` if the destination is on the
    /// link, or where the system does not say.
    ///
    /// # Platform
    /// Linux, Android: `RTM_GETROUTE` of rtnetlink. Elsewhere `None`.
    #[must_use]
    pub const fn gateway(&self) -> Option<IpAddr> {
        self.gateway
    }
}
