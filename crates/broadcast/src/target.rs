//! Whom a broadcast is for, and sending it there.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

use ifcast_interfaces::Interface;
use ifcast_socket::{BoundSocket, Family, PacketInfo};

use crate::error::Error;

/// Whom a broadcast is for (RFC 919, RFC 922).
///
/// ```
/// use ifcast_broadcast::{BroadcastSocket, Error, Target};
///
/// fn announce(socket: &BroadcastSocket) -> Result<(), Error> {
///     socket.send(b"I am here", Target::Limited)?;
///     let subnets = socket.send(b"I am here", Target::Directed)?;
///     println!("told {subnets} subnets");
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Every host on the link, of whatever subnet: 255.255.255.255.
    Limited,
    /// Every host of each IPv4 subnet that the interface is in, one datagram
    /// each, from the interface's address there.
    Directed,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Limited => "limited",
            Self::Directed => "directed",
        })
    }
}

/// Broadcasts `payload` to a port by any IPv4 socket, such as one that has also
/// joined groups. Returns how many datagrams went out.
///
/// Directed broadcasts are tried on every subnet, whatever happens to the
/// others.
///
/// ```
/// use ifcast_broadcast::Target;
/// use ifcast_socket::BoundSocket;
///
/// fn wake(socket: &BoundSocket, packet: &[u8]) -> Result<usize, ifcast_broadcast::Error> {
///     ifcast_broadcast::send(socket, packet, Target::Limited, 9)
/// }
/// ```
///
/// # Errors
/// [`Error::NoBroadcast`], [`Error::NoSubnet`], or the first failure to send.
pub fn send(
    socket: &BoundSocket,
    payload: &[u8],
    target: Target,
    port: u16,
) -> Result<usize, Error> {
    check(socket)?;
    match target {
        Target::Limited => {
            let everyone = SocketAddrV4::new(Ipv4Addr::BROADCAST, port);
            socket.send(payload, everyone.into())?;
            Ok(1)
        }
        Target::Directed => send_directed(socket, payload, port),
    }
}

fn send_directed(socket: &BoundSocket, payload: &[u8], port: u16) -> Result<usize, Error> {
    let interface = socket.interface();
    let (mut sent, mut failure) = (0, None);
    for (source, destination) in subnets(interface) {
        let info = PacketInfo {
            // A subnet that is gone has no such source, so the kernel refuses
            // what it would otherwise send to the default gateway.
            source: Some(source.into()),
            ..PacketInfo::default()
        };
        let destination = SocketAddrV4::new(destination, port).into();
        match socket.send_with(payload, destination, info) {
            Ok(()) => sent += 1,
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) => Err(error.into()),
        None if sent == 0 => Err(Error::NoSubnet {
            interface: interface.id(),
        }),
        None => Ok(sent),
    }
}

/// Own address and broadcast address of each subnet. Of several addresses in
/// one subnet the first counts, which is the one that the kernel prefers.
fn subnets(interface: &Interface) -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> {
    let broadcast = |own: &ifcast_interfaces::AssignedIpv4| Some(own.broadcast()?.address());
    let own = interface.ipv4();
    own.iter()
        .enumerate()
        .filter_map(move |(position, address)| {
            let destination = broadcast(address)?;
            let seen = own[..position]
                .iter()
                .any(|earlier| broadcast(earlier) == Some(destination));
            (!seen).then_some((address.address(), destination))
        })
}

/// Refuses what the kernel would take: a limited broadcast into a tunnel.
pub(crate) fn check(socket: &BoundSocket) -> Result<(), Error> {
    let interface = socket.interface();
    if socket.family() == Family::V4 && interface.flags().is_broadcast() {
        return Ok(());
    }
    Err(Error::NoBroadcast {
        interface: interface.id(),
    })
}
