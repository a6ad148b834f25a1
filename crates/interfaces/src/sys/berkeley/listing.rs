//! Puts together what `getifaddrs(3)` lists and what else there is to ask.

#![forbid(unsafe_code)]

use std::io;

use crate::address_record::AddressRecord;
use crate::link::Link;
use crate::sys::answer::Answer;
use crate::sys::berkeley::dialect::{AF_LINK, Berkeley};
use crate::sys::berkeley::{link_type, sockaddr_dl};
use crate::sys::ifaddrs::{Entries, Entry};
use crate::table::Table;

/// What a system tells of an interface beyond the socket addresses that
/// `getifaddrs(3)` lists.
pub(crate) trait Details {
    /// The MTU in the entry of a link.
    fn mtu(&self, entry: &Entry<'_, Berkeley>) -> Option<u32>;

    /// Completes what the listing says of a link.
    ///
    /// # Errors
    /// If the interface is gone.
    fn complete_link(&self, link: &mut Link) -> io::Result<()>;

    /// Completes what the listing says of an address.
    fn complete_address(&self, record: &mut AddressRecord);
}

/// Reads the links and the addresses of a list into a table.
pub(crate) fn read(
    entries: Entries<'_, Berkeley>,
    details: &impl Details,
    table: &mut Table,
) -> Answer {
    for entry in entries.clone() {
        if let Some(link) = link(&entry) {
            let mtu = details.mtu(&entry);
            table.add_link(Link { mtu, ..link });
        }
    }
    table.close_links();
    let mut is_gone = false;
    for link in table.links_mut() {
        is_gone |= details.complete_link(link).is_err();
    }
    for mut record in entries.filter_map(|entry| entry.address_record()) {
        details.complete_address(&mut record);
        table.add_address(&record);
    }
    if is_gone || table.has_orphans() {
        Answer::Torn
    } else {
        Answer::Whole
    }
}

/// Decodes an `AF_LINK` entry, which every interface has.
fn link(entry: &Entry<'_, Berkeley>) -> Option<Link> {
    let sockaddr = entry.sockaddr().filter(|s| s.family() == AF_LINK)?;
    let link = sockaddr_dl::parse(sockaddr.bytes())?;
    let flags = entry.flags();
    let (kind, kind_source) = link_type::kind(link.if_type, flags);
    Some(Link {
        kind,
        kind_source,
        hardware_address: link.hardware_address.filter(|address| !address.is_zero()),
        carrier: flags.carrier(),
        ..Link::new(link.index, entry.name()?, flags)
    })
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::address_state::AddressState;
    use crate::flags::Flags;
    use crate::id::InterfaceIndex;
    use crate::interface::Interface;
    use crate::ipv4::Broadcast;
    use crate::kind::{Kind, KindSource};
    use crate::sys::berkeley::fixture::{self, IFT_ETHER, Listing};
    use crate::sys::berkeley::link_type::IFT_BRIDGE;
    use crate::sys::flag;
    use crate::sys::repeat::{TRIES, repeat};
    use crate::table::Size;

    const BROADCAST: u32 = flag::UP | flag::BROADCAST | flag::MULTICAST;
    const LOOPBACK: u32 = flag::UP | flag::LOOPBACK;
    const TUNNEL: u32 = flag::UP | flag::POINTOPOINT;
    const IFT_LOOP: u8 = 0x18;
    const IFT_OTHER: u8 = 0x01;
    const NONE: &[u8] = &[];

    /// A system that knows an MTU and deprecates every IPv6 address.
    #[derive(Default)]
    struct Fake {
        gone: Option<&'static str>,
    }

    impl Details for Fake {
        fn mtu(&self, _: &Entry<'_, Berkeley>) -> Option<u32> {
            Some(1500)
        }

        fn complete_link(&self, link: &mut Link) -> io::Result<()> {
            match self.gone {
                Some(name) if link.name.as_str() == Some(name) => {
                    Err(io::Error::from_raw_os_error(libc::ENXIO))
                }
                _ => {
                    link.carrier = Some(true);
                    Ok(())
                }
            }
        }

        fn complete_address(&self, record: &mut AddressRecord) {
            if record.address.is_ipv6() {
                record.state = Some(AddressState::Deprecated);
            }
        }
    }

    /// What a Mac lists, with everything that is odd about it.
    fn mac() -> Listing {
        let mask = |len, ones: &[u8]| fixture::mask(len, 4, ones);
        let mask_of_64 = fixture::mask(16, 8, &[255; 8]);
        Listing::default()
            .add(
                "lo0",
                LOOPBACK,
                &fixture::link(1, IFT_LOOP, "lo0", &[]),
                NONE,
                NONE,
            )
            // A peer of no family and no length.
            .add(
                "lo0",
                LOOPBACK,
                &fixture::v4([127, 0, 0, 1]),
                &mask(5, &[255]),
                &[0],
            )
            .add(
                "lo0",
                LOOPBACK,
                &fixture::v6("fe80:1::1", 0),
                &mask_of_64,
                NONE,
            )
            .add(
                "en0",
                BROADCAST,
                &fixture::link(4, IFT_ETHER, "en0", &[2, 0, 0, 0, 0, 1]),
                NONE,
                NONE,
            )
            .add(
                "en0",
                BROADCAST,
                &fixture::v4([10, 71, 0, 1]),
                &mask(7, &[255, 255, 255]),
                &fixture::v4([10, 71, 0, 255]),
            )
            // An alias in the same subnet.
            .add(
                "en0",
                BROADCAST,
                &fixture::v4([10, 71, 0, 2]),
                &mask(8, &[255, 255, 255, 255]),
                &fixture::v4([10, 71, 0, 2]),
            )
            .add(
                "en0",
                BROADCAST,
                &fixture::v6("fe80:4::1", 4),
                &mask_of_64,
                NONE,
            )
            .add(
                "bridge100",
                BROADCAST,
                &fixture::link(9, IFT_BRIDGE, "bridge100", &[2, 0, 0, 0, 0, 9]),
                NONE,
                NONE,
            )
            .add(
                "utun3",
                TUNNEL,
                &fixture::link(12, IFT_OTHER, "utun3", &[]),
                NONE,
                NONE,
            )
            .add(
                "utun3",
                TUNNEL,
                &fixture::v4([10, 8, 0, 1]),
                &mask(8, &[255; 4]),
                &fixture::v4([10, 8, 0, 9]),
            )
            // Nothing behind it: to read a whole address here is to read too far.
            .add(
                "utun3",
                TUNNEL,
                &fixture::v6("fe80:c::1", 12),
                &mask_of_64,
                &fixture::v6("fe80:c::2", 0),
            )
            .add(
                "utun3",
                TUNNEL,
                &fixture::v4([10, 9, 0, 1]),
                &mask(0, &[]),
                NONE,
            )
    }

    fn read_into(table: &mut Table, mut listing: Listing) -> Answer {
        read(listing.entries(), &Fake::default(), table)
    }

    fn listed() -> Vec<Interface> {
        let mut table = Table::default();
        assert_eq!(read_into(&mut table, mac()), Answer::Whole);
        table.into_interfaces()
    }

    fn ipv4(interface: &Interface) -> Vec<String> {
        interface.ipv4().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_interface_is_listed_with_what_it_is() {
        let listed = listed();
        let what = |interface: &Interface| {
            let name = interface.name().to_string();
            let address = interface
                .hardware_address()
                .map(|address| address.to_string());
            (interface.index().get(), name, interface.kind(), address)
        };
        let address = |last: u8| Some(format!("02:00:00:00:00:{last:02x}"));
        assert_eq!(
            listed.iter().map(what).collect::<Vec<_>>(),
            [
                (1, "lo0".into(), Kind::Loopback, None),
                (4, "en0".into(), Kind::Wired, address(1)),
                (9, "bridge100".into(), Kind::Bridge, address(9)),
                (12, "utun3".into(), Kind::Tunnel, None),
            ]
        );
        assert_eq!(listed[1].kind_source(), KindSource::LinkType);
        assert!(listed.iter().all(|interface| interface.mtu() == Some(1500)));
        assert!(
            listed
                .iter()
                .all(|interface| interface.carrier() == Some(true))
        );
    }

    #[test]
    fn netmasks_that_are_cut_short_keep_their_prefix() {
        let listed = listed();
        assert_eq!(ipv4(&listed[0]), ["127.0.0.1/8"]);
        assert_eq!(ipv4(&listed[1]), ["10.71.0.1/24", "10.71.0.2/32"]);
        assert_eq!(ipv4(&listed[3]), ["10.8.0.1/32", "10.9.0.1/0"]);
        assert!(listed[2].ipv4().is_empty());
    }

    #[test]
    fn an_alias_has_no_broadcast_address_and_leaves_its_neighbours_alone() {
        let listed = listed();
        let broadcasts = listed[1].ipv4().iter().map(|own| own.broadcast());
        let configured = Broadcast::configured(Ipv4Addr::new(10, 71, 0, 255));
        assert_eq!(broadcasts.collect::<Vec<_>>(), [Some(configured), None]);
    }

    #[test]
    fn a_peer_is_told_apart_from_what_is_none() {
        let listed = listed();
        assert_eq!(listed[0].ipv4()[0].peer(), None);
        let peers = listed[3].ipv4().iter().map(|own| own.peer());
        assert_eq!(
            peers.collect::<Vec<_>>(),
            [Some(Ipv4Addr::new(10, 8, 0, 9)), None]
        );
    }

    #[test]
    fn a_scope_inside_an_address_is_the_interface_and_not_the_address() {
        let listed = listed();
        for (interface, address) in [(0, "fe80::1"), (1, "fe80::1"), (3, "fe80::1")] {
            let own = &listed[interface].ipv6()[0];
            assert_eq!(
                IpAddr::from(own.address()),
                address.parse::<IpAddr>().unwrap()
            );
            assert_eq!(own.scope_id(), listed[interface].index().get());
            assert_eq!(own.prefix_len(), 64);
            assert_eq!(own.state(), Some(AddressState::Deprecated));
        }
        assert_eq!(listed[3].ipv6()[0].peer(), "fe80::2".parse().ok());
    }

    #[test]
    fn a_scope_says_whose_an_address_is_whatever_the_name() {
        let mut mac = mac();
        let records = mac.entries().filter_map(|entry| entry.address_record());
        let scoped = records.filter(|record| record.address.is_ipv6());
        let owners: Vec<_> = scoped.map(|record| record.owner).collect();
        assert_eq!(owners, [1, 4, 12].map(InterfaceIndex::new));
    }

    #[test]
    fn an_address_without_a_netmask_is_in_no_subnet() {
        let mut alone = Listing::default()
            .add("en0", BROADCAST, &fixture::v4([10, 71, 0, 1]), NONE, NONE)
            .add("en0", BROADCAST, &fixture::v6("fd71::1", 0), NONE, NONE);
        let records = alone.entries().filter_map(|entry| entry.address_record());
        let prefixes: Vec<_> = records.map(|record| record.prefix_len).collect();
        assert_eq!(prefixes, [32, 128]);
    }

    #[test]
    fn a_listing_is_torn_if_an_address_has_no_interface_or_an_interface_is_gone() {
        let orphan = mac().add("en7", BROADCAST, &fixture::v4([10, 7, 0, 1]), NONE, NONE);
        assert_eq!(read_into(&mut Table::default(), orphan), Answer::Torn);
        let details = Fake {
            gone: Some("utun3"),
        };
        let outcome = read(mac().entries(), &details, &mut Table::default());
        assert_eq!(outcome, Answer::Torn);
    }

    #[test]
    fn torn_listings_are_repeated_until_one_is_whole() {
        let (mut size, mut times) = (Size::default(), 0);
        let snapshot = repeat(&mut size, |table| {
            times += 1;
            let _ = read_into(table, mac());
            Ok(if times < 3 {
                Answer::Torn
            } else {
                Answer::Whole
            })
        });
        let snapshot = snapshot.unwrap();
        assert_eq!(times, 3);
        assert!(snapshot.is_consistent());
        assert_eq!(snapshot.interfaces(), listed());
    }

    #[test]
    fn a_listing_that_is_always_torn_is_given_all_the_same() {
        let (mut size, mut times) = (Size::default(), 0);
        let snapshot = repeat(&mut size, |table| {
            times += 1;
            let again = fixture::v4([10, 71, 0, 1]);
            let again = mac().add(
                "en0",
                BROADCAST,
                &again,
                &fixture::mask(7, 4, &[255; 3]),
                NONE,
            );
            let _ = read_into(table, again);
            Ok(Answer::Torn)
        });
        let snapshot = snapshot.unwrap();
        assert_eq!(times, TRIES);
        assert!(!snapshot.is_consistent());
        assert_eq!(snapshot.interfaces(), listed());
    }

    #[test]
    fn a_list_that_grows_while_it_is_copied_is_asked_for_again_but_not_for_ever() {
        let grown = || Err(io::Error::from_raw_os_error(libc::ENOMEM));
        let (mut size, mut times) = (Size::default(), 0);
        let snapshot = repeat(&mut size, |_| {
            times += 1;
            if times < 2 {
                grown()
            } else {
                Ok(Answer::Whole)
            }
        });
        assert!(snapshot.unwrap().is_consistent());
        times = 0;
        let error = repeat(&mut size, |_| {
            times += 1;
            grown()
        });
        assert_eq!(error.unwrap_err().raw_os_error(), Some(libc::ENOMEM));
        assert_eq!(times, TRIES);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        assert_eq!(
            read_into(&mut Table::default(), Listing::default()),
            Answer::Whole
        );
        let mut unreadable = Listing::default()
            .add("en0", BROADCAST, NONE, NONE, NONE)
            .add("en0", BROADCAST, &[0], NONE, NONE)
            .add("en0", BROADCAST, &[4, 18, 0, 0], NONE, NONE);
        assert!(unreadable.entries().all(|entry| link(&entry).is_none()));
        assert!(
            unreadable
                .entries()
                .all(|entry| entry.address_record().is_none())
        );
        assert_eq!(
            unreadable.entries().next().unwrap().flags(),
            Flags::from_bits(BROADCAST)
        );
    }
}
