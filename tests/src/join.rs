//! Joining as any program may, without ifcast and without the private LAN.

use std::io;
use std::net::{IpAddr, UdpSocket};

use socket2::{InterfaceIndexOrAddress, SockRef};

/// Joins a group on the interface with this index.
///
/// # Errors
/// What the operating system answered.
pub(crate) fn join(socket: &UdpSocket, group: IpAddr, index: u32) -> io::Result<()> {
    match group {
        IpAddr::V4(group) => {
            let interface = InterfaceIndexOrAddress::Index(index);
            SockRef::from(socket).join_multicast_v4_n(&group, &interface)
        }
        IpAddr::V6(group) => socket.join_multicast_v6(&group, index),
    }
}
