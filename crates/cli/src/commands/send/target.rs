//! To whom it goes.

use std::net::IpAddr;

use ifcast::{Family, Group, Selector, Subnet, broadcast};

use crate::arguments::Choice;
use crate::failure::Failure;

#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct TargetArguments {
    /// To every host on the link (255.255.255.255), or of each subnet of an interface.
    #[arg(
        long,
        value_enum,
        value_name = "KIND",
        num_args = 0..=1,
        default_missing_value = "limited"
    )]
    broadcast: Option<BroadcastKind>,
    /// To the members of a group.
    #[arg(long, short)]
    group: Option<Group>,
    /// To one host, by the interfaces that have it in a subnet unless others are named.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<IpAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BroadcastKind {
    Limited,
    Directed,
}

impl From<BroadcastKind> for broadcast::Target {
    fn from(kind: BroadcastKind) -> Self {
        match kind {
            BroadcastKind::Limited => Self::Limited,
            BroadcastKind::Directed => Self::Directed,
        }
    }
}

/// To whom, and by which interfaces.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) to: To,
    pub(crate) interfaces: Selector,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    Broadcast(broadcast::Target),
    Address(IpAddr),
}

impl Target {
    pub(crate) fn of(arguments: &TargetArguments, choice: &Choice) -> Result<Self, Failure> {
        let mut interfaces = choice.selector();
        let to = match (arguments.broadcast, arguments.group, arguments.to) {
            (Some(kind), ..) => To::Broadcast(kind.into()),
            (_, Some(group), _) => To::Address(group.address()),
            (_, _, Some(address)) => {
                if choice.is_default() && !address.is_multicast() {
                    interfaces = interfaces.and(on_link_with(address)?);
                }
                To::Address(address)
            }
            // There is one of them: clap sees to that.
            (None, None, None) => To::Broadcast(broadcast::Target::Limited),
        };
        Ok(Self { to, interfaces })
    }

    pub(crate) const fn family(&self) -> Family {
        match self.to {
            To::Broadcast(_) => Family::V4,
            To::Address(address) => Family::of(address),
        }
    }
}

/// What has a host in one of its subnets; a link-local one may be on every link.
fn on_link_with(address: IpAddr) -> Result<Selector, Failure> {
    if matches!(address, IpAddr::V6(address) if address.is_unicast_link_local()) {
        return Ok(Selector::ipv6());
    }
    let snapshot = ifcast::Snapshot::capture()?;
    let mut found: Option<Selector> = None;
    for interface in snapshot.interfaces() {
        let has_it = interface.addresses().any(|own| {
            let subnet = Subnet::new(own.ip(), own.prefix_len());
            subnet.is_ok_and(|subnet| subnet.contains(address))
        });
        if has_it {
            let index = Selector::index(interface.index());
            found = Some(match found {
                Some(others) => others.or(index),
                None => index,
            });
        }
    }
    found.ok_or(Failure::NotOnLink { address })
}
