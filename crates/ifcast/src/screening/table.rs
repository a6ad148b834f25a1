//! Room for so many things and no more, found by their hashes.

use std::ops::{Index, IndexMut};

/// A hash table that never grows: each thing has a place of its own, and a place
/// that is free again goes to another thing, with the value that it has.
///
/// It knows things by nothing but their hashes. So those have to be made with a key
/// that nobody knows: then nobody can make two that are the same, or many that are
/// searched for in one chain.
#[derive(Debug)]
pub(crate) struct Table<T> {
    /// The first place of each chain.
    heads: Box<[Option<u32>]>,
    /// Of a hash, which chain it is in.
    mask: u64,
    /// By place; never more than at first was room for.
    entries: Vec<Entry<T>>,
    capacity: usize,
    /// Where to look next for a place that is free.
    hand: usize,
}

#[derive(Debug)]
struct Entry<T> {
    hash: u64,
    next: Option<u32>,
    value: T,
}

impl<T: Default> Table<T> {
    /// Makes room for so many, at least 1 and at most 2^20.
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, LARGEST);
        let chains = capacity.next_power_of_two();
        Self {
            heads: vec![None; chains].into(),
            mask: chains as u64 - 1,
            entries: Vec::with_capacity(capacity),
            capacity,
            hand: 0,
        }
    }

    /// The place of the thing with this hash.
    #[inline]
    pub(crate) fn find(&self, hash: u64) -> Option<usize> {
        let mut next = self.heads[self.chain(hash)];
        while let Some(place) = next {
            let entry = &self.entries[place as usize];
            if entry.hash == hash {
                return Some(place as usize);
            }
            next = entry.next;
        }
        None
    }

    /// Gives a thing that has none a place: one that was never used, or one of the
    /// next few whose value says that it is free.
    pub(crate) fn claim(&mut self, hash: u64, is_free: impl Fn(&T) -> bool) -> Option<usize> {
        let place = if self.entries.len() < self.capacity {
            self.entries.push(Entry {
                hash,
                next: None,
                value: T::default(),
            });
            self.entries.len() - 1
        } else {
            let place = self.free_place(is_free)?;
            self.unlink(place);
            self.entries[place].hash = hash;
            place
        };
        let chain = self.chain(hash);
        self.entries[place].next = self.heads[chain];
        self.heads[chain] = u32::try_from(place).ok();
        Some(place)
    }

    /// How many places are in use or have been.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Looks only at a few, so that nobody who fills it has others wait.
    fn free_place(&mut self, is_free: impl Fn(&T) -> bool) -> Option<usize> {
        for _ in 0..LOOKS.min(self.capacity) {
            let place = self.hand;
            self.hand = (place + 1) % self.capacity;
            if is_free(&self.entries[place].value) {
                return Some(place);
            }
        }
        None
    }

    fn unlink(&mut self, place: usize) {
        let chain = self.chain(self.entries[place].hash);
        let after = self.entries[place].next;
        let mut next = self.heads[chain];
        if next == u32::try_from(place).ok() {
            self.heads[chain] = after;
            return;
        }
        while let Some(before) = next {
            let entry = &mut self.entries[before as usize];
            if entry.next == u32::try_from(place).ok() {
                entry.next = after;
                return;
            }
            next = entry.next;
        }
    }

    #[inline]
    fn chain(&self, hash: u64) -> usize {
        usize::try_from(hash & self.mask).unwrap_or_default() // which fits
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = T;

    #[inline]
    fn index(&self, place: usize) -> &T {
        &self.entries[place].value
    }
}

impl<T> IndexMut<usize> for Table<T> {
    #[inline]
    fn index_mut(&mut self, place: usize) -> &mut T {
        &mut self.entries[place].value
    }
}

const LARGEST: usize = 1 << 20;

/// How many places to look at for a free one.
const LOOKS: usize = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_full_table_takes_nobody_in_until_a_place_is_free() {
        let mut table = Table::<u32>::new(20);
        for hash in 0..20 {
            let place = table.claim(hash, |_| panic!("there is room")).unwrap();
            table[place] = 7;
        }
        for _ in 0..10 {
            assert_eq!(table.claim(99, |_| false), None);
        }
        let third = table.find(3).unwrap();
        table[third] = 8;
        // It looks at a few each time, and goes on where it was.
        let mut places = (0..3).filter_map(|_| table.claim(99, |value| *value == 8));
        assert_eq!(places.next(), Some(third));
        assert_eq!((table.find(3), table.find(99)), (None, Some(third)));
        assert_eq!((table[third], table.len()), (8, 20));
    }

    #[test]
    fn there_is_room_for_at_least_one_and_not_for_everybody() {
        assert_eq!(Table::<u32>::new(0).capacity(), 1);
        assert_eq!(Table::<u8>::new(usize::MAX).capacity(), LARGEST);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: if cfg!(miri) { 5 } else { 256 },
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn it_finds_what_it_has_and_nothing_else(
            capacity in 1usize..12,
            hashes in prop::collection::vec((0u64..4, 0u64..6), 0..100),
        ) {
            let mut table = Table::<u32>::new(capacity);
            let mut places = BTreeMap::new();
            for (low, high) in hashes {
                let hash = high << 40 | low; // few chains, long ones
                prop_assert_eq!(table.find(hash), places.get(&hash).copied());
                if table.find(hash).is_none() {
                    let place = table.claim(hash, |_| true).unwrap();
                    places.retain(|_, other| *other != place);
                    places.insert(hash, place);
                }
                for (hash, place) in &places {
                    prop_assert_eq!(table.find(*hash), Some(*place));
                }
                prop_assert!(places.len() <= capacity);
            }
        }
    }
}
