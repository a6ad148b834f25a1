//! What the system says of an interface besides its addresses.

use crate::flags::Flags;
use crate::hardware::HardwareAddress;
use crate::id::InterfaceIndex;
use crate::kind::{Kind, KindSource};
use crate::link_kind::LinkKind;
use crate::name::InterfaceName;
use crate::operational_state::OperationalState;

/// An interface without its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) index: InterfaceIndex,
    pub(crate) name: InterfaceName,
    pub(crate) flags: Flags,
    pub(crate) kind: Kind,
    pub(crate) kind_source: KindSource,
    pub(crate) link_kind: Option<LinkKind>,
    pub(crate) mtu: Option<u32>,
    pub(crate) hardware_address: Option<HardwareAddress>,
    pub(crate) permanent_address: Option<HardwareAddress>,
    pub(crate) operational_state: Option<OperationalState>,
    pub(crate) carrier: Option<bool>,
    pub(crate) master: Option<InterfaceIndex>,
    pub(crate) lower: Option<InterfaceIndex>,
}

impl Link {
    /// One of which nothing else is known.
    pub(crate) const fn new(index: InterfaceIndex, name: InterfaceName, flags: Flags) -> Self {
        Self {
            index,
            name,
            flags,
            kind: Kind::Unknown,
            kind_source: KindSource::Nothing,
            link_kind: None,
            mtu: None,
            hardware_address: None,
            permanent_address: None,
            operational_state: None,
            carrier: None,
            master: None,
            lower: None,
        }
    }

    /// Whether this cannot be the same interface at a later time, although the
    /// index is the same: what it is made of never changes.
    pub(crate) fn is_another_than(&self, before: &Self) -> bool {
        (self.link_kind, self.permanent_address) != (before.link_kind, before.permanent_address)
    }
}
