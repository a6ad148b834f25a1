//! Apple's functional types, and what they make an interface.

#![forbid(unsafe_code)]

use crate::flags::Flags;
use crate::kind::{Kind, KindSource};

/// Decodes Apple's functional type (`IFRTYPE_FUNCTIONAL_*`) and `ifi_type`
/// (`IFT_*` of `<net/if_types.h>`).
///
/// The functional type follows what an interface runs over, so what it is
/// made of comes first.
pub(crate) fn kind(functional_type: u32, if_type: u8, flags: Flags) -> (Kind, KindSource) {
    const IFT_PPP: u8 = 0x17;
    const IFT_GIF: u8 = 0x37;
    const IFT_STF: u8 = 0x39;
    const IFT_L2VLAN: u8 = 0x87;
    const IFT_IEEE8023ADLAG: u8 = 0x88;
    const IFT_BRIDGE: u8 = 0xd1;
    const IFT_CELLULAR: u8 = 0xff;

    let of_link_type = match if_type {
        IFT_BRIDGE => Some(Kind::Bridge),
        IFT_L2VLAN => Some(Kind::Vlan),
        IFT_IEEE8023ADLAG => Some(Kind::Bond),
        IFT_CELLULAR => Some(Kind::Cellular),
        IFT_PPP | IFT_GIF | IFT_STF => Some(Kind::Tunnel),
        _ => None,
    };
    match (of_link_type, functional_type) {
        _ if flags.is_loopback() => (Kind::Loopback, KindSource::Flags),
        (Some(kind), _) => (kind, KindSource::LinkType),
        (None, 5) => (Kind::Cellular, KindSource::FunctionalType),
        (None, 7) => (Kind::Companion, KindSource::FunctionalType),
        _ if flags.is_point_to_point() => (Kind::Tunnel, KindSource::Flags),
        (None, 1) => (Kind::Loopback, KindSource::FunctionalType),
        (None, 2) => (Kind::Wired, KindSource::FunctionalType),
        (None, 3) => (Kind::Wifi, KindSource::FunctionalType),
        (None, 4) => (Kind::WifiPeerToPeer, KindSource::FunctionalType),
        (None, 6) => (Kind::Coprocessor, KindSource::FunctionalType),
        (None, 8) => (Kind::Management, KindSource::FunctionalType),
        (None, _) => (Kind::Unknown, KindSource::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::flag;

    #[test]
    fn apple_functional_types_yield_to_what_the_interface_is_made_of() {
        let of = |functional_type, if_type, flags| {
            kind(functional_type, if_type, Flags::from_bits(flags)).0
        };
        assert_eq!(of(1, 0x18, flag::LOOPBACK), Kind::Loopback);
        assert_eq!(of(2, 0x06, 0), Kind::Wired);
        assert_eq!(of(3, 0x06, 0), Kind::Wifi);
        assert_eq!(of(4, 0x06, 0), Kind::WifiPeerToPeer);
        assert_eq!(of(5, 0xff, flag::POINTOPOINT), Kind::Cellular);
        assert_eq!(of(6, 0x06, 0), Kind::Coprocessor);
        assert_eq!(of(7, 0x01, flag::POINTOPOINT), Kind::Companion);
        assert_eq!(of(8, 0x06, 0), Kind::Management);
        assert_eq!(of(3, 0x01, flag::POINTOPOINT), Kind::Tunnel); // utun over Wi-Fi
        assert_eq!(of(0, 0xd1, 0), Kind::Bridge);
        assert_eq!(of(2, 0x87, 0), Kind::Vlan);
        assert_eq!(of(0, 0x88, 0), Kind::Bond);
        assert_eq!(of(0, 0x01, 0), Kind::Unknown);
    }
}
