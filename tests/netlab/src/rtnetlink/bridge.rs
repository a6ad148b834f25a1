//! Requests about bridges that snoop, and what the kernel answers about the groups they forward.

use std::net::IpAddr;

use super::kind::IFLA_INFO_DATA;
use super::link::{
    IFLA_BRPORT_FAST_LEAVE, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_INFO_SLAVE_KIND,
    IFLA_LINKINFO, change_link,
};
use crate::netlink::{Request, attributes, find, u32_at};

/// How a bridge asks for memberships; times are in hundredths of a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuerierSettings {
    pub(crate) igmp_version: u8,
    pub(crate) mld_version: u8,
    pub(crate) interval: u64,
    pub(crate) startup_interval: u64,
    pub(crate) last_member_interval: u64,
    pub(crate) membership_time: u64,
}

/// Says how a bridge asks, once it does.
pub(crate) fn set_querier(index: u32, settings: QuerierSettings) -> Request {
    change_bridge(index, |bridge| {
        bridge
            .attribute(IFLA_BR_MCAST_IGMP_VERSION, &[settings.igmp_version])
            .attribute(IFLA_BR_MCAST_MLD_VERSION, &[settings.mld_version])
            .attribute(IFLA_BR_MCAST_QUERY_INTVL, &settings.interval.to_ne_bytes())
            .attribute(
                IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
                &settings.startup_interval.to_ne_bytes(),
            )
            .attribute(
                IFLA_BR_MCAST_LAST_MEMBER_INTVL,
                &settings.last_member_interval.to_ne_bytes(),
            )
            .attribute(
                IFLA_BR_MCAST_MEMBERSHIP_INTVL,
                &settings.membership_time.to_ne_bytes(),
            )
    })
}

/// Makes a bridge that snoops the querier of its segment, or ends that.
///
/// It takes effect once members have had the time to answer: see [`set_query_response_time`].
pub(crate) fn start_querier(index: u32, start: bool) -> Request {
    change_bridge(index, |bridge| {
        bridge.attribute(IFLA_BR_MCAST_QUERIER, &[u8::from(start)])
    })
}

/// Sets how long members may take to answer a bridge's queries, in hundredths of a second.
pub(crate) fn set_query_response_time(index: u32, time: u64) -> Request {
    change_bridge(index, |bridge| {
        bridge.attribute(IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, &time.to_ne_bytes())
    })
}

/// Has a port of a bridge believe at once whoever says that he leaves, or first ask whether there are others.
pub(crate) fn set_fast_leave(port: u32, on: bool) -> Request {
    change_link(port).nested(IFLA_LINKINFO, |info| {
        info.text(IFLA_INFO_SLAVE_KIND, "bridge")
            .nested(IFLA_INFO_SLAVE_DATA, |data| {
                data.attribute(IFLA_BRPORT_FAST_LEAVE, &[u8::from(on)])
            })
    })
}

/// Asks for the groups that the bridges of a host forward, all of them.
pub(crate) fn groups() -> Request {
    // struct br_port_msg
    Request::dump(RTM_GETMDB, &[AF_BRIDGE, 0, 0, 0, 0, 0, 0, 0])
}

/// What a bridge does with a group at one of its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PortGroup {
    pub(crate) port: u32,
    pub(crate) group: IpAddr,
    /// The only source that this is about.
    pub(crate) source: Option<IpAddr>,
    /// Whether it forwards.
    pub(crate) forwards: bool,
}

/// Decodes one message of the answer to [`groups`], without its netlink header, unless it is about another bridge.
pub(crate) fn port_groups(message: &[u8], bridge: u32) -> Vec<PortGroup> {
    if u32_at(message, 4) != Some(bridge) {
        return Vec::new();
    }
    let entries = message
        .get(PORT_MESSAGE..)
        .and_then(|message| find(message, MDBA_MDB))
        .unwrap_or_default();
    attributes(entries)
        .filter(|(kind, _)| *kind == MDBA_MDB_ENTRY)
        .flat_map(|(_, entry)| attributes(entry))
        .filter(|(kind, _)| *kind == MDBA_MDB_ENTRY_INFO)
        .filter_map(|(_, info)| port_group(info))
        .collect()
}

/// Decodes the ports behind which a bridge believes a router, unless the message is about another bridge.
pub(crate) fn router_ports(message: &[u8], bridge: u32) -> Vec<u32> {
    if u32_at(message, 4) != Some(bridge) {
        return Vec::new();
    }
    let routers = message
        .get(PORT_MESSAGE..)
        .and_then(|message| find(message, MDBA_ROUTER))
        .unwrap_or_default();
    attributes(routers)
        .filter(|(kind, _)| *kind == MDBA_ROUTER_PORT)
        .filter_map(|(_, port)| u32_at(port, 0))
        .collect()
}

/// Decodes `struct br_mdb_entry` and the attributes behind it.
fn port_group(info: &[u8]) -> Option<PortGroup> {
    let flags = *info.get(5)?;
    let address = info.get(8..24)?;
    let protocol = u16::from_be_bytes(*info.get(24..)?.first_chunk()?);
    let attributes = info.get(MDB_ENTRY..)?;
    let excludes = match find(attributes, MDBA_MDB_EATTR_GROUP_MODE) {
        Some(mode) => mode.first() == Some(&MCAST_EXCLUDE),
        None => true, // versions that know no sources
    };
    let source = find(attributes, MDBA_MDB_EATTR_SOURCE);
    Some(PortGroup {
        port: u32_at(info, 0)?,
        group: match protocol {
            ETHERTYPE_IPV4 => ip(address.get(..4)?)?,
            ETHERTYPE_IPV6 => ip(address)?,
            _ => return None, // a hardware address
        },
        source: source.and_then(ip),
        // What a port wants of a group as a whole, but for some sources. What it wants of some sources only is said of
        // each source.
        forwards: flags & MDB_FLAGS_BLOCKED == 0 && (source.is_some() || excludes),
    })
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => Some(IpAddr::from(*bytes.first_chunk::<4>()?)),
        16 => Some(IpAddr::from(*bytes.first_chunk::<16>()?)),
        _ => None,
    }
}

