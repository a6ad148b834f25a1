//! What is measured against the floors and the peers.

use std::net::SocketAddr;
use std::time::Duration;
use std::{io, mem};

use bytes::Bytes;
use ifcast::multicast::MulticastSocket;
use ifcast::socket::{BoundSocket, SendBatch, ToSend};
use ifcast::{
    Event, EventLoop, Incoming, Lan, LanBuilder, PayloadPool, RecvBatch, Snapshot, Sockets, To,
    Waiting,
};

use crate::call::Call;
use crate::datapath::cables::{Cables, Cast, RECEIVE_BUFFER};
use crate::datapath::line::Load;
use crate::datapath::receiver::{Receiver, Way, look};
use crate::method::Method;

/// Ways to receive with a loop, and without one.
pub(crate) const LOOPS: [Way; 4] = [
    Way::new(LAN, lan),
    Way::new(LAN_BYTES, lan_bytes),
    Way::new(LAN_POOL, lan_pool),
    Way::new(EVENT_LOOP, event_loop),
];
/// The loop that spins before it parks, for longer than there is nothing to receive.
pub(crate) const SPINNING: Way = Way::new(LAN_SPINNING, lan_spinning);
/// The loop that naps while that pays.
pub(crate) const NAPPING: Way = Way::new(LAN_NAPPING, lan_napping);
/// The loop that lets the kernel join datagrams.
pub(crate) const COALESCING: Way = Way::new(LAN_COALESCING, lan_coalescing);
pub(crate) const READS: [Way; 1] = [Way::new(READ, read)];

// Those that nothing is measured of are still to come.
pub(crate) const LAN: Method = Method::ours("ifcast Lan::poll");
pub(crate) const LAN_COALESCING: Method = Method::ours("ifcast Lan::poll, GRO");
pub(crate) const LAN_BYTES: Method = Method::ours("ifcast Lan::poll, to_bytes");
pub(crate) const LAN_POOL: Method = Method::ours("ifcast Lan::poll, PayloadPool");
pub(crate) const EVENT_LOOP: Method = Method::ours("ifcast EventLoop::poll");
pub(crate) const LAN_PER_INTERFACE: Method = Method::ours("ifcast Lan::poll, a socket each");
pub(crate) const LAN_SHARED: Method = Method::ours("ifcast Lan::poll, one shared socket");
pub(crate) const LAN_SPINNING: Method = Method::ours("ifcast Lan::poll, spin then park");
pub(crate) const LAN_NAPPING: Method = Method::ours("ifcast Lan::poll, naps of 100 µs");
pub(crate) const READ: Method = Method::ours("ifcast BoundSocket::recv_batch");
pub(crate) const SEND: Method = Method::ours("ifcast BoundSocket::send");
pub(crate) const SEND_BATCH: Method = Method::ours("ifcast SendBatch");
pub(crate) const SEND_SEGMENTS: Method = Method::ours("ifcast SendBatch, GSO");
pub(crate) const FAN_OUT: Method = Method::ours("ifcast Lan::send");
pub(crate) const FAN_OUT_PER_INTERFACE: Method = Method::ours("ifcast Lan::send, a socket each");
pub(crate) const FAN_OUT_SHARED: Method = Method::ours("ifcast Lan::send, one shared socket");

/// A LAN of all the receiver's interfaces that does nothing with a datagram but
/// look at it.
pub(crate) fn lan(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    Ok(looking(open(cables, cast, port)?))
}

/// The same, with sockets for each interface, however many there are.
pub(crate) fn lan_per_interface(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let builder = builder(cast, port).sockets(Sockets::PerInterface);
    Ok(looking(build(cables, builder)?))
}

/// The same, with one socket for all interfaces.
pub(crate) fn lan_shared(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let builder = builder(cast, port).sockets(Sockets::Shared);
    Ok(looking(build(cables, builder)?))
}

/// The same, which lets the kernel join datagrams.
pub(crate) fn lan_coalescing(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let builder = builder(cast, port).coalesce(true);
    Ok(looking(build(cables, builder)?))
}

/// The same, which spins before it parks.
pub(crate) fn lan_spinning(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let builder = builder(cast, port).waiting(Waiting::SpinThenPark(SPIN));
    Ok(looking(build(cables, builder)?))
}

/// The same, which naps.
pub(crate) fn lan_napping(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let builder = builder(cast, port).waiting(Waiting::Nap(NAP));
    Ok(looking(build(cables, builder)?))
}

fn looking(lan: Lan) -> Receiver {
    visiting(lan, |incoming| {
        look(
            incoming.payload(),
            incoming.source(),
            incoming.interface().index().get(),
        );
    })
}

/// The same, but it keeps each datagram until the next.
pub(crate) fn lan_bytes(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let lan = open(cables, cast, port)?;
    Ok(keeping(lan, |incoming| incoming.to_bytes()))
}

/// The same, in a pool.
pub(crate) fn lan_pool(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let lan = open(cables, cast, port)?;
    let mut pool = PayloadPool::new();
    Ok(keeping(lan, move |incoming| pool.keep(incoming.payload())))
}

