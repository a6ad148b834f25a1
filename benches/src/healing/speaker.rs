//! Somebody who says what time it is.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use ifcast::socket::BoundSocket;
use ifcast::{Datagram, Family, Snapshot};
use ifcast_netlab::Nic;

use super::PORT;

/// A clock that can be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has run.
    pub(super) fn now(self) -> Duration {
        self.0.elapsed()
    }
}

/// Says something to everybody, and to both groups.
#[derive(Debug)]
pub(super) struct Speaker {
    sockets: Vec<BoundSocket>,
    clock: Clock,
}

impl Speaker {
    /// One on the host of a network card.
    pub(super) fn on(nic: &Nic, clock: Clock) -> io::Result<Self> {
        let index = nic.index();
        nic.host().run(|| {
            let snapshot = Snapshot::capture().map_err(io::Error::other)?;
            let mut cards = snapshot.interfaces().iter();
            let card = cards.find(|card| card.index().get() == index);
            let card = card.ok_or(io::ErrorKind::NotFound)?;
            let families = Family::ALL.into_iter().filter(|family| family.is_on(card));
            let bind = |family| BoundSocket::builder(card, family).bind();
            let sockets = families.map(|family| bind(family).map_err(io::Error::other));
            Ok(Self {
                sockets: sockets.collect::<io::Result<_>>()?,
                clock,
            })
        })
    }

    /// Says what time it is in one of the [`WAYS`]. Where it cannot, nobody hears it.
    pub(super) fn say(&self, way: usize) {
        let to = WAYS[way];
        let mut sockets = self.sockets.iter();
        if let Some(socket) = sockets.find(|socket| socket.family() == Family::of(to)) {
            let now = u64::try_from(self.clock.now().as_nanos()).unwrap_or(u64::MAX);
            drop(socket.send(&now.to_be_bytes(), SocketAddr::new(to, PORT)));
        }
    }
}

/// When a datagram of a speaker was sent, and in which of the [`WAYS`].
pub(super) fn read(datagram: &Datagram<'_>) -> Option<(Duration, usize)> {
    let sent = datagram.payload().try_into().ok()?;
    let way = WAYS.iter().position(|way| *way == datagram.destination())?;
    Some((Duration::from_nanos(u64::from_be_bytes(sent)), way))
}

pub(super) const GROUPS: [&str; 2] = ["239.71.7.7", "ff02::71:7"];
/// What something is said to.
pub(super) const WAYS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::BROADCAST),
    IpAddr::V4(Ipv4Addr::new(239, 71, 7, 7)),
    IpAddr::V6(std::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0x71, 7)),
];
