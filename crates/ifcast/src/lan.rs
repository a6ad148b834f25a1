//! Many interfaces as one LAN.

use std::time::Duration;

use ifcast_broadcast::Target;
use ifcast_interfaces::InterfaceId;
use ifcast_multicast::MulticastSocket;
use ifcast_socket::{BoundSocket, Family, Receive};

use crate::builder::LanBuilder;
use crate::error::Error;
use crate::event::{Event, Incoming};
use crate::event_loop::{EventLoop, SocketId};
use crate::fan_out::{FanOut, Outcome, Skip, To};

/// Every selected interface, with a socket for each family on it.
///
/// It receives unicasts, broadcasts and the groups it joined, on one port, on
/// all of its interfaces; and it sends by all of them.
///
/// ```
/// use std::time::Duration;
///
/// use ifcast::{Event, Lan};
///
/// fn answer_everybody() -> Result<(), ifcast::Error> {
///     let mut lan = Lan::builder().port(2222).build()?;
///     loop {
///         lan.poll(Some(Duration::from_secs(1)), |event| {
///             if let Event::Datagram(question) = event {
///                 question.reply(b"here").unwrap_or_else(|error| eprintln!("{error}"));
///             }
///         })?;
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Lan {
    sockets: EventLoop<MulticastSocket>,
    members: Vec<Member>,
    failures: Vec<Error>,
    port: u16,
    fan_out: FanOut, // kept, so that sending allocates nothing
}

/// One interface of a LAN.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) interface: InterfaceId,
    pub(crate) v4: Option<SocketId>,
    pub(crate) v6: Option<SocketId>,
}

impl Member {
    pub(crate) const fn socket_mut(&mut self, family: Family) -> &mut Option<SocketId> {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    const fn socket(&self, family: Family) -> Option<SocketId> {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }
}

impl Lan {
    /// Starts to make one.
    pub fn builder() -> LanBuilder {
        LanBuilder::new()
    }

    pub(crate) fn new(
        sockets: EventLoop<MulticastSocket>,
        members: Vec<Member>,
        failures: Vec<Error>,
        port: u16,
    ) -> Self {
        Self {
            sockets,
            members,
            failures,
            port,
            fan_out: FanOut::default(),
        }
    }

    /// Sends to the LAN's own port by every interface that can; the report says
    /// what happened on each. One interface's failure does not stop the others.
    pub fn send(&mut self, payload: &[u8], to: To) -> &FanOut {
        self.send_to_port(payload, to, self.port)
    }

    /// As [`send`](Self::send), to another port.
    pub fn send_to_port(&mut self, payload: &[u8], to: To, port: u16) -> &FanOut {
        self.fan_out.clear();
        for member in &self.members {
            let socket = member
                .socket(to.family())
                .and_then(|id| self.sockets.get(id));
            let outcome = match socket {
                Some(socket) => send(socket, payload, to, port),
                None => Outcome::Skipped(Skip::NoSocket {
                    family: to.family(),
                }),
            };
            self.fan_out.push(member.interface, outcome);
        }
        &self.fan_out
    }

    /// Waits until something happens, up to `timeout`, or for ever without one,
    /// and hands it to `visit`. Returns how many datagrams there were: none if
    /// the time was up, if a signal interrupted, or if what arrived was for
    /// another interface.
    ///
    /// Interfaces take turns: each hands over a bounded number of datagrams,
    /// however many it has queued, and goes on in the next call. What the kernel
    /// dropped is told after the datagrams of the turn, and not counted among them.
    ///
    /// # Errors
    /// [`Error::Loop`].
    pub fn poll(
        &mut self,
        timeout: Option<Duration>,
        mut visit: impl FnMut(Event<'_>),
    ) -> Result<usize, Error> {
        let poll = self.sockets.poll(timeout, |socket, received| {
            visit(match received {
                Ok(datagram) => Event::Datagram(Incoming {
                    datagram,
                    socket: socket.socket(),
                }),
                Err(error) => Event::Failed {
                    interface: socket.socket().interface().id(),
                    error,
                },
            });
        });
        let count = poll.map_err(|source| Error::Loop { source })?;
        self.sockets.take_drops(|socket, dropped| {
            let interface = socket.socket().interface().id();
            visit(match dropped {
                Ok(count) => Event::Dropped { interface, count },
                Err(error) => Event::Failed { interface, error },
            });
        });
        Ok(count)
    }

    /// Its interfaces, also those on which no socket could be opened.
    pub fn interfaces(&self) -> impl Iterator<Item = InterfaceId> {
        self.members.iter().map(|member| member.interface)
    }

    /// Its sockets, for counters and settings.
    pub fn sockets(&self) -> impl Iterator<Item = &BoundSocket> {
        self.sockets.sockets().map(Receive::bound)
    }

    /// What could not be opened or joined when it was built, while the rest was.
    #[must_use]
    pub fn failures(&self) -> &[Error] {
        &self.failures
    }
}

fn send(socket: &MulticastSocket, payload: &[u8], to: To, port: u16) -> Outcome {
    let sent = match to {
        To::AllHosts => broadcast(socket, payload, Target::Limited, port),
        To::Subnets => broadcast(socket, payload, Target::Directed, port),
        To::Group(group) => socket
            .send_to_port(payload, group, port)
            .map(|()| 1)
            .map_err(Error::from),
    };
    match sent {
        Ok(datagrams) => Outcome::Sent { datagrams },
        Err(Error::Broadcast(ifcast_broadcast::Error::NoBroadcast { .. })) => {
            Outcome::Skipped(Skip::NoBroadcast)
        }
        Err(Error::Broadcast(ifcast_broadcast::Error::NoSubnet { .. })) => {
            Outcome::Skipped(Skip::NoSubnet)
        }
        Err(error) => Outcome::Failed(error),
    }
}

fn broadcast(
    socket: &MulticastSocket,
    payload: &[u8],
    target: Target,
    port: u16,
) -> Result<usize, Error> {
    Ok(ifcast_broadcast::send(
        socket.socket(),
        payload,
        target,
        port,
    )?)
}
