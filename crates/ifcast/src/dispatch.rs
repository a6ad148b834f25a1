//! Sending by the interfaces of a LAN.

use std::io;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::{Course, Endpoint, Family, PacketInfo, Receive, SendBatch};

use crate::fan_out::{Entry, FanOut, Outcome, Skip};
use crate::holdings::{Holdings, Member};
use crate::lan_socket::LanSocket;
use crate::to::{Addressed, Kind};

/// Sends by every interface. What it needs for that is kept, so that it allocates
/// nothing.
#[derive(Debug, Default)]
pub(crate) struct Dispatch {
    pub(crate) report: FanOut,
    due: Vec<Due>,
    // Of those that share a socket: how they go, and whose result that decides.
    courses: Vec<Course>,
    places: Vec<usize>,
    batch: SendBatch,
}

/// An entry of the report that is to be sent.
#[derive(Clone, Copy, Debug)]
struct Due {
    entry: usize,
    member: usize,
}

impl Dispatch {
    /// Sends a datagram by every interface that can, or by the one that is named.
    pub(crate) fn send(
        &mut self,
        holdings: &mut Holdings,
        payload: &[u8],
        what: Addressed,
    ) -> &FanOut {
        self.report.entries.clear();
        self.due.clear();
        let family = what.to.family();
        let members = holdings.members.iter().enumerate();
        let named = members.filter(|(_, member)| {
            let is_named = |named| named == member.interface;
            what.interface.is_none_or(is_named)
        });
        for (place, member) in named {
            let id = member.socket(family);
            let planned = match id.and_then(|id| holdings.sockets.get(id)) {
                None => Err(Outcome::Skipped(Skip::NoSocket { family })),
                Some(socket) => self.plan(socket.endpoint(), member, place, what),
            };
            if let Err(outcome) = planned {
                self.report.skip(member.interface, outcome);
            }
        }
        if let Some(named) = what.interface.filter(|_| self.report.entries.is_empty()) {
            self.report.skip(named, Outcome::Skipped(Skip::NotOnLan));
        }
        self.deliver(holdings, payload);
        &self.report
    }

    /// Sends again what has not gone out for a reason that passes.
    pub(crate) fn resend(&mut self, holdings: &mut Holdings, payload: &[u8]) -> &FanOut {
        self.due.clear();
        for (place, entry) in self.report.entries.iter_mut().enumerate() {
            let Outcome::Failed(error) = &entry.outcome else {
                continue;
            };
            let member = holdings.place(entry.interface);
            let course = entry.course.filter(|_| error.is_transient());
            if let (Some(member), Some(course)) = (member, course) {
                entry.outcome = sent(&holdings.members[member], &course);
                self.due.push(Due {
                    entry: place,
                    member,
                });
            }
        }
        self.deliver(holdings, payload);
        &self.report
    }

    /// Plans the datagrams that have to go out by one interface.
    fn plan(
        &mut self,
        endpoint: &Endpoint,
        member: &Member,
        place: usize,
        what: Addressed,
    ) -> Result<(), Outcome> {
        let port = what.port.unwrap_or_else(|| endpoint.port());
        let index = member.interface.index();
        match what.to.kind() {
            Kind::Multicast(group) => {
                let course = Course {
                    interface: index,
                    destination: group.socket_addr(port),
                    source: None,
                };
                self.add(member, place, course);
            }
            Kind::Broadcast(target) => {
                let Some(sender) = endpoint.sender(index) else {
                    return Err(Outcome::Skipped(Skip::NotOnLan));
                };
                let courses = ifcast_broadcast::courses(sender.interface(), target, port);
                for course in courses.map_err(outcome_of)? {
                    self.add(member, place, course);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, member: &Member, place: usize, course: Course) {
        let entry = self.report.entries.len();
        self.due.push(Due {
            entry,
            member: place,
        });
        self.report.entries.push(Entry {
            interface: member.interface,
            outcome: sent(member, &course),
            course: Some(course),
        });
    }

    /// Sends what is due, and is said to be sent; corrects the report where it is not.
    fn deliver(&mut self, holdings: &mut Holdings, payload: &[u8]) {
        self.courses.clear();
        self.places.clear();
        let mut shared = None;
        let mut has_unnamed = false;
        for due in &self.due {
            let entry = &mut self.report.entries[due.entry];
            has_unnamed |= matches!(entry.outcome, Outcome::Sent { source: None, .. });
            let Some(course) = entry.course else {
                continue; // there is none that is due
            };
            let family = Family::of(course.destination.ip());
            let id = holdings.members[due.member].socket(family);
            match id.and_then(|id| holdings.sockets.get(id)) {
                None => entry.outcome = Outcome::Skipped(Skip::NoSocket { family }),
                Some(LanSocket::Bound(socket)) => {
                    let info = PacketInfo {
                        source: course.source,
                        ..PacketInfo::default()
                    };
                    let sender = socket.socket().sender();
                    if let Err(error) = sender.send_with(payload, course.destination, info) {
                        entry.outcome = Outcome::Failed(error.into());
                    }
                }
                Some(LanSocket::Shared(_)) => {
                    shared = id;
                    self.courses.push(course);
                    self.places.push(due.entry);
                }
            }
        }
        // One datagram has one family, and that has one socket.
        if let Some(LanSocket::Shared(socket)) = shared.and_then(|id| holdings.sockets.get(id)) {
            let socket = socket.socket();
            let sent = socket.fan_out(&mut self.batch, payload, &self.courses);
            for course in sent.unsent() {
                let error = io::ErrorKind::WouldBlock.into();
                self.report.fail(self.places[course], error);
            }
            for (course, error) in sent.into_failures() {
                self.report.entries[self.places[course]].outcome = Outcome::Failed(error.into());
            }
        }
        if has_unnamed {
            self.name_sources(holdings);
        }
    }

    /// Says from which address the kernel has sent what it was not told, if the calling
    /// thread is where that can be asked.
    #[cold]
    fn name_sources(&mut self, holdings: &mut Holdings) {
        if !holdings.is_at_home() {
            return;
        }
        for due in &self.due {
            let entry = &mut self.report.entries[due.entry];
            if let Outcome::Sent {
                destination,
                source: source @ None,
            } = &mut entry.outcome
            {
                *source = holdings.ask_source(due.member, destination.ip());
            }
        }
    }
}

impl FanOut {
    fn skip(&mut self, interface: InterfaceId, outcome: Outcome) {
        self.entries.push(Entry {
            interface,
            outcome,
            course: None,
        });
    }

    /// Corrects an entry that has not gone out.
    fn fail(&mut self, place: usize, source: io::Error) {
        let entry = &mut self.entries[place];
        let Some(course) = entry.course else {
            return;
        };
        let error = ifcast_socket::Error::Send {
            interface: entry.interface,
            destination: course.destination,
            source,
        };
        entry.outcome = Outcome::Failed(error.into());
    }
}

/// That it has gone out, and from where, if that is known.
fn sent(member: &Member, course: &Course) -> Outcome {
    let known = || member.known_source(course.destination.ip());
    Outcome::Sent {
        destination: course.destination,
        source: course.source.or_else(known),
    }
}

/// What it means that there is no broadcast to send on an interface.
fn outcome_of(error: ifcast_broadcast::Error) -> Outcome {
    match error {
        ifcast_broadcast::Error::NoBroadcast { .. } => Outcome::Skipped(Skip::NoBroadcast),
        ifcast_broadcast::Error::NoSubnet { .. } => Outcome::Skipped(Skip::NoSubnet),
        error => Outcome::Failed(error.into()),
    }
}
