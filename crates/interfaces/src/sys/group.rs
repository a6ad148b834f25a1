//! The groups that `getifmaddrs(3)` lists.

#![forbid(unsafe_code)]

use std::net::{IpAddr, Ipv6Addr};

use crate::id::InterfaceIndex;
use crate::sys::berkeley::dialect::AF_LINK;
use crate::sys::berkeley::sockaddr_dl;
use crate::sys::sockaddr::Sockaddr;

/// Decodes an entry: on which interface (`ifma_name`) which group was joined
/// (`ifma_addr`); `None` if that is no IP address, as of the group's Ethernet
/// address.
pub(crate) fn joined(interface: &Sockaddr, group: &Sockaddr) -> Option<(InterfaceIndex, IpAddr)> {
    if interface.family() != AF_LINK {
        return None;
    }
    let index = sockaddr_dl::parse(interface.bytes())?.index;
    Some(match group.ip()? {
        (IpAddr::V6(group), _) => (index, without_scope(group, index).into()),
        (group, _) => (index, group),
    })
}

/// These kernels keep the index of the interface in the second 16 bits of a group
/// of its link, where it is no part of the address.
fn without_scope(group: Ipv6Addr, index: InterfaceIndex) -> Ipv6Addr {
    const INTERFACE_LOCAL: u16 = 0xff01; // and any flags
    const LINK_LOCAL: u16 = 0xff02;
    let mut segments = group.segments();
    let is_of_one_link = matches!(segments[0] & 0xff0f, INTERFACE_LOCAL | LINK_LOCAL);
    if is_of_one_link && u32::from(segments[1]) == index.get() {
        segments[1] = 0;
    }
    segments.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::berkeley::fixture;

    const EN0: [u8; 6] = [2, 0, 0, 0, 0, 1];

    fn on_en0(group: &[u8]) -> Option<IpAddr> {
        let en0 = fixture::read(&fixture::link(4, fixture::IFT_ETHER, "en0", &EN0));
        let (index, group) = joined(&en0, &fixture::read(group))?;
        assert_eq!(index.get(), 4);
        Some(group)
    }

    #[test]
    fn ipv4_groups_are_as_they_are_listed() {
        let group = [224, 0, 0, 251];
        assert_eq!(on_en0(&fixture::v4(group)), Some(group.into()));
    }

    #[test]
    fn the_interfaces_index_is_taken_out_of_the_groups_of_its_link() {
        for (listed, group) in [
            ("ff02:4::fb", "ff02::fb"),
            ("ff01:4::1", "ff01::1"),
            ("ff12:4::1234", "ff12::1234"),
            ("ff02::fb", "ff02::fb"),
            ("ff32:40:2001:db8::1", "ff32:40:2001:db8::1"), // RFC 3306: not an index
            ("ff05:4::1", "ff05:4::1"),                     // of a site, not of a link
        ] {
            let listed = fixture::v6(listed, 0);
            assert_eq!(on_en0(&listed), Some(group.parse().unwrap()));
        }
    }

    #[test]
    fn what_is_no_group_of_an_interface_is_left_out() {
        let ethernet = fixture::link(4, fixture::IFT_ETHER, "", &[1, 0, 0x5e, 0, 0, 0xfb]);
        assert_eq!(on_en0(&ethernet), None);
        let group = fixture::read(&fixture::v4([224, 0, 0, 1]));
        assert_eq!(joined(&fixture::read(&[0]), &group), None);
        let nameless = fixture::read(&fixture::link(0, 0, "", &[]));
        assert_eq!(joined(&nameless, &group), None);
    }
}
