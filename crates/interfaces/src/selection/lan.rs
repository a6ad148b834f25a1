//! What a protocol for a local network wants.

use crate::interface::Interface;
use crate::kind::Kind;
use crate::selection::surroundings::{self, Surroundings};
use crate::selection::verdict::{Reason, Verdict};

/// Whether a protocol for a local network wants this interface.
pub(crate) fn verdict<'s>(interface: &Interface, surroundings: &Surroundings) -> Verdict<'s> {
    let no = |reason| Verdict::new(false, reason);
    let kind = interface.kind();
    let leads_to_a_lan = match kind {
        Kind::Wired | Kind::Wifi | Kind::Bridge | Kind::Vlan | Kind::Bond | Kind::Virtual => true,
        Kind::Unknown => !interface.flags().is_loopback(),
        Kind::Loopback
        | Kind::WifiPeerToPeer
        | Kind::Cellular
        | Kind::Tunnel
        | Kind::Coprocessor
        | Kind::Companion
        | Kind::Management => false,
    };
    if !leads_to_a_lan {
        return no(Reason::Kind(kind));
    }
    if interface.flags().is_point_to_point() {
        return no(Reason::PointToPoint);
    }
    if surroundings::leads_nowhere(interface) {
        return no(Reason::LeadsNowhere);
    }
    if let Some(master) = interface.master() {
        return no(Reason::Port { master });
    }
    if surroundings.leads_only_within(interface) {
        return no(Reason::LeadsOnlyWithinThisHost);
    }
    let broadcast = interface.usable_for_broadcast();
    let multicast = interface.usable_for_multicast();
    let (is_chosen, reason) = match (broadcast, multicast) {
        (Ok(()), Ok(())) => (true, Reason::CanBroadcastAndMulticast),
        (Ok(()), Err(no_multicast)) => (true, Reason::CanBroadcast { no_multicast }),
        (Err(no_broadcast), Ok(())) => (true, Reason::CanMulticast { no_broadcast }),
        (Err(no_broadcast), Err(no_multicast)) => {
            let reason = Reason::Unusable {
                no_broadcast,
                no_multicast,
            };
            (false, reason)
        }
    };
    Verdict::new(is_chosen, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address_record::AddressRecord;
    use crate::address_state::AddressState;
    use crate::flags::Flags;
    use crate::operational_state::OperationalState;
    use crate::selection::surroundings::fixture::Host;
    use crate::sys::flag;

    const WORKS: u32 = flag::UP | flag::RUNNING | flag::BROADCAST | flag::MULTICAST;

    fn of_kind(kind: Kind) -> Host {
        Host::default().with("x0", kind, "")
    }

    fn with_flags(host: Host, flags: u32) -> String {
        host.changed(|link| link.flags = Flags::from_bits(flags))
            .verdict()
    }

    #[test]
    fn each_kind_leads_to_a_lan_or_it_is_said_where_it_leads() {
        let both = "yes, it can broadcast and multicast";
        for (kind, verdict) in [
            (Kind::Wired, both),
            (Kind::Wifi, both),
            (Kind::Bridge, both),
            (Kind::Vlan, both),
            (Kind::Bond, both),
            (Kind::Virtual, both),
            (Kind::Unknown, both),
            (Kind::Loopback, "no, it reaches only this host"),
            (Kind::WifiPeerToPeer, "no, it is Wi-Fi between two devices"),
            (Kind::Cellular, "no, it leads to a mobile network"),
            (Kind::Tunnel, "no, it is a tunnel"),
            (Kind::Coprocessor, "no, it leads into this device"),
            (Kind::Management, "no, it leads into this device"),
            (Kind::Companion, "no, it leads to a companion device"),
        ] {
            assert_eq!(of_kind(kind).verdict(), verdict, "{kind}");
        }
        let unknown = with_flags(of_kind(Kind::Unknown), WORKS | flag::LOOPBACK);
        assert_eq!(unknown, "no, it does not lead to a LAN");
    }

    #[test]
    fn a_link_with_one_host_at_its_other_end_is_no_lan_whatever_its_kind() {
        let flags = flag::UP | flag::RUNNING | flag::MULTICAST | flag::POINTOPOINT;
        for kind in [Kind::Wired, Kind::Virtual, Kind::Unknown] {
            let verdict = with_flags(of_kind(kind), flags);
            assert_eq!(verdict, "no, there is one host at its other end");
        }
    }

    #[test]
    fn what_can_do_one_of_the_two_is_chosen_and_it_is_said_what_is_missing() {
        let no_multicast = with_flags(of_kind(Kind::Wired), WORKS & !flag::MULTICAST);
        assert_eq!(
            no_multicast,
            "yes, it can broadcast, but not multicast: its link has no multicast"
        );
        let no_broadcast = with_flags(of_kind(Kind::Wired), WORKS & !flag::BROADCAST);
        assert_eq!(
            no_broadcast,
            "yes, it can multicast, but not broadcast: its link has no broadcast"
        );
        let ipv6_only = Host::default()
            .with_bare("x0", Kind::Wired, "")
            .addressed(AddressRecord::new("fe80::1".parse().unwrap(), 64));
        assert_eq!(
            ipv6_only.verdict(),
            "yes, it can multicast, but not broadcast: it has no IPv4 address"
        );
    }

    #[test]
    fn what_can_do_neither_is_not_chosen_and_each_obstacle_is_said_once() {
        assert_eq!(with_flags(of_kind(Kind::Wired), 0), "no, it is down");
        let unplugged = of_kind(Kind::Wired).changed(|link| link.carrier = Some(false));
        assert_eq!(unplugged.verdict(), "no, it has no carrier");
        let neither = flag::UP | flag::RUNNING;
        assert_eq!(
            with_flags(of_kind(Kind::Wired), neither),
            "no, its link has no broadcast, and its link has no multicast"
        );
        let bare = Host::default().with_bare("x0", Kind::Wired, "");
        assert_eq!(
            bare.verdict(),
            "no, it has no IPv4 address, and it has no address"
        );
        let tentative = Host::default()
            .with_bare("x0", Kind::Wired, "")
            .addressed(AddressRecord {
                state: Some(AddressState::Tentative),
                ..AddressRecord::new("fe80::1".parse().unwrap(), 64)
            });
        assert_eq!(
            tentative.verdict(),
            "no, it has no IPv4 address, and its addresses are not usable yet, or are another host's"
        );
    }

    #[test]
    fn what_does_not_pass_packets_says_what_it_does_instead() {
        for (state, verdict) in [
            (None, "no, it does not pass packets: it is not running"),
            (
                Some(OperationalState::Dormant),
                "no, it does not pass packets: it is dormant",
            ),
        ] {
            let waiting = of_kind(Kind::Wired).changed(|link| link.operational_state = state);
            assert_eq!(with_flags(waiting, WORKS & !flag::RUNNING), verdict);
        }
    }

    #[test]
    fn a_port_says_which_interface_to_use() {
        let port = Host::default()
            .with("br0", Kind::Bridge, "bridge")
            .with_port("eth0", Kind::Wired, "", "br0");
        assert_eq!(
            port.verdict(),
            "no, it is a port of the interface with index 1: use that one"
        );
    }
}
