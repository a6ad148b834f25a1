//! Which interfaces one means, said by what they are.

use std::fmt;
use std::ops::Not;
use std::str::FromStr;

use crate::id::{InterfaceIndex, InterfaceName, InvalidName};
use crate::interface::Interface;
use crate::kind::Kind;

/// Chooses interfaces by what they are.
///
/// Selectors combine with [`or`](Selector::or), [`and`](Selector::and) and `!`.
/// The default is [`Selector::lan`].
///
/// ```
/// use ifcast_interfaces::{Kind, Selector, Snapshot};
///
/// let snapshot = Snapshot::capture()?;
/// let bridges = Selector::kind(Kind::Bridge);
/// for interface in snapshot.select(Selector::lan().and(!bridges)) {
///     println!("{}", interface.id());
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Selector(Rule);

#[derive(Clone, Debug, Default)]
enum Rule {
    All,
    #[default]
    Lan,
    Kind(Kind),
    Index(InterfaceIndex),
    Name(InterfaceName),
    Or(Box<[Rule; 2]>),
    And(Box<[Rule; 2]>),
    Not(Box<Rule>),
}

impl Selector {
    /// What a protocol for a local network wants: interfaces that can broadcast
    /// or multicast now and lead to other hosts.
    ///
    /// Left out are loopback, point-to-point links, tunnels, mobile networks,
    /// peer-to-peer Wi-Fi, and what leads only into this device or its
    /// companions; whatever is down, without carrier or without address; and
    /// ports of bridges and bonds, for which their master stands.
    ///
    /// Bridges and virtual interfaces are in, because they are the LAN of
    /// containers and virtual machines; a container engine's own bridges on its
    /// host are in too.
    #[must_use]
    pub const fn lan() -> Self {
        Self(Rule::Lan)
    }

    /// Every interface there is.
    #[must_use]
    pub const fn all() -> Self {
        Self(Rule::All)
    }

    /// Interfaces of one kind, in whatever state.
    #[must_use]
    pub const fn kind(kind: Kind) -> Self {
        Self(Rule::Kind(kind))
    }

    /// The interface with this index, in whatever state.
    #[must_use]
    pub const fn index(index: InterfaceIndex) -> Self {
        Self(Rule::Index(index))
    }

    /// The interface with this name, in whatever state. For names that a user
    /// gave; a program has no business knowing one.
    #[must_use]
    pub const fn name(name: InterfaceName) -> Self {
        Self(Rule::Name(name))
    }

    /// What either selector chooses.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Rule::Or(Box::new([self.0, other.0])))
    }

    /// What both selectors choose.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Rule::And(Box::new([self.0, other.0])))
    }

    /// Whether it chooses this interface.
    #[must_use]
    pub fn matches(&self, interface: &Interface) -> bool {
        self.0.matches(interface)
    }
}

impl Not for Selector {
    type Output = Self;

    fn not(self) -> Self {
        Self(Rule::Not(Box::new(self.0)))
    }
}

/// Parses what a user says: `lan`, `all`, an index such as `3`, or a name.
///
/// ```
/// use ifcast_interfaces::Selector;
///
/// assert_eq!("en0".parse::<Selector>()?.to_string(), "name en0");
/// assert_eq!("3".parse::<Selector>()?.to_string(), "index 3");
/// # Ok::<(), ifcast_interfaces::InvalidName>(())
/// ```
impl FromStr for Selector {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let index = text.parse().ok().and_then(InterfaceIndex::new);
        match (text, index) {
            ("lan", _) => Ok(Self::lan()),
            ("all", _) => Ok(Self::all()),
            (_, Some(index)) => Ok(Self::index(index)),
            (name, None) => Ok(Self::name(name.parse()?)),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Rule {
    fn matches(&self, interface: &Interface) -> bool {
        match self {
            Self::All => true,
            Self::Lan => is_lan(interface),
            Self::Kind(kind) => interface.kind() == *kind,
            Self::Index(index) => interface.index() == *index,
            Self::Name(name) => interface.name() == *name,
            Self::Or(rules) => rules.iter().any(|rule| rule.matches(interface)),
            Self::And(rules) => rules.iter().all(|rule| rule.matches(interface)),
            Self::Not(rule) => !rule.matches(interface),
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
            Self::Or(rules) => write!(f, "({} or {})", rules[0], rules[1]),
            Self::And(rules) => write!(f, "({} and {})", rules[0], rules[1]),
            Self::Not(rule) => write!(f, "not {rule}"),
        }
    }
}

fn is_lan(interface: &Interface) -> bool {
    let leads_to_a_lan = match interface.kind() {
        Kind::Wired | Kind::Wifi | Kind::Bridge | Kind::Vlan | Kind::Bond | Kind::Virtual => true,
        Kind::Unknown => !interface.flags().is_loopback(),
        Kind::Loopback
        | Kind::WifiPeerToPeer
        | Kind::Cellular
        | Kind::Tunnel
        | Kind::Coprocessor
        | Kind::Companion
        | Kind::Management => false,
    };
    let usable =
        interface.usable_for_broadcast().is_ok() || interface.usable_for_multicast().is_ok();
    leads_to_a_lan && usable && !interface.flags().is_point_to_point()
}