fn keeping(lan: Lan, mut keep: impl FnMut(&Incoming<'_>) -> Bytes + 'static) -> Receiver {
    let mut kept = Bytes::new();
    visiting(lan, move |incoming| {
        let bytes = keep(incoming);
        look(
            &bytes,
            incoming.source(),
            incoming.interface().index().get(),
        );
        drop(mem::replace(&mut kept, bytes));
    })
}

/// An event loop over a socket at the end of the first cable.
pub(crate) fn event_loop(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let mut sockets = EventLoop::new()?;
    sockets.add(socket(cables, cast, port)?)?;
    Ok(Receiver::new(move |patience| {
        turns(patience, |timeout| {
            sockets.poll(timeout, |_, received| {
                if let Ok(datagram) = received {
                    let interface = datagram.interface().index().get();
                    look(datagram.payload(), datagram.source(), interface);
                }
            })
        })
    }))
}

/// No loop: reads a socket at the end of the first cable.
pub(crate) fn read(cables: &Cables, cast: Cast, port: u16) -> io::Result<Receiver> {
    let socket = socket(cables, cast, port)?;
    let mut batch = RecvBatch::new();
    Ok(Receiver::new(move |_| {
        let mut count = 0;
        loop {
            let received = match socket.socket().recv_batch(&mut batch) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(count),
                received => received?,
            };
            let drained = received.is_drained();
            count += received.len();
            for datagram in received {
                let interface = datagram.interface().index().get();
                look(datagram.payload(), datagram.source(), interface);
            }
            if drained {
                return Ok(count);
            }
        }
    }))
}

/// A socket that sends by the first cable.
pub(crate) fn sending(cables: &Cables, cast: Cast) -> io::Result<BoundSocket> {
    let index = cables.indexes()[0];
    cables.at_sender(|| bind(index, cast, 0))
}

/// Sends a batch by the first cable, of which so many datagrams may leave at once.
pub(crate) fn batch(
    cables: &Cables,
    load: Load,
    destination: SocketAddr,
    max_burst: usize,
) -> io::Result<Call> {
    let Load { cast, len, count } = load;
    let socket = sending(cables, cast)?;
    let payloads: &'static [u8] = vec![0; len * count].leak(); // once for each task
    let datagrams: Vec<_> = payloads
        .chunks(len)
        .map(|payload| ToSend {
            payload,
            destination,
        })
        .collect();
    let mut batch = SendBatch::new().max_burst(max_burst);
    let work = move || {
        let sent = socket.send_batch(&mut batch, &datagrams);
        if sent.is_complete() {
            Ok(sent.sent())
        } else {
            Err(io::Error::other(sent.to_string()))
        }
    };
    Ok(Call::new(work, |sent| *sent))
}

/// Sends by every cable, and tells by how many that was.
pub(crate) fn fan_out(
    cables: &Cables,
    cast: Cast,
    port: u16,
    payload: Vec<u8>,
    sockets: Sockets,
) -> io::Result<impl FnMut() -> io::Result<usize> + use<>> {
    let to = cast.group().map_or(To::AllHosts, To::Group);
    let builder = Lan::builder().families(&[cast.family()]).sockets(sockets);
    let mut lan = cables
        .at_sender(|| builder.build())
        .map_err(io::Error::other)?;
    // It learns from which addresses the kernel sends, for which it must be there.
    cables.at_sender(|| lan.send(&payload, to.port(port)).sent());
    Ok(move || Ok(lan.send(&payload, to.port(port)).sent()))
}

/// A LAN of all the receiver's interfaces.
pub(crate) fn open(cables: &Cables, cast: Cast, port: u16) -> io::Result<Lan> {
    build(cables, builder(cast, port))
}

fn builder(cast: Cast, port: u16) -> LanBuilder {
    let builder = Lan::builder()
        .families(&[cast.family()])
        .port(port)
        .receive_buffer(RECEIVE_BUFFER);
    cast.group().into_iter().fold(builder, LanBuilder::join)
}

fn build(cables: &Cables, builder: LanBuilder) -> io::Result<Lan> {
    let lan = cables
        .at_receiver(|| builder.build())
        .map_err(io::Error::other)?;
    match lan.failures() {
        [] => Ok(lan),
        [failure, ..] => Err(io::Error::other(failure.to_string())),
    }
}

fn visiting(mut lan: Lan, mut visit: impl FnMut(&Incoming<'_>) + 'static) -> Receiver {
    Receiver::new(move |patience| {
        turns(patience, |timeout| {
            let count = lan.poll(timeout, |event| {
                if let Event::Datagram(incoming) = event {
                    visit(&incoming);
                }
            });
            count.map_err(io::Error::other)
        })
    })
}

/// Polls until a socket cannot have more: a turn of one takes no more than two batches.
fn turns(
    patience: Duration,
    mut poll: impl FnMut(Option<Duration>) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut count = poll(Some(patience))?;
    let mut turn = count;
    while turn >= A_TURN {
        turn = poll(Some(Duration::ZERO))?;
        count += turn;
    }
    Ok(count)
}

fn socket(cables: &Cables, cast: Cast, port: u16) -> io::Result<MulticastSocket> {
    let index = cables.receiving_index();
    cables.at_receiver(|| {
        let mut socket = MulticastSocket::new(bind(index, cast, port)?);
        if let Some(group) = cast.group() {
            socket.join(group).map_err(io::Error::other)?;
        }
        Ok(socket)
    })
}

fn bind(index: u32, cast: Cast, port: u16) -> io::Result<BoundSocket> {
    let snapshot = Snapshot::capture().map_err(io::Error::other)?;
    let interfaces = snapshot.interfaces().iter();
    let interface = interfaces.clone().find(|i| i.index().get() == index);
    let interface = interface.ok_or(io::ErrorKind::NotFound)?;
    BoundSocket::builder(interface, cast.family())
        .port(port)
        .receive_buffer(RECEIVE_BUFFER)
        .bind()
        .map_err(io::Error::other)
}

const A_TURN: usize = 2 * 32;
const SPIN: Duration = Duration::from_millis(1);
const NAP: Duration = Duration::from_micros(100);
