//! Which numbers of a stream came, and how.

/// Tells what is missing of a stream, what came twice and what came late.
///
/// A number is expected if it lies between the lowest and the highest that came. Before
/// the first and after the last datagram that came nobody can tell.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    lowest: u64,
    highest: u64,
    received: u64,
    duplicates: u64,
    reordered: u64,
    stale: u64,
    /// A bit for each of the last numbers up to the highest: whether it came.
    window: Box<[u64; WORDS]>,
}

impl Sequence {
    /// Begins with the first number that came.
    pub(crate) fn new(first: u64) -> Self {
        let mut sequence = Self {
            lowest: first,
            highest: first,
            received: 1,
            duplicates: 0,
            reordered: 0,
            stale: 0,
            window: Box::new([0; WORDS]),
        };
        sequence.mark(first);
        sequence
    }

    /// Takes note of the next number that came.
    pub(crate) fn take(&mut self, number: u64) {
        let ahead = number.wrapping_sub(self.highest);
        if ahead == 1 {
            self.highest = number;
            self.received += 1;
            self.mark(number);
        } else if (1..=u64::MAX / 2).contains(&ahead) {
            self.skip_to(number, ahead);
        } else {
            self.take_old(number);
        }
    }

    /// Takes a number before which some are missing.
    #[cold]
    fn skip_to(&mut self, number: u64, ahead: u64) {
        if ahead >= WINDOW {
            self.window.fill(0);
        } else {
            for skipped in 1..ahead {
                self.clear(self.highest.wrapping_add(skipped));
            }
        }
        self.highest = number;
        self.received += 1;
        self.mark(number);
    }

    /// Takes a number that is not above the highest.
    #[cold]
    fn take_old(&mut self, number: u64) {
        let behind = self.highest.wrapping_sub(number);
        if behind >= WINDOW {
            self.stale += 1;
        } else if self.is_marked(number) {
            self.duplicates += 1;
        } else {
            self.mark(number);
            self.received += 1;
            self.reordered += 1;
            if behind > self.highest.wrapping_sub(self.lowest) {
                self.lowest = number;
            }
        }
    }

    /// How many different ones came.
    pub(crate) const fn received(&self) -> u64 {
        self.received
    }

    /// How many there are between the lowest and the highest that came, both included.
    pub(crate) const fn expected(&self) -> u64 {
        self.highest.wrapping_sub(self.lowest).saturating_add(1)
    }

    /// How many of those never came.
    pub(crate) const fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// How many came again.
    pub(crate) const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// How many came, for the first time, after one with a higher number (RFC 4737,
    /// section 3).
    pub(crate) const fn reordered(&self) -> u64 {
        self.reordered
    }

    /// How many came so late that it is not known whether for the first time.
    pub(crate) const fn stale(&self) -> u64 {
        self.stale
    }

    fn mark(&mut self, number: u64) {
        let (word, bit) = place(number);
        self.window[word] |= bit;
    }

    fn clear(&mut self, number: u64) {
        let (word, bit) = place(number);
        self.window[word] &= !bit;
    }

    fn is_marked(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.window[word] & bit != 0
    }
}

/// Where the bit of a number is.
const fn place(number: u64) -> (usize, u64) {
    let place = number % WINDOW;
    let word = (place / 64) as usize;
    (word, 1 << (place % 64))
}

