//! Hearing a datagram once that arrives by several interfaces.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::screening::clock::{self, Moment};
use crate::screening::table::Table;

/// For how long a [`Lan`](crate::Lan) remembers what it has handed over, so that it
/// does not hand over the same from another interface.
///
/// Datagrams are alike if they have the same source address and port, the same
/// destination and the same payload. Of those that are alike the first on one
/// interface and the first on another are the same datagram, and the second and the
/// second, and so on: one is handed over if more of them have arrived on its interface
/// than have been handed over. So a sender who repeats itself is heard each time,
/// however many interfaces it is heard by, and as often as by the best of them
/// alone if some lose a few.
///
/// ```
/// use std::time::Duration;
///
/// use ifcast::{Deduplication, Lan};
///
/// fn open() -> Result<Lan, ifcast::Error> {
///     Lan::builder()
///         .port(2222)
///         .deduplicate(Deduplication::within(Duration::from_secs(1)))
///         .build()
/// }
/// ```
///
/// What is remembered is a hash of 64 bits, with a key that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Deduplication {
    window: Duration,
    datagrams: usize,
}

impl Deduplication {
    /// Remembers each datagram for at least this time after it was handed over, and
    /// at most twice as long.
    ///
    /// It should be longer than what the ways from a source to this program differ by,
    /// with the time for which datagrams wait until they are received; a second is
    /// plenty for most. Where an interface has fallen silent, a sender who repeats
    /// itself may be unheard on another for as long as it takes to forget.
    pub const fn within(window: Duration) -> Self {
        Self {
            window,
            datagrams: 4096,
        }
    }

    /// How many different datagrams to remember: 4096 unless told, at least 1, and at
    /// most 2^20. Where there are more, the oldest are forgotten early, so that
    /// their like may be heard twice; none is lost.
    ///
    /// Each takes about 50 bytes, and at most 8 more for each interface.
    pub const fn datagrams(mut self, count: usize) -> Self {
        self.datagrams = count;
        self
    }
}

/// Remembers what was handed over, and what of that each interface has brought.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// In nanoseconds; time is divided into periods of that length.
    window: u64,
    key: RandomState,
    accounts: Table<Account>,
    /// Up to which number each interface has brought the datagrams of each account.
    /// What is forgotten counts as brought.
    brought: Vec<u32>,
    /// How many interfaces there is room for in `brought`, for each account.
    width: usize,
    /// The columns of `brought` that nobody has.
    free: Vec<usize>,
}

/// Datagrams that are alike, numbered as they are handed over.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    /// When it was last looked at.
    period: u64,
    /// The number of the last that was handed over,
    handed_over: u32,
    /// of the last before that period,
    before: u32,
    /// and of the last that is forgotten.
    forgotten: u32,
}

/// What datagrams are alike by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Likeness(u64);

/// Whose count it is: an interface's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column(usize);

impl Ledger {
    pub(crate) fn new(wanted: Deduplication) -> Self {
        Self {
            window: clock::nanos(wanted.window).max(1),
            key: RandomState::new(),
            accounts: Table::new(wanted.datagrams),
            brought: Vec::new(),
            width: 0,
            free: Vec::new(),
        }
    }

    /// Makes room for one more interface, which has brought nothing yet.
    pub(crate) fn open_column(&mut self) -> Column {
        if self.free.is_empty() {
            self.widen();
        }
        Column(self.free.pop().unwrap_or_default()) // there is one
    }

    /// Forgets what an interface has brought.
    pub(crate) fn close_column(&mut self, column: Column) {
        for account in 0..self.accounts.len() {
            self.brought[account * self.width + column.0] = 0;
        }
        self.free.push(column.0);
    }

    fn widen(&mut self) {
        let (old, new) = (self.width, (2 * self.width).max(FEWEST_COLUMNS));
        let mut brought = vec![0; self.accounts.capacity() * new];
        if old > 0 {
            let rows = brought.chunks_exact_mut(new);
            let known = self.brought.chunks_exact(old).take(self.accounts.len());
            for (row, known) in rows.zip(known) {
                row[..old].copy_from_slice(known);
            }
        }
        self.brought = brought;
        self.width = new;
        self.free.extend((old..new).rev());
    }

