//! The link-level socket address of Apple's systems and the BSDs
//! (`struct sockaddr_dl` of `<net/if_dl.h>`).

#![forbid(unsafe_code)]

use crate::hardware::HardwareAddress;
use crate::id::InterfaceIndex;

/// What a `sockaddr_dl` says of an interface.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LinkAddress {
    pub(crate) index: InterfaceIndex,
    pub(crate) if_type: u8,
    pub(crate) hardware_address: Option<HardwareAddress>,
}

/// Decodes one: length, family, index (2 bytes), type, name length, address
/// length, selector length, then name and address, which may reach beyond the
/// 12 bytes that the C declaration gives them.
pub(crate) fn parse(bytes: &[u8]) -> Option<LinkAddress> {
    let &[_, _, index_0, index_1, if_type, name_len, address_len, ..] = bytes else {
        return None;
    };
    let index = u16::from_ne_bytes([index_0, index_1]);
    let start = DATA + usize::from(name_len);
    let address = bytes.get(start..start + usize::from(address_len));
    Some(LinkAddress {
        index: InterfaceIndex::new(index.into())?,
        if_type,
        hardware_address: address.and_then(HardwareAddress::new),
    })
}

const DATA: usize = 8;

#[cfg(all(test, not(any(target_os = "linux", target_os = "android"))))]
ifcast_abi::claims! {
    "offsetof(struct sockaddr_dl, sdl_index)" => 2,
    "offsetof(struct sockaddr_dl, sdl_type)" => 4,
    "offsetof(struct sockaddr_dl, sdl_nlen)" => 5,
    "offsetof(struct sockaddr_dl, sdl_alen)" => 6,
    "offsetof(struct sockaddr_dl, sdl_data)" => DATA,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::berkeley::fixture::{self, IFT_ETHER};

    fn parsed(name: &str, address: &[u8]) -> LinkAddress {
        let sockaddr = fixture::read(&fixture::link(5, IFT_ETHER, name, address));
        parse(sockaddr.bytes()).unwrap()
    }

    #[test]
    fn names_and_addresses_of_any_length_are_told_apart() {
        for (name, address) in [
            ("en0", &[2, 0, 0, 0, 0, 1][..]),
            ("bridge0", &[2, 0, 0, 0, 0, 2]), // more than 12 bytes together
            ("bridge100", &[2, 0, 0, 0, 0, 3]),
            ("fw0", &[1, 2, 3, 4, 5, 6, 7, 8]),
            ("ib0", &[9; 20]),
            ("utun3", &[]),
            ("", &[2, 0, 0, 0, 0, 4]),
        ] {
            let link = parsed(name, address);
            assert_eq!(link.index.get(), 5);
            assert_eq!(link.if_type, IFT_ETHER);
            assert_eq!(link.hardware_address, HardwareAddress::new(address));
        }
    }

    #[test]
    fn a_truncated_one_gives_no_address_and_no_panic() {
        let whole = fixture::link(5, IFT_ETHER, "bridge100", &[2, 0, 0, 0, 0, 2]);
        for len in 0..whole.len() {
            let link = parse(&whole[..len]);
            assert!(link.is_none_or(|link| link.hardware_address.is_none()));
        }
    }

    #[test]
    fn lengths_that_lie_give_no_address_and_no_panic() {
        let mut lying = fixture::link(5, IFT_ETHER, "en0", &[2, 0, 0, 0, 0, 1]);
        [lying[5], lying[6]] = [255, 255];
        assert_eq!(parse(&lying).unwrap().hardware_address, None);
    }

    #[test]
    fn no_interface_has_the_index_zero() {
        assert_eq!(parse(&fixture::link(0, IFT_ETHER, "en0", &[])), None);
    }
}
