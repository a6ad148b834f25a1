//! Keeping account of what a LAN says has become of it, and comparing that with the
//! truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;

use ifcast::{Event, Family, InterfaceId, Lan, LanBuilder, Snapshot};

/// What a LAN has said has become of its interfaces.
#[derive(Debug, Default)]
pub struct Ledger {
    members: Vec<InterfaceId>,
    degraded: Vec<(InterfaceId, String)>,
    /// How each membership fares, by the index of the interface.
    states: BTreeMap<(u32, IpAddr), String>,
    /// All of it, in words, until somebody takes it.
    pub said: Vec<String>,
}

impl Ledger {
    /// Begins with what a LAN was built with.
    #[must_use]
    pub fn of(lan: &Lan) -> Self {
        Self {
            members: lan.interfaces().collect(),
            states: states(lan),
            ..Self::default()
        }
    }

    /// Takes note of an event.
    ///
    /// # Panics
    /// If it cannot be true after those of before.
    #[track_caller]
    pub fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Datagram(_) => {}
            Event::InterfaceJoined { interface } => {
                assert!(!self.members.contains(interface), "{event:?} of a member");
                self.members.push(*interface);
                self.said.push(format!("{} joined", interface.name()));
            }
            Event::InterfaceLeft { interface, why } => {
                assert!(self.members.contains(interface), "{event:?} of no member");
                self.members.retain(|member| member != interface);
                self.degraded.retain(|(degraded, _)| degraded != interface);
                let index = interface.index().get();
                self.states.retain(|(other, _), _| *other != index);
                self.said.push(format!("{} left: {why}", interface.name()));
            }
            Event::Membership {
                interface,
                group,
                state,
            } => {
                assert!(self.members.contains(interface), "{event:?} of no member");
                let place = (interface.index().get(), group.address());
                let before = self.states.insert(place, state.to_string());
                assert_ne!(before, Some(state.to_string()), "{event:?} is no news");
            }
            Event::Degraded { interface, error } => {
                assert!(self.members.contains(interface), "{event:?} of no member");
                self.degraded.push((*interface, error.to_string()));
                let name = interface.name();
                self.said.push(format!("{name} degraded: {error}"));
            }
            Event::Recovered { interface } => {
                let before = self.degraded.len();
                self.degraded.retain(|(degraded, _)| degraded != interface);
                assert!(self.degraded.len() < before, "{event:?} from nothing");
                self.said.push(format!("{} recovered", interface.name()));
            }
            other => self.said.push(format!("{other:?}")),
        }
    }

    /// Whether what was said is true, and the LAN as if it had just been built: by how it
    /// is not.
    ///
    /// The calling thread must be on the LAN's host, where nobody else is in these groups.
    /// What `fresh` makes must not want the same port.
    ///
    /// # Errors
    /// What is not as it should be.
    pub fn compare(&self, lan: &Lan, groups: &[IpAddr], fresh: LanBuilder) -> Result<(), String> {
        let is_it = |is_it, what: String| if is_it { Ok(()) } else { Err(what) };
        let ids: Vec<_> = lan.interfaces().collect();
        let are_told =
            ids.len() == self.members.len() && ids.iter().all(|id| self.members.contains(id));
        is_it(are_told, format!("told of {:?}, not {ids:?}", self.members))?;
        is_it(
            self.degraded.is_empty(),
            format!("not well: {:?}", self.degraded),
        )?;

        let states = states(lan);
        is_it(
            self.states == states,
            format!("told of {:?}, not {states:?}", self.states),
        )?;

        let joined = joined(groups);
        let snapshot = Snapshot::capture().map_err(|error| error.to_string())?;
        let (expected, to_join) = match fresh.build() {
            Ok(fresh) => {
                let joined_twice = self::joined(groups);
                let more = |(place, users): (_, usize)| {
                    let before = joined.get(&place).copied().unwrap_or(0);
                    (users > before).then(|| (place, users - before))
                };
                (
                    Holds::of(&fresh),
                    joined_twice.into_iter().filter_map(more).collect(),
                )
            }
            Err(ifcast::Error::NoInterface { .. }) => Default::default(),
            Err(error) => return Err(error.to_string()),
        };
        let holds = Holds::of(lan);
        let names = [&holds.interfaces, &expected.interfaces];
        is_it(
            names[0] == names[1],
            format!("has {:?}, not {:?}", names[0], names[1]),
        )?;
        // Who loses all addresses of a family keeps what there is for it.
        let is_kept = |index: u32, family: Family| {
            let mut interfaces = snapshot.interfaces().iter();
            let interface = interfaces.find(|interface| interface.index().get() == index);
            interface.is_some_and(|interface| match family {
                Family::V4 => interface.ipv4().is_empty(),
                Family::V6 => interface.ipv6().is_empty(),
            })
        };
        let mut sockets = holds.sockets;
        sockets.retain(|place| expected.sockets.contains(place) || !is_kept(place.0, place.1));
        is_it(
            sockets == expected.sockets,
            format!("open is {sockets:?}, not {:?}", expected.sockets),
        )?;
        let to_join: BTreeMap<_, _> = to_join;
        let mut joined = joined;
        joined.retain(|(index, group), _| {
            let family = if group.is_ipv4() {
                Family::V4
            } else {
                Family::V6
            };
            to_join.contains_key(&(*index, *group)) || !is_kept(*index, family)
        });
        let mut states = states;
        states.retain(|place, _| to_join.contains_key(place));
        is_it(
            states == expected.states,
            format!("memberships fare so: {states:?}, not {:?}", expected.states),
        )?;
        is_it(
            joined == to_join,
            format!("joined is {joined:?}, not {to_join:?}"),
        )
    }
}

