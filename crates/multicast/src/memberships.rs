//! The memberships of one socket, as many as it takes.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::{InterfaceId, InterfaceIndex};
use ifcast_socket::{Endpoint, Envelope, Family};
use socket2::{Domain, Protocol, Socket, Type};

use crate::error::Error;
use crate::group::Group;
use crate::sys;

/// Which groups a socket has joined on which interfaces.
///
/// The kernel lets one socket have but a few memberships, 20 by default for IPv4 on
/// Linux. What is more is held by *keepers*: sockets without a port, to which
/// nothing is ever delivered. They make the host a member, and the one socket that
/// receives takes what any member on the host is sent and picks out its own. So
/// every datagram comes once and in order, however many memberships there are.
#[derive(Debug, Default)]
pub(crate) struct Memberships {
    held: Vec<Membership>,        // sorted by interface and group
    is_full: bool,                // whether the socket itself can have no more
    keepers: Vec<Option<Keeper>>, // each at its place as long as it keeps anything
}

#[derive(Clone, Copy, Debug)]
struct Membership {
    interface: InterfaceIndex,
    group: Group,
    keeper: Option<usize>, // none if it is the socket's own
}

#[derive(Debug)]
struct Keeper {
    socket: Socket,
    count: usize,
    is_full: bool,
}

impl Memberships {
    /// Joins a group on one of the socket's interfaces.
    pub(crate) fn join(
        &mut self,
        endpoint: &Endpoint,
        interface: InterfaceId,
        group: Group,
    ) -> Result<(), Error> {
        check(endpoint, interface, group)?;
        let index = interface.index();
        let Err(position) = self.find(index, group.address()) else {
            return Err(Error::AlreadyJoined { interface, group });
        };
        let keeper = self
            .join_somewhere(endpoint, index, group)
            .map_err(|source| Error::Join {
                interface,
                group,
                source,
            })?;
        let membership = Membership {
            interface: index,
            group,
            keeper,
        };
        self.held.insert(position, membership);
        Ok(())
    }

    /// Leaves a group on one of the socket's interfaces.
    pub(crate) fn leave(
        &mut self,
        endpoint: &Endpoint,
        interface: InterfaceId,
        group: Group,
    ) -> Result<(), Error> {
        let Ok(position) = self.find(interface.index(), group.address()) else {
            return Err(Error::NotJoined { interface, group });
        };
        self.leave_at(endpoint, position)
            .map_err(|source| Error::Leave {
                interface,
                group,
                source,
            })?;
        self.forget(endpoint, position);
        Ok(())
    }

    /// Leaves all groups of an interface; where that cannot be done, the kernel has
    /// forgotten them with the interface.
    pub(crate) fn leave_all(&mut self, endpoint: &Endpoint, interface: InterfaceIndex) {
        for position in self.range(interface).rev() {
            drop(self.leave_at(endpoint, position));
            self.forget(endpoint, position);
        }
    }

    /// The groups that are joined on an interface, in order.
    pub(crate) fn groups(&self, interface: InterfaceIndex) -> impl Iterator<Item = Group> {
        let held = self.held[self.range(interface)].iter();
        held.map(|membership| membership.group)
    }

    /// Whether a datagram is to be had: if it is a multicast, the group is joined
    /// where it arrived.
    #[inline]
    pub(crate) fn cover(&self, envelope: &Envelope<'_>) -> bool {
        let destination = envelope.destination();
        if !destination.is_multicast() {
            return true;
        }
        let index = envelope.arrival_interface().index();
        self.find(index, destination).is_ok()
    }

    /// Has the socket itself or a keeper join; says which.
    fn join_somewhere(
        &mut self,
        endpoint: &Endpoint,
        interface: InterfaceIndex,
        group: Group,
    ) -> io::Result<Option<usize>> {
        if !self.is_full {
            match sys::join(endpoint.as_fd(), interface, group) {
                Err(error) if sys::is_limit(&error) => self.is_full = true,
                result => return result.map(|()| None),
            }
        }
        if !sys::OTHERS_CAN_KEEP {
            return Err(io::Error::from_raw_os_error(libc::ENOBUFS));
        }
        let with_room = self.keepers.iter_mut().enumerate();
        let with_room = with_room.filter_map(|(place, keeper)| Some((place, keeper.as_mut()?)));
        for (place, keeper) in with_room.filter(|(_, keeper)| !keeper.is_full) {
            if keeper.join(interface, group)? {
                return Ok(Some(place));
            }
        }
        let mut keeper = Keeper::open(endpoint)?;
        if !keeper.join(interface, group)? {
            return Err(io::Error::from_raw_os_error(libc::ENOBUFS));
        }
        if self.keepers.iter().all(Option::is_none) {
            receive_all_groups(endpoint, true)?;
        }
        let free = self.keepers.iter().position(Option::is_none);
        let place = free.unwrap_or(self.keepers.len());
        if place == self.keepers.len() {
            self.keepers.push(None);
        }
        self.keepers[place] = Some(keeper);
        Ok(Some(place))
    }