    /// What a datagram is like; its scope is left out, which differs by interface.
    pub(crate) fn likeness(
        &self,
        source: SocketAddr,
        destination: IpAddr,
        payload: &[u8],
    ) -> Likeness {
        let mut hasher = self.key.build_hasher();
        // Each family has a head of its own length, which its first byte tells, so that
        // nothing can be moved from a head to a payload.
        match (source.ip(), destination) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let mut head = [4; 11];
                head[1..5].copy_from_slice(&from.octets());
                head[5..9].copy_from_slice(&to.octets());
                head[9..].copy_from_slice(&source.port().to_be_bytes());
                hasher.write(&head);
            }
            (from, to) => {
                let mut head = [6; 35];
                head[1..17].copy_from_slice(&octets(from));
                head[17..33].copy_from_slice(&octets(to));
                head[33..].copy_from_slice(&source.port().to_be_bytes());
                hasher.write(&head);
            }
        }
        hasher.write(payload);
        Likeness(hasher.finish())
    }

    /// Whether a datagram that an interface brings was not handed over yet, which it
    /// then is.
    pub(crate) fn is_new(&mut self, column: Column, likeness: Likeness, now: Moment) -> bool {
        let period = now.0 / self.window;
        let place = self.accounts.find(likeness.0);
        let Some(place) = place.or_else(|| self.open_account(likeness, period)) else {
            return true; // which does not happen
        };
        self.accounts[place].forget_until(period);
        if self.accounts[place].handed_over == u32::MAX {
            self.number_anew(place);
        }
        let account = &mut self.accounts[place];
        let brought = &mut self.brought[place * self.width + column.0];
        *brought = (*brought).max(account.forgotten);
        let is_new = *brought == account.handed_over;
        if is_new {
            account.handed_over += 1;
        }
        *brought += 1;
        is_new
    }

    /// Makes an account, in the place of one that is out of date, or of the one whose
    /// turn it is.
    fn open_account(&mut self, likeness: Likeness, period: u64) -> Option<usize> {
        let is_free = |account: &Account| account.period.saturating_add(1) < period;
        let place = self.accounts.claim(likeness.0, is_free);
        let place = place.or_else(|| self.accounts.claim(likeness.0, |_| true))?;
        // Numbers go on, so that what was brought of others is out of date.
        self.accounts[place].forget_all(period);
        Some(place)
    }

    /// Forgets an account's past, of which there was too much.
    #[cold]
    fn number_anew(&mut self, place: usize) {
        let account = &mut self.accounts[place];
        *account = Account {
            period: account.period,
            ..Account::default()
        };
        self.brought[place * self.width..][..self.width].fill(0);
    }
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

impl Account {
    /// Forgets what was handed over before the last period.
    fn forget_until(&mut self, period: u64) {
        match period.saturating_sub(self.period) {
            0 => {}
            1 => {
                self.forgotten = self.before;
                self.before = self.handed_over;
                self.period = period;
            }
            _ => self.forget_all(period),
        }
    }

    const fn forget_all(&mut self, period: u64) {
        self.forgotten = self.handed_over;
        self.before = self.handed_over;
        self.period = period;
    }
}

