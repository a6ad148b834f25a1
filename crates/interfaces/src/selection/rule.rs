//! What a selector is made of.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::kind::Kind;
use crate::name::InterfaceName;
use crate::selection::pattern::Pattern;
use crate::selection::subnet::Subnet;

/// What an interface must be, or have.
#[derive(Clone, Debug, Default)]
pub(crate) enum Rule {
    All,
    #[default]
    Lan,
    Kind(Kind),
    Index(InterfaceIndex),
    Name(InterfaceName),
    Pattern(Pattern),
    Address(IpAddr),
    Subnet(Subnet),
    Ipv4,
    Ipv6,
    Up,
    Operational,
    Broadcast,
    Multicast,
    Predicate(Predicate),
    Or(Box<[Self; 2]>),
    And(Box<[Self; 2]>),
    Not(Box<Self>),
}

impl Rule {
    /// Whether a rule holds that looks at nothing but the interface.
    pub(crate) fn holds_for(&self, interface: &Interface) -> bool {
        match self {
            Self::All => true,
            Self::Kind(kind) => interface.kind() == *kind,
            Self::Index(index) => interface.index() == *index,
            Self::Name(name) => interface.is_called(name.as_bytes()),
            Self::Pattern(pattern) => {
                pattern.matches(interface.name().as_bytes())
                    || interface
                        .alternative_names()
                        .any(|name| pattern.matches(name.as_bytes()))
            }
            Self::Address(address) => interface.owns(*address),
            Self::Subnet(subnet) => interface.addresses().any(|own| subnet.contains(own.ip())),
            Self::Ipv4 => !interface.ipv4().is_empty(),
            Self::Ipv6 => interface.ipv6().iter().any(|own| own.is_usable()),
            Self::Up => interface.flags().is_up(),
            Self::Operational => interface.is_operational(),
            Self::Broadcast => interface.usable_for_broadcast().is_ok(),
            Self::Multicast => interface.usable_for_multicast().is_ok(),
            Self::Predicate(predicate) => (predicate.holds)(interface),
            Self::Lan | Self::Or(_) | Self::And(_) | Self::Not(_) => false,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Lan => f.write_str("lan"),
            Self::Kind(kind) => write!(f, "kind {kind}"),
            Self::Index(index) => write!(f, "index {index}"),
            Self::Name(name) => write!(f, "name {name}"),
            Self::Pattern(pattern) => write!(f, "name {pattern}"),
            Self::Address(address) => write!(f, "address {address}"),
            Self::Subnet(subnet) => write!(f, "subnet {subnet}"),
            Self::Ipv4 => f.write_str("ipv4"),
            Self::Ipv6 => f.write_str("ipv6"),
            Self::Up => f.write_str("up"),
            Self::Operational => f.write_str("operational"),
            Self::Broadcast => f.write_str("broadcast"),
            Self::Multicast => f.write_str("multicast"),
            Self::Predicate(predicate) => f.write_str(predicate.what),
            Self::Or(rules) => write!(f, "({} or {})", rules[0], rules[1]),
            Self::And(rules) => write!(f, "({} and {})", rules[0], rules[1]),
            Self::Not(rule) => write!(f, "not {rule}"),
        }
    }
}

/// What a part of a selector asks for, for messages: it prints as such.
///
/// See [`Verdict`](crate::Verdict) for an example.
#[derive(Clone, Copy, Debug)]
pub struct Criterion<'s>(pub(crate) &'s Rule);

impl fmt::Display for Criterion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a program says that an interface is.
#[derive(Clone)]
pub(crate) struct Predicate {
    what: &'static str,
    holds: Arc<dyn Fn(&Interface) -> bool + Send + Sync>,
}

impl Predicate {
    pub(crate) fn new(
        what: &'static str,
        holds: impl Fn(&Interface) -> bool + Send + Sync + 'static,
    ) -> Self {
        let holds = Arc::new(holds);
        Self { what, holds }
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}
