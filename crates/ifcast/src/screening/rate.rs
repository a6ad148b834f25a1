//! Not hearing more of a source than it may send.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::IpAddr;

use crate::screening::clock::Moment;
use crate::screening::table::Table;

/// How many datagrams a [`Lan`](crate::Lan) hands over of each source address on
/// each interface.
///
/// Each source has a bucket of so many datagrams ([`burst`](Self::burst)), which
/// refills so fast ([`per_second`](Self::per_second)), and a datagram that finds it
/// empty is not handed over. What counts is when a datagram is received from the
/// socket; so the bucket should hold what a source sends while the program does
/// something else.
///
/// ```
/// use ifcast::{Lan, RateLimit};
///
/// fn open() -> Result<Lan, ifcast::Error> {
///     Lan::builder()
///         .port(2222)
///         .rate_limit(RateLimit::per_second(100).burst(500))
///         .build()
/// }
/// ```
///
/// Only so many sources of each interface ([`sources`](Self::sources)) have a bucket
/// of their own. A source keeps it until it is full and a second has passed; as long
/// as there is none for another source, all those share one more. So whoever invents
/// sources gets no more than one datagram of each through, and once the buckets are
/// given away hardly any more than so many a second; and on other interfaces nobody
/// notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RateLimit {
    per_second: u32,
    burst: u32,
    sources: usize,
}

impl RateLimit {
    /// So many datagrams a second, and as many at once; 0 counts as 1.
    ///
    /// ```
    /// use ifcast::RateLimit;
    ///
    /// let limit = RateLimit::per_second(50);
    /// assert_eq!(limit, RateLimit::per_second(50).burst(50).sources(1024));
    /// ```
    pub const fn per_second(datagrams: u32) -> Self {
        Self {
            per_second: datagrams,
            burst: datagrams,
            sources: 1024,
        }
    }

    /// So many datagrams at once, from a source of which nothing has been heard for
    /// a while; 0 counts as 1.
    pub const fn burst(mut self, datagrams: u32) -> Self {
        self.burst = datagrams;
        self
    }

    /// How many sources of each interface have a bucket of their own: 1024 unless
    /// told, at least 1, and at most 2^20. Each takes about 32 bytes, from the time
    /// that the interface joins.
    pub const fn sources(mut self, count: usize) -> Self {
        self.sources = count;
        self
    }
}

/// Holds the sources of one interface to their limit.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// From one datagram to the next, in nanoseconds.
    interval: u64,
    /// For how long at most a bucket refills before it has place for one more.
    tolerance: u64,
    key: RandomState,
    sources: Table<Bucket>,
    others: Bucket,
}

/// A bucket of datagrams, as the time when it is full again: it lacks one for each
/// interval until then.
#[derive(Debug, Default)]
struct Bucket {
    full_at: u64,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        // Rounded up, because a limit is a limit.
        let interval = SECOND.div_ceil(limit.per_second.max(1).into());
        Self {
            interval,
            tolerance: interval * u64::from(limit.burst.max(1) - 1),
            key: RandomState::new(),
            sources: Table::new(limit.sources),
            others: Bucket::default(),
        }
    }

    /// Whether a datagram of this source may be handed over, which it then is.
    pub(crate) fn admits(&mut self, source: IpAddr, now: Moment) -> bool {
        let mut hasher = self.key.build_hasher();
        match source {
            IpAddr::V4(source) => hasher.write(&source.octets()),
            IpAddr::V6(source) => hasher.write(&source.octets()),
        }
        let hash = hasher.finish();
        let place = self.sources.find(hash).or_else(|| {
            let is_free = |bucket: &Bucket| bucket.is_free(now);
            self.sources.claim(hash, is_free)
        });
        let bucket = match place {
            Some(place) => &mut self.sources[place],
            None => &mut self.others,
        };
        bucket.take(now, self.interval, self.tolerance)
    }
}

impl Bucket {
    fn take(&mut self, now: Moment, interval: u64, tolerance: u64) -> bool {
        let full_at = self.full_at.max(now.0);
        if full_at - now.0 > tolerance {
            return false;
        }
        self.full_at = full_at.saturating_add(interval);
        true
    }

    /// Whether it is not missed by its source: it is full, and the source silent.
    const fn is_free(&self, now: Moment) -> bool {
        self.full_at.saturating_add(SECOND) <= now.0
    }
}

