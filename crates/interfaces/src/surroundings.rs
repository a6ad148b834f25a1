//! What must be known of a host's other interfaces to judge one of them.

use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::kind::Kind;
use crate::snapshot::Snapshot;

/// Where an interface stands on its host.
#[derive(Debug)]
pub(crate) struct Surroundings {
    has_hardware: bool,
    /// Bridges and bonds with a port that leads off this host.
    leading_off: Vec<InterfaceIndex>,
}

impl Surroundings {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let interfaces = snapshot.interfaces();
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
