//! Listening with ifcast's own sockets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use ifcast::socket::Receive;
use ifcast::{Cast, Datagram, EventLoop, InterfaceId, RecvBatch, SocketId};
use ifcast_netlab::Nic;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing must come to be taken for silence.
const SILENCE: Duration = Duration::from_millis(100);

/// One socket and an event loop of its own.
#[derive(Debug)]
pub struct Ear<S> {
    sockets: EventLoop<S>,
    id: SocketId,
}

impl<S: Receive + mio::event::Source> Ear<S> {
    /// Opens a socket on the host of `nic` and listens.
    pub fn on<E: std::fmt::Debug + Send>(
        nic: &Nic,
        open: impl FnOnce() -> Result<S, E> + Send,
    ) -> Self
    where
        S: Send,
    {
        Self::to(nic.host().run(open).unwrap())
    }

    /// Listens to a socket.
    pub fn to(socket: S) -> Self {
        Self::with_batch(socket, RecvBatch::new())
    }

    /// Listens to a socket, with so much room for datagrams.
    pub fn with_batch(socket: S, batch: RecvBatch) -> Self {
        let mut sockets = EventLoop::with_batch(batch).unwrap();
        let id = sockets.add(socket).unwrap();
        Self { sockets, id }
    }

    /// Stops listening.
    #[must_use]
    pub fn into_socket(mut self) -> S {
        self.sockets.remove(self.id).unwrap().unwrap()
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &S {
        self.sockets.get(self.id).unwrap()
    }

    /// The next `count` datagrams, which must come in time.
    #[track_caller]
    pub fn hear(&mut self, count: usize) -> Vec<Heard> {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = Vec::new();
        while heard.len() < count {
            assert!(
                Instant::now() < deadline,
                "{} of {count}: {heard:?}",
                heard.len()
            );
            self.poll(SILENCE, &mut heard);
        }
        heard
    }

    /// Takes what has come so far.
    pub fn listen(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        self.poll(Duration::ZERO, &mut heard);
        heard
    }

    /// Fails if anything comes.
    #[track_caller]
    pub fn assert_silent(&mut self) {
        let mut heard = Vec::new();
        self.poll(SILENCE, &mut heard);
        assert!(heard.is_empty(), "heard {heard:?}");
    }

    fn poll(&mut self, timeout: Duration, heard: &mut Vec<Heard>) {
        let visit = |_: &S, received: io::Result<Datagram<'_>>| {
            heard.push(Heard::from(&received.unwrap()));
        };
        self.sockets.poll(Some(timeout), visit).unwrap();
    }
}

/// A datagram that was heard, for keeping.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Datagram`")]
pub struct Heard {
    pub payload: Vec<u8>,
    pub source: SocketAddr,
    pub destination: IpAddr,
    pub cast: Cast,
    pub interface: InterfaceId,
    pub hops: Option<u8>,
    pub traffic_class: Option<u8>,
    pub truncated: bool,
}

impl From<&Datagram<'_>> for Heard {
    fn from(datagram: &Datagram<'_>) -> Self {
        Self {
            payload: datagram.payload().to_vec(),
            source: datagram.source(),
            destination: datagram.destination(),
            cast: datagram.cast(),
            interface: datagram.interface(),
            hops: datagram.hops(),
            traffic_class: datagram.traffic_class(),
            truncated: datagram.is_truncated(),
        }
    }
}
