//! The rtnetlink requests that a lab needs, and the one answer that it reads.
//!
//! Each function builds a request and sends nothing.

mod address;
mod link;

pub(crate) use self::address::{delete_address, delete_route, new_address, new_route};
pub(crate) use self::link::{
    Link, VethEnd, delete_link, link_by_index, link_by_name, new_bridge, new_macvlan, new_veth,
    no_link_local_address, set_bridge, set_hardware_address, set_mtu, set_name,
    set_query_response_time, set_up, start_querier,
};
