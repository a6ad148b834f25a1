//! Sockets that hold memberships for another.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_socket::{Endpoint, Family};
use socket2::{Domain, Protocol, Socket, Type};

use crate::sys;

/// Sockets without a port, which hold memberships for one that receives.
#[derive(Debug, Default)]
pub(crate) struct Keepers {
    places: Vec<Option<Keeper>>, // each at its place as long as it keeps anything
}

#[derive(Debug)]
struct Keeper {
    socket: Socket,
    count: usize,
    is_full: bool,
}

impl Keepers {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }

    /// Has one of them `enter` a group, which says whether it had room: one that has
    /// not been taken for that already, or a new one. Returns its place.
    pub(crate) fn hold(
        &mut self,
        endpoint: &Endpoint,
        is_taken: impl Fn(usize) -> bool,
        enter: impl Fn(BorrowedFd<'_>) -> io::Result<bool>,
    ) -> io::Result<usize> {
        for (place, keeper) in self.places.iter_mut().enumerate() {
            let Some(keeper) = keeper.as_mut().filter(|keeper| !keeper.is_full) else {
                continue;
            };
            if is_taken(place) {
                continue;
            }
            if enter(keeper.socket.as_fd())? {
                keeper.count += 1;
                return Ok(place);
            }
            keeper.is_full = true;
        }
        let socket = open(endpoint)?;
        if !enter(socket.as_fd())? {
            return Err(io::Error::from_raw_os_error(libc::ENOBUFS));
        }
        let keeper = Some(Keeper {
            socket,
            count: 1,
            is_full: false,
        });
        if let Some(place) = self.places.iter().position(Option::is_none) {
            self.places[place] = keeper;
            return Ok(place);
        }
        self.places.push(keeper);
        Ok(self.places.len() - 1)
    }

    /// Takes note that one of them holds one membership less.
    pub(crate) fn release(&mut self, place: usize) {
        if let Some(keeper) = self.places.get_mut(place).and_then(Option::as_mut) {
            keeper.count = keeper.count.saturating_sub(1);
            keeper.is_full = false;
        }
    }

    /// Closes those that hold nothing; whether the last one has just been closed.
    pub(crate) fn tidy(&mut self) -> bool {
        let had = !self.is_empty();
        for place in &mut self.places {
            if place.as_ref().is_some_and(|keeper| keeper.count == 0) {
                *place = None;
            }
        }
        had && self.is_empty()
    }

    pub(crate) fn socket(&self, place: usize) -> Option<BorrowedFd<'_>> {
        let keeper = self.places.get(place)?.as_ref()?;
        Some(keeper.socket.as_fd())
    }

    #[cfg(all(test, any(target_os = "linux", target_os = "android")))]
    pub(crate) fn count(&self) -> usize {
        self.places.iter().flatten().count()
    }
}

/// Refuses a calling thread that is in another network namespace than a socket.
pub(crate) fn check_namespace(endpoint: &Endpoint) -> io::Result<()> {
    open(endpoint).map(drop)
}

/// Opens one, which is where the calling thread is: elsewhere it would join groups on
/// other interfaces that happen to have the same indexes.
fn open(endpoint: &Endpoint) -> io::Result<Socket> {
    let domain = match endpoint.family() {
        Family::V4 => Domain::IPV4,
        Family::V6 => Domain::IPV6,
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    match (
        sys::namespace(socket.as_fd()),
        sys::namespace(endpoint.as_fd()),
    ) {
        (Some(here), Some(there)) if here != there => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the calling thread is in another network namespace than the socket",
        )),
        _ => Ok(socket),
    }
}