fn change_bridge(index: u32, fill: impl FnOnce(Request) -> Request) -> Request {
    change_link(index).nested(IFLA_LINKINFO, |info| {
        info.text(IFLA_INFO_KIND, "bridge")
            .nested(IFLA_INFO_DATA, fill)
    })
}

const AF_BRIDGE: u8 = 7;
const RTM_GETMDB: u16 = 86;
const PORT_MESSAGE: usize = 8;
/// The size of `struct br_mdb_entry`.
const MDB_ENTRY: usize = 28;
const MDBA_MDB: u16 = 1;
const MDBA_ROUTER: u16 = 2;
const MDBA_MDB_ENTRY: u16 = 1;
const MDBA_MDB_ENTRY_INFO: u16 = 1;
const MDBA_MDB_EATTR_GROUP_MODE: u16 = 3;
const MDBA_MDB_EATTR_SOURCE: u16 = 4;
const MDBA_ROUTER_PORT: u16 = 1;
const MDB_FLAGS_BLOCKED: u8 = 1 << 3;
const MCAST_EXCLUDE: u8 = 0;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const IFLA_BR_MCAST_QUERIER: u16 = 25;
const IFLA_BR_MCAST_LAST_MEMBER_INTVL: u16 = 30;
const IFLA_BR_MCAST_MEMBERSHIP_INTVL: u16 = 31;
const IFLA_BR_MCAST_QUERY_INTVL: u16 = 33;
const IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: u16 = 34;
const IFLA_BR_MCAST_STARTUP_QUERY_INTVL: u16 = 35;
const IFLA_BR_MCAST_IGMP_VERSION: u16 = 43;
const IFLA_BR_MCAST_MLD_VERSION: u16 = 44;

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGE: u32 = 11;

    /// `struct br_mdb_entry`.
    fn entry(port: u32, flags: u8, group: &str) -> Vec<u8> {
        let mut bytes = port.to_ne_bytes().to_vec();
        bytes.extend([0, flags, 0, 0]);
        let (mut address, protocol) = match group.parse().unwrap() {
            IpAddr::V4(group) => (group.octets().to_vec(), ETHERTYPE_IPV4),
            IpAddr::V6(group) => (group.octets().to_vec(), ETHERTYPE_IPV6),
        };
        address.resize(16, 0);
        bytes.extend(address);
        bytes.extend(protocol.to_be_bytes());
        bytes.extend([0, 0]);
        bytes
    }

    /// What the kernel would say of two groups and a router, without the netlink header.
    fn answer() -> Vec<u8> {
        let mut header = vec![AF_BRIDGE, 0, 0, 0];
        header.extend(BRIDGE.to_ne_bytes());
        let four = entry(18, 0, "239.1.2.3");
        let blocked = entry(25, MDB_FLAGS_BLOCKED, "239.1.2.3");
        let six = entry(18, 0, "ff12::123");
        let request = Request::dump(RTM_GETMDB, &header)
            .nested(MDBA_MDB, |groups| {
                groups
                    .nested(MDBA_MDB_ENTRY, |entry| {
                        entry
                            .nested_with(MDBA_MDB_ENTRY_INFO, &four, |info| {
                                info.attribute(MDBA_MDB_EATTR_GROUP_MODE, &[MCAST_EXCLUDE])
                            })
                            .nested_with(MDBA_MDB_ENTRY_INFO, &blocked, |info| {
                                info.attribute(MDBA_MDB_EATTR_SOURCE, &[10, 0, 0, 1])
                            })
                    })
                    .nested(MDBA_MDB_ENTRY, |entry| {
                        entry.nested_with(MDBA_MDB_ENTRY_INFO, &six, |info| {
                            info.attribute(MDBA_MDB_EATTR_GROUP_MODE, &[1])
                        })
                    })
            })
            .nested(MDBA_ROUTER, |routers| {
                routers.attribute(MDBA_ROUTER_PORT, &25u32.to_ne_bytes())
            });
        request.finish(1)[16..].to_vec()
    }

    #[test]
    fn groups_are_read_with_their_ports_and_sources() {
        let group: IpAddr = "239.1.2.3".parse().unwrap();
        let expected = [
            (18, group, None, true),
            (25, group, Some([10, 0, 0, 1].into()), false),
            (18, "ff12::123".parse().unwrap(), None, false),
        ];
        let expected = expected.map(|(port, group, source, forwards)| PortGroup {
            port,
            group,
            source,
            forwards,
        });
        assert_eq!(port_groups(&answer(), BRIDGE), expected);
        assert_eq!(router_ports(&answer(), BRIDGE), [25]);
    }

    #[test]
    fn what_is_said_of_another_bridge_is_not_taken_for_this_one() {
        assert_eq!(port_groups(&answer(), BRIDGE + 1), []);
        assert_eq!(router_ports(&answer(), BRIDGE + 1), []);
    }

    #[test]
    fn any_truncation_is_survived() {
        let whole = answer();
        for end in 0..whole.len() {
            let _ = port_groups(&whole[..end], BRIDGE);
            let _ = router_ports(&whole[..end], BRIDGE);
        }
    }
}