/// What there is on a LAN.
#[derive(Debug, Default)]
struct Holds {
    interfaces: BTreeSet<(u32, String)>,
    sockets: BTreeSet<(u32, Family)>,
    states: BTreeMap<(u32, IpAddr), String>,
}

impl Holds {
    fn of(lan: &Lan) -> Self {
        let mut sockets = BTreeSet::new();
        for endpoint in lan.sockets() {
            for interface in endpoint.interfaces() {
                sockets.insert((interface.index().get(), endpoint.family()));
            }
        }
        let interfaces = lan.interfaces();
        let interfaces = interfaces.map(|id| (id.index().get(), id.name().to_string()));
        Self {
            interfaces: interfaces.collect(),
            sockets,
            states: states(lan),
        }
    }
}

/// How each membership fares, by what the LAN says.
fn states(lan: &Lan) -> BTreeMap<(u32, IpAddr), String> {
    let mut states = BTreeMap::new();
    for interface in lan.status().interfaces {
        let index = interface.interface.index().get();
        for membership in interface.memberships {
            let place = (index, membership.group.address());
            states.insert(place, membership.state.to_string());
        }
    }
    states
}

/// How many sockets have joined which of these groups on which interface, by what the
/// kernel says on the host of this thread.
#[must_use]
pub fn joined(groups: &[IpAddr]) -> BTreeMap<(u32, IpAddr), usize> {
    let mut joined = BTreeMap::new();
    let mut count = |index: &str, group: IpAddr, users: &str| {
        if groups.contains(&group) {
            let place = (index.parse().unwrap(), group);
            *joined.entry(place).or_default() += users.parse::<usize>().unwrap();
        }
    };
    let mut index = "0";
    let table = table("igmp");
    for line in table.lines().skip(1) {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap();
        if line.starts_with('\t') {
            let group = u32::from_str_radix(first, 16).unwrap();
            let group = IpAddr::from(group.to_ne_bytes());
            count(index, group, words.next().unwrap());
        } else {
            index = first;
        }
    }
    for line in self::table("igmp6").lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let group = u128::from_str_radix(words[2], 16).unwrap();
        count(words[0], IpAddr::from(group.to_be_bytes()), words[3]);
    }
    joined
}

/// How many sockets there are on the host of this thread, whoever has them: of UDP and
/// of netlink.
#[must_use]
pub fn open_sockets() -> usize {
    let tables = [
        "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "packet", "netlink",
    ];
    let lines = tables.map(|name| table(name).lines().count().saturating_sub(1));
    lines.iter().sum()
}

/// A table of the network namespace that this thread is in.
fn table(name: &str) -> String {
    fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap_or_default()
}
