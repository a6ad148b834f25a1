//! Which interfaces one means, said by what they are.

use std::fmt;
use std::net::IpAddr;
use std::ops::Not;
use std::str::FromStr;

use crate::id::InterfaceIndex;
use crate::interface::Interface;
use crate::kind::Kind;
use crate::name::InterfaceName;
use crate::selection::judge;
use crate::selection::pattern::Pattern;
use crate::selection::rule::{Predicate, Rule};
use crate::selection::subnet::Subnet;
use crate::selection::surroundings::Surroundings;
use crate::selection::verdict::Verdict;

/// Chooses interfaces by what they are.
///
/// Selectors combine with [`or`](Selector::or), [`and`](Selector::and) and `!`.
/// The default is [`Selector::lan`]. [`Snapshot::select`](crate::Snapshot::select)
/// gives those that it chooses, [`Snapshot::explain`](crate::Snapshot::explain)
/// says why.
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

impl Selector {
    /// What a protocol for a local network wants: interfaces that can broadcast
    /// or multicast now and lead to other hosts.
    ///
    /// Left out are loopback, point-to-point links, tunnels, mobile networks,
    /// peer-to-peer Wi-Fi, and what leads only into this device or its
    /// companions; whatever is down, without carrier or without address; and
    /// ports of bridges and bonds, for which their master stands.
    ///
    /// Virtual cables (veth, tap) and bridges of nothing but those are the LAN of
    /// containers and virtual machines, and chosen there; on their host, which
    /// has other interfaces, they are left out.
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

    /// The interface with this name or alternative name, in whatever state. For
    /// names that a user gave; a program has no business knowing one.
    #[must_use]
    pub const fn name(name: InterfaceName) -> Self {
        Self(Rule::Name(name))
    }

    /// Interfaces whose name, or one of whose alternative names, is as `pattern`
    /// says, in which `*` stands for anything and `?` for one byte. For patterns
    /// that a user gave, as [`name`](Self::name).
    #[must_use]
    pub fn pattern(pattern: &str) -> Self {
        Self(Rule::Pattern(Pattern::new(pattern)))
    }

    /// Interfaces that have this address.
    #[must_use]
    pub const fn address(address: IpAddr) -> Self {
        Self(Rule::Address(address))
    }

    /// Interfaces that have an address in this subnet.
    #[must_use]
    pub const fn subnet(subnet: Subnet) -> Self {
        Self(Rule::Subnet(subnet))
    }

    /// Interfaces that have an IPv4 address.
    #[must_use]
    pub const fn ipv4() -> Self {
        Self(Rule::Ipv4)
    }

    /// Interfaces that have an IPv6 address which can be used now.
    #[must_use]
    pub const fn ipv6() -> Self {
        Self(Rule::Ipv6)
    }

    /// Interfaces that are switched on, be they plugged in or not.
    #[must_use]
    pub const fn up() -> Self {
        Self(Rule::Up)
    }

    /// Interfaces that pass packets now: [`Interface::is_operational`].
    #[must_use]
    pub const fn operational() -> Self {
        Self(Rule::Operational)
    }

    /// Interfaces of whatever kind that can broadcast now:
    /// [`Interface::usable_for_broadcast`].
    #[must_use]
    pub const fn broadcast() -> Self {
        Self(Rule::Broadcast)
    }

    /// Interfaces of whatever kind that can multicast now:
    /// [`Interface::usable_for_multicast`].
    #[must_use]
    pub const fn multicast() -> Self {
        Self(Rule::Multicast)
    }

    /// Interfaces for which `predicate` says so. `what` is what those are, for
    /// messages.
    ///
    /// ```
    /// use ifcast_interfaces::{Interface, Selector};
    ///
    /// let is_jumbo = |interface: &Interface| interface.mtu() >= Some(9000);
    /// let selector = Selector::lan().and(Selector::predicate("a jumbo interface", is_jumbo));
    /// assert_eq!(selector.to_string(), "(lan and a jumbo interface)");
    /// ```
    #[must_use]
    pub fn predicate(
        what: &'static str,
        predicate: impl Fn(&Interface) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self(Rule::Predicate(Predicate::new(what, predicate)))
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

    pub(crate) fn judge(&self, interface: &Interface, surroundings: &Surroundings) -> Verdict<'_> {
        judge::judge(&self.0, interface, surroundings)
    }
}

impl Not for Selector {
    type Output = Self;

