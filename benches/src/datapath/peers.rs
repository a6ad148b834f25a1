//! What others offer for the same work, each in the shape that its documentation
//! shows.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{setsockopt, sockopt};
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket_pktinfo::PktInfoUdpSocket;
use socket2::{SockRef, Socket};
use tokio::runtime::{Builder, Runtime};

use crate::call::Call;
use crate::datapath::cables::{self, Cables, Cast};
use crate::datapath::receiver::{Receiver, Way, look};
use crate::method::Method;

const STD: Method = Method::peer("std recv_from");
pub(crate) const MIO: Method = Method::peer("mio 1.2 recv_from");
pub(crate) const MIO_PACKET_INFO: Method = Method::peer("mio 1.2, socket-pktinfo 0.4");
pub(crate) const MDNS_SD: Method =
    Method::peer("mio 1.2, socket-pktinfo 0.4, a Vec each (mdns-sd)");
pub(crate) const TOKIO: Method = Method::peer("tokio 1.49 recv_from");
pub(crate) const QUINN: Method = Method::peer("mio 1.2, quinn-udp 0.6");
pub(crate) const QUINN_GRO: Method = Method::peer("mio 1.2, quinn-udp 0.6, GRO");
const TOKIO_SEND: Method = Method::peer("tokio 1.49 send_to");
const QUINN_SEND: Method = Method::peer("quinn-udp 0.6 try_send, GSO");

/// Loops that receive.
pub(crate) const LOOPS: [Way; 5] = [
    Way::new(MIO, mio),
    Way::new(MIO_PACKET_INFO, mio_packet_info),
    Way::new(MDNS_SD, mdns_sd),
    Way::new(TOKIO, tokio),
    Way::new(QUINN, quinn),
];

/// What has no loop.
pub(crate) const READS: [Way; 1] = [Way::new(STD, std)];

/// Loops that receive what the kernel has coalesced.
pub(crate) const COALESCING: [Way; 1] = [Way::new(QUINN_GRO, quinn_gro)];

/// Send so many datagrams over the first cable.
pub(crate) fn senders(
    cables: &Cables,
    cast: Cast,
    port: u16,
    len: usize,
    count: usize,
) -> io::Result<Vec<(Method, Call)>> {
    let destination = cast.destination(port);
    let payload = vec![0; len];
    let runtime = runtime()?;
    let socket = tokio_socket(&runtime, cables.sending(cast, 0)?)?;
    let tokio = Call::new(
        move || {
            runtime.block_on(async {
                for _ in 0..count {
                    socket.send_to(&payload, destination).await?;
                }
                Ok(count)
            })
        },
        |count| *count,
    );
    let quinn = quinn_send(cables.sending(cast, 0)?, destination, len, count)?;
    Ok(vec![(TOKIO_SEND, tokio), (QUINN_SEND, quinn)])
}

fn std(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let socket = UdpSocket::from(cables.receiving(cast, 0, port)?);
    let mut buffer = vec![0; SLOT];
    Ok(Receiver::new(move |_| {
        until_empty(|| {
            let (len, source) = socket.recv_from(&mut buffer)?;
            look(&buffer[..len], source, 0);
            Ok(1)
        })
    }))
}

fn mio(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let socket = UdpSocket::from(cables.receiving(cast, 0, port)?);
    let mut socket = mio::net::UdpSocket::from_std(socket);
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(64));
    poll.registry()
        .register(&mut socket, Token(0), Interest::READABLE)?;
    let mut buffer = vec![0; SLOT];
    Ok(Receiver::new(move |patience| {
        poll.poll(&mut events, Some(patience))?;
        if events.is_empty() {
            return Ok(0);
        }
        until_empty(|| {
            let (len, source) = socket.recv_from(&mut buffer)?;
            look(&buffer[..len], source, 0);
            Ok(1)
        })
    }))
}

fn mio_packet_info(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let socket = packet_info_socket(cables, cast, port)?;
    let mut buffer = vec![0; SLOT];
    let mut wait = waiting(socket.as_raw_fd())?;
    Ok(Receiver::new(move |patience| {
        if !wait(patience)? {
            return Ok(0);
        }
        until_empty(|| {
            let (len, info) = socket.recv(&mut buffer)?;
            look(&buffer[..len], info.addr_src, interface(info.if_index));
            Ok(1)
        })
    }))
}

/// What mdns-sd does for every read, the one that finds nothing included.
fn mdns_sd(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let socket = packet_info_socket(cables, cast, port)?;
    let mut wait = waiting(socket.as_raw_fd())?;
    Ok(Receiver::new(move |patience| {
        if !wait(patience)? {
            return Ok(0);
        }
        until_empty(|| {
            let mut buffer = vec![0; MDNS_LEN];
            let (len, info) = socket.recv(&mut buffer)?;
            buffer.truncate(len);
            look(&buffer, info.addr_src, interface(info.if_index));
            Ok(1)
        })
    }))
}

/// Its time includes that of entering the runtime.
fn tokio(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let runtime = runtime()?;
    let socket = tokio_socket(&runtime, cables.receiving(cast, 0, port)?)?;
    let mut buffer = vec![0; SLOT];
    Ok(Receiver::new(move |_| {
        runtime.block_on(async {
            let (len, source) = socket.recv_from(&mut buffer).await?;
            look(&buffer[..len], source, 0);
            let more = until_empty(|| {
                let (len, source) = socket.try_recv_from(&mut buffer)?;
                look(&buffer[..len], source, 0);
                Ok(1)
            });
            Ok(1 + more?)
        })
    }))
}