const SECOND: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 71, 0, 2));

    fn other(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    fn after(millis: u64) -> Moment {
        Moment(millis * 1_000_000)
    }

    fn admitted(limiter: &mut Limiter, source: IpAddr, count: u32, now: Moment) -> u32 {
        let admitted = (0..count).filter(|_| limiter.admits(source, now));
        u32::try_from(admitted.count()).unwrap()
    }

    #[test]
    fn a_source_gets_its_burst_at_once_and_then_its_rate() {
        let mut limiter = Limiter::new(RateLimit::per_second(10).burst(3));
        assert_eq!(admitted(&mut limiter, SOURCE, 9, after(0)), 3);
        assert_eq!(admitted(&mut limiter, SOURCE, 9, after(99)), 0);
        assert_eq!(admitted(&mut limiter, SOURCE, 9, after(100)), 1);
        assert_eq!(admitted(&mut limiter, SOURCE, 9, after(350)), 2);
        assert_eq!(admitted(&mut limiter, SOURCE, 9, after(400)), 1);
        assert_eq!(admitted(&mut limiter, SOURCE, 9, after(60_000)), 3);
        assert_eq!(admitted(&mut limiter, other(1), 9, after(60_000)), 3);
    }

    #[test]
    fn the_limit_is_at_least_one_and_is_never_rounded_up() {
        let mut least = Limiter::new(RateLimit::per_second(0).burst(0));
        assert_eq!(admitted(&mut least, SOURCE, 9, after(0)), 1);
        assert_eq!(admitted(&mut least, SOURCE, 9, after(999)), 0);
        assert_eq!(admitted(&mut least, SOURCE, 9, after(1000)), 1);
        let mut third = Limiter::new(RateLimit::per_second(3));
        assert_eq!(admitted(&mut third, SOURCE, 9, after(0)), 3);
        assert_eq!(admitted(&mut third, SOURCE, 9, Moment(333_333_333)), 0);
        assert_eq!(admitted(&mut third, SOURCE, 9, Moment(333_333_334)), 1);
        let mut most = Limiter::new(RateLimit::per_second(u32::MAX));
        assert!(most.admits(SOURCE, Moment(u64::MAX)));
    }

    #[test]
    fn invented_sources_pass_no_more_than_their_table_has_place_for() {
        let limit = RateLimit::per_second(10).burst(5).sources(100);
        let mut limiter = Limiter::new(limit);
        for number in 0..50 {
            assert!(limiter.admits(other(number), after(0)));
        }
        let mut passed = 0;
        for number in 1000..101_000 {
            passed += admitted(&mut limiter, other(number), 1, after(0));
        }
        assert_eq!(
            passed,
            50 + 5,
            "the places that were left, and a shared burst"
        );
        // Who has a bucket keeps it.
        for number in 0..50 {
            assert_eq!(admitted(&mut limiter, other(number), 9, after(1)), 4);
        }
        // From then on, in ten seconds: each place once a second or so.
        let mut passed = 0;
        for milli in 1000..11_000 {
            for number in 0..10 {
                let source = other(1_000_000 + 10 * u32::try_from(milli).unwrap() + number);
                passed += admitted(&mut limiter, source, 1, after(milli));
            }
        }
        assert!(passed <= 10 * (100 + 10), "{passed}");
        assert_eq!(limiter.sources.len(), 100);
    }

    #[test]
    fn a_source_that_has_fallen_silent_gives_its_place_to_another() {
        let limit = RateLimit::per_second(10).burst(5).sources(4);
        let mut limiter = Limiter::new(limit);
        for number in 0..4 {
            assert!(limiter.admits(other(number), after(0)));
        }
        assert_eq!(admitted(&mut limiter, SOURCE, 9, after(1099)), 5, "shared");
        assert_eq!(
            admitted(&mut limiter, other(9), 9, after(1099)),
            0,
            "shared"
        );
        assert_eq!(admitted(&mut limiter, other(9), 9, after(1100)), 5);
        assert_eq!(admitted(&mut limiter, SOURCE, 9, after(1100)), 5);
    }

    /// The same with a number of tokens, of which each is as much as refills in one
    /// interval.
    struct Tokens {
        count: u64,
        at: u64,
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: if cfg!(miri) { 5 } else { 256 },
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn a_bucket_is_one_of_tokens(
            interval in 1u64..50,
            burst in 1u64..6,
            pauses in prop::collection::vec(0u64..100, 0..100),
        ) {
            let mut bucket = Bucket::default();
            let mut tokens = Tokens { count: burst * interval, at: 0 };
            let (mut now, mut admitted) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                tokens.count = (tokens.count + now - tokens.at).min(burst * interval);
                tokens.at = now;
                let expected = tokens.count >= interval;
                if expected {
                    tokens.count -= interval;
                }
                let taken = bucket.take(Moment(now), interval, interval * (burst - 1));
                prop_assert_eq!(taken, expected);
                if taken {
                    admitted.push(now);
                }
            }
            // What a limit promises: whenever one begins to count.
            for (position, start) in admitted.iter().enumerate() {
                for (count, at) in (1..).zip(&admitted[position..]) {
                    prop_assert!(count <= burst + (at - start) / interval);
                }
            }
        }
    }
}