const FEWEST_COLUMNS: usize = 4;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    const WINDOW: u64 = 1000;

    /// Interfaces that bring datagrams which are alike if they have the same letter.
    struct Interfaces {
        ledger: Ledger,
        columns: Vec<Column>,
    }

    impl Interfaces {
        fn new(count: usize, datagrams: usize) -> Self {
            let window = Duration::from_nanos(WINDOW);
            let wanted = Deduplication::within(window).datagrams(datagrams);
            let mut ledger = Ledger::new(wanted);
            let columns = (0..count).map(|_| ledger.open_column()).collect();
            Self { ledger, columns }
        }

        fn bring(&mut self, interface: usize, letter: u8, now: u64) -> bool {
            let source = ([10, 71, 0, 2], 2222).into();
            let to = [255; 4].into();
            let likeness = self.ledger.likeness(source, to, &[letter]);
            let column = self.columns[interface];
            self.ledger.is_new(column, likeness, Moment(now))
        }
    }

    #[test]
    fn what_one_interface_repeats_is_new_and_what_another_brings_again_is_not() {
        let mut interfaces = Interfaces::new(2, 16);
        let brought = [0, 0, 1, 1, 1, 0, 1, 0].map(|i| interfaces.bring(i, 7, 0));
        let expected = [true, true, false, false, true, false, true, false];
        assert_eq!(brought, expected);
        assert!(interfaces.bring(0, 8, 0), "another datagram");
    }

    #[test]
    fn it_is_remembered_for_the_window_and_forgotten_after_twice_that() {
        for start in [0, 1, 999, 1000] {
            let mut interfaces = Interfaces::new(2, 16);
            assert!(interfaces.bring(0, 7, start));
            assert!(!interfaces.bring(1, 7, start + WINDOW));
            assert!(interfaces.bring(0, 8, start));
            assert!(interfaces.bring(1, 8, start + 2 * WINDOW));
        }
        // Also if its like is brought all the time.
        let mut interfaces = Interfaces::new(2, 16);
        let news = (0..100).filter(|i| interfaces.bring(0, 7, i * WINDOW / 4));
        assert_eq!(news.count(), 100);
        let silent = (100..200).take_while(|i| !interfaces.bring(1, 7, i * WINDOW / 4));
        assert!(silent.count() <= 8);
    }

    #[test]
    fn a_newcomer_has_brought_nothing_though_another_had_its_place() {
        let mut interfaces = Interfaces::new(2, 16);
        assert!((0..5).all(|_| interfaces.bring(0, 7, 0)));
        assert!((0..5).all(|_| !interfaces.bring(1, 7, 0)));
        interfaces.ledger.close_column(Column(1));
        assert_eq!(interfaces.ledger.open_column(), Column(1));
        assert!((0..5).all(|_| !interfaces.bring(1, 7, 0)));
        assert!(interfaces.bring(1, 7, 0));
    }

    #[test]
    fn there_is_room_for_more_interfaces_and_what_others_brought_is_kept() {
        let mut interfaces = Interfaces::new(FEWEST_COLUMNS, 16);
        for letter in 0..16 {
            assert!(interfaces.bring(3, letter, 0));
            assert!(interfaces.bring(3, letter, 0));
            assert!(!interfaces.bring(2, letter, 0));
        }
        let column = interfaces.ledger.open_column();
        interfaces.columns.push(column);
        for letter in 0..16 {
            assert!(!interfaces.bring(2, letter, 0));
            assert!(interfaces.bring(2, letter, 0));
            assert!((0..3).all(|_| !interfaces.bring(4, letter, 0)));
        }
    }

    #[test]
    fn the_place_of_a_datagram_that_is_forgotten_is_as_good_as_new() {
        let mut interfaces = Interfaces::new(2, 1);
        assert!((0..3).all(|_| interfaces.bring(0, 7, 0)));
        assert!(interfaces.bring(1, 8, 0), "in its place");
        assert!(!interfaces.bring(0, 8, 0));
        assert!(interfaces.bring(0, 8, 0));
    }

    #[test]
    fn numbers_begin_anew_before_there_are_none_left() {
        let mut interfaces = Interfaces::new(2, 16);
        assert!(interfaces.bring(0, 7, 0));
        interfaces.ledger.accounts[0].handed_over = u32::MAX - 1;
        interfaces.ledger.brought[..2].fill(u32::MAX - 1);
        let brought = [0, 0, 1, 1, 0].map(|i| interfaces.bring(i, 7, 0));
        assert_eq!(brought, [true, true, false, true, false]);
    }

    #[test]
    fn source_destination_and_payload_make_the_likeness_and_nothing_else() {
        let ledger = Ledger::new(Deduplication::within(Duration::ZERO));
        let likeness = |source: &str, to: &str, payload: &[u8]| {
            let (source, to) = (source.parse().unwrap(), to.parse().unwrap());
            ledger.likeness(source, to, payload).0
        };
        let one = likeness("[fe80::2%3]:2222", "ff02::1", b"hello");
        assert_eq!(likeness("[fe80::2%4]:2222", "ff02::1", b"hello"), one);
        let others = [
            likeness("[fe80::3%3]:2222", "ff02::1", b"hello"),
            likeness("[fe80::2%3]:2223", "ff02::1", b"hello"),
            likeness("[fe80::2%3]:2222", "ff02::2", b"hello"),
            likeness("[fe80::2%3]:2222", "ff02::1", b"hallo"),
            likeness("[fe80::2%3]:2222", "ff02::1", b"hello\0"),
        ];
        assert!(!others.contains(&one));
        // Nobody can say in a payload what is said before it.
        let mut payload = Vec::from([4, 255, 255, 255, 255, 8, 174]);
        payload.extend(b"hello");
        let whole = likeness("1.2.3.4:2222", "255.255.255.255", b"hello");
        assert_ne!(likeness("1.2.3.4:2222", "255.255.255.255", &payload), whole);
        // And nobody else has the key.
        let other = Ledger::new(Deduplication::within(Duration::ZERO));
        let source = "[fe80::2]:2222".parse().unwrap();
        let to = "ff02::1".parse().unwrap();
        assert_ne!(other.likeness(source, to, b"hello").0, one);
    }

    /// Each datagram that was handed over, with those who have brought it.
    #[derive(Default)]
    struct Model(Vec<(u8, u64, BTreeSet<usize>)>);

    impl Model {
        fn bring(&mut self, interface: usize, letter: u8, now: u64) -> bool {
            let period = now / WINDOW;
            let known = self.0.iter_mut().find(|(other, then, whose)| {
                *other == letter && then + 1 >= period && !whose.contains(&interface)
            });
            if let Some((_, _, whose)) = known {
                whose.insert(interface);
                return false;
            }
            self.0.push((letter, period, [interface].into()));
            true
        }
    }

    fn happenings() -> impl Strategy<Value = Vec<(usize, u8, u64)>> {
        prop::collection::vec((0usize..3, 0u8..3, 0u64..WINDOW), 0..150)
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: if cfg!(miri) { 5 } else { 256 },
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn it_is_as_if_each_datagram_were_remembered(
            pace in 1u64..20,
            happenings in happenings(),
        ) {
            let (mut interfaces, mut model) = (Interfaces::new(3, 16), Model::default());
            let mut now = 0;
            for (interface, letter, pause) in happenings {
                now += pause / pace;
                let expected = model.bring(interface, letter, now);
                prop_assert_eq!(interfaces.bring(interface, letter, now), expected);
            }
        }

        #[test]
        fn each_is_heard_as_often_as_by_the_best_interface_whatever_the_order_and_loss(
            happenings in happenings(),
        ) {
            let mut interfaces = Interfaces::new(3, 16);
            let (mut heard, mut counts) = (BTreeMap::new(), BTreeMap::new());
            for (interface, letter, _) in happenings {
                *counts.entry((letter, interface)).or_insert(0) += 1;
                let is_new = interfaces.bring(interface, letter, 0);
                *heard.entry(letter).or_insert(0) += u32::from(is_new);
            }
            for (letter, heard) in heard {
                let by = (0..3).filter_map(|interface| counts.get(&(letter, interface)));
                prop_assert_eq!(Some(&heard), by.max());
            }
        }

        #[test]
        fn nothing_is_lost_where_there_is_too_little_room(
            room in 1usize..3,
            happenings in happenings(),
        ) {
            let mut interfaces = Interfaces::new(3, room);
            let (mut heard, mut counts) = (BTreeMap::new(), BTreeMap::new());
            for (interface, letter, _) in happenings {
                *counts.entry((letter, interface)).or_insert(0) += 1;
                let is_new = interfaces.bring(interface, letter, 0);
                *heard.entry(letter).or_insert(0) += u32::from(is_new);
            }
            for ((letter, _), count) in counts {
                prop_assert!(heard[&letter] >= count);
            }
        }
    }
}
