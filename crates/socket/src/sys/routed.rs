//! Sending IPv4 on systems that cannot be told by which interface: multicasts leave by
//! that of `IP_MULTICAST_IF`, all else where the system's routes lead.
//!
//! What would leave by another interface is refused, for which the routes are asked before
//! each datagram. They may change in between, which nobody can help there.

#![forbid(unsafe_code)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use ifcast_interfaces::Interface;

use crate::sys::Refusal;

/// Refuses what leaves by the interface of `IP_MULTICAST_IF` unless that is this one.
pub(super) fn by_multicast_interface(
    interface: &Interface,
    is_pinned: bool,
) -> Result<(), Refusal> {
    if !is_pinned {
        return Err(Refusal::Cannot {
            what: "send a multicast or a broadcast by a shared IPv4 socket",
            why: "one socket sends these by one interface: use a BoundSocket for each",
        });
    }
    if interface.flags().is_multicast() {
        return Ok(());
    }
    Err(Refusal::Cannot {
        what: "send a multicast or a broadcast over IPv4",
        why: "without IFF_MULTICAST the interface cannot be chosen for these",
    })
}

/// Refuses what leaves where routes lead unless that is by this interface.
pub(super) fn by_route(interface: &Interface, destination: Ipv4Addr) -> Result<(), Refusal> {
    let source = source_towards(destination)?;
    if interface.owns(source) || owns_by_now(interface, source) {
        return Ok(());
    }
    Err(Refusal::Cannot {
        what: "send over IPv4 to where no route leads by this interface",
        why: "its routes alone decide where that leaves, and they lead elsewhere",
    })
}

/// The address that a datagram would come from: one of the interface's by which it would
/// leave. Nothing is sent.
fn source_towards(destination: Ipv4Addr) -> io::Result<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_broadcast(true)?;
    socket.connect((destination, DISCARD))?;
    Ok(socket.local_addr()?.ip())
}

/// Whether the interface has got the address since it was captured, such as by DHCP.
#[cold]
fn owns_by_now(interface: &Interface, address: IpAddr) -> bool {
    let now = Interface::by_index(interface.index());
    now.is_ok_and(|now| now.is_some_and(|now| now.owns(address)))
}

/// Port 9, which throws away what it gets (RFC 863); nothing is sent there.
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use ifcast_interfaces::Snapshot;

    use super::*;

    fn loopback() -> Interface {
        let snapshot = Snapshot::capture().unwrap();
        let mut interfaces = snapshot.interfaces().iter();
        interfaces
            .find(|i| i.flags().is_loopback())
            .unwrap()
            .clone()
    }

    #[track_caller]
    fn assert_refused(result: Result<(), Refusal>) {
        assert!(matches!(result, Err(Refusal::Cannot { .. })), "{result:?}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn what_routes_lead_by_another_interface_is_refused() {
        let lo = loopback();
        by_route(&lo, Ipv4Addr::LOCALHOST).unwrap();
        by_route(&lo, Ipv4Addr::new(127, 1, 2, 3)).unwrap();
        let snapshot = Snapshot::capture().unwrap();
        for other in snapshot.interfaces() {
            if other.index() != lo.index() {
                assert_refused(by_route(other, Ipv4Addr::LOCALHOST));
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn where_no_route_leads_the_system_says_so() {
        // Class E, which is nobody's.
        let refusal = by_route(&loopback(), Ipv4Addr::new(240, 0, 0, 1));
        match refusal {
            Err(Refusal::Failed(error)) => assert!(error.raw_os_error().is_some()),
            refusal => assert_refused(refusal), // there is a default route
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn multicasts_need_a_socket_of_their_own_and_an_interface_that_has_them() {
        let snapshot = Snapshot::capture().unwrap();
        for interface in snapshot.interfaces() {
            assert_refused(by_multicast_interface(interface, false));
            let pinned = by_multicast_interface(interface, true);
            assert_eq!(pinned.is_ok(), interface.flags().is_multicast());
        }
    }
}
