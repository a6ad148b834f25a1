//! A socket of a LAN, whichever way it holds its interfaces.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::{Interface, InterfaceIndex};
use ifcast_multicast::{Group, Membership, MulticastSocket, SharedMulticastSocket, State};
use ifcast_socket::{Endpoint, Receive, Received, RecvBatch};
use mio::{Interest, Registry, Token, event};

use crate::error::Error;

/// How a [`Lan`](crate::Lan) holds its interfaces.
///
/// ```
/// use ifcast::{Lan, Sockets};
///
/// fn open() -> Result<Lan, ifcast::Error> {
///     Lan::builder().port(2222).sockets(Sockets::Shared).build()
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sockets {
    /// `PerInterface` for up to 32 interfaces, and `Shared` for more.
    #[default]
    Automatic,
    /// A socket for each interface and family. Each has a receive buffer of its
    /// own, so that a flood on one interface costs the others nothing.
    PerInterface,
    /// One socket for each family, which all interfaces share. It takes about half
    /// the time where many interfaces are busy, and needs fewer descriptors. A port
    /// that is not given is the same on all interfaces.
    ///
    /// To the kernel the port is then that of all interfaces of this host, not only of
    /// the LAN's: see [`SharedSocket`](ifcast_socket::SharedSocket).
    Shared,
}

impl Sockets {
    /// Whether so many interfaces share sockets.
    pub(crate) const fn are_shared_by(self, interfaces: usize) -> bool {
        match self {
            Self::Automatic => interfaces > MOST_OF_THEIR_OWN,
            Self::PerInterface => false,
            Self::Shared => true,
        }
    }
}

/// Above that the time for which the kernel looks through the sockets of a port is
/// more than isolation is worth.
const MOST_OF_THEIR_OWN: usize = 32;

#[derive(Debug)]
pub(crate) enum LanSocket {
    Bound(MulticastSocket),
    Shared(SharedMulticastSocket),
}

impl LanSocket {
    /// The membership of a group on an interface, if there is one.
    pub(crate) fn membership(
        &self,
        interface: InterfaceIndex,
        group: Group,
    ) -> Option<Membership<'_>> {
        match self {
            Self::Bound(socket) => socket.membership(group),
            Self::Shared(socket) => socket.membership(interface, group),
        }
    }

    /// The groups that are joined on an interface.
    pub(crate) fn groups(&self, interface: InterfaceIndex) -> Vec<Group> {
        match self {
            Self::Bound(socket) => socket.groups().collect(),
            Self::Shared(socket) => socket.groups(interface).collect(),
        }
    }

    /// Takes note of what became of an interface, and repairs the memberships.
    ///
    /// # Errors
    /// Also if one on this interface could not be repaired.
    pub(crate) fn refresh(&mut self, interface: &Interface) -> Result<(), Error> {
        match self {
            Self::Bound(socket) => {
                socket.socket_mut().refresh(interface)?;
                socket.repair()?;
                check(socket.memberships(), interface)
            }
            Self::Shared(socket) => {
                socket.add(interface)?;
                socket.repair()?;
                check(socket.memberships(), interface)
            }
        }
    }
}

/// That no membership on an interface is known to have failed.
fn check<'m>(
    memberships: impl Iterator<Item = Membership<'m>>,
    interface: &Interface,
) -> Result<(), Error> {
    for membership in memberships.filter(|m| m.interface() == interface.id()) {
        if let State::Failed(source) = membership.state().clone() {
            return Err(Error::Multicast(ifcast_multicast::Error::Join {
                interface: interface.id(),
                group: membership.group(),
                source,
            }));
        }
    }
    Ok(())
}

impl Receive for LanSocket {
    #[inline]
    fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> io::Result<Received<'a>> {
        match self {
            Self::Bound(socket) => socket.recv_batch(batch),
            Self::Shared(socket) => socket.recv_batch(batch),
        }
    }

    #[inline]
    fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Bound(socket) => socket.endpoint(),
            Self::Shared(socket) => socket.endpoint(),
        }
    }
}

impl AsFd for LanSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.endpoint().as_fd()
    }
}

impl event::Source for LanSocket {
    fn register(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        match self {
            Self::Bound(socket) => socket.register(registry, token, what),
            Self::Shared(socket) => socket.register(registry, token, what),
        }
    }

    fn reregister(&mut self, registry: &Registry, token: Token, what: Interest) -> io::Result<()> {
        match self {
            Self::Bound(socket) => socket.reregister(registry, token, what),
            Self::Shared(socket) => socket.reregister(registry, token, what),
        }
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Bound(socket) => socket.deregister(registry),
            Self::Shared(socket) => socket.deregister(registry),
        }
    }
}
