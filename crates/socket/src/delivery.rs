//! What becomes of a batch of messages, whatever the system makes of it.

use std::io;
use std::ops::Range;

use crate::error::Error;

/// What became of the datagrams of one call.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Up to which place they were dealt with: sent, or failed.
    pub(crate) attempted: usize,
    /// Which of those failed.
    pub(crate) failures: Vec<(usize, Error)>,
    /// Whether there is room in the send buffer still.
    pub(crate) has_room: bool,
    /// Whether the system sends one by one what it would not split.
    pub(crate) is_splitting_refused: bool,
}

/// Sends messages, of which each holds a range of datagrams; they end at `end`.
///
/// `send_from` sends messages from one on and says how many it took, as
/// `sendmmsg(2)` does: if something is wrong with one, those before it are gone,
/// and it says so only when it is the first. `send_one` sends one datagram.
pub(crate) fn deliver(
    messages: &[Range<usize>],
    end: usize,
    mut send_from: impl FnMut(usize) -> io::Result<usize>,
    mut send_one: impl FnMut(usize) -> Result<(), Error>,
    mut failed: impl FnMut(usize, io::Error) -> Error,
) -> Delivery {
    let mut delivery = Delivery {
        attempted: end,
        failures: Vec::new(),
        has_room: true,
        is_splitting_refused: false,
    };
    let mut done = 0;
    while let Some(message) = messages.get(done) {
        match send_from(done) {
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return delivery.interrupted_at(message.start);
            }
            Err(error) if message.len() == 1 => {
                let error = failed(message.start, error);
                delivery.failures.push((message.start, error));
                done += 1;
            }
            // None of them left. It may be about all of them, or about one.
            Err(refusal) => {
                let failures_before = delivery.failures.len();
                for place in message.clone() {
                    match send_one(place) {
                        Ok(()) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            return delivery.interrupted_at(place);
                        }
                        Err(error) => delivery.failures.push((place, error)),
                    }
                }
                let is_sent = delivery.failures.len() == failures_before;
                delivery.is_splitting_refused |= is_sent && refuses_to_split(&refusal);
                done += 1;
            }
        }
    }
    delivery
}

impl Delivery {
    fn interrupted_at(mut self, place: usize) -> Self {
        self.attempted = place;
        self.has_room = false;
        self
    }
}

/// `EIO` is a network card that cannot compute checksums. Others may be over next
/// time: `EMSGSIZE`, and `EINVAL` of older kernels, is a link whose packets have
/// become smaller.
fn refuses_to_split(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EIO)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use ifcast_interfaces::Snapshot;

    use super::*;

    /// What the system does with messages and single datagrams, in order.
    #[derive(Default)]
    struct System {
        messages: VecDeque<Result<usize, i32>>,
        singles: VecDeque<Result<(), i32>>,
        sent: Vec<usize>,
    }

    fn error(place: usize, errno: i32) -> Error {
        let snapshot = Snapshot::capture().unwrap();
        Error::Send {
            interface: snapshot.interfaces()[0].id(),
            destination: ([10, 71, 0, 1], u16::try_from(place).unwrap()).into(),
            source: io::Error::from_raw_os_error(errno),
        }
    }

    impl System {
        fn deliver(&mut self, messages: &[Range<usize>]) -> Delivery {
            let Self {
                messages: answers,
                singles,
                sent,
            } = self;
            let sent = std::cell::RefCell::new(sent);
            let end = messages.last().map_or(0, |last| last.end);
            deliver(
                messages,
                end,
                |from| {
                    let answer = answers.pop_front().expect("nothing more was to be sent");
                    let count = answer.map_err(io::Error::from_raw_os_error)?;
                    let taken = messages[from..from + count].iter().cloned();
                    sent.borrow_mut().extend(taken.flatten());
                    Ok(count)
                },
                |place| {
                    let answer = singles.pop_front().expect("nobody was to be sent alone");
                    answer.map_err(|errno| error(place, errno))?;
                    sent.borrow_mut().push(place);
                    Ok(())
                },
                |place, source| error(place, source.raw_os_error().unwrap_or(0)),
            )
        }
    }

    fn places(delivery: &Delivery) -> Vec<usize> {
        delivery.failures.iter().map(|(place, _)| *place).collect()
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn what_a_partial_send_left_over_is_sent_by_the_next() {
        let mut system = System {
            messages: [Ok(1), Ok(2)].into(),
            ..System::default()
        };
        let delivery = system.deliver(&[0..1, 1..4, 4..5]);
        assert_eq!(system.sent, [0, 1, 2, 3, 4]);
        assert_eq!((delivery.attempted, delivery.has_room), (5, true));
        assert!(delivery.failures.is_empty());
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn one_datagram_that_fails_is_named_and_the_others_go_on() {
        let mut system = System {
            messages: [Ok(1), Err(libc::EPERM), Ok(1)].into(),
            ..System::default()
        };
        let delivery = system.deliver(&[0..1, 1..2, 2..3]);
        assert_eq!(system.sent, [0, 2]);
        assert_eq!((places(&delivery), delivery.attempted), (vec![1], 3));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn a_full_send_buffer_ends_it_at_the_first_that_did_not_leave() {
        let mut system = System {
            messages: [Ok(1), Err(libc::EAGAIN)].into(),
            ..System::default()
        };
        let delivery = system.deliver(&[0..3, 3..6, 6..7]);
        assert_eq!(system.sent, [0, 1, 2]);
        assert_eq!((delivery.attempted, delivery.has_room), (3, false));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn what_the_system_will_not_split_is_sent_one_by_one_and_never_twice() {
        for (errno, is_refusal) in [
            (libc::EIO, true),
            (libc::EINVAL, false),
            (libc::EMSGSIZE, false),
        ] {
            let mut system = System {
                messages: [Ok(1), Err(errno), Ok(1)].into(),
                singles: [Ok(()), Ok(())].into(),
                ..System::default()
            };
            let delivery = system.deliver(&[0..2, 2..4, 4..5]);
            assert_eq!(system.sent, [0, 1, 2, 3, 4]);
            assert_eq!(delivery.is_splitting_refused, is_refusal);
            assert!(delivery.failures.is_empty());
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn what_fails_alone_too_is_no_matter_of_splitting() {
        let mut system = System {
            messages: [Err(libc::EIO)].into(),
            singles: [Ok(()), Err(libc::EINVAL), Ok(())].into(),
            ..System::default()
        };
        let message = 0..3;
        let delivery = system.deliver(std::slice::from_ref(&message));
        assert_eq!(system.sent, [0, 2]);
        assert_eq!(places(&delivery), [1]);
        assert!(!delivery.is_splitting_refused);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn a_send_buffer_that_is_full_while_they_leave_one_by_one_ends_it_there() {
        let mut system = System {
            messages: [Err(libc::EIO)].into(),
            singles: [Ok(()), Err(libc::EAGAIN)].into(),
            ..System::default()
        };
        let delivery = system.deliver(&[0..3, 3..4]);
        assert_eq!(system.sent, [0]);
        assert_eq!((delivery.attempted, delivery.has_room), (1, false));
    }
}