    fn leave_at(&self, endpoint: &Endpoint, position: usize) -> io::Result<()> {
        let membership = self.held[position];
        let keeper = membership
            .keeper
            .and_then(|place| self.keepers[place].as_ref());
        let socket = keeper.map_or_else(|| endpoint.as_fd(), Keeper::as_fd);
        sys::leave(socket, membership.interface, membership.group)
    }

    fn forget(&mut self, endpoint: &Endpoint, position: usize) {
        let membership = self.held.remove(position);
        let Some(place) = membership.keeper else {
            self.is_full = false;
            return;
        };
        if let Some(keeper) = &mut self.keepers[place] {
            keeper.count -= 1;
            keeper.is_full = false;
            if keeper.count == 0 {
                self.keepers[place] = None;
            }
        }
        if self.keepers.iter().all(Option::is_none) {
            self.keepers.clear();
            // Else it goes on picking out its own.
            drop(receive_all_groups(endpoint, false));
        }
    }

    #[inline]
    fn find(&self, interface: InterfaceIndex, group: IpAddr) -> Result<usize, usize> {
        self.held
            .binary_search_by_key(&key(interface, group), |membership| {
                key(membership.interface, membership.group.address())
            })
    }

    fn range(&self, interface: InterfaceIndex) -> std::ops::Range<usize> {
        let index = interface.get();
        let start = self.held.partition_point(|m| m.interface.get() < index);
        let end = self.held.partition_point(|m| m.interface.get() <= index);
        start..end
    }
}

impl Keeper {
    /// Opens one in the namespace of the calling thread.
    fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let domain = match endpoint.family() {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        };
        Ok(Self {
            socket: Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?,
            count: 0,
            is_full: false,
        })
    }

    /// Whether it had room for one more.
    fn join(&mut self, interface: InterfaceIndex, group: Group) -> io::Result<bool> {
        match sys::join(self.as_fd(), interface, group) {
            Err(error) if sys::is_limit(&error) => {
                self.is_full = true;
                Ok(false)
            }
            result => {
                result?;
                self.count += 1;
                Ok(true)
            }
        }
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What memberships are ordered by; numbers are compared faster than bytes.
#[inline]
fn key(interface: InterfaceIndex, group: IpAddr) -> (u32, u128) {
    let group = match group {
        IpAddr::V4(group) => group.to_bits().into(),
        IpAddr::V6(group) => group.to_bits(),
    };
    (interface.get(), group)
}

fn receive_all_groups(endpoint: &Endpoint, on: bool) -> io::Result<()> {
    Ok(endpoint.receive_all_groups(on)?)
}

/// Refuses a group of the other family.
pub(crate) fn check(
    endpoint: &Endpoint,
    interface: InterfaceId,
    group: Group,
) -> Result<(), Error> {
    if group.family() == endpoint.family() {
        return Ok(());
    }
    Err(Error::WrongFamily {
        interface,
        family: endpoint.family(),
        group,
    })
}

#[cfg(test)]
mod tests {
    use ifcast_interfaces::Snapshot;
    use ifcast_socket::BoundSocket;

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn keepers_are_there_as_long_as_they_keep_anything() {
        let snapshot = Snapshot::capture().unwrap();
        let mut interfaces = snapshot.interfaces().iter();
        let lo = interfaces.find(|i| i.flags().is_loopback()).unwrap();
        let socket = BoundSocket::builder(lo, Family::V4).bind().unwrap();
        let endpoint = socket.endpoint();
        let groups: Vec<Group> = (1..=200u8)
            .map(|n| format!("239.71.6.{n}").parse().unwrap())
            .collect();
        let mut memberships = Memberships::default();
        for group in &groups {
            memberships.join(endpoint, lo.id(), *group).unwrap();
        }
        let own = memberships.held.iter().filter(|m| m.keeper.is_none());
        let each = own.count();
        assert!(
            each < groups.len(),
            "this system lets one socket have {each}"
        );
        assert_eq!(memberships.keepers.len(), groups.len().div_ceil(each) - 1);

        // What is free is used again.
        memberships.leave(endpoint, lo.id(), groups[3]).unwrap();
        memberships.leave(endpoint, lo.id(), groups[each]).unwrap();
        let keepers = memberships.keepers.len();
        for group in [groups[3], groups[each]] {
            memberships.join(endpoint, lo.id(), group).unwrap();
        }
        assert_eq!(memberships.keepers.len(), keepers);

        for group in &groups[..100] {
            memberships.leave(endpoint, lo.id(), *group).unwrap();
        }
        assert!(
            memberships
                .groups(lo.index())
                .eq(groups[100..].iter().copied())
        );
        memberships.leave_all(endpoint, lo.index());
        assert!(memberships.held.is_empty());
        assert!(memberships.keepers.is_empty());
    }
}
