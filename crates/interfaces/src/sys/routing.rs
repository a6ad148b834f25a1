//! The messages of routing sockets (route(4)).

#![forbid(unsafe_code)]

use std::ffi::c_int;

/// Which messages say that links and addresses changed, by the numbers that a
/// system has for them.
#[derive(Debug)]
pub(crate) struct Messages {
    /// `RTM_VERSION`, of which the numbers are.
    pub(crate) version: c_int,
    pub(crate) links: &'static [c_int],
}

impl Messages {
    /// Whether a message is one of them, or says that joined groups changed and
    /// that is asked for.
    ///
    /// Only its header is looked at: length (2 bytes), version (1), type (1). Most
    /// of what a routing socket says is about routes, above all that there is none
    /// (`RTM_MISS`), which a host that is offline says all the time.
    pub(crate) fn include(&self, message: &[u8], groups: bool) -> bool {
        let &[_, _, version, kind, ..] = message else {
            return false;
        };
        let kind = c_int::from(kind);
        let is_of_group = groups && [RTM_NEWMADDR, RTM_DELMADDR].contains(&kind);
        c_int::from(version) == self.version && (is_of_group || self.links.contains(&kind))
    }
}

// The same on all systems that tell of groups; elsewhere they mean something else.
const RTM_NEWMADDR: c_int = 0x0f;
const RTM_DELMADDR: c_int = 0x10;

#[cfg(all(
    test,
    any(
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "dragonfly"
    )
))]
ifcast_abi::same!(RTM_NEWMADDR, RTM_DELMADDR);

// Where version and type of every message are.
#[cfg(all(test, not(any(target_os = "linux", target_os = "android"))))]
ifcast_abi::claims! {
    "offsetof(struct rt_msghdr, rtm_version)" => 2,
    "offsetof(struct rt_msghdr, rtm_type)" => 3,
    "offsetof(struct if_msghdr, ifm_version)" => 2,
    "offsetof(struct if_msghdr, ifm_type)" => 3,
    "offsetof(struct ifa_msghdr, ifam_version)" => 2,
    "offsetof(struct ifa_msghdr, ifam_type)" => 3,
}

#[cfg(test)]
mod tests {
    use crate::sys::xnu::routing::{
        MESSAGES, RTM_DELADDR, RTM_IFINFO, RTM_IFINFO2, RTM_NEWADDR, RTM_VERSION,
    };

    use super::*;

    const RTM_ADD: c_int = 0x01;
    const RTM_MISS: c_int = 0x07;

    fn message(version: c_int, kind: c_int) -> Vec<u8> {
        let mut bytes = vec![0; 112];
        bytes[..2].copy_from_slice(&112u16.to_ne_bytes());
        [bytes[2], bytes[3]] = [version, kind].map(|number| u8::try_from(number).unwrap());
        bytes
    }

    fn matters(kind: c_int, groups: bool) -> bool {
        MESSAGES.include(&message(RTM_VERSION, kind), groups)
    }

    #[test]
    fn changes_of_links_and_addresses_matter() {
        for kind in [RTM_NEWADDR, RTM_DELADDR, RTM_IFINFO, RTM_IFINFO2] {
            assert!(matters(kind, false) && matters(kind, true));
        }
    }

    #[test]
    fn changes_of_groups_matter_to_those_who_follow_them() {
        for kind in [RTM_NEWMADDR, RTM_DELMADDR] {
            assert!(matters(kind, true));
            assert!(!matters(kind, false));
        }
    }

    #[test]
    fn a_flood_about_routes_matters_to_nobody() {
        let miss = message(RTM_VERSION, RTM_MISS);
        let flood = [&miss; 1138]; // of 1142 messages that somebody counted
        assert!(!flood.iter().any(|miss| MESSAGES.include(miss, true)));
        assert!((RTM_ADD..RTM_NEWADDR).all(|kind| !matters(kind, true)));
    }

    #[test]
    fn numbers_of_another_version_mean_nothing() {
        for version in [0, RTM_VERSION - 1, RTM_VERSION + 1] {
            assert!(!MESSAGES.include(&message(version, RTM_IFINFO), true));
        }
    }

    #[test]
    fn a_message_without_a_whole_header_means_nothing() {
        let whole = message(RTM_VERSION, RTM_IFINFO);
        assert!((0..4).all(|len| !MESSAGES.include(&whole[..len], true)));
        assert!(MESSAGES.include(&whole[..4], true));
    }
}
