//! The way to a destination as any program can find it out: by asking for a
//! socket's address.

#![forbid(unsafe_code)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address that a datagram to `destination` would come from; `None` if there
/// is no way. Nothing is sent.
pub(crate) fn source_towards(destination: IpAddr) -> io::Result<Option<SocketAddr>> {
    let any: IpAddr = match destination {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = match UdpSocket::bind((any, 0)) {
        Ok(socket) => socket,
        // No IPv6 here, or none of that family.
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => return Ok(None),
        Err(error) => return Err(error),
    };
    socket.set_broadcast(true)?;
    match socket.connect((destination, DISCARD)) {
        Ok(()) => socket.local_addr().map(Some),
        Err(error) => match error.kind() {
            io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::PermissionDenied => Ok(None),
            _ => Err(error),
        },
    }
}

/// Port 9, which throws away what it gets (RFC 863); nothing is sent there.
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn the_way_to_this_host_is_from_this_host() {
        let source = source_towards(Ipv4Addr::LOCALHOST.into()).unwrap();
        assert_eq!(source.unwrap().ip(), IpAddr::from(Ipv4Addr::LOCALHOST));
    }
}
