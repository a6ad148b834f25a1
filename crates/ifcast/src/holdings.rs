//! The sockets of a LAN, and doing to them what has to be done.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ifcast_interfaces::{Interface, InterfaceId};
use ifcast_multicast::{Group, SharedMulticastSocket, State};
use ifcast_socket::{Class, Family, Receive};

use crate::error::Error;
use crate::event_loop::{EventLoop, SocketId};
use crate::lan_socket::LanSocket;
use crate::namespace::Namespace;
use crate::reconciler::{Action, Subject, What};
use crate::screening::{Screened, Screening};
use crate::wanted::Wanted;

/// The sockets of a LAN, by interface and family.
#[derive(Debug)]
pub(crate) struct Holdings {
    pub(crate) sockets: EventLoop<LanSocket>,
    /// Ordered by index.
    pub(crate) members: Vec<Member>,
    /// What keeps back what is not to be handed over, if anything is.
    pub(crate) screening: Option<Box<Screening>>,
    wanted: Wanted,
    is_shared: bool,
    shared: BTreeMap<Family, SocketId>,
    /// Where the interfaces are.
    home: Namespace,
}

/// One interface of a LAN.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) interface: InterfaceId,
    /// Whether something there has failed, and been told of.
    pub(crate) is_degraded: bool,
    /// What fails there now.
    pub(crate) troubles: BTreeMap<Subject, Trouble>,
    /// How the memberships fared when that was last told.
    states: BTreeMap<Group, State>,
    pub(crate) sockets: BTreeMap<Family, SocketId>,
    /// From where the kernel sends to whom, as far as it was asked.
    sources: Vec<(IpAddr, IpAddr)>,
}

/// Why something could not be had.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) error: String,
    pub(crate) class: Class,
}

impl Member {
    /// Takes note of how an action went.
    pub(crate) fn note(&mut self, what: &What, outcome: &Result<(), Error>) {
        let subject = what.subject();
        let Err(error) = outcome else {
            self.troubles.remove(&subject);
            return;
        };
        self.is_degraded = true;
        let trouble = Trouble {
            error: error.to_string(),
            class: error.class(),
        };
        self.troubles.insert(subject, trouble);
    }

    /// From which address the kernel sends to another, if it was asked.
    pub(crate) fn known_source(&self, destination: IpAddr) -> Option<IpAddr> {
        let mut sources = self.sources.iter();
        let (_, source) = sources.find(|(to, _)| *to == destination)?;
        Some(*source)
    }

    pub(crate) fn socket(&self, family: Family) -> Option<SocketId> {
        self.sockets.get(&family).copied()
    }
}

impl Holdings {
    pub(crate) fn new(
        sockets: EventLoop<LanSocket>,
        screening: Option<Box<Screening>>,
        wanted: Wanted,
        is_shared: bool,
    ) -> Self {
        Self {
            sockets,
            members: Vec::new(),
            screening,
            wanted,
            is_shared,
            shared: BTreeMap::new(),
            home: Namespace::current(),
        }
    }

    pub(crate) fn families(&self) -> &[Family] {
        &self.wanted.families
    }

    /// Makes place for an interface, or takes note of its name; whether it is new.
    pub(crate) fn admit(&mut self, interface: InterfaceId) -> bool {
        if let Some(place) = self.place(interface) {
            self.members[place].interface = interface; // its name may have changed
            return false;
        }
        let index = interface.index().get();
        let before = |member: &Member| member.interface.index().get() < index;
        let place = self.members.partition_point(before);
        let member = Member {
            interface,
            is_degraded: false,
            troubles: BTreeMap::new(),
            states: BTreeMap::new(),
            sockets: BTreeMap::new(),
            sources: Vec::new(),
        };
        self.members.insert(place, member);
        true
    }

    /// Whether the calling thread lives where the interfaces have these indexes.
    pub(crate) fn is_at_home(&self) -> bool {
        Namespace::current() == self.home
    }

    /// Asks from which address the kernel sends to another by an interface, which the
    /// calling thread must see, and remembers it.
    #[cold]
    pub(crate) fn ask_source(&mut self, place: usize, destination: IpAddr) -> Option<IpAddr> {
        let member = &mut self.members[place];
        let socket = self.sockets.get(member.socket(Family::of(destination))?)?;
        let sender = socket.endpoint().sender(member.interface.index())?;
        let source = sender.source_for(destination).ok()?;
        if member.sources.len() == MOST_SOURCES {
            member.sources.clear();
        }
        member.sources.push((destination, source));
        Some(source)
    }

    /// How the memberships fare that an action was about, as far as that is news.
    pub(crate) fn changed_states(&mut self, place: usize, what: &What) -> Vec<(Group, State)> {
        let member = &mut self.members[place];
        let groups = match what {
            What::Join(group, _) => vec![*group],
            What::Refresh => {
                let index = member.interface.index();
                let sockets = member.sockets.values();
                let sockets = sockets.filter_map(|id| self.sockets.get(*id));
                sockets.flat_map(|socket| socket.groups(index)).collect()
            }
            What::Leave(group) => {
                member.states.remove(group);
                return Vec::new();
            }
            What::Close(_) | What::Open(_) => return Vec::new(),
        };
        let mut changed = Vec::new();
        for group in groups {
            let id = member.socket(group.family());
            let socket = id.and_then(|id| self.sockets.get(id));
            let index = member.interface.index();
            let membership = socket.and_then(|socket| socket.membership(index, group));
            let Some(state) = membership.map(|membership| membership.state()) else {
                continue;
            };
            if member.states.get(&group) != Some(state) {
                member.states.insert(group, state.clone());
                changed.push((group, state.clone()));
            }
        }
        changed
    }

