//! How an interface is identified: by its index, as long as that is not used
//! for another one.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;

use crate::name::InterfaceName;

/// The kernel's number for an interface, never zero.
///
/// It stays while the interface exists, whatever its name and addresses
/// become, and may be reused after it is gone.
///
/// ```
/// use ifcast_interfaces::InterfaceIndex;
///
/// let index = InterfaceIndex::new(3).expect("not zero");
/// assert_eq!(index.get(), 3);
/// assert_eq!(InterfaceIndex::new(0), None); // "any interface" is not an interface
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceIndex(NonZeroU32);

impl InterfaceIndex {
    /// Wraps an index; zero, which the socket API reads as "any", is `None`.
    #[must_use]
    pub const fn new(index: u32) -> Option<Self> {
        match NonZeroU32::new(index) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }

    /// The number itself, as `if_nametoindex(3)` gives it.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for InterfaceIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InterfaceIndex({})", self.0)
    }
}

impl fmt::Display for InterfaceIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Tells an interface from an earlier one with the same index.
///
/// The kernel gives the index of a deleted interface to another one, perhaps at
/// once. A [`Watcher`](crate::Watcher) notices and gives each interface that
/// appears another generation. It is 0 for those that were there when it began,
/// and in a [`Snapshot`](crate::Snapshot) that was captured without one.
///
/// ```
/// use ifcast_interfaces::{Generation, Snapshot};
///
/// for interface in Snapshot::capture()?.interfaces() {
///     assert_eq!(interface.id().generation(), Generation::FIRST);
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u32);

impl Generation {
    /// That of all interfaces which were there from the beginning.
    pub const FIRST: Self = Self(0);

    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// Which interface: its index and generation, and the name it had when it was
/// captured.
///
/// Two are equal when their indexes and generations are, because a name may
/// change while the interface stays. It prints as `eth0 (index 2)`.
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// for interface in Snapshot::capture()?.interfaces() {
///     let id = interface.id();
///     println!("{id}: {} is number {}", id.name(), id.index());
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InterfaceId {
    index: InterfaceIndex,
    generation: Generation,
    name: InterfaceName,
}

impl InterfaceId {
    pub(crate) const fn new(
        index: InterfaceIndex,
        generation: Generation,
        name: InterfaceName,
    ) -> Self {
        Self {
            index,
            generation,
            name,
        }
    }

    /// What identifies it to the kernel.
    #[must_use]
    pub const fn index(&self) -> InterfaceIndex {
        self.index
    }

    /// What tells it from an earlier interface with the same index.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// What people call it; only for them.
    #[must_use]
    pub const fn name(&self) -> InterfaceName {
        self.name
    }
}

impl PartialEq for InterfaceId {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.generation) == (other.index, other.generation)
    }
}

impl Eq for InterfaceId {}

impl Hash for InterfaceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.index, self.generation).hash(state);
    }
}

impl fmt::Display for InterfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (index {})", self.name, self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_equal_by_index_and_generation_whatever_the_name() {
        let index = InterfaceIndex::new(7).unwrap();
        let id =
            |generation, name: &str| InterfaceId::new(index, generation, name.parse().unwrap());
        let first = Generation::FIRST;
        let [before, after] = ["old0", "new0"].map(|name| id(first, name));
        assert_eq!(before, after);
        assert_eq!(after.to_string(), "new0 (index 7)");
        assert_ne!(after, id(first.next(), "new0"));
    }
}
