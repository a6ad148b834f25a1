//! Somebody else on a port.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use ifcast::{Family, Pinning};
use ifcast_netlab::Nic;
use socket2::{Domain, Protocol, Socket, Type};

use crate::pinnings::tightest;

/// A plain socket on a port that it shares with nobody: on this interface only, or on all
/// of the host where no socket can be tied to one.
#[must_use]
pub fn occupy(nic: &Nic, family: Family, port: u16) -> UdpSocket {
    let wildcard: SocketAddr = match family {
        Family::V4 => (Ipv4Addr::UNSPECIFIED, port).into(),
        Family::V6 => (Ipv6Addr::UNSPECIFIED, port).into(),
    };
    nic.host().run(|| {
        let socket = Socket::new(
            Domain::for_address(wildcard),
            Type::DGRAM,
            Some(Protocol::UDP),
        );
        let socket = socket.unwrap();
        if wildcard.is_ipv6() {
            socket.set_only_v6(true).unwrap();
        }
        if tightest() == Pinning::Device {
            socket.bind_device(Some(nic.name().as_bytes())).unwrap();
        }
        socket.bind(&wildcard.into()).unwrap();
        socket.into()
    })
}