    /// The sockets that all interfaces share.
    pub(crate) fn shared(&self) -> impl Iterator<Item = &LanSocket> {
        let ids = self.shared.values();
        ids.filter_map(|id| self.sockets.get(*id))
    }

    /// Closes what there is on an interface.
    pub(crate) fn close(&mut self, interface: InterfaceId) {
        let Some(place) = self.place(interface) else {
            return;
        };
        for id in self.members.remove(place).sockets.into_values() {
            match self.sockets.get_mut(id) {
                Some(LanSocket::Shared(socket)) => drop(socket.remove(interface.index())),
                // What the system has to say of a socket that is closed is no matter.
                Some(LanSocket::Bound(_)) | None => drop(self.sockets.remove(id)),
            }
        }
    }

    /// What was kept back on an interface, if it is here.
    pub(crate) fn screened(&self, interface: InterfaceId) -> Option<Screened> {
        self.place(interface)?;
        let screening = self.screening.as_ref();
        let screened = screening.and_then(|screening| screening.screened(interface));
        Some(screened.unwrap_or_default())
    }

    /// Has what is kept back follow what has been done.
    pub(crate) fn refresh_screening(&mut self) {
        if let Some(screening) = &mut self.screening {
            let interfaces = self.members.iter().map(|member| member.interface);
            let endpoints = self.sockets.sockets().map(Receive::endpoint);
            screening.refresh(interfaces, endpoints);
        }
    }

    /// Does what has to be done on an interface, which is so now.
    pub(crate) fn perform(
        &mut self,
        action: &Action<InterfaceId>,
        now: &Interface,
    ) -> Result<(), Error> {
        let Some(place) = self.place(action.interface) else {
            return Ok(()); // it has left
        };
        match &action.what {
            What::Close(_) => {
                self.close(action.interface);
                Ok(())
            }
            What::Open(family) => self.open(place, *family, now),
            What::Refresh => {
                self.members[place].sources.clear();
                let mut outcome = Ok(());
                for id in self.members[place].sockets.values() {
                    if let Some(socket) = self.sockets.get_mut(*id) {
                        outcome = outcome.and(socket.refresh(now));
                    }
                }
                outcome
            }
            What::Join(group, filter) => {
                let id = self.members[place].socket(group.family());
                let socket = id.and_then(|id| self.sockets.get_mut(id));
                let Some(socket) = socket else {
                    return Ok(()); // it has left
                };
                Ok(match socket {
                    LanSocket::Bound(socket) => socket.set_filter(*group, filter.clone()),
                    LanSocket::Shared(socket) => {
                        socket.set_filter(now.index(), *group, filter.clone())
                    }
                }?)
            }
            What::Leave(group) => {
                let id = self.members[place].socket(group.family());
                let left = match id.and_then(|id| self.sockets.get_mut(id)) {
                    Some(LanSocket::Bound(socket)) => socket.leave(*group),
                    Some(LanSocket::Shared(socket)) => socket.leave(now.index(), *group),
                    None => Ok(()),
                };
                match left {
                    // Joining it has failed, and need not be tried any more.
                    Err(ifcast_multicast::Error::NotJoined { .. }) => Ok(()),
                    left => Ok(left?),
                }
            }
        }
    }

    fn open(&mut self, place: usize, family: Family, now: &Interface) -> Result<(), Error> {
        let id = if self.is_shared {
            self.share(family, now)?
        } else {
            let socket = self.wanted.bound(now, family)?;
            self.add(LanSocket::Bound(socket))?
        };
        self.members[place].sockets.insert(family, id);
        Ok(())
    }

    /// Has the shared socket serve an interface; opens it if it is the first.
    fn share(&mut self, family: Family, now: &Interface) -> Result<SocketId, Error> {
        let id = match self.shared.get(&family) {
            Some(id) => *id,
            None => {
                let socket = self.wanted.shared(family)?;
                let id = self.add(LanSocket::Shared(socket))?;
                self.shared.insert(family, id);
                id
            }
        };
        if let Some(socket) = self.shared_mut(id) {
            socket.add(now)?;
        }
        Ok(id)
    }

    fn shared_mut(&mut self, id: SocketId) -> Option<&mut SharedMulticastSocket> {
        match self.sockets.get_mut(id)? {
            LanSocket::Shared(socket) => Some(socket),
            LanSocket::Bound(_) => None,
        }
    }

    fn add(&mut self, socket: LanSocket) -> Result<SocketId, Error> {
        let added = self.sockets.add(socket);
        added.map_err(|source| Error::Loop { source })
    }

    pub(crate) fn place(&self, interface: InterfaceId) -> Option<usize> {
        let mut members = self.members.iter();
        members.position(|member| member.interface == interface)
    }
}

/// Of so many destinations on each interface it is remembered from where the kernel
/// sends to them.
const MOST_SOURCES: usize = 64;