/// How late a datagram may be to be known, in numbers.
const WINDOW: u64 = 1 << 16;
const WORDS: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn of(numbers: impl IntoIterator<Item = u64>) -> Sequence {
        let mut numbers = numbers.into_iter();
        let mut sequence = Sequence::new(numbers.next().unwrap());
        numbers.for_each(|number| sequence.take(number));
        sequence
    }

    /// Lost, duplicates, reordered, stale.
    fn summary(numbers: impl IntoIterator<Item = u64>) -> [u64; 4] {
        let of = of(numbers);
        [of.lost(), of.duplicates(), of.reordered(), of.stale()]
    }

    #[test]
    fn what_is_in_order_is_whole_wherever_it_begins() {
        for first in [0, 7, u64::MAX - 100] {
            let numbers = (0..1000).map(|i: u64| first.wrapping_add(i));
            assert_eq!(summary(numbers.clone()), [0; 4]);
            assert_eq!((of(numbers).expected()), 1000);
        }
    }

    #[test]
    fn loss_duplicates_and_reordering_are_told_apart() {
        assert_eq!(summary([0, 1, 4]), [2, 0, 0, 0]);
        assert_eq!(summary([0, 1, 1, 1, 2]), [0, 2, 0, 0]);
        assert_eq!(summary([0, 2, 1, 3]), [0, 0, 1, 0]);
        assert_eq!(summary([0, 3, 1, 2, 2]), [0, 1, 2, 0]);
    }

    #[test]
    fn one_that_should_have_been_first_is_late_and_not_lost() {
        assert_eq!(summary([5, 3, 6]), [1, 0, 1, 0]);
        assert_eq!(summary([1, 0, 2]), [0, 0, 1, 0]);
        assert_eq!(summary([0, u64::MAX]), [0, 0, 1, 0]);
    }

    #[test]
    fn the_numbers_wrap_around() {
        let end = u64::MAX;
        assert_eq!(summary([end - 1, 1, end, 0, 0, 2]), [0, 1, 2, 0]);
        assert_eq!(summary([end, 1]), [1, 0, 0, 0]);
    }

    #[test]
    fn of_what_is_older_than_the_window_nothing_is_claimed() {
        assert_eq!(summary([0, WINDOW - 1, 0]), [WINDOW - 2, 1, 0, 0]);
        assert_eq!(summary([0, WINDOW, 0]), [WINDOW - 1, 0, 0, 1]);
        assert_eq!(
            summary([0, 5 * WINDOW, 5 * WINDOW - 1]),
            [5 * WINDOW - 2, 0, 1, 0]
        );
    }

    #[test]
    fn numbers_from_a_madman_do_no_harm() {
        let half = 1 << 63;
        for numbers in [[0, half, 1, u64::MAX], [half, 0, half - 1, half + 1]] {
            let _ = summary(numbers);
        }
    }

    proptest! {
        /// Within the window it says what one would find who keeps everything.
        #[test]
        fn it_agrees_with_who_remembers_all(
            start: u64, offsets in prop::collection::vec(0..WINDOW / 2, 1..300),
        ) {
            let sequence = of(offsets.iter().map(|offset| start.wrapping_add(*offset)));
            let (mut seen, mut highest) = (BTreeSet::new(), 0);
            let (mut duplicates, mut reordered) = (0, 0);
            for offset in offsets {
                if !seen.insert(offset) {
                    duplicates += 1;
                } else if offset < highest {
                    reordered += 1;
                }
                highest = highest.max(offset);
            }
            let expected = highest - seen.first().unwrap() + 1;
            let received = u64::try_from(seen.len()).unwrap();
            prop_assert_eq!(sequence.received(), received);
            prop_assert_eq!(sequence.expected(), expected);
            prop_assert_eq!(sequence.lost(), expected - received);
            prop_assert_eq!(sequence.duplicates(), duplicates);
            prop_assert_eq!(sequence.reordered(), reordered);
            prop_assert_eq!(sequence.stale(), 0);
        }

        /// However long it goes on, each is counted as one of four things.
        #[test]
        fn every_datagram_is_counted_once(
            steps in prop::collection::vec(-100_000..100_000_i64, 1..300),
        ) {
            let mut number = 0_u64;
            let numbers = steps.iter().map(|step| {
                number = number.wrapping_add_signed(*step);
                number
            });
            let sequence = of(numbers);
            let counted = sequence.received() + sequence.duplicates() + sequence.stale();
            prop_assert_eq!(counted, u64::try_from(steps.len()).unwrap());
            prop_assert!(sequence.expected() >= sequence.received());
        }
    }
}
