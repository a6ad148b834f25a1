//! The flags of an IPv6 address (`IN6_IFF_*`).

use ifcast_sys::ipv6_address::{
    DEPRECATED, DETACHED, DUPLICATED, OPTIMISTIC, TEMPORARY, TENTATIVE,
};

use crate::address_state::AddressState;

/// Decodes what the flags say of an address, and whether it is temporary.
pub(crate) fn decode(flags: u32) -> (AddressState, bool) {
    let has = |flag| flags & flag != 0;
    let state = if has(DUPLICATED) {
        AddressState::Duplicated
    } else if has(TENTATIVE) {
        AddressState::Tentative
    } else if has(OPTIMISTIC) {
        AddressState::Optimistic
    } else if has(DEPRECATED | DETACHED) {
        // Neither is chosen for anything new.
        AddressState::Deprecated
    } else {
        AddressState::Preferred
    };
    (state, has(TEMPORARY))
}

#[cfg(test)]
mod tests {
    use ifcast_sys::ipv6_address::{ANYCAST, AUTOCONF, CLAT46, DYNAMIC, NODAD, SECURED};

    use super::*;

    #[test]
    fn the_worst_that_is_said_of_an_address_is_its_state() {
        for (flags, state) in [
            (0, AddressState::Preferred),
            (DEPRECATED, AddressState::Deprecated),
            (DETACHED, AddressState::Deprecated),
            (TENTATIVE | DEPRECATED, AddressState::Tentative),
            (OPTIMISTIC, AddressState::Optimistic),
            (OPTIMISTIC | DEPRECATED, AddressState::Optimistic),
            (OPTIMISTIC | TENTATIVE, AddressState::Tentative),
            (DUPLICATED | TENTATIVE, AddressState::Duplicated),
        ] {
            assert_eq!(decode(flags | AUTOCONF | SECURED), (state, false));
        }
    }

    #[test]
    fn a_temporary_address_can_be_in_any_state() {
        for state in [0, DEPRECATED, TENTATIVE, DUPLICATED] {
            assert_eq!(decode(state | TEMPORARY), (decode(state).0, true));
        }
    }

    #[test]
    fn how_an_address_was_made_says_nothing_of_its_state() {
        for flags in [ANYCAST, NODAD, AUTOCONF, DYNAMIC, SECURED, CLAT46, 1 << 31] {
            assert_eq!(decode(flags), (AddressState::Preferred, false));
        }
    }
}
