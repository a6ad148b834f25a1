//! What must be known of a host's other interfaces to judge one of them.

use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::kind::Kind;

/// Where an interface stands on its host.
#[derive(Debug)]
pub(crate) struct Surroundings {
    has_hardware: bool,
    /// Bridges and bonds with a port that leads off this host.
    leading_off: Vec<InterfaceIndex>,
}

impl Surroundings {
    pub(crate) fn of(interfaces: &[Interface]) -> Self {
        let ports_leading_off = interfaces.iter().filter(|port| !is_cable_within(port));
        Self {
            has_hardware: interfaces.iter().any(is_hardware),
            leading_off: ports_leading_off.filter_map(Interface::master).collect(),
        }
    }

    /// Whether an interface leads only to containers, virtual machines or
    /// programs on this host.
    ///
    /// Where there is no hardware at all this is itself a container or the like,
    /// whose way to the LAN is a virtual cable.
    pub(crate) fn leads_only_within(&self, interface: &Interface) -> bool {
        let is_bridge = interface.kind() == Kind::Bridge;
        let leads_off = self.leading_off.contains(&interface.index());
        self.has_hardware && (is_cable_within(interface) || (is_bridge && !leads_off))
    }
}

/// Whether it leads to nobody, but for programs that look at it.
pub(crate) fn leads_nowhere(interface: &Interface) -> bool {
    is_made_by(interface, &["dummy", "ifb", "nlmon", "vrf"])
}

/// Whether it is a virtual cable between two places on one host: a veth, or a
/// tap, whose other end is a program.
fn is_cable_within(interface: &Interface) -> bool {
    interface.kind() == Kind::Virtual && is_made_by(interface, &["veth", "tun"])
}

fn is_hardware(interface: &Interface) -> bool {
    matches!(interface.kind(), Kind::Wired | Kind::Wifi) && interface.link_kind().is_none()
}

fn is_made_by(interface: &Interface, kinds: &[&str]) -> bool {
    let kind = interface.link_kind();
    kind.is_some_and(|kind| kinds.contains(&kind.as_str()))
}

#[cfg(test)]
pub(crate) mod fixture {
    use crate::address_record::AddressRecord;
    use crate::flags::Flags;
    use crate::id::InterfaceIndex;
    use crate::kind::Kind;
    use crate::link::Link;
    use crate::link_kind::LinkKind;
    use crate::selection::selector::Selector;
    use crate::snapshot::Snapshot;
    use crate::sys::flag;
    use crate::table::Table;

    /// A host while it is put together from interfaces that work and have an IPv4
    /// address, unless told otherwise.
    #[derive(Default)]
    pub(crate) struct Host {
        links: Vec<Link>,
        addresses: Vec<AddressRecord>,
    }

    impl Host {
        /// Adds an interface; without a link kind it is hardware.
        pub(crate) fn with(self, name: &str, kind: Kind, link_kind: &str) -> Self {
            let address = [10, 71, u8::try_from(self.links.len()).unwrap(), 1];
            self.with_bare(name, kind, link_kind)
                .addressed(AddressRecord::new(address.into(), 24))
        }

        /// Adds one without an address.
        pub(crate) fn with_bare(mut self, name: &str, kind: Kind, link_kind: &str) -> Self {
            let index = u32::try_from(self.links.len() + 1).unwrap();
            let flags = flag::UP | flag::RUNNING | flag::BROADCAST | flag::MULTICAST;
            let index = InterfaceIndex::new(index).unwrap();
            let link = Link::new(index, name.parse().unwrap(), Flags::from_bits(flags));
            self.links.push(Link {
                kind,
                link_kind: LinkKind::new(link_kind.as_bytes()),
                carrier: Some(true),
                ..link
            });
            self
        }

        /// Adds a port of the interface that is called `master`.
        pub(crate) fn with_port(
            self,
            name: &str,
            kind: Kind,
            link_kind: &str,
            master: &str,
        ) -> Self {
            let mut masters = self.links.iter();
            let master = masters.find(|link| link.name.as_bytes() == master.as_bytes());
            let master = master.map(|master| master.index);
            self.with_bare(name, kind, link_kind)
                .changed(|port| port.master = master)
        }

        /// Changes the interface that was added last.
        pub(crate) fn changed(mut self, change: impl FnOnce(&mut Link)) -> Self {
            change(self.links.last_mut().unwrap());
            self
        }

        /// Gives an address to the interface that was added last.
        pub(crate) fn addressed(mut self, address: AddressRecord) -> Self {
            let owner = self.links.last().map(|link| link.index);
            self.addresses.push(AddressRecord { owner, ..address });
            self
        }

        /// The names of those that [`Selector::lan`] chooses.
        pub(crate) fn chosen(self) -> Vec<String> {
            let snapshot = self.snapshot();
            let chosen = snapshot.select(Selector::lan());
            chosen.map(|i| i.name().to_string()).collect()
        }

        /// What is said of the interface that was added last.
        pub(crate) fn verdict(self) -> String {
            let (snapshot, lan) = (self.snapshot(), Selector::lan());
            let last = snapshot.explain(&lan).last();
            last.map(|(_, verdict)| verdict.to_string()).unwrap()
        }