fn quinn(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    quinn_with(cables, cast, port, false)
}

fn quinn_gro(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    quinn_with(cables, cast, port, true)
}

fn quinn_with(cables: &Cables, cast: Cast, port: u16, gro: bool) -> io::Result<Receiver> {
    let socket = cables.receiving(cast, 0, port)?;
    let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
    let slot = if gro {
        SLOT * state.gro_segments()
    } else {
        setsockopt(&socket, sockopt::UdpGroSegment, &false)?;
        SLOT
    };
    let mut buffer = vec![0; slot * QUINN_BATCH];
    let mut meta = [RecvMeta::default(); QUINN_BATCH];
    let mut wait = waiting(socket.as_raw_fd())?;
    Ok(Receiver::new(move |patience| {
        if !wait(patience)? {
            return Ok(0);
        }
        let mut slots = buffer.chunks_exact_mut(slot).map(IoSliceMut::new);
        let mut slots: [_; QUINN_BATCH] =
            std::array::from_fn(|_| slots.next().unwrap_or_else(|| IoSliceMut::new(&mut [])));
        let mut count = 0;
        loop {
            let received = match state.recv(UdpSockRef::from(&socket), &mut slots, &mut meta) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(count),
                received => received?,
            };
            for (slot, meta) in slots.iter().zip(&meta[..received]) {
                for datagram in slot[..meta.len].chunks(meta.stride.max(1)) {
                    look(
                        datagram,
                        meta.addr,
                        meta.interface_index.unwrap_or_default(),
                    );
                    count += 1;
                }
            }
            if received < QUINN_BATCH {
                return Ok(count);
            }
        }
    }))
}

fn quinn_send(
    socket: Socket,
    destination: SocketAddr,
    len: usize,
    count: usize,
) -> io::Result<Call> {
    let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
    let most = state.max_gso_segments().min(LONGEST / len);
    let contents = vec![0; most * len];
    let send = move || {
        let mut left = count;
        while left > 0 {
            let segments = left.min(most);
            let transmit = Transmit {
                destination,
                ecn: None,
                contents: &contents[..segments * len],
                segment_size: Some(len),
                src_ip: None,
            };
            state.try_send(UdpSockRef::from(&socket), &transmit)?;
            left -= segments;
        }
        Ok(count)
    };
    Ok(Call::new(send, |count| *count))
}

/// Calls `receive` until it would block, and tells how many datagrams it told of.
fn until_empty(mut receive: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    let mut count = 0;
    loop {
        match receive() {
            Ok(received) => count += received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(count),
            Err(error) => return Err(error),
        }
    }
}

/// Waits until the socket may be readable, as an edge tells.
fn waiting(descriptor: i32) -> io::Result<impl FnMut(Duration) -> io::Result<bool>> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(64));
    let mut source = SourceFd(&descriptor);
    poll.registry()
        .register(&mut source, Token(0), Interest::READABLE)?;
    Ok(move |patience| {
        poll.poll(&mut events, Some(patience))?;
        Ok(!events.is_empty())
    })
}

fn packet_info_socket(cables: &Cables, cast: Cast, port: u16) -> io::Result<PktInfoUdpSocket> {
    let index = cables.receiving_index();
    cables.at_receiver(|| {
        let socket = PktInfoUdpSocket::new(cast.domain())?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::new(cast.unspecified(), port).into())?;
        let same = socket.try_clone_std()?;
        cast.join(&SockRef::from(&same), index)?;
        cables::prepare(&same)?;
        Ok(socket)
    })
}

fn tokio_socket(runtime: &Runtime, socket: Socket) -> io::Result<tokio::net::UdpSocket> {
    let _inside = runtime.enter();
    tokio::net::UdpSocket::from_std(socket.into())
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_io().build()
}

fn interface(index: u64) -> u32 {
    u32::try_from(index).unwrap_or_default()
}

const SLOT: usize = 2048;
const MDNS_LEN: usize = 8972;
const QUINN_BATCH: usize = 32; // quinn_udp::BATCH_SIZE
const LONGEST: usize = 65_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// So that no table says that it measured what it did not.
    #[test]
    fn the_versions_in_the_names_are_those_that_are_built() {
        let manifest = include_str!("../../Cargo.toml").replace("{ version = ", "");
        let workspace = include_str!("../../../Cargo.toml").replace("{ version = ", "");
        let ways = LOOPS.iter().chain(&COALESCING).map(|way| way.method.name);
        for part in ways
            .chain([TOKIO_SEND.name, QUINN_SEND.name])
            .flat_map(|name| name.split(", "))
        {
            let words: Vec<_> = part.split(' ').collect();
            let [crate_name, version, ..] = words[..] else {
                continue; // no crate
            };
            let line = format!("\n{crate_name} = \"{version}\"");
            let is_crate = version.starts_with(|c: char| c.is_ascii_digit());
            assert!(
                !is_crate || manifest.contains(&line) || workspace.contains(&line),
                "{part}"
            );
        }
    }
}
