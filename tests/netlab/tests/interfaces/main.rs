//! Interfaces: everything that can happen to one.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod addresses;
mod life;
mod links;
mod settings;

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use ifcast_netlab::{Host, Lab, Nic};
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;

/// How long the kernel may take for what it does in its own time.
const PATIENCE: Duration = Duration::from_secs(20);

/// What `getifaddrs` says on a host about the names that start with `name`: labels count as names.
fn entries(host: &Host, name: &str) -> Vec<InterfaceAddress> {
    host.run(|| {
        getifaddrs()
            .unwrap()
            .filter(|entry| entry.interface_name.starts_with(name))
            .collect()
    })
}

fn flags(nic: &Nic) -> InterfaceFlags {
    entries(nic.host(), &nic.name())[0].flags
}

fn is_up(nic: &Nic) -> bool {
    flags(nic).contains(InterfaceFlags::IFF_UP)
}

fn is_running(nic: &Nic) -> bool {
    flags(nic).contains(InterfaceFlags::IFF_RUNNING)
}

/// The IPv4 addresses of an interface, each as name, address, broadcast or peer address.
fn ipv4(nic: &Nic) -> Vec<(String, Ipv4Addr, Option<Ipv4Addr>)> {
    let entries = entries(nic.host(), &nic.name()).into_iter();
    entries
        .filter_map(|entry| {
            let address = entry.address?.as_sockaddr_in()?.ip();
            let other = entry.broadcast.or(entry.destination);
            let other = other.and_then(|other| Some(other.as_sockaddr_in()?.ip()));
            Some((entry.interface_name, address, other))
        })
        .collect()
}

/// The lines of `/proc/net/if_inet6` about an interface.
fn ipv6(nic: &Nic) -> Vec<String> {
    let name = nic.name();
    let table = nic
        .host()
        .run(|| fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap());
    let lines = table.lines().filter(|line| line.ends_with(&name));
    lines.map(str::to_owned).collect()
}

/// A socket on each host, made before there is anything to send through: the first to broadcast, the second to listen.
fn sockets(from: &Host, to: &Host) -> (UdpSocket, UdpSocket) {
    let bind = || UdpSocket::bind("0.0.0.0:0").unwrap();
    let (sender, listener) = (from.run(bind), to.run(bind));
    sender.set_broadcast(true).unwrap();
    (sender, listener)
}

/// Whether a broadcast to `10.71.0.255` arrives that is sent this very moment.
fn arrives((sender, listener): &(UdpSocket, UdpSocket)) -> bool {
    let port = listener.local_addr().unwrap().port();
    let _ = sender.send_to(b"hello", ("10.71.0.255", port));
    listener
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    listener.recv(&mut [0; 8]).is_ok()
}

/// Whether a broadcast from `from` reaches `to`, in `10.71.0.0/24`.
fn reaches(from: &Nic, to: &Nic) -> bool {
    arrives(&sockets(from.host(), to.host()))
}

/// Two attached hosts in `10.71.0.0/24`.
fn pair(lab: &Lab) -> (Nic, Nic) {
    let lan = lab.segment();
    (
        lan.attach(&lab.host("a"), "lan0", &["10.71.0.1/24"]),
        lan.attach(&lab.host("b"), "lan0", &["10.71.0.2/24"]),
    )
}
