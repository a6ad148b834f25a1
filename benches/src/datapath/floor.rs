//! What the kernel takes at least: loops in C, with the same control messages.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use ifcast::Family;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::socket::{setsockopt, sockopt};

use crate::datapath::cables::{Cables, Cast};
use crate::datapath::receiver::{Receiver, Way};
use crate::method::Method;
use crate::sys::receive::Batch;

pub(crate) const LOOP: Method = Method::floor("C epoll, recvmmsg of 32, packet info");
const LOOP_WITH_HOPS: Method = Method::floor("C epoll, recvmmsg of 32, packet info, hops");
pub(crate) const READ: Method = Method::floor("C recvmmsg of 32, packet info");
pub(crate) const SHARED: Method = Method::floor("C epoll, recvmmsg of 32, one shared socket");
pub(crate) const SEND: Method = Method::floor("C sendmmsg of 32");
pub(crate) const SEND_EACH: Method = Method::floor("C sendto");
pub(crate) const SEGMENTS: Method = Method::floor("C sendmsg, UDP_SEGMENT");
pub(crate) const FAN_OUT: Method = Method::floor("C sendmmsg of 32, packet info");

/// The floors of receiving with a loop, and without one.
pub(crate) const LOOP_WAY: Way = Way::new(LOOP, event_loop);
pub(crate) const LOOP_WITH_HOPS_WAY: Way = Way::new(LOOP_WITH_HOPS, event_loop_with_hops);
pub(crate) const READ_WAY: Way = Way::new(READ, read);

/// A loop over a socket at the end of the first cable.
fn event_loop(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    looping(vec![cables.receiving(cast, 0, port)?.into()], cast)
}

/// The same, and it is told how many hops the datagrams had left.
fn event_loop_with_hops(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let socket = cables.receiving(cast, 0, port)?;
    match cast.family() {
        Family::V4 => setsockopt(&socket, sockopt::Ipv4RecvTtl, &true)?,
        Family::V6 => socket.set_recv_hoplimit_v6(true)?,
    }
    looping(vec![socket.into()], cast)
}

/// A loop over a socket at the end of each cable.
pub(crate) fn event_loop_of_all(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let sockets = (0..cables.count()).map(|cable| Ok(cables.receiving(cast, cable, port)?.into()));
    looping(sockets.collect::<io::Result<_>>()?, cast)
}

/// A loop over one socket for all cables.
pub(crate) fn shared(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    looping(vec![cables.receiving_anywhere(cast, port)?.into()], cast)
}

/// No loop: reads a socket at the end of the first cable.
fn read(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let socket = cables.receiving(cast, 0, port)?;
    ask_for_packet_info(&socket, cast)?;
    let mut batch = Batch::new()?;
    Ok(Receiver::new(move |_| batch.drain(socket.as_fd())))
}

fn looping(sockets: Vec<OwnedFd>, cast: Cast) -> io::Result<Receiver> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    for socket in &sockets {
        ask_for_packet_info(socket, cast)?;
        let descriptor = u64::try_from(socket.as_raw_fd()).map_err(io::Error::other)?;
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
        epoll.add(socket, EpollEvent::new(flags, descriptor))?;
    }
    let mut batch = Batch::new()?;
    Ok(Receiver::new(move |patience: Duration| {
        debug_assert!(!sockets.is_empty()); // which closes them with the loop, and not before
        let milliseconds = i32::try_from(patience.as_millis()).map_err(io::Error::other)?;
        batch.wait(epoll.0.as_fd(), milliseconds)
    }))
}

fn ask_for_packet_info(socket: &impl AsFd, cast: Cast) -> io::Result<()> {
    match cast.family() {
        Family::V4 => setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?,
        Family::V6 => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?,
    }
    Ok(())
}
