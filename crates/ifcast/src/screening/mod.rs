//! What of the received a LAN hands over: nothing is kept back that it was not told
//! to keep back, and what is kept back is counted.
//!
//! What costs least is asked first, and what remembers a datagram last, so that it
//! remembers only what is handed over: a copy is no duplicate of what was refused.

mod clock;
mod duplicates;
mod on_link;
mod own;
mod rate;
mod screened;
mod table;

use std::io;
use std::mem;
use std::time::{Duration, Instant};

use ifcast_interfaces::{InterfaceId, InterfaceIndex, Subnet};
use ifcast_socket::{Datagram, Endpoint};

use crate::event_loop::EventLoop;
use crate::lan_socket::LanSocket;

use self::clock::Clock;
use self::duplicates::{Column, Ledger};
use self::on_link::is_on_link;
use self::own::OwnSources;
use self::rate::Limiter;
use self::screened::Reason;

pub use self::duplicates::Deduplication;
pub use self::rate::RateLimit;
pub use self::screened::Screened;

/// What is to be kept back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screens {
    pub(crate) own: bool,
    /// All but those from here, if there are any.
    pub(crate) accepted: Vec<Subnet>,
    pub(crate) off_link: bool,
    pub(crate) rate: Option<RateLimit>,
    pub(crate) duplicates: Option<Deduplication>,
}

/// Decides what is handed over, and counts what is not.
#[derive(Debug)]
pub(crate) struct Screening {
    own: Option<OwnSources>,
    accepted: Vec<Subnet>,
    off_link: bool,
    rate: Option<RateLimit>,
    ledger: Option<Ledger>,
    clock: Clock,
    /// Ordered by index.
    posts: Vec<Post>,
    /// Which of them was asked last; it often is again.
    last: usize,
}

/// What there is to know of one interface.
#[derive(Debug)]
struct Post {
    interface: InterfaceId,
    screened: Screened,
    limiter: Option<Limiter>,
    column: Option<Column>,
}

impl Screening {
    /// None if there is nothing to keep back.
    pub(crate) fn new(screens: Screens, now: Instant) -> Option<Self> {
        let Screens {
            own,
            accepted,
            off_link,
            rate,
            duplicates,
        } = screens;
        let is_wanted =
            own || !accepted.is_empty() || off_link || rate.is_some() || duplicates.is_some();
        is_wanted.then(|| Self {
            own: own.then(OwnSources::default),
            accepted,
            off_link,
            rate,
            ledger: duplicates.map(Ledger::new),
            clock: Clock::started_at(now),
            posts: Vec::new(),
            last: 0,
        })
    }

