//! Methods by name.

use std::fmt;

/// One way of doing a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Method {
    pub(crate) side: Side,
    pub(crate) name: &'static str,
}

/// Whose method it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    /// Nobody's: the least that the kernel takes.
    Floor,
    Ours,
    Peer,
}

impl Method {
    pub(crate) const fn floor(name: &'static str) -> Self {
        let side = Side::Floor;
        Self { side, name }
    }

    pub(crate) const fn ours(name: &'static str) -> Self {
        let side = Side::Ours;
        Self { side, name }
    }

    pub(crate) const fn peer(name: &'static str) -> Self {
        let side = Side::Peer;
        Self { side, name }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
