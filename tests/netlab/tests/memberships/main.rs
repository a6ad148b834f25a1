//! Memberships on the wire: what hosts report, how they answer, and what a switch that snoops makes of it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod queries;
mod reports;
mod snooping;
mod sys;

use std::net::{IpAddr, UdpSocket};

use ifcast_netlab::{Host, Lab, MembershipVersion, Nic, Segment};

use crate::sys::Membership;

/// What a test does in each of the two families.
#[derive(Clone, Copy, Debug)]
struct Family {
    group: IpAddr,
    /// The address of whoever sends.
    sender: IpAddr,
    /// Two more sources.
    others: [IpAddr; 2],
    /// A router, of an address that it may ask from, and lower than that of a switch.
    router: IpAddr,
    /// All hosts, and who listens to reports of the latest version.
    destinations: [IpAddr; 2],
    latest: MembershipVersion,
    before: MembershipVersion,
}

fn families() -> [Family; 2] {
    [
        Family {
            group: ip("239.1.2.3"),
            sender: ip("10.71.0.11"),
            others: [ip("10.71.0.101"), ip("10.71.0.102")],
            router: ip("10.71.0.1"),
            destinations: [ip("224.0.0.1"), ip("224.0.0.22")],
            latest: MembershipVersion::Igmp3,
            before: MembershipVersion::Igmp2,
        },
        Family {
            group: ip("ff12::123"),
            sender: ip("fe80::11"),
            others: [ip("fd71::101"), ip("fd71::102")],
            router: ip("fe80::1"),
            destinations: [ip("ff02::1"), ip("ff02::16")],
            latest: MembershipVersion::Mld2,
            before: MembershipVersion::Mld1,
        },
    ]
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

/// A host that joins, one that sends, and a third.
struct Hosts {
    member: Nic,
    sender: Nic,
    other: Nic,
}

impl Hosts {
    fn on(lab: &Lab, lan: &Segment) -> Self {
        let [sender, member, other] = [11, 12, 13].map(|number| {
            let host = lab.host(&format!("h{number}"));
            let v4 = format!("10.71.0.{number}/24");
            let v6 = format!("fe80::{number}/64");
            lan.attach(&host, "lan0", &[&v4, &v6])
        });
        sender.host().add_default_route(&sender, None);
        Self {
            member,
            sender,
            other,
        }
    }
}

impl Family {
    /// A socket of the family on a port.
    fn socket(&self, host: &Host, port: u16) -> UdpSocket {
        let any = if self.group.is_ipv4() {
            "0.0.0.0"
        } else {
            "::"
        };
        host.run(|| UdpSocket::bind((ip(any), port)).unwrap())
    }

    /// The group on an interface.
    fn on(&self, nic: &Nic) -> Membership {
        Membership {
            index: nic.index(),
            group: self.group,
        }
    }
}