    fn not(self) -> Self {
        Self(Rule::Not(Box::new(self.0)))
    }
}

/// Parses what a user says: terms with commas between them.
///
/// A term is `lan`; `all`; `wired` or `wifi`, the interfaces of that kind among those of
/// `lan`; an index such as `3`; an address; a subnet; a name or an alternative name; or a
/// pattern of names. What one of them chooses is chosen, unless one chooses it that has a
/// `!` before it. Where all have one, it is from `lan` that they take away.
///
/// ```
/// use ifcast_interfaces::Selector;
///
/// assert_eq!("en0".parse::<Selector>()?.to_string(), "name en0");
/// assert_eq!("en*".parse::<Selector>()?.to_string(), "name en*");
/// assert_eq!("3".parse::<Selector>()?.to_string(), "index 3");
/// assert_eq!("10.71.0.0/16".parse::<Selector>()?.to_string(), "subnet 10.71.0.0/16");
/// assert_eq!("wifi,3".parse::<Selector>()?.to_string(), "((lan and kind Wi-Fi) or index 3)");
/// assert_eq!("!docker0".parse::<Selector>()?.to_string(), "(lan and not name docker0)");
/// # Ok::<(), ifcast_interfaces::InvalidSelector>(())
/// ```
impl FromStr for Selector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let (mut chosen, mut refused): (Option<Self>, Option<Self>) = (None, None);
        for text in text.split(',') {
            let (side, text) = match text.strip_prefix('!') {
                Some(text) => (&mut refused, text),
                None => (&mut chosen, text),
            };
            let term = term(text)?;
            *side = Some(match side.take() {
                Some(others) => others.or(term),
                None => term,
            });
        }
        let chosen = chosen.unwrap_or_default();
        Ok(match refused {
            Some(refused) => chosen.and(!refused),
            None => chosen,
        })
    }
}

fn term(text: &str) -> Result<Selector, InvalidSelector> {
    Ok(match text {
        "lan" => Selector::lan(),
        "all" => Selector::all(),
        "wired" => Selector::lan().and(Selector::kind(Kind::Wired)),
        "wifi" => Selector::lan().and(Selector::kind(Kind::Wifi)),
        _ if Pattern::is_in(text) => Selector::pattern(text),
        _ => {
            if let Some(index) = text.parse().ok().and_then(InterfaceIndex::new) {
                Selector::index(index)
            } else if let Ok(address) = text.parse() {
                Selector::address(address)
            } else if let Ok(subnet) = text.parse() {
                Selector::subnet(subnet)
            } else if text.contains('/') {
                return Err(InvalidSelector(())); // was to be a subnet
            } else if let Ok(name) = text.parse() {
                Selector::name(name)
            } else if text.len() <= LONGEST_NAME && !text.is_empty() {
                Selector::pattern(text) // an alternative name
            } else {
                return Err(InvalidSelector(()));
            }
        }
    })
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What selects no interface.
///
/// ```
/// use ifcast_interfaces::Selector;
///
/// let error = "".parse::<Selector>().unwrap_err();
/// assert!(error.to_string().contains("an index"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "neither `lan`, `all`, `wired`, `wifi`, an index, an address, a subnet, a name nor a pattern \
     of names"
)]
pub struct InvalidSelector(());

/// Of an alternative name, in bytes.
const LONGEST_NAME: usize = 127;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reads(text: &str, expected: &str) {
        let selector = text.parse::<Selector>();
        assert_eq!(
            selector.map(|selector| selector.to_string()).as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn terms_are_united_and_what_is_refused_is_taken_away_wherever_it_stands() {
        assert_reads("a,b", "(name a or name b)");
        assert_reads("!b,a", "(name a and not name b)");
        assert_reads("a,!b,!c", "(name a and not (name b or name c))");
        assert_reads(
            "!a,!10.0.0.0/8",
            "(lan and not (name a or subnet 10.0.0.0/8))",
        );
        assert_reads("all,!lan", "(all and not lan)");
    }

    #[test]
    fn what_is_empty_selects_nothing() {
        for text in [
            "",
            ",",
            "a,",
            ",a",
            "!",
            "a,!",
            "10.0.0.0/33",
            "!10.0.0.0/33",
        ] {
            assert_eq!(
                text.parse::<Selector>().err(),
                Some(InvalidSelector(())),
                "{text:?}"
            );
        }
    }
}
