//! Many interfaces as one LAN.

use std::io;
use std::time::Duration;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::{Course, Endpoint, Family, Receive, SendBatch, Sender};

use crate::builder::LanBuilder;
use crate::error::Error;
use crate::event::{Event, Incoming};
use crate::event_loop::{EventLoop, SocketId};
use crate::fan_out::{FanOut, Kind, Outcome, Skip, To};
use crate::lan_socket::LanSocket;

/// Every selected interface, with a socket for each family on it, or for all of
/// them: see [`Sockets`](crate::Sockets).
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
    sockets: EventLoop<LanSocket>,
    members: Vec<Member>,
    failures: Vec<Error>,
    // Kept, so that sending allocates nothing.
    fan_out: FanOut,
    courses: Vec<Course>,
    places: Vec<usize>, // of each course, whose result it decides
    batch: SendBatch,
}

/// One interface of a LAN.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) interface: InterfaceId,
    pub(crate) v4: Option<SocketId>,
    pub(crate) v6: Option<SocketId>,
}

impl Member {
    pub(crate) const fn new(interface: InterfaceId) -> Self {
        Self {
            interface,
            v4: None,
            v6: None,
        }
    }

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
        sockets: EventLoop<LanSocket>,
        members: Vec<Member>,
        failures: Vec<Error>,
    ) -> Self {
        Self {
            sockets,
            members,
            failures,
            fan_out: FanOut::default(),
            courses: Vec::new(),
            places: Vec::new(),
            batch: SendBatch::new(),
        }
    }

    /// Sends to the LAN's own port by every interface that can; the report says
    /// what happened on each. One interface's failure does not stop the others.
    ///
    /// Where no port was given, that is on each interface the one that its socket
    /// has.
    pub fn send(&mut self, payload: &[u8], to: To) -> &FanOut {
        self.send_by_each(payload, to, None)
    }

    /// As [`send`](Self::send), to another port.
    pub fn send_to_port(&mut self, payload: &[u8], to: To, port: u16) -> &FanOut {
        self.send_by_each(payload, to, Some(port))
    }

    /// Sends to a port, or to that of each socket.
    fn send_by_each(&mut self, payload: &[u8], to: To, port: Option<u16>) -> &FanOut {
        self.fan_out.clear();
        self.courses.clear();
        self.places.clear();
        let family = to.family();
        for (place, member) in self.members.iter().enumerate() {
            let id = member.socket(family);
            let outcome = match id.and_then(|id| self.sockets.get(id)) {
                None => Outcome::Skipped(Skip::NoSocket { family }),
                Some(LanSocket::Bound(socket)) => {
                    let port = port.unwrap_or_else(|| socket.endpoint().port());
                    send(socket.socket().sender(), payload, to, port)
                }
                Some(LanSocket::Shared(socket)) => {
                    let port = port.unwrap_or_else(|| socket.endpoint().port());
                    let before = self.courses.len();
                    let planned = plan(socket.endpoint(), member, to, port, &mut self.courses);
                    self.places.resize(self.courses.len(), place);
                    planned.map_or_else(outcome_of, |()| Outcome::Sent {
                        datagrams: self.courses.len() - before,
                    })
                }
            };
            self.fan_out.push(member.interface, outcome);
        }
        self.send_planned(payload, family);
        &self.fan_out
    }

    /// Sends by all interfaces that share a socket, and corrects the report where
    /// that failed.
    fn send_planned(&mut self, payload: &[u8], family: Family) {
        let mut ids = self
            .members
            .iter()
            .filter_map(|member| member.socket(family));
        let shared = ids.find_map(|id| match self.sockets.get(id)? {
            LanSocket::Shared(socket) => Some(socket.socket()),
            LanSocket::Bound(_) => None,
        });
        let Some(shared) = shared.filter(|_| !self.courses.is_empty()) else {
            return;
        };
        let sent = shared.fan_out(&mut self.batch, payload, &self.courses);
        for place in sent.unsent() {
            let (course, whose) = (self.courses[place], self.places[place]);
            let error = ifcast_socket::Error::Send {
                interface: self.members[whose].interface,
                destination: course.destination,
                source: io::ErrorKind::WouldBlock.into(),
            };
            self.fan_out.fail(whose, error.into());
        }
        for (place, error) in sent.into_failures() {
            self.fan_out.fail(self.places[place], error.into());
        }
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
            let endpoint = socket.endpoint();
            visit(match received {
                Ok(datagram) => Event::Datagram(Incoming { datagram, endpoint }),
                Err(error) => Event::Failed {
                    scope: endpoint.scope(),
                    error,
                },
            });
        });
        let count = poll.map_err(|source| Error::Loop { source })?;
        self.sockets.take_drops(|socket, dropped| {
            let scope = socket.endpoint().scope();
            visit(match dropped {
                Ok(count) => Event::Dropped { scope, count },
                Err(error) => Event::Failed { scope, error },
            });
        });
        Ok(count)
    }

    /// Its interfaces, also those on which no socket could be opened.
    pub fn interfaces(&self) -> impl Iterator<Item = InterfaceId> {
        self.members.iter().map(|member| member.interface)
    }

    /// Its sockets, for counters and settings.
    pub fn sockets(&self) -> impl Iterator<Item = &Endpoint> {
        self.sockets.sockets().map(Receive::endpoint)
    }

    /// What could not be opened or joined when it was built, while the rest was.
    #[must_use]
    pub fn failures(&self) -> &[Error] {
        &self.failures
    }
}

fn send(sender: Sender<'_>, payload: &[u8], to: To, port: u16) -> Outcome {
    let sent = match to.kind() {
        Kind::Broadcast(target) => {
            ifcast_broadcast::send(sender, payload, target, port).map_err(Error::from)
        }
        Kind::Multicast(group) => ifcast_multicast::send(sender, payload, group, port)
            .map(|()| 1)
            .map_err(Error::from),
    };
    sent.map_or_else(outcome_of, |datagrams| Outcome::Sent { datagrams })
}

/// Adds the courses on which a datagram has to go by one of those that share a
/// socket.
fn plan(
    endpoint: &Endpoint,
    member: &Member,
    to: To,
    port: u16,
    courses: &mut Vec<Course>,
) -> Result<(), Error> {
    let index = member.interface.index();
    match to.kind() {
        Kind::Multicast(group) => courses.push(Course {
            interface: index,
            destination: group.socket_addr(port),
            source: None,
        }),
        Kind::Broadcast(target) => {
            let not_shared = ifcast_socket::Error::NotShared { named: index.get() };
            let interface = endpoint.sender(index).ok_or(not_shared)?.interface();
            courses.extend(ifcast_broadcast::courses(interface, target, port)?);
        }
    }
    Ok(())
}

/// What an error means for the interface on which it happened.
fn outcome_of(error: Error) -> Outcome {
    match error {
        Error::Broadcast(ifcast_broadcast::Error::NoBroadcast { .. }) => {
            Outcome::Skipped(Skip::NoBroadcast)
        }
        Error::Broadcast(ifcast_broadcast::Error::NoSubnet { .. }) => {
            Outcome::Skipped(Skip::NoSubnet)
        }
        error => Outcome::Failed(error),
    }
}
