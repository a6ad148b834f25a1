//! The link types of Apple's systems and the BSDs, and what they make an
//! interface.

#![forbid(unsafe_code)]

use crate::flags::Flags;
use crate::kind::{Kind, KindSource};

/// Decodes `ifi_type` (`IFT_*` of `<net/if_types.h>`).
///
/// Wireless interfaces have the type of Ethernet, and so do taps and other
/// virtual cables.
pub(crate) fn kind(if_type: u8, flags: Flags) -> (Kind, KindSource) {
    let of_link_type = match if_type {
        IFT_BRIDGE => Some(Kind::Bridge),
        IFT_L2VLAN => Some(Kind::Vlan),
        IFT_IEEE8023ADLAG | APPLE_IFT_IEEE8023ADLAG => Some(Kind::Bond),
        APPLE_IFT_CELLULAR => Some(Kind::Cellular),
        IFT_PPP | IFT_TUNNEL | IFT_GIF | IFT_STF | APPLE_IFT_GIF | APPLE_IFT_STF => {
            Some(Kind::Tunnel)
        }
        IFT_ETHER | IFT_IEEE1394 | IFT_INFINIBAND => Some(Kind::Wired),
        _ => None,
    };
    match of_link_type {
        _ if flags.is_loopback() => (Kind::Loopback, KindSource::Flags),
        // Such as a tunnel that poses as Ethernet.
        None | Some(Kind::Wired) if flags.is_point_to_point() => (Kind::Tunnel, KindSource::Flags),
        Some(kind) => (kind, KindSource::LinkType),
        None => (Kind::Unknown, KindSource::Nothing),
    }
}

pub(crate) const IFT_ETHER: u8 = 0x06;
pub(crate) const IFT_BRIDGE: u8 = 0xd1;
const IFT_PPP: u8 = 0x17;
const IFT_TUNNEL: u8 = 0x83;
const IFT_L2VLAN: u8 = 0x87;
const IFT_IEEE1394: u8 = 0x90;
const IFT_INFINIBAND: u8 = 0xc7;
// What Apple's systems and the BSDs number differently. To each, the other's
// numbers are links that it has no driver for.
const IFT_IEEE8023ADLAG: u8 = 0xa1;
const IFT_GIF: u8 = 0xf0;
const IFT_STF: u8 = 0xd7;
const APPLE_IFT_IEEE8023ADLAG: u8 = 0x88;
const APPLE_IFT_GIF: u8 = 0x37;
const APPLE_IFT_STF: u8 = 0x39;
const APPLE_IFT_CELLULAR: u8 = 0xff;

#[cfg(all(test, not(any(target_os = "linux", target_os = "android"))))]
ifcast_abi::same!(IFT_ETHER, IFT_BRIDGE, IFT_PPP, IFT_L2VLAN, IFT_IEEE1394);

// No driver of Apple's has the others.
#[cfg(all(
    test,
    not(any(target_os = "linux", target_os = "android", target_vendor = "apple"))
))]
ifcast_abi::same!(IFT_TUNNEL, IFT_INFINIBAND, IFT_IEEE8023ADLAG, IFT_GIF);

#[cfg(all(test, any(target_os = "freebsd", target_os = "netbsd")))]
ifcast_abi::same!(IFT_STF);

#[cfg(all(test, target_vendor = "apple"))]
ifcast_abi::claims! {
    "IFT_IEEE8023ADLAG" => APPLE_IFT_IEEE8023ADLAG,
    "IFT_GIF" => APPLE_IFT_GIF,
    "IFT_STF" => APPLE_IFT_STF,
    "IFT_CELLULAR" => APPLE_IFT_CELLULAR,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::flag;

    const IFT_OTHER: u8 = 0x01;
    const IFT_LOOP: u8 = 0x18;
    const IFT_PKTAP: u8 = 0xfe;

    fn of(if_type: u8, flags: u32) -> (Kind, KindSource) {
        kind(if_type, Flags::from_bits(flags))
    }

    #[test]
    fn link_types_say_what_an_interface_is_made_of() {
        for (if_type, kind) in [
            (IFT_ETHER, Kind::Wired),
            (IFT_IEEE1394, Kind::Wired),
            (IFT_INFINIBAND, Kind::Wired),
            (IFT_BRIDGE, Kind::Bridge),
            (IFT_L2VLAN, Kind::Vlan),
            (IFT_IEEE8023ADLAG, Kind::Bond),
            (APPLE_IFT_IEEE8023ADLAG, Kind::Bond),
            (APPLE_IFT_CELLULAR, Kind::Cellular),
            (IFT_PPP, Kind::Tunnel),
            (IFT_TUNNEL, Kind::Tunnel),
            (IFT_GIF, Kind::Tunnel),
            (IFT_STF, Kind::Tunnel),
            (APPLE_IFT_GIF, Kind::Tunnel),
            (APPLE_IFT_STF, Kind::Tunnel),
        ] {
            assert_eq!(of(if_type, 0), (kind, KindSource::LinkType));
        }
        for if_type in [IFT_OTHER, IFT_PKTAP] {
            assert_eq!(of(if_type, 0), (Kind::Unknown, KindSource::Nothing));
        }
    }

    #[test]
    fn flags_say_what_the_type_does_not() {
        let loopback = (Kind::Loopback, KindSource::Flags);
        assert_eq!(of(IFT_LOOP, flag::LOOPBACK), loopback);
        let tunnel = (Kind::Tunnel, KindSource::Flags);
        for if_type in [IFT_OTHER, IFT_ETHER] {
            assert_eq!(of(if_type, flag::POINTOPOINT), tunnel); // utun
        }
        let cellular = (Kind::Cellular, KindSource::LinkType);
        assert_eq!(of(APPLE_IFT_CELLULAR, flag::POINTOPOINT), cellular); // pdp_ip0
    }
}
