//! The interfaces that a socket serves.

use std::slice;

use ifcast_interfaces::{Interface, InterfaceIndex};

/// The interfaces that a socket serves: the one that it is tied to, or those that
/// share it.
#[derive(Debug)]
pub(crate) enum Served {
    One(Interface),
    Many(Many),
}

/// Interfaces ordered by index, which is kept apart so that it is found fast.
#[derive(Debug, Default)]
pub(crate) struct Many {
    indexes: Vec<u32>,
    interfaces: Vec<Interface>,
}

impl Served {
    #[inline]
    pub(crate) fn interfaces(&self) -> &[Interface] {
        match self {
            Self::One(interface) => slice::from_ref(interface),
            Self::Many(many) => &many.interfaces,
        }
    }

    /// Where the interface with this index is.
    #[inline]
    pub(crate) fn position(&self, index: u32) -> Option<usize> {
        match self {
            Self::One(interface) => (interface.index().get() == index).then_some(0),
            Self::Many(many) => many.indexes.binary_search(&index).ok(),
        }
    }

    pub(crate) fn get(&self, index: InterfaceIndex) -> Option<&Interface> {
        let position = self.position(index.get())?;
        self.interfaces().get(position)
    }

    /// Whether there is one and can be no other.
    pub(crate) const fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    /// Takes note of the interface: a new one, unless there can be but one, or what
    /// became of one with the same index.
    pub(crate) fn put(&mut self, interface: Interface) {
        match self {
            Self::One(own) => *own = interface,
            Self::Many(many) => {
                let index = interface.index().get();
                match many.indexes.binary_search(&index) {
                    Ok(position) => many.interfaces[position] = interface,
                    Err(position) => {
                        many.indexes.insert(position, index);
                        many.interfaces.insert(position, interface);
                    }
                }
            }
        }
    }

    /// Forgets one of many.
    pub(crate) fn remove(&mut self, index: InterfaceIndex) -> Option<Interface> {
        let Self::Many(many) = self else {
            return None;
        };
        let position = many.indexes.binary_search(&index.get()).ok()?;
        many.indexes.remove(position);
        Some(many.interfaces.remove(position))
    }
}