    /// Takes note of which interfaces there are, ordered by index, and of what their
    /// sockets know of them.
    pub(crate) fn refresh<'e>(
        &mut self,
        interfaces: impl Iterator<Item = InterfaceId>,
        endpoints: impl Iterator<Item = &'e Endpoint>,
    ) {
        let mut known = mem::take(&mut self.posts).into_iter().peekable();
        for interface in interfaces {
            let mut post = None;
            while let Some(other) =
                known.next_if(|post| post.interface.index() <= interface.index())
            {
                if other.interface == interface {
                    post = Some(other);
                } else {
                    self.close(other);
                }
            }
            let post = post.unwrap_or_else(|| self.open(interface));
            self.posts.push(post);
        }
        known.for_each(|post| self.close(post));
        if let Some(own) = &mut self.own {
            own.refresh(endpoints);
        }
    }

    fn open(&mut self, interface: InterfaceId) -> Post {
        Post {
            interface,
            screened: Screened::default(),
            limiter: self.rate.map(Limiter::new),
            column: self.ledger.as_mut().map(Ledger::open_column),
        }
    }

    fn close(&mut self, post: Post) {
        if let (Some(ledger), Some(column)) = (&mut self.ledger, post.column) {
            ledger.close_column(column);
        }
    }

    /// As [`EventLoop::poll`], but `visit` gets only what is handed over. Returns how
    /// many datagrams that were, and how many were kept back.
    pub(crate) fn poll(
        &mut self,
        sockets: &mut EventLoop<LanSocket>,
        timeout: Option<Duration>,
        visit: &mut dyn FnMut(&LanSocket, io::Result<Datagram<'_>>),
    ) -> io::Result<(usize, usize)> {
        self.clock.begin_turn();
        let mut kept_back = 0;
        let received = sockets.poll(timeout, |socket, received| match received {
            Ok(datagram) if !self.admits(&datagram) => kept_back += 1,
            received => visit(socket, received),
        })?;
        Ok((received - kept_back, kept_back))
    }

    /// Whether to hand a datagram over; counts it if not.
    #[inline]
    fn admits(&mut self, datagram: &Datagram<'_>) -> bool {
        let index = datagram.arrival_interface().index();
        let last = self.posts.get(self.last);
        if last.is_none_or(|post| post.interface.index() != index) {
            let Some(place) = self.place(index) else {
                return true; // which does not happen
            };
            self.last = place;
        }
        let objection = self.object(datagram);
        if let Some(reason) = objection {
            self.posts[self.last].screened.count(reason);
        }
        objection.is_none()
    }

    /// Why not to hand a datagram over.
    #[inline]
    fn object(&mut self, datagram: &Datagram<'_>) -> Option<Reason> {
        let source = datagram.source();
        let address = source.ip();
        if self.own.as_ref().is_some_and(|own| own.contains(source)) {
            return Some(Reason::Own);
        }
        let accepts = |accepted: &Subnet| accepted.contains(address);
        if !self.accepted.is_empty() && !self.accepted.iter().any(accepts) {
            return Some(Reason::NotAccepted);
        }
        if self.off_link && !is_on_link(address, datagram.arrival_interface()) {
            return Some(Reason::OffLink);
        }
        let post = &mut self.posts[self.last];
        if let Some(limiter) = &mut post.limiter {
            if !limiter.admits(address, self.clock.now(Instant::now)) {
                return Some(Reason::OverRate);
            }
        }
        if let (Some(ledger), Some(column)) = (&mut self.ledger, post.column) {
            // Of one whose end is missing nobody knows whether it is the same.
            if !datagram.is_truncated() {
                let likeness = ledger.likeness(source, datagram.destination(), datagram.payload());
                if !ledger.is_new(column, likeness, self.clock.now(Instant::now)) {
                    return Some(Reason::Duplicate);
                }
            }
        }
        None
    }

    fn place(&self, index: InterfaceIndex) -> Option<usize> {
        let posts = &self.posts;
        let place = posts.binary_search_by_key(&index, |post| post.interface.index());
        place.ok()
    }

    /// What was not handed over of what arrived on an interface.
    pub(crate) fn screened(&self, interface: InterfaceId) -> Option<Screened> {
        let place = self.place(interface.index())?;
        let post = self.posts.get(place);
        let post = post.filter(|post| post.interface == interface)?;
        Some(post.screened)
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use ifcast_interfaces::Snapshot;

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn interfaces_that_come_and_go_leave_nothing_behind() {
        let screens = Screens {
            duplicates: Some(Deduplication::within(Duration::from_secs(1))),
            ..Screens::default()
        };
        let mut screening = Screening::new(screens, Instant::now()).unwrap();
        let snapshot = Snapshot::capture().unwrap();
        let interface = snapshot.interfaces()[0].id();
        let mut columns = Vec::new();
        for _ in 0..100 {
            screening.refresh(iter::once(interface), iter::empty());
            columns.extend(screening.posts[0].column);
            screening.posts[0].screened.count(Reason::Own);
            screening.refresh(iter::once(interface), iter::empty());
            assert_eq!(screening.screened(interface).unwrap().own, 1);
            screening.refresh(iter::empty(), iter::empty());
            assert_eq!(screening.screened(interface), None);
        }
        columns.dedup();
        assert_eq!(columns.len(), 1, "they use up room");
    }

    #[test]
    fn who_asks_for_nothing_has_nothing_that_screens() {
        assert!(Screening::new(Screens::default(), Instant::now()).is_none());
    }
}
