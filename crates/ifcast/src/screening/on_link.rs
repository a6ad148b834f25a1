//! Knowing who is on the link.

use std::net::IpAddr;

use ifcast_interfaces::{AssignedAddress, Interface, Subnet};

/// Whether a source is one that hosts on the link of an interface have: an address
/// in one of its subnets, a link-local one, or none yet.
#[inline]
pub(crate) fn is_on_link(source: IpAddr, interface: &Interface) -> bool {
    is_of_every_link(source) || interface.addresses().any(|own| holds(own, source))
}

/// Whether it is an address that hosts have on any link.
fn is_of_every_link(source: IpAddr) -> bool {
    source.is_unspecified()
        || match source {
            IpAddr::V4(source) => source.is_link_local(),
            IpAddr::V6(source) => source.is_unicast_link_local(),
        }
}

/// Whether a source is in the subnet of an address, or of the other end's.
fn holds(own: AssignedAddress<'_>, source: IpAddr) -> bool {
    let (is_in_subnet, peer) = match (own, source) {
        (AssignedAddress::V4(own), IpAddr::V4(source)) => {
            (own.contains(source), own.peer().map(IpAddr::V4))
        }
        (AssignedAddress::V6(own), IpAddr::V6(source)) => {
            (own.contains(source), own.peer().map(IpAddr::V6))
        }
        _ => return false,
    };
    is_in_subnet || peer.is_some_and(|peer| is_beside(peer, own.prefix_len(), source))
}

fn is_beside(peer: IpAddr, prefix_len: u8, source: IpAddr) -> bool {
    Subnet::new(peer, prefix_len).is_ok_and(|subnet| subnet.contains(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_addresses_and_none_are_on_every_link() {
        for source in ["0.0.0.0", "169.254.1.2", "::", "fe80::1", "febf::1"] {
            assert!(is_of_every_link(source.parse().unwrap()), "{source}");
        }
        for source in [
            "10.71.0.1",
            "169.255.0.1",
            "127.0.0.1",
            "fd00::1",
            "fec0::1",
        ] {
            assert!(!is_of_every_link(source.parse().unwrap()), "{source}");
        }
    }

    #[test]
    fn what_the_peer_shares_the_prefix_with_is_at_the_other_end() {
        let peer = [10, 71, 9, 2].into();
        assert!(is_beside(peer, 32, [10, 71, 9, 2].into()));
        assert!(!is_beside(peer, 32, [10, 71, 9, 3].into()));
        assert!(is_beside(peer, 24, [10, 71, 9, 3].into()));
    }
}
