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
        Err(error) if is_no_family(&error) => return Ok(None),
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

/// No address of this family here, or none at all.
fn is_no_family(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}

/// Port 9, which throws away what it gets (RFC 863); nothing is sent there.
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_the_family_has_no_way() {
        for errno in [libc::EAFNOSUPPORT, libc::EADDRNOTAVAIL] {
            assert!(is_no_family(&io::Error::from_raw_os_error(errno)));
        }
        assert!(!is_no_family(&io::Error::from_raw_os_error(libc::EMFILE)));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn the_way_to_this_host_is_from_this_host() {
        let source = source_towards(Ipv4Addr::LOCALHOST.into()).unwrap();
        assert_eq!(source.unwrap().ip(), IpAddr::from(Ipv4Addr::LOCALHOST));
    }
}
