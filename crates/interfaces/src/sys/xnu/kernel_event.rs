//! The kernel's own announcements (`struct kern_event_msg`).

/// Whether an announcement says that interfaces changed: total size, vendor, class,
/// subclass, id and event code (4 bytes each), then what happened to whom.
pub(crate) fn matters(message: &[u8], groups: bool) -> bool {
    let word = |at: usize| {
        let bytes = message.get(at..)?.first_chunk()?;
        Some(u32::from_ne_bytes(*bytes))
    };
    let (Some(subclass), Some(event)) = (word(SUBCLASS), word(EVENT_CODE)) else {
        return false;
    };
    match subclass {
        KEV_INET => (KEV_INET_NEW_ADDR..=KEV_INET_SIFNETMASK).contains(&event),
        KEV_INET6 => (KEV_INET6_NEW_USER_ADDR..=KEV_INET6_NEW_RTADV_ADDR).contains(&event),
        KEV_ND6 => (KEV_ND6_DAD_FAILURE..=KEV_ND6_ADDR_EXPIRED).contains(&event),
        KEV_DL => match event {
            KEV_DL_SIFFLAGS
            | KEV_DL_SIFMTU
            | KEV_DL_SIFMEDIA
            | KEV_DL_IF_ATTACHED
            | KEV_DL_IF_DETACHED
            | KEV_DL_LINK_OFF
            | KEV_DL_LINK_ON
            | KEV_DL_LINK_ADDRESS_CHANGED
            | KEV_DL_IFDELEGATE_CHANGED => true,
            KEV_DL_ADDMULTI | KEV_DL_DELMULTI => groups,
            // How good a link is, who is near, what may be saved: all the time.
            _ => false,
        },
        _ => false,
    }
}

const SUBCLASS: usize = 12; // of `struct kern_event_msg`
const EVENT_CODE: usize = 20;

// <net/net_kev.h>
const KEV_INET: u32 = 1;
const KEV_INET_NEW_ADDR: u32 = 1;
const KEV_INET_SIFNETMASK: u32 = 6;
const KEV_DL: u32 = 2;
const KEV_DL_SIFFLAGS: u32 = 1;
const KEV_DL_SIFMTU: u32 = 3;
const KEV_DL_SIFMEDIA: u32 = 5;
const KEV_DL_ADDMULTI: u32 = 7;
const KEV_DL_DELMULTI: u32 = 8;
const KEV_DL_IF_ATTACHED: u32 = 9;
const KEV_DL_IF_DETACHED: u32 = 11;
const KEV_DL_LINK_OFF: u32 = 12;
const KEV_DL_LINK_ON: u32 = 13;
const KEV_DL_LINK_ADDRESS_CHANGED: u32 = 16;
const KEV_DL_IFDELEGATE_CHANGED: u32 = 25;
const KEV_INET6: u32 = 6;
const KEV_INET6_NEW_USER_ADDR: u32 = 1;
const KEV_INET6_NEW_RTADV_ADDR: u32 = 5;
// Not in the header that Apple gives out, but in the one of the kernel's source.
const KEV_ND6: u32 = 7;
const KEV_ND6_DAD_FAILURE: u32 = 4;
const KEV_ND6_ADDR_EXPIRED: u32 = 8;

#[cfg(all(test, target_vendor = "apple"))]
ifcast_abi::same!(
    KEV_INET_NEW_ADDR,
    KEV_INET_SIFNETMASK,
    KEV_DL_SIFFLAGS,
    KEV_DL_SIFMTU,
    KEV_DL_SIFMEDIA,
    KEV_DL_ADDMULTI,
    KEV_DL_DELMULTI,
    KEV_DL_IF_ATTACHED,
    KEV_DL_IF_DETACHED,
    KEV_DL_LINK_OFF,
    KEV_DL_LINK_ON,
    KEV_DL_LINK_ADDRESS_CHANGED,
    KEV_DL_IFDELEGATE_CHANGED,
    KEV_INET6_NEW_USER_ADDR,
    KEV_INET6_NEW_RTADV_ADDR
);

#[cfg(all(test, target_vendor = "apple"))]
ifcast_abi::claims! {
    "KEV_INET_SUBCLASS" => KEV_INET,
    "KEV_DL_SUBCLASS" => KEV_DL,
    "KEV_INET6_SUBCLASS" => KEV_INET6,
    "offsetof(struct kern_event_msg, kev_subclass)" => SUBCLASS,
    "offsetof(struct kern_event_msg, event_code)" => EVENT_CODE,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(subclass: u32, code: u32) -> Vec<u8> {
        let data = b"of an interface";
        let size = u32::try_from(24 + data.len()).unwrap();
        let words = [size, 1, 1, subclass, 77, code].map(u32::to_ne_bytes);
        [words.as_flattened(), data].concat()
    }

    fn matter(subclass: u32, codes: impl IntoIterator<Item = u32>, groups: bool) -> Vec<u32> {
        codes
            .into_iter()
            .filter(|code| matters(&event(subclass, *code), groups))
            .collect()
    }

    #[test]
    fn what_happens_to_links_matters_and_how_they_fare_does_not() {
        let known = [1, 3, 5, 9, 11, 12, 13, 16, 25];
        assert_eq!(matter(KEV_DL, 0..64, false), known);
    }

    #[test]
    fn what_happens_to_groups_matters_to_those_who_follow_them() {
        assert_eq!(matter(KEV_DL, 6..9, false), []);
        assert_eq!(matter(KEV_DL, 6..9, true), [7, 8]);
    }

    #[test]
    fn what_happens_to_addresses_matters_and_who_answers_does_not() {
        assert_eq!(matter(KEV_INET, 0..16, false), [1, 2, 3, 4, 5, 6]);
        assert_eq!(matter(KEV_INET6, 0..16, false), [1, 2, 3, 4, 5]);
        assert_eq!(matter(KEV_ND6, 0..16, false), [4, 5, 6, 7, 8]);
    }

    #[test]
    fn what_the_kernel_says_of_anything_else_does_not_matter() {
        for subclass in [0, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, u32::MAX] {
            assert_eq!(matter(subclass, 0..32, true), []);
        }
    }

    #[test]
    fn an_announcement_that_is_cut_off_says_nothing() {
        let whole = event(KEV_DL, KEV_DL_LINK_ON);
        assert!((0..24).all(|len| !matters(&whole[..len], true)));
        assert!((24..=whole.len()).all(|len| matters(&whole[..len], true)));
    }
}
