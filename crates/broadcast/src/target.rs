//! Whom a broadcast is for, and sending it there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use ifcast_interfaces::Interface;
use ifcast_socket::{Course, Family, PacketInfo, Sender};

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
    /// Every host on the link, of whatever subnet: 255.255.255.255. FreeBSD cannot send
    /// that by an interface that is named, and OpenBSD not by one of several that share a
    /// socket; it is [`ifcast_socket::Error::Unsupported`] there.
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
/// joined groups or that many interfaces share. Returns how many datagrams went
/// out.
///
/// Directed broadcasts are tried on every subnet, whatever happens to the
/// others.
///
/// ```
/// use ifcast_broadcast::Target;
/// use ifcast_socket::BoundSocket;
///
/// fn wake(socket: &BoundSocket, packet: &[u8]) -> Result<usize, ifcast_broadcast::Error> {
///     ifcast_broadcast::send(socket.sender(), packet, Target::Limited, 9)
/// }
/// ```
///
/// # Errors
/// [`Error::NoBroadcast`], [`Error::NoSubnet`], or the first failure to send. Where
/// there are several subnets, some may have got it all the same, also if the failure
/// is that the send buffer is full: who tries again and must not repeat himself sends
/// to each of the [`courses`].
pub fn send(sender: Sender<'_>, payload: &[u8], target: Target, port: u16) -> Result<usize, Error> {
    check(sender)?;
    let (mut sent, mut failure) = (0, None);
    for course in courses(sender.interface(), target, port)? {
        let info = PacketInfo {
            source: course.source,
            ..PacketInfo::default()
        };
        match sender.send_with(payload, course.destination, info) {
            Ok(()) => sent += 1,
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(sent), |error| Err(error.into()))
}

/// Where a broadcast goes on an interface, and from where: at least one course.
///
/// ```
/// use ifcast_broadcast::{Error, Target};
/// use ifcast_interfaces::Interface;
///
/// fn print_subnets(interface: &Interface) -> Result<(), Error> {
///     for course in ifcast_broadcast::courses(interface, Target::Directed, 9)? {
///         println!("{}", course.destination);
///     }
///     Ok(())
/// }
/// ```
///
/// # Errors
/// [`Error::NoBroadcast`], or [`Error::NoSubnet`] for directed broadcasts.
pub fn courses(
    interface: &Interface,
    target: Target,
    port: u16,
) -> Result<impl Iterator<Item = Course>, Error> {
    if !interface.flags().is_broadcast() {
        // The kernel would take it: a limited broadcast into a tunnel.
        return Err(Error::NoBroadcast {
            interface: interface.id(),
        });
    }
    let course = move |source: Option<Ipv4Addr>, destination| Course {
        interface: interface.index(),
        destination: SocketAddrV4::new(destination, port).into(),
        // A subnet that is gone has no such source, so the kernel refuses what it
        // would otherwise send to the default gateway.
        source: source.map(IpAddr::from),
    };
    let is_limited = target == Target::Limited;
    let limited = is_limited.then(|| course(None, Ipv4Addr::BROADCAST));
    let mut directed = subnets(interface)
        .filter(move |_| !is_limited)
        .map(move |(source, destination)| course(Some(source), destination))
        .peekable();
    if limited.is_none() && directed.peek().is_none() {
        return Err(Error::NoSubnet {
            interface: interface.id(),
        });
    }
    Ok(limited.into_iter().chain(directed))
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

/// Refuses a socket that cannot broadcast.
pub(crate) fn check(sender: Sender<'_>) -> Result<(), Error> {
    let interface = sender.interface();
    if sender.family() == Family::V4 && interface.flags().is_broadcast() {
        return Ok(());
    }
    Err(Error::NoBroadcast {
        interface: interface.id(),
    })
}
