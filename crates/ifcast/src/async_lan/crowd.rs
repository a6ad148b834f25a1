//! Everybody who waits, woken by whatever happens.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The tasks that wait for anything of one LAN.
///
/// A descriptor and a timer of tokio's remember one waker each: this one, which wakes
/// everybody. So whoever of them looks, looks for all, and nothing is missed if another
/// gives up after he was woken.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Seats>);

#[derive(Debug, Default)]
struct Seats {
    taken: Vec<Taken>,
    next: u64,
    /// Kept, so that waking does not allocate.
    spare: Vec<Taken>,
}

#[derive(Debug)]
struct Taken {
    key: u64,
    what: What,
    waker: Waker,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Message,
    Change,
}

impl Crowd {
    /// A place for one who may come to wait; he has to [`take`](Seat::take) it.
    pub(super) const fn seat(&self, what: What) -> Seat<'_> {
        Seat {
            crowd: self,
            what,
            key: None,
        }
    }

    /// Wakes those who wait for any of these, who then have to take their seats anew.
    pub(super) fn wake(&self, whom: impl Fn(What) -> bool) {
        let mut seats = self.lock();
        let mut woken = mem::take(&mut seats.spare);
        let mut place = 0;
        while let Some(taken) = seats.taken.get(place) {
            if whom(taken.what) {
                woken.push(seats.taken.swap_remove(place));
            } else {
                place += 1;
            }
        }
        drop(seats); // a waker may do anything, such as to give up waiting
        for taken in woken.drain(..) {
            taken.waker.wake();
        }
        self.lock().spare = woken;
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Crowd {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        Self::wake(self, |_| true);
    }
}

/// The place of one who waits; it is free when this is dropped.
#[derive(Debug)]
pub(super) struct Seat<'a> {
    crowd: &'a Crowd,
    pub(super) what: What,
    key: Option<u64>,
}

impl Seat<'_> {
    /// Waits until it is woken once.
    pub(super) fn take(&mut self, waker: &Waker) {
        let mut seats = self.crowd.lock();
        let key = *self.key.get_or_insert_with(|| {
            seats.next += 1;
            seats.next
        });
        let (what, waker) = (self.what, waker.clone());
        let taken = Taken { key, what, waker };
        let before = match seats.taken.iter_mut().find(|taken| taken.key == key) {
            Some(own) => Some(mem::replace(own, taken)),
            None => {
                seats.taken.push(taken);
                None
            }
        };
        drop(seats); // also with the last that there is of a task goes what it waits for
        drop(before);
    }

    /// Waits no more.
    pub(super) fn leave(&mut self) {
        let Some(key) = self.key.take() else {
            return; // it has never waited
        };
        let mut seats = self.crowd.lock();
        let place = seats.taken.iter().position(|taken| taken.key == key);
        let own = place.map(|place| seats.taken.swap_remove(place));
        drop(seats); // as above
        drop(own);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn rung(bell: &Bell) -> usize {
        bell.0.swap(0, Ordering::Relaxed)
    }

    fn waiting(crowd: &Crowd) -> usize {
        crowd.lock().taken.len()
    }

    #[test]
    fn everybody_is_woken_once_and_then_has_to_wait_anew() {
        let crowd = Arc::new(Crowd::default());
        let bells: [Arc<Bell>; 3] = std::array::from_fn(|_| Arc::default());
        let whats = [What::Message, What::Change, What::Message];
        let mut seats = whats.map(|what| crowd.seat(what));
        let everybody = Waker::from(Arc::clone(&crowd));
        for _ in 0..3 {
            for (seat, bell) in seats.iter_mut().zip(&bells) {
                seat.take(&Waker::from(Arc::clone(bell)));
            }
            everybody.wake_by_ref();
            everybody.wake_by_ref();
            assert_eq!(bells.each_ref().map(|bell| rung(bell)), [1; 3]);
        }
        assert_eq!(waiting(&crowd), 0);
    }

    #[test]
    fn those_who_wait_for_something_else_sleep_on() {
        let crowd = Crowd::default();
        let bells: [Arc<Bell>; 2] = std::array::from_fn(|_| Arc::default());
        let mut seats = [What::Message, What::Change].map(|what| crowd.seat(what));
        for (seat, bell) in seats.iter_mut().zip(&bells) {
            seat.take(&Waker::from(Arc::clone(bell)));
        }
        crowd.wake(|what| what == What::Change);
        assert_eq!(bells.each_ref().map(|bell| rung(bell)), [0, 1]);
        crowd.wake(|_| true);
        assert_eq!(bells.each_ref().map(|bell| rung(bell)), [1, 0]);
    }

    #[test]
    fn who_waits_again_is_there_once_and_who_gives_up_is_not_there() {
        let crowd = Crowd::default();
        let bells: [Arc<Bell>; 2] = std::array::from_fn(|_| Arc::default());
        let mut seat = crowd.seat(What::Message);
        for bell in &bells {
            seat.take(&Waker::from(Arc::clone(bell)));
        }
        assert_eq!(waiting(&crowd), 1);
        crowd.wake(|_| true);
        assert_eq!(bells.each_ref().map(|bell| rung(bell)), [0, 1]);
        seat.take(&Waker::from(Arc::clone(&bells[0])));
        drop(seat);
        assert_eq!(waiting(&crowd), 0);
    }
}
