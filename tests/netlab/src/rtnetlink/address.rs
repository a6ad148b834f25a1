//! Requests about addresses and routes.

use std::net::IpAddr;

use crate::address::{AddressOptions, Broadcast, Prefixed};
use crate::host::DeadEnd;
use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Request};

/// Adds an address to a link.
pub(crate) fn new_address(index: u32, local: Prefixed, options: &AddressOptions) -> Request {
    let mut request = address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, local)
        .attribute(IFA_ADDRESS, &octets(options.peer.unwrap_or(local.address)));
    let broadcast = match options.broadcast {
        Broadcast::Computed => local.computed_broadcast(),
        Broadcast::None => None,
        Broadcast::Custom(address) => Some(address),
    };
    if let (IpAddr::V4(_), None, Some(broadcast)) = (local.address, options.peer, broadcast) {
        request = request.attribute(IFA_BROADCAST, &broadcast.octets());
    }
    if let Some(label) = &options.label {
        request = request.text(IFA_LABEL, label);
    }
    with_state(request, local, options)
}

/// Changes what the kernel changes of an address that is there: flags and lifetime, and of IPv6 the peer.
pub(crate) fn change_address(index: u32, local: Prefixed, options: &AddressOptions) -> Request {
    let request = address_request(RTM_NEWADDR, NLM_F_REPLACE, index, local)
        .attribute(IFA_ADDRESS, &octets(options.peer.unwrap_or(local.address)));
    with_state(request, local, options)
}

/// Removes an address from a link.
pub(crate) fn delete_address(index: u32, local: Prefixed) -> Request {
    address_request(RTM_DELADDR, 0, index, local)
}

/// Adds a route out of a link, through `gateway` if there is one.
pub(crate) fn new_route(
    destination: Prefixed,
    index: u32,
    gateway: Option<IpAddr>,
    metric: u32,
) -> Request {
    route_request(
        RTM_NEWROUTE,
        NLM_F_CREATE | NLM_F_EXCL,
        destination,
        index,
        gateway,
    )
    .attribute(RTA_PRIORITY, &metric.to_ne_bytes())
}

/// Adds a route that leads nowhere.
pub(crate) fn new_dead_end(destination: Prefixed, dead_end: DeadEnd) -> Request {
    let mut header = [0; ROUTE_HEADER];
    header[0] = family(destination.address);
    header[1] = destination.length;
    header[4] = RT_TABLE_MAIN;
    header[5] = RTPROT_STATIC;
    header[7] = match dead_end {
        DeadEnd::Blackhole => RTN_BLACKHOLE,
        DeadEnd::Unreachable => RTN_UNREACHABLE,
        DeadEnd::Prohibited => RTN_PROHIBIT,
    };
    let request = Request::new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &header);
    to(request, destination)
}

/// Removes the best route to `destination` out of a link.
pub(crate) fn delete_route(destination: Prefixed, index: u32) -> Request {
    route_request(RTM_DELROUTE, 0, destination, index, None)
}

/// Asks for the way to an address of a link.
pub(crate) fn way_to_own(index: u32, local: IpAddr) -> Request {
    let mut header = [0; ROUTE_HEADER];
    header[0] = family(local);
    header[1] = if local.is_ipv4() { 32 } else { 128 };
    Request::query(RTM_GETROUTE, &header)
        .attribute(RTA_DST, &octets(local))
        .attribute(RTA_OIF, &index.to_ne_bytes())
}

/// Whether an `RTM_NEWROUTE` message, without its netlink header, leads to the host itself.
pub(crate) fn leads_home(message: &[u8]) -> bool {
    message.get(7) == Some(&RTN_LOCAL)
}

/// Starts with `struct ifaddrmsg` and the address itself.
fn address_request(kind: u16, flags: u16, index: u32, local: Prefixed) -> Request {
    let scope = match local.address {
        IpAddr::V6(address) if address.is_unicast_link_local() => RT_SCOPE_LINK,
        _ => RT_SCOPE_UNIVERSE,
    };
    let mut header = [family(local.address), local.length, 0, scope, 0, 0, 0, 0];
    header[4..].copy_from_slice(&index.to_ne_bytes());
    Request::new(kind, flags, &header).attribute(IFA_LOCAL, &octets(local.address))
}

/// Starts with `struct rtmsg`, the destination and the way out.
fn route_request(
    kind: u16,
    flags: u16,
    destination: Prefixed,
    index: u32,
    gateway: Option<IpAddr>,
) -> Request {
    let scope = match (kind, destination.address, gateway) {
        (RTM_DELROUTE, ..) => RT_SCOPE_NOWHERE, // matches every scope
        (_, IpAddr::V4(_), None) => RT_SCOPE_LINK,
        _ => RT_SCOPE_UNIVERSE,
    };
    let mut header = [0; ROUTE_HEADER];
    header[0] = family(destination.address);
    header[1] = destination.length;
    header[6] = scope;
    let route_type;
    // The kernel looks up IPv6 multicast in the local table, where it has a route for every interface.
    (header[4], route_type) = match destination.address {
        IpAddr::V6(address) if address.is_multicast() => (RT_TABLE_LOCAL, RTN_MULTICAST),
        _ => (RT_TABLE_MAIN, RTN_UNICAST),
    };
    if kind == RTM_NEWROUTE {
        header[5] = RTPROT_STATIC;
        header[7] = route_type;
    }
    let request = Request::new(kind, flags, &header).attribute(RTA_OIF, &index.to_ne_bytes());
    let request = to(request, destination);
    match gateway {
        None => request,
        Some(gateway) if gateway.is_ipv4() == destination.address.is_ipv4() => {
            request.attribute(RTA_GATEWAY, &octets(gateway))
        }
        Some(gateway) => {
            let family = u16::from(family(gateway)).to_ne_bytes();
            request.attribute(RTA_VIA, &[&family[..], &octets(gateway)].concat())
        }
    }
}

