//! Who holds a membership in the kernel.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use ifcast_interfaces::InterfaceIndex;
use ifcast_socket::{Endpoint, Family, Scope};

use crate::group::Group;
use crate::keeper::Keepers;
use crate::source_filter::{Mode, SourceFilter};
use crate::sys;
use crate::transition;

/// The sockets that hold memberships: the one that receives, as long as it has room,
/// and *keepers*.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    own: usize,    // how many the socket itself holds
    is_full: bool, // whether it can have no more
    keepers: Keepers,
}

/// What one socket holds of a membership.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) holder: Holder,
    /// What the kernel was told.
    pub(crate) filter: SourceFilter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The socket itself.
    Own,
    /// A keeper, by its place.
    Keeper(usize),
}

/// What is joined, and by whose socket it is received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'e> {
    pub(crate) endpoint: &'e Endpoint,
    pub(crate) interface: InterfaceIndex,
    pub(crate) group: Group,
}

impl Holders {
    /// Has one socket hold a membership or, if its filter names too many sources,
    /// several; none of those who hold a part of it `already`.
    pub(crate) fn admit(
        &mut self,
        target: Target<'_>,
        filter: &SourceFilter,
        already: &[Part],
    ) -> io::Result<Vec<Part>> {
        let admitted = self.admit_parts(target, filter, already);
        if admitted.is_err() {
            self.tidy(target.endpoint); // of those who were to hold a part of it
        }
        admitted
    }

    fn admit_parts(
        &mut self,
        target: Target<'_>,
        filter: &SourceFilter,
        already: &[Part],
    ) -> io::Result<Vec<Part>> {
        let taken: Vec<Holder> = already.iter().map(|part| part.holder).collect();
        // Else what it lets in is less than is wanted.
        let is_own_free = taken.is_empty() && target.can_be_own(filter);
        match self.hold(target, filter, &taken, is_own_free) {
            Err(error) if sys::is_limit(&error) && sys::OTHERS_CAN_KEEP => {}
            result => return Ok(vec![result?]),
        }
        let (mut pieces, is_own_free) = match filter.mode() {
            // The socket's own filter would keep out what the others let in.
            Mode::Include => (pieces(filter, target.endpoint.family()), false),
            // Who must not be heard by all cannot be told to many; it is left out here.
            Mode::Exclude => (vec![SourceFilter::any()], taken.is_empty()),
        };
        let mut parts: Vec<Part> = Vec::new();
        while let Some(piece) = pieces.pop() {
            let so_far = parts.iter().map(|part| part.holder);
            let taken: Vec<Holder> = taken.iter().copied().chain(so_far).collect();
            match self.hold(target, &piece, &taken, is_own_free) {
                Ok(part) => parts.push(part),
                // The limit is lower here.
                Err(error) if sys::is_limit(&error) && piece.sources().len() > 1 => {
                    pieces.extend(chunks(&piece, piece.sources().len().div_ceil(2)));
                }
                Err(error) => {
                    for part in &parts {
                        drop(self.release(target, part));
                    }
                    return Err(error);
                }
            }
        }
        Ok(parts)
    }

    /// Has the one that holds a membership change its filter; whether it could. Where
    /// it has no room for so many sources, others may.
    pub(crate) fn modify(
        &self,
        target: Target<'_>,
        part: &mut Part,
        filter: &SourceFilter,
    ) -> io::Result<bool> {
        if part.holder == Holder::Own && !target.can_be_own(filter) {
            return Ok(false);
        }
        let socket = self.socket(target.endpoint, part.holder);
        let tell = |filter| apply(socket, target, Some(&part.filter), Some(filter));
        let told = match tell(filter) {
            Err(error) if sys::is_limit(&error) && sys::OTHERS_CAN_KEEP => match filter.mode() {
                Mode::Include => return Ok(false),
                // Those that are blocked are left out here.
                Mode::Exclude => {
                    let any = SourceFilter::any();
                    tell(&any)?;
                    any
                }
            },
            result => {
                result?;
                filter.clone()
            }
        };
        part.filter = told;
        Ok(true)
    }

    /// Has who holds a part of a membership leave it, if it is a member still.
    pub(crate) fn release(&mut self, target: Target<'_>, part: &Part) -> io::Result<()> {
        let socket = self.socket(target.endpoint, part.holder);
        match apply(socket, target, Some(&part.filter), None) {
            Err(error) if !is_no_member(&error) => return Err(error),
            _ => {}
        }
        match part.holder {
            Holder::Own => {
                self.own = self.own.saturating_sub(1);
                self.is_full = false;
            }
            Holder::Keeper(place) => self.keepers.release(place),
        }
        Ok(())
    }

    /// Ends what only keepers need once there are none.
    pub(crate) fn tidy(&mut self, endpoint: &Endpoint) {
        if self.keepers.tidy() {
            // Else it goes on picking out its own.
            drop(receive_all_groups(endpoint, false));
        }
    }

    /// What the kernel has of a membership, all parts together.
    pub(crate) fn kernel_filter(
        &self,
        target: Target<'_>,
        parts: &[Part],
    ) -> io::Result<SourceFilter> {
        let filters = parts.iter().map(|part| {
            let socket = self.socket(target.endpoint, part.holder);
            sys::filter(socket, target.interface, target.group)
        });
        Ok(together(&filters.collect::<io::Result<Vec<_>>>()?))
    }

