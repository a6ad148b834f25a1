//! How a LAN fares.

use std::fmt;
use std::time::{Duration, Instant};

use ifcast_interfaces::{InterfaceId, Selector};
use ifcast_multicast::{Group, SourceFilter, State};
use ifcast_socket::{Class, Counters, Endpoint, Family, KernelDrops, Receive};

use crate::following::Following;
use crate::holdings::{Holdings, Member};
use crate::screening::Screened;

/// How a [`Lan`](crate::Lan) fares, as a whole and on each interface, at the moment when
/// it was asked.
///
/// It prints as a few lines for each interface. With the feature `serde` it can be
/// serialised; what is printed elsewhere is a text there too.
///
/// ```
/// use ifcast::Lan;
///
/// fn report(lan: &Lan) {
///     let status = lan.status();
///     println!("{status}");
///     for interface in &status.interfaces {
///         if !interface.troubles.is_empty() {
///             eprintln!("{} is in trouble", interface.interface);
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// Which interfaces are wanted.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub selector: Selector,
    /// Whether what becomes of the interfaces is followed.
    pub is_following: bool,
    /// The sockets that all interfaces share, if they do; each interface has its own
    /// otherwise.
    pub shared: Vec<SocketStatus>,
    /// The interfaces, ordered by index.
    pub interfaces: Vec<InterfaceStatus>,
}

/// How one interface fares.
///
/// See [`Status`] for an example.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct InterfaceStatus {
    /// Which.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::serialize::interface")
    )]
    pub interface: InterfaceId,
    /// The families for which there is a socket, be it a shared one.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::texts"))]
    pub families: Vec<Family>,
    /// Its own sockets.
    pub sockets: Vec<SocketStatus>,
    /// What of the received was kept back.
    pub screened: Screened,
    /// Its memberships, ordered by family and group.
    pub memberships: Vec<MembershipStatus>,
    /// What is wanted there and could not be had.
    pub troubles: Vec<Trouble>,
}

/// How a socket fares.
///
/// See [`Status`] for an example.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SocketStatus {
    /// Of which family.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub family: Family,
    /// On which UDP port.
    pub port: u16,
    /// What became of the datagrams that reached it.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::serialize::counters")
    )]
    pub counters: Counters,
    /// How many the kernel dropped since it was opened (modulo 2³²); none where the
    /// system does not say.
    pub kernel_drops: Option<u32>,
    /// How many bytes the kernel keeps until they are received; none if it would not
    /// say.
    pub receive_buffer: Option<usize>,
}

/// How a membership fares.
///
/// See [`Status`] for an example.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MembershipStatus {
    /// Of which group.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub group: Group,
    /// From whom.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub filter: SourceFilter,
    /// How it fared when it was joined, or when the interface last changed.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub state: State,
}

/// Something that is wanted on an interface and could not be had.
///
/// See [`Status`] for an example.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Trouble {
    /// What was attempted, why it failed and, if that is known, what helps.
    pub error: String,
    /// What kind of trouble that is.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub class: Class,
    /// How often it failed in a row.
    pub attempts: u32,
    /// How long until it is tried again; it is at once when the interface changes.
    pub pause: Duration,
}

impl Status {
    pub(crate) fn of(holdings: &Holdings, following: &Following) -> Self {
        let members = holdings.members.iter();
        Self {
            selector: following.selector().clone(),
            is_following: following.is_on(),
            shared: holdings
                .shared()
                .map(|socket| SocketStatus::of(socket.endpoint()))
                .collect(),
            interfaces: members
                .map(|member| InterfaceStatus::of(member, holdings, following))
                .collect(),
        }
    }
}

impl InterfaceStatus {
    fn of(member: &Member, holdings: &Holdings, following: &Following) -> Self {
        let index = member.interface.index();
        let ids = member.sockets.values();
        let sockets = ids.filter_map(|id| holdings.sockets.get(*id));
        let memberships = sockets.clone().flat_map(|socket| {
            let groups = socket.groups(index).into_iter();
            groups.filter_map(move |group| {
                let membership = socket.membership(index, group)?;
                Some(MembershipStatus {
                    group,
                    filter: membership.filter().clone(),
                    state: membership.state().clone(),
                })
            })
        });
        let own = sockets.filter(|socket| socket.endpoint().scope().interface().is_some());
        let now = Instant::now();
        let troubles = member.troubles.iter().map(|(subject, trouble)| {
            let (attempts, next) = following.attempts(member.interface, *subject);
            Trouble {
                error: trouble.error.clone(),
                class: trouble.class,
                attempts,
                pause: next.saturating_duration_since(now),
            }
        });
        Self {
            interface: member.interface,
            screened: holdings.screened(member.interface).unwrap_or_default(),
            families: member.sockets.keys().copied().collect(),
            memberships: memberships.collect(),
            sockets: own
                .map(|socket| SocketStatus::of(socket.endpoint()))
                .collect(),
            troubles: troubles.collect(),
        }
    }
}

impl SocketStatus {
    fn of(endpoint: &Endpoint) -> Self {
        let drops = endpoint.kernel_drops().ok();
        let buffer = endpoint.receive_buffer().ok();
        Self {
            family: endpoint.family(),
            port: endpoint.port(),
            counters: endpoint.counters(),
            kernel_drops: drops.map(|drops| drops.since(KernelDrops::default())),
            receive_buffer: buffer.map(|buffer| buffer.granted()),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let following = if self.is_following {
            ""
        } else {
            ", not followed"
        };
        write!(f, "interfaces: {}{following}", self.selector)?;
        for socket in &self.shared {
            write!(f, "\nshared {socket}")?;
        }
        for interface in &self.interfaces {
            write!(f, "\n{interface}")?;
        }
        Ok(())
    }
}

impl fmt::Display for InterfaceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.interface)?;
        if self.families.is_empty() {
            write!(f, " nothing is open")?;
        }
        for (place, family) in self.families.iter().enumerate() {
            let separator = if place == 0 { "" } else { " and" };
            write!(f, "{separator} {family}")?;
        }
        for socket in &self.sockets {
            write!(f, "\n  {socket}")?;
        }
        if self.screened.total() > 0 {
            write!(f, "\n  {}", self.screened)?;
        }
        for membership in &self.memberships {
            write!(f, "\n  {membership}")?;
        }
        for trouble in &self.troubles {
            write!(f, "\n  {trouble}")?;
        }
        Ok(())
    }
}

impl fmt::Display for SocketStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let received = self.counters.received;
        write!(f, "{} port {}: {received} received", self.family, self.port)?;
        for (count, what) in [
            (self.counters.foreign_interface, "from other interfaces"),
            (self.counters.unwanted, "of groups that are not joined"),
            (self.counters.unwanted_source, "from unwanted sources"),
            (self.counters.without_packet_info, "without packet info"),
            (self.counters.truncated, "truncated"),
            (self.counters.without_room, "without room"),
            (
                self.kernel_drops.unwrap_or(0).into(),
                "dropped by the kernel",
            ),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        self.receive_buffer
            .map_or(Ok(()), |bytes| write!(f, ", a buffer of {bytes} bytes"))
    }
}

impl fmt::Display for MembershipStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.group, self.filter, self.state)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = if self.attempts == 1 { "time" } else { "times" };
        write!(f, "{} ({}; ", self.error, self.class)?;
        write!(f, "failed {} {times}, ", self.attempts)?;
        write!(f, "tried again in {:.1} s)", self.pause.as_secs_f32())
    }
}
