//! Which interface a lister is asked for.

use crate::id::InterfaceIndex;
use crate::interface::Interface;

/// Which interface is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    Index(InterfaceIndex),
    Name(&'a [u8]),
}

impl Which<'_> {
    pub(crate) fn is(&self, interface: &Interface) -> bool {
        match self {
            Self::Index(index) => interface.index() == *index,
            Self::Name(name) => interface.is_called(name),
        }
    }
}
