//! Sending one payload by many interfaces.

use std::io;
use std::net::UdpSocket;

use ifcast::Sockets;
use socket2::SockRef;

use crate::call::Call;
use crate::datapath::cables::{Cables, Cast};
use crate::datapath::line::Load;
use crate::datapath::{floor, ours};
use crate::measure::{Contender, Task};
use crate::method::Method;

/// Sends a datagram by every interface. Nobody listens, so that the time is the
/// sender's.
pub(crate) fn fan_out(cables: &Cables, cast: Cast, len: usize) -> io::Result<Task> {
    let port = cables.port();
    let count = cables.count();
    let in_c = || {
        let mut bursts = cables.bursts(cast, port, len)?;
        io::Result::Ok(Call::new(move || bursts.send(), move |()| count))
    };
    let ours = |sockets| {
        let send = ours::fan_out(cables, cast, port, vec![0; len], sockets)?;
        io::Result::Ok(Call::new(send, |sent| *sent))
    };
    let calls = [
        (floor::FAN_OUT, in_c()?),
        (ours::FAN_OUT, ours(Sockets::Automatic)?),
        (ours::FAN_OUT_PER_INTERFACE, ours(Sockets::PerInterface)?),
        (ours::FAN_OUT_SHARED, ours(Sockets::Shared)?),
        (BOUND, bound(cables, cast, port, len)?),
        (STEERED, steered(cables, cast, port, len)?),
    ];
    let contenders = calls.into_iter().map(|(method, call)| {
        Ok(Contender {
            method,
            floor: in_c()?.rounds(ROUNDS, || Ok(())),
            call: call.rounds(ROUNDS, || Ok(())),
        })
    });
    let load = Load { cast, len, count };
    Ok(Task {
        name: format!("fan-out: {}", load.name()),
        n: count,
        expected: count,
        shares: u32::try_from(count).map_err(io::Error::other)?,
        before: Box::new(|| {}),
        contenders: contenders.collect::<io::Result<_>>()?,
    })
}

/// A socket for each interface.
fn bound(cables: &Cables, cast: Cast, port: u16, len: usize) -> io::Result<Call> {
    let sockets = (0..cables.count()).map(|cable| Ok(cables.sending(cast, cable)?.into()));
    let sockets: Vec<UdpSocket> = sockets.collect::<io::Result<_>>()?;
    let (payload, destination) = (vec![0; len], cast.destination(port));
    let send = move || {
        for socket in &sockets {
            socket.send_to(&payload, destination)?;
        }
        Ok(sockets.len())
    };
    Ok(Call::new(send, |sent| *sent))
}

/// One socket that is told the interface before each datagram, as mdns-sd does it.
fn steered(cables: &Cables, cast: Cast, port: u16, len: usize) -> io::Result<Call> {
    let socket = UdpSocket::from(cables.sending_anywhere(cast)?);
    let addresses = (0..cables.count()).map(|cable| cables.sending_address(cable));
    let addresses: Vec<_> = addresses.collect::<io::Result<_>>()?;
    let (payload, destination) = (vec![0; len], cast.destination(port));
    let send = move || {
        for address in &addresses {
            SockRef::from(&socket).set_multicast_if_v4(address)?;
            socket.send_to(&payload, destination)?;
        }
        Ok(addresses.len())
    };
    Ok(Call::new(send, |sent| *sent))
}

pub(crate) const BOUND: Method = Method::peer("std send_to, a bound socket each");
pub(crate) const STEERED: Method = Method::peer("socket2 set_multicast_if_v4, std send_to");
const ROUNDS: usize = 8;