    /// Has one socket hold a membership, a new keeper if need be.
    fn hold(
        &mut self,
        target: Target<'_>,
        filter: &SourceFilter,
        taken: &[Holder],
        is_own_free: bool,
    ) -> io::Result<Part> {
        let part = |holder| Part {
            holder,
            filter: filter.clone(),
        };
        let has_room = !self.is_full && self.own < sys::MOST_OF_ITS_OWN;
        if is_own_free && has_room {
            if enter(target.endpoint.as_fd(), target, filter)? {
                self.own += 1;
                return Ok(part(Holder::Own));
            }
            self.is_full = true;
        }
        if !sys::OTHERS_CAN_KEEP {
            return Err(io::Error::from_raw_os_error(libc::ENOBUFS));
        }
        let had_keepers = !self.keepers.is_empty();
        let is_taken = |place| taken.contains(&Holder::Keeper(place));
        let enter = |socket: BorrowedFd<'_>| enter(socket, target, filter);
        let place = self.keepers.hold(target.endpoint, is_taken, enter)?;
        let part = part(Holder::Keeper(place));
        if !had_keepers {
            if let Err(error) = receive_all_groups(target.endpoint, true) {
                drop(self.release(target, &part));
                return Err(error);
            }
        }
        Ok(part)
    }

    fn socket<'s>(&'s self, endpoint: &'s Endpoint, holder: Holder) -> BorrowedFd<'s> {
        let keeper = match holder {
            Holder::Own => None,
            Holder::Keeper(place) => self.keepers.socket(place),
        };
        keeper.unwrap_or_else(|| endpoint.as_fd())
    }

    #[cfg(all(test, any(target_os = "linux", target_os = "android")))]
    pub(crate) fn keepers(&self) -> usize {
        self.keepers.count()
    }
}

impl Target<'_> {
    /// Whether the socket itself can be a member with this filter.
    fn can_be_own(&self, filter: &SourceFilter) -> bool {
        let is_alone = !matches!(self.endpoint.scope(), Scope::Shared);
        is_alone || filter.is_any() || sys::tells_interfaces_apart(self.endpoint.family())
    }
}

/// What filters of one mode let in together.
pub(crate) fn together<'f>(filters: impl IntoIterator<Item = &'f SourceFilter>) -> SourceFilter {
    let mut mode = Mode::Include;
    let mut sources = Vec::new();
    for filter in filters {
        mode = filter.mode();
        sources.extend(filter.sources().iter().copied());
    }
    SourceFilter::new(mode, sources)
}

/// Has a socket become a member, as a whole or not at all; whether it had room for one
/// more. An error of which [`sys::is_limit`] is true is about the number of sources.
fn enter(socket: BorrowedFd<'_>, target: Target<'_>, filter: &SourceFilter) -> io::Result<bool> {
    let change = |change| sys::change(socket, target.interface, target.group, change);
    let mut changes = transition::changes(None, Some(filter)).into_iter();
    let Some(first) = changes.next() else {
        return Ok(true);
    };
    let entered = change(first);
    if entered.is_err() && matches!(first, sys::Change::JoinSource(_)) {
        // Linux may have made it a member before there was no memory for the source.
        drop(change(sys::Change::Leave));
    }
    match entered {
        Err(error) if sys::is_limit(&error) => return Ok(false),
        result => result?,
    }
    if let Err(error) = changes.try_for_each(change) {
        drop(change(sys::Change::Leave));
        return Err(error);
    }
    Ok(true)
}

/// Takes a socket's membership from one filter to another, none being no member.
fn apply(
    socket: BorrowedFd<'_>,
    target: Target<'_>,
    old: Option<&SourceFilter>,
    new: Option<&SourceFilter>,
) -> io::Result<()> {
    let mut changes = transition::changes(old, new).into_iter();
    changes.try_for_each(|change| sys::change(socket, target.interface, target.group, change))
}

/// Whether a socket could not leave because it is no member, which is what was
/// wanted.
fn is_no_member(error: &io::Error) -> bool {
    let codes = [
        libc::EADDRNOTAVAIL,
        libc::EINVAL,
        libc::ENODEV,
        libc::ENOENT, // as illumos says it
        libc::ENXIO,
    ];
    error
        .raw_os_error()
        .is_some_and(|code| codes.contains(&code))
}

/// The sources of a filter in pieces that the filters of Linux have room for, unless
/// it was told that they have less.
fn pieces(filter: &SourceFilter, family: Family) -> Vec<SourceFilter> {
    let len = match family {
        Family::V4 => 10,
        Family::V6 => 64,
    };
    chunks(filter, len)
}

fn chunks(filter: &SourceFilter, len: usize) -> Vec<SourceFilter> {
    let sources: Vec<IpAddr> = filter.sources().iter().copied().collect();
    let chunks = sources.chunks(len);
    chunks
        .map(|piece| SourceFilter::new(filter.mode(), piece.iter().copied()))
        .collect()
}

fn receive_all_groups(endpoint: &Endpoint, on: bool) -> io::Result<()> {
    Ok(endpoint.receive_all_groups(on)?)
}
