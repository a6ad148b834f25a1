//! Functional types (`IFRTYPE_FUNCTIONAL_*`), and what they make an interface.

use ifcast_sys::functional_type::{
    CELLULAR, COMPANIONLINK, INTCOPROC, LOOPBACK, MANAGEMENT, WIFI_AWDL, WIFI_INFRA, WIRED,
};

use crate::kind::{Kind, KindSource};
use crate::link::Link;
use crate::name::InterfaceName;

/// Refines the kind of a link, which is known by its type and flags.
///
/// The functional type follows what an interface runs over, so what it is made of
/// comes first: a tunnel over Wi-Fi has the functional type of Wi-Fi. But it
/// alone tells a mobile network and a companion device, which are reached
/// through tunnels, from other tunnels.
pub(crate) fn refine(link: &mut Link, functional_type: u32) {
    let kind = match functional_type {
        LOOPBACK => Kind::Loopback,
        WIRED => Kind::Wired,
        WIFI_INFRA if is_low_latency(link.name) => Kind::WifiPeerToPeer,
        WIFI_INFRA => Kind::Wifi,
        WIFI_AWDL => Kind::WifiPeerToPeer,
        CELLULAR => Kind::Cellular,
        INTCOPROC => Kind::Coprocessor,
        COMPANIONLINK => Kind::Companion,
        MANAGEMENT => Kind::Management,
        // `UNKNOWN`, or what a later kernel calls something.
        _ => return,
    };
    let is_finer = match (link.kind, link.kind_source) {
        (Kind::Wired | Kind::Unknown, _) => true,
        (Kind::Tunnel, KindSource::Flags) => matches!(kind, Kind::Cellular | Kind::Companion),
        _ => false,
    };
    if is_finer {
        (link.kind, link.kind_source) = (kind, KindSource::FunctionalType);
    }
}

/// Whether it is the driver's second interface for Wi-Fi from device to device,
/// beside AWDL's.
///
/// The only name that decides anything in this crate. The kernel knows better, but
/// leaves that out of the functional type and keeps it in flags for its own; and to
/// take this interface for the Wi-Fi network is to talk to an empty room. The name
/// is the driver's, and no user of these systems can change it.
fn is_low_latency(name: InterfaceName) -> bool {
    name.as_bytes().starts_with(b"llw")
}

#[cfg(test)]
mod tests {
    use ifcast_sys::functional_type::UNKNOWN;

    use super::*;
    use crate::flags::Flags;
    use crate::id::InterfaceIndex;
    use crate::sys::berkeley::link_type::{self, IFT_BRIDGE, IFT_ETHER};
    use crate::sys::flag;

    const IFT_OTHER: u8 = 0x01;
    const IFT_LOOP: u8 = 0x18;
    const IFT_L2VLAN: u8 = 0x87;
    const IFT_IEEE8023ADLAG: u8 = 0x88;
    const IFT_CELLULAR: u8 = 0xff;
    const IFT_IEEE1394: u8 = 0x90;

    fn named(name: &str, functional_type: u32, if_type: u8, flags: u32) -> Link {
        let (index, flags) = (InterfaceIndex::new(1).unwrap(), Flags::from_bits(flags));
        let mut link = Link::new(index, name.parse().unwrap(), flags);
        (link.kind, link.kind_source) = link_type::kind(if_type, flags);
        refine(&mut link, functional_type);
        link
    }

    fn of(functional_type: u32, if_type: u8, flags: u32) -> Kind {
        named("x0", functional_type, if_type, flags).kind
    }

    #[test]
    fn what_poses_as_ethernet_is_told_apart() {
        assert_eq!(of(WIRED, IFT_ETHER, 0), Kind::Wired);
        assert_eq!(of(WIRED, IFT_IEEE1394, 0), Kind::Wired);
        assert_eq!(of(WIFI_INFRA, IFT_ETHER, 0), Kind::Wifi);
        assert_eq!(of(WIFI_AWDL, IFT_ETHER, 0), Kind::WifiPeerToPeer);
        assert_eq!(of(INTCOPROC, IFT_ETHER, 0), Kind::Coprocessor);
        assert_eq!(of(MANAGEMENT, IFT_ETHER, 0), Kind::Management);
        assert_eq!(of(WIRED, IFT_OTHER, 0), Kind::Wired);
        assert_eq!(of(LOOPBACK, IFT_OTHER, 0), Kind::Loopback);
        let source = named("x0", WIFI_INFRA, IFT_ETHER, 0).kind_source;
        assert_eq!(source, KindSource::FunctionalType);
    }

    #[test]
    fn what_an_interface_is_made_of_comes_before_what_it_runs_over() {
        assert_eq!(of(WIFI_INFRA, IFT_OTHER, flag::POINTOPOINT), Kind::Tunnel); // utun
        assert_eq!(of(WIRED, IFT_L2VLAN, 0), Kind::Vlan);
        assert_eq!(of(WIRED, IFT_BRIDGE, 0), Kind::Bridge);
        assert_eq!(of(UNKNOWN, IFT_IEEE8023ADLAG, 0), Kind::Bond);
        assert_eq!(of(LOOPBACK, IFT_LOOP, flag::LOOPBACK), Kind::Loopback);
        assert_eq!(of(WIRED, IFT_LOOP, flag::LOOPBACK), Kind::Loopback);
    }

    #[test]
    fn mobile_networks_and_companions_are_no_tunnels_although_they_look_like_it() {
        assert_eq!(
            of(CELLULAR, IFT_CELLULAR, flag::POINTOPOINT),
            Kind::Cellular
        );
        assert_eq!(of(CELLULAR, IFT_OTHER, flag::POINTOPOINT), Kind::Cellular);
        assert_eq!(
            of(COMPANIONLINK, IFT_OTHER, flag::POINTOPOINT),
            Kind::Companion
        );
    }

    #[test]
    fn without_a_functional_type_the_link_type_is_all_there_is() {
        for unknown in [UNKNOWN, 9, u32::MAX] {
            let link = named("x0", unknown, IFT_ETHER, 0);
            assert_eq!(
                (link.kind, link.kind_source),
                (Kind::Wired, KindSource::LinkType)
            );
            assert_eq!(of(unknown, IFT_OTHER, 0), Kind::Unknown);
        }
    }

    #[test]
    fn low_latency_wifi_is_not_the_wifi_network_although_the_kernel_says_so() {
        assert_eq!(
            named("llw0", WIFI_INFRA, IFT_ETHER, 0).kind,
            Kind::WifiPeerToPeer
        );
        assert_eq!(named("llw0", WIRED, IFT_ETHER, 0).kind, Kind::Wired);
        assert_eq!(
            named("awdl0", WIFI_AWDL, IFT_ETHER, 0).kind,
            Kind::WifiPeerToPeer
        );
        assert_eq!(named("en0", WIFI_INFRA, IFT_ETHER, 0).kind, Kind::Wifi);
    }
}