/// Adds where a route leads to; a default route leads anywhere.
fn to(request: Request, destination: Prefixed) -> Request {
    match destination.length {
        0 => request,
        _ => request.attribute(RTA_DST, &octets(destination.address)),
    }
}

/// Adds flags and lifetime.
fn with_state(mut request: Request, local: Prefixed, options: &AddressOptions) -> Request {
    if local.address.is_ipv6() {
        let flags = [
            (IFA_F_NODAD, !options.dad && !options.optimistic),
            (IFA_F_OPTIMISTIC, options.optimistic),
            (IFA_F_MANAGETEMPADDR, options.with_temporary),
        ];
        let wanted = flags.into_iter().filter(|(_, wanted)| *wanted);
        let flags = wanted.fold(0, |flags, (flag, _)| flags | flag);
        request = request.attribute(IFA_FLAGS, &flags.to_ne_bytes());
    }
    if options.deprecated {
        let [preferred, valid] = [0u32, u32::MAX].map(u32::to_ne_bytes);
        let times = [preferred, valid, [0; 4], [0; 4]].concat();
        request = request.attribute(IFA_CACHEINFO, &times);
    }
    request
}

fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => AF_INET,
        IpAddr::V6(_) => AF_INET6,
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
const IFA_F_NODAD: u32 = 0x02;
const IFA_F_OPTIMISTIC: u32 = 0x04;
const IFA_F_MANAGETEMPADDR: u32 = 0x100;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_VIA: u16 = 18;
const RT_TABLE_MAIN: u8 = 254;
const RT_TABLE_LOCAL: u8 = 255;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RT_SCOPE_LINK: u8 = 253;
const RT_SCOPE_NOWHERE: u8 = 255;
const RTPROT_STATIC: u8 = 4;
const RTN_UNICAST: u8 = 1;
const RTN_LOCAL: u8 = 2;
const RTN_MULTICAST: u8 = 5;
const RTN_BLACKHOLE: u8 = 6;
const RTN_UNREACHABLE: u8 = 7;
const RTN_PROHIBIT: u8 = 8;
const ROUTE_HEADER: usize = 12; // struct rtmsg

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::find;

    /// The attributes of a request whose fixed part has this length.
    fn attribute(request: Request, fixed: usize, kind: u16) -> Option<Vec<u8>> {
        let bytes = request.finish(1);
        find(&bytes[16 + fixed..], kind).map(<[u8]>::to_vec)
    }

    fn address(text: &str, options: &AddressOptions, kind: u16) -> Option<Vec<u8>> {
        let local = Prefixed::parse(text).unwrap();
        attribute(new_address(11, local, options), 8, kind)
    }

    #[test]
    fn an_address_gets_the_broadcast_address_it_has_room_for() {
        let plain = AddressOptions::default();
        let broadcast = address("10.0.4.1/22", &plain, IFA_BROADCAST);
        assert_eq!(broadcast.unwrap(), [10, 0, 7, 255]);
        assert_eq!(address("10.0.4.0/31", &plain, IFA_BROADCAST), None);
        assert_eq!(address("fd71::1/64", &plain, IFA_BROADCAST), None);
        let without = AddressOptions {
            broadcast: Broadcast::None,
            ..plain
        };
        assert_eq!(address("10.0.4.1/22", &without, IFA_BROADCAST), None);
    }

    #[test]
    fn a_peer_takes_the_place_of_the_address_and_of_the_broadcast_address() {
        let options = AddressOptions {
            peer: Some([10, 0, 0, 2].into()),
            ..AddressOptions::default()
        };
        let read = |kind| address("10.0.0.1/24", &options, kind);
        assert_eq!(read(IFA_LOCAL).unwrap(), [10, 0, 0, 1]);
        assert_eq!(read(IFA_ADDRESS).unwrap(), [10, 0, 0, 2]);
        assert_eq!(read(IFA_BROADCAST), None);
    }

    #[test]
    fn only_ipv6_addresses_skip_duplicate_address_detection_and_only_unless_asked() {
        let plain = AddressOptions::default();
        let flags = |text, options| {
            let flags = address(text, options, IFA_FLAGS)?;
            Some(u32::from_ne_bytes(flags.try_into().unwrap()))
        };
        assert_eq!(flags("fd71::1/64", &plain), Some(IFA_F_NODAD));
        assert_eq!(flags("10.0.0.1/24", &plain), None);
        let careful = AddressOptions {
            dad: true,
            ..AddressOptions::default()
        };
        assert_eq!(flags("fd71::1/64", &careful), Some(0));
        // The kernel refuses both flags together.
        let optimistic = AddressOptions {
            optimistic: true,
            ..AddressOptions::default()
        };
        assert_eq!(flags("fd71::1/64", &optimistic), Some(IFA_F_OPTIMISTIC));
    }

    #[test]
    fn a_default_route_names_no_destination() {
        let route = |destination: &str, kind| {
            let destination = Prefixed::parse(destination).unwrap();
            attribute(new_route(destination, 11, None, 1), 12, kind)
        };
        assert_eq!(route("0.0.0.0/0", RTA_DST), None);
        assert_eq!(route("10.0.0.0/8", RTA_DST).unwrap(), [10, 0, 0, 0]);
        assert_eq!(route("0.0.0.0/0", RTA_OIF).unwrap(), 11u32.to_ne_bytes());
    }
}
