//! Whether other people's programs are ready.

use std::fs;
use std::net::{IpAddr, SocketAddr};

use ifcast_netlab::Host;
use ifcast_tests::wait_until;

/// Waits until a socket on `host` would hear what is sent to `destination`.
#[track_caller]
pub(crate) fn await_listener(host: &Host, destination: SocketAddr) {
    let (sockets, groups) = if destination.is_ipv4() {
        ("udp", "igmp")
    } else {
        ("udp6", "igmp6")
    };
    let port = format!(":{:04X}", destination.port());
    let group = Some(destination.ip()).filter(IpAddr::is_multicast);
    let group = group.map(as_the_kernel_prints);
    let has_port = |line: &str| {
        let local_address = line.split_whitespace().nth(1);
        local_address.is_some_and(|address| address.ends_with(&port))
    };
    host.run(|| {
        wait_until("a peer listens", || {
            let bound = table(sockets).lines().any(has_port);
            let joined = |group: &String| table(groups).contains(group);
            bound && group.as_ref().is_none_or(joined)
        });
    });
}

/// The port of the socket on `host` that is bound to this address, once there is
/// one.
#[track_caller]
pub(crate) fn port_of(host: &Host, address: IpAddr) -> u16 {
    let (sockets, octets) = match address {
        IpAddr::V4(address) => ("udp", address.octets().to_vec()),
        IpAddr::V6(address) => ("udp6", address.octets().to_vec()),
    };
    let words = octets.chunks_exact(4).map(|word| word.try_into().unwrap());
    let words = words.map(|word| format!("{:08X}", u32::from_ne_bytes(word)));
    let prefix = format!(" {}:", words.collect::<String>());
    let mut port = None;
    host.run(|| {
        wait_until("a peer is bound", || {
            let sockets = table(sockets);
            let after = sockets.split_once(&prefix).map(|(_, after)| &after[..4]);
            port = after.map(|digits| u16::from_str_radix(digits, 16).unwrap());
            port.is_some()
        });
    });
    port.unwrap()
}

/// Reads a table of the network namespace that this thread is in.
pub(crate) fn table(name: &str) -> String {
    fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap()
}

/// A group as it stands in `/proc/net/igmp` or `igmp6`.
pub(crate) fn as_the_kernel_prints(group: IpAddr) -> String {
    match group {
        IpAddr::V4(group) => format!("{:08X}", u32::from_ne_bytes(group.octets())),
        IpAddr::V6(group) => format!("{:032x}", group.to_bits()),
    }
}