        fn snapshot(self) -> Snapshot {
            let mut table = Table::default();
            self.links.into_iter().for_each(|link| table.add_link(link));
            table.close_links();
            for address in &self.addresses {
                table.add_address(address);
            }
            Snapshot {
                interfaces: table.into_interfaces(),
                is_consistent: true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::Host;
    use super::*;
    use crate::flags::Flags;
    use crate::sys::flag;

    fn with_card() -> Host {
        Host::default().with("eth0", Kind::Wired, "")
    }

    #[test]
    fn beside_hardware_the_bridge_of_containers_and_its_cables_are_left_out() {
        let host = with_card()
            .with("docker0", Kind::Bridge, "bridge")
            .with_port("veth1", Kind::Virtual, "veth", "docker0")
            .with_port("veth2", Kind::Virtual, "veth", "docker0")
            .with("virbr0", Kind::Bridge, "bridge")
            .with_port("vnet0", Kind::Virtual, "tun", "virbr0")
            .with("empty0", Kind::Bridge, "bridge")
            .with("veth3", Kind::Virtual, "veth")
            .with("tap0", Kind::Virtual, "tun");
        assert_eq!(host.chosen(), ["eth0"]);
        for within in [
            with_card().with("docker0", Kind::Bridge, "bridge"),
            with_card().with("veth3", Kind::Virtual, "veth"),
            with_card().with("tap0", Kind::Virtual, "tun"),
        ] {
            assert_eq!(
                within.verdict(),
                "no, it leads only to containers, virtual machines or programs on this host"
            );
        }
    }

    #[test]
    fn a_bridge_with_one_port_that_leads_off_the_host_stands_for_it() {
        for (kind, link_kind) in [
            (Kind::Wired, ""),
            (Kind::Vlan, "vlan"),
            (Kind::Bond, "bond"),
            (Kind::Tunnel, "vxlan"),
        ] {
            let host = with_card()
                .with("br0", Kind::Bridge, "bridge")
                .with_port("port0", kind, link_kind, "br0")
                .with_port("vnet0", Kind::Virtual, "tun", "br0");
            assert_eq!(host.chosen(), ["eth0", "br0"], "{kind}");
        }
        let host = Host::default()
            .with("br0", Kind::Bridge, "bridge")
            .with_port("eth0", Kind::Wired, "", "br0")
            .with("docker0", Kind::Bridge, "bridge");
        assert_eq!(host.chosen(), ["br0"]);
    }

    #[test]
    fn a_bond_stands_for_its_cards_and_a_vlan_or_macvlan_stands_beside_them() {
        let host = Host::default()
            .with("bond0", Kind::Bond, "bond")
            .with_port("eth0", Kind::Wired, "", "bond0")
            .with_port("eth1", Kind::Wired, "", "bond0")
            .with("bond0.5", Kind::Vlan, "vlan")
            .with("mac0", Kind::Virtual, "macvlan")
            .with("ipv0", Kind::Virtual, "ipvlan");
        assert_eq!(host.chosen(), ["bond0", "bond0.5", "mac0", "ipv0"]);
    }

    #[test]
    fn without_hardware_a_veth_a_tap_and_a_bridge_of_those_are_the_lan() {
        let host = Host::default()
            .with("eth0", Kind::Virtual, "veth")
            .with("tap0", Kind::Virtual, "tun")
            .with("docker0", Kind::Bridge, "bridge")
            .with_port("veth1", Kind::Virtual, "veth", "docker0");
        assert_eq!(host.chosen(), ["eth0", "tap0", "docker0"]);
    }

    #[test]
    fn hardware_that_does_not_work_is_hardware_all_the_same() {
        let off = |card: Host| card.changed(|link| link.flags = Flags::from_bits(0));
        for card in [
            off(with_card()),
            off(Host::default().with("wlan0", Kind::Wifi, "")),
            with_card().changed(|link| link.carrier = Some(false)),
            Host::default().with_bare("eth0", Kind::Wired, ""),
        ] {
            let host = card.with("docker0", Kind::Bridge, "bridge");
            assert_eq!(host.chosen(), [""; 0]);
        }
    }

    #[test]
    fn what_leads_to_a_mobile_network_or_into_a_tunnel_makes_no_host_one_with_hardware() {
        let host = Host::default()
            .with("wwan0", Kind::Cellular, "")
            .with("wg0", Kind::Tunnel, "wireguard")
            .with("eth0", Kind::Virtual, "veth");
        assert_eq!(host.chosen(), ["eth0"]);
    }

    #[test]
    fn what_leads_to_nobody_is_left_out_with_or_without_hardware() {
        for kind in ["dummy", "ifb", "nlmon", "vrf"] {
            for host in [Host::default(), with_card()] {
                let host = host.with("x0", Kind::Virtual, kind);
                assert_eq!(host.verdict(), "no, it leads to nobody", "{kind}");
            }
        }
    }

    #[test]
    fn wifi_leads_to_a_lan_and_wifi_between_two_devices_does_not() {
        let wifi = || Host::default().with("wlan0", Kind::Wifi, "");
        assert_eq!(wifi().chosen(), ["wlan0"]);
        let peers = wifi().with("p2p0", Kind::WifiPeerToPeer, "");
        assert_eq!(peers.chosen(), ["wlan0"]);
        let point_to_point = flag::UP | flag::RUNNING | flag::POINTOPOINT | flag::MULTICAST;
        let awdl = wifi()
            .with("awdl0", Kind::WifiPeerToPeer, "")
            .changed(|link| link.flags = Flags::from_bits(point_to_point));
        assert_eq!(awdl.verdict(), "no, it is Wi-Fi between two devices");
    }
}
