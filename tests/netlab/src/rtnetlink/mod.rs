//! The rtnetlink requests that a lab needs, and the answers that it reads.
//!
//! Each function builds a request and sends nothing.

mod address;
mod bridge;
mod kind;
mod link;

pub(crate) use self::address::{
    change_address, delete_address, delete_route, leads_home, new_address, new_dead_end, new_route,
    way_to_own,
};
pub(crate) use self::bridge::{
    PortGroup, QuerierSettings, groups, port_groups, router_ports, set_fast_leave, set_querier,
    set_query_response_time, start_querier,
};
pub(crate) use self::kind::{
    VethEnd, new_bridge, new_macvlan, new_macvtap, new_plain, new_veth, new_vlan, new_vxlan,
};
pub(crate) use self::link::{
    IFF_ALLMULTI, IFF_MULTICAST, IFF_PROMISC, Link, add_alternative_name, delete_link,
    link_by_index, link_by_name, no_link_local_address, remove_alternative_name, set_bridge,
    set_dormant, set_flag, set_hardware_address, set_mtu, set_name, set_namespace, set_up,
};
