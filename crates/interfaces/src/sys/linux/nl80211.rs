//! What nl80211 says of wireless interfaces, over generic netlink
//! (`<linux/nl80211.h>`, `<linux/genetlink.h>`): pure functions over bytes.
//!
//! It is right in every network namespace, unlike `/sys`, and knows drivers
//! without the old wireless extensions.

#![forbid(unsafe_code)]

use crate::id::InterfaceIndex;
use crate::kind::Kind;
use crate::sys::linux::nlmsg::{Request, attributes, u16_at, u32_at};

const GENL_ID_CTRL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const NL80211_CMD_GET_INTERFACE: u8 = 5;
const NL80211_ATTR_IFINDEX: u16 = 3;
const NL80211_ATTR_IFTYPE: u16 = 5;
const GENLMSGHDR_LEN: usize = 4;

/// Asks for the number of the family; `ENOENT` where there is no Wi-Fi at all.
pub(crate) fn family_request() -> Request {
    Request::once(GENL_ID_CTRL, GENL_ID_CTRL, &[CTRL_CMD_GETFAMILY, 1, 0, 0])
        .attribute(CTRL_ATTR_FAMILY_NAME, b"nl80211\0")
}

/// Decodes the family's number.
pub(crate) fn family(payload: &[u8]) -> Option<u16> {
    attributes(payload.get(GENLMSGHDR_LEN..)?)
        .find(|(attribute, _)| *attribute == CTRL_ATTR_FAMILY_ID)
        .and_then(|(_, value)| u16_at(value, 0))
}

/// Asks the family for all wireless interfaces.
pub(crate) fn interfaces(family: u16) -> Request {
    Request::dump(family, family, &[NL80211_CMD_GET_INTERFACE, 0, 0, 0])
}

/// Asks the family for one of them; `ENODEV` if it is not wireless.
pub(crate) fn interface_at(family: u16, index: InterfaceIndex) -> Request {
    Request::once(family, family, &[NL80211_CMD_GET_INTERFACE, 0, 0, 0])
        .attribute(NL80211_ATTR_IFINDEX, &index.get().to_ne_bytes())
}

/// Decodes one; `None` for a device without network interface.
pub(crate) fn interface(payload: &[u8]) -> Option<(InterfaceIndex, Kind)> {
    let (mut index, mut mode) = (None, None);
    for (attribute, value) in attributes(payload.get(GENLMSGHDR_LEN..)?) {
        match attribute {
            NL80211_ATTR_IFINDEX => index = u32_at(value, 0),
            NL80211_ATTR_IFTYPE => mode = u32_at(value, 0),
            _ => {}
        }
    }
    Some((index.and_then(InterfaceIndex::new)?, kind(mode?)))
}

/// What an `enum nl80211_iftype` makes an interface.
fn kind(mode: u32) -> Kind {
    match mode {
        1..=5 | 7 => Kind::Wifi, // ad hoc, station, access point and its VLANs, WDS, mesh
        8..=10 | 12 => Kind::WifiPeerToPeer, // Wi-Fi Direct, Wi-Fi Aware
        _ => Kind::Unknown,      // a monitor hears frames and sends no IP
    }
}

#[cfg(test)]
ifcast_abi::same!(
    GENL_ID_CTRL,
    CTRL_CMD_GETFAMILY,
    CTRL_ATTR_FAMILY_ID,
    CTRL_ATTR_FAMILY_NAME,
    NL80211_CMD_GET_INTERFACE,
    NL80211_ATTR_IFINDEX,
    NL80211_ATTR_IFTYPE
);

#[cfg(test)]
ifcast_abi::claims! {
    "sizeof(struct genlmsghdr)" => GENLMSGHDR_LEN,
    "NL80211_IFTYPE_ADHOC" => 1,
    "NL80211_IFTYPE_WDS" => 5,
    "NL80211_IFTYPE_MESH_POINT" => 7,
    "NL80211_IFTYPE_P2P_CLIENT" => 8,
    "NL80211_IFTYPE_P2P_DEVICE" => 10,
    "NL80211_IFTYPE_NAN" => 12,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::linux::nlmsg::fixture::attribute;

    fn wireless(index: u32, mode: u32) -> Vec<u8> {
        let mut payload = vec![7, 1, 0, 0]; // NL80211_CMD_NEW_INTERFACE
        payload.extend(attribute(1, &0u32.to_ne_bytes())); // NL80211_ATTR_WIPHY
        payload.extend(attribute(NL80211_ATTR_IFINDEX, &index.to_ne_bytes()));
        payload.extend(attribute(4, b"wlan0\0")); // NL80211_ATTR_IFNAME
        payload.extend(attribute(NL80211_ATTR_IFTYPE, &mode.to_ne_bytes()));
        payload
    }

    #[test]
    fn stations_and_access_points_are_wifi_and_direct_links_are_not() {
        let index = InterfaceIndex::new(3).unwrap();
        for (mode, kind) in [
            (2, Kind::Wifi),
            (3, Kind::Wifi),
            (6, Kind::Unknown),
            (8, Kind::WifiPeerToPeer),
            (9, Kind::WifiPeerToPeer),
        ] {
            assert_eq!(interface(&wireless(3, mode)), Some((index, kind)));
        }
    }

    #[test]
    fn a_device_without_network_interface_is_left_out() {
        let mut device = vec![7, 1, 0, 0];
        device.extend(attribute(NL80211_ATTR_IFTYPE, &10u32.to_ne_bytes()));
        assert_eq!(interface(&device), None);
    }

    #[test]
    fn the_family_is_found_among_its_attributes() {
        let mut payload = vec![1, 2, 0, 0]; // CTRL_CMD_NEWFAMILY
        payload.extend(attribute(CTRL_ATTR_FAMILY_NAME, b"nl80211\0"));
        payload.extend(attribute(CTRL_ATTR_FAMILY_ID, &28u16.to_ne_bytes()));
        assert_eq!(family(&payload), Some(28));
    }

    #[test]
    fn no_truncation_makes_the_parsers_panic() {
        let whole = wireless(3, 2);
        for len in 0..whole.len() {
            assert_eq!(interface(&whole[..len]), None);
            family(&whole[..len]);
        }
    }
}
