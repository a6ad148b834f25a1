//! A private LAN inside a process, for tests that would otherwise broadcast on the developer's real one.
//!
//! A [`Lab`] hands out hosts and segments. A [`Host`] is a network namespace; closures run inside it. A [`Segment`] is
//! an Ethernet switch; attaching a host to it makes an interface there, a [`Nic`], which can then be taken down,
//! unplugged, renamed, readdressed, deleted and made again: everything that happens to interfaces in real life. A
//! [`Capture`] shows what was on the wire.
//!
//! ```
//! use std::net::{Ipv4Addr, UdpSocket};
//! use ifcast_netlab::Lab;
//!
//! let lab = Lab::new();
//! let lan = lab.segment();
//! let (a, b) = (lab.host("a"), lab.host("b"));
//! lan.attach(&a, "lan0", &["10.71.0.1/24"]);
//! lan.attach(&b, "lan0", &["10.71.0.2/24", "fe80::2/64"]);
//!
//! let listener = b.run(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 7)).unwrap());
//! a.run(|| {
//!     let sender = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
//!     sender.set_broadcast(true).unwrap();
//!     sender.send_to(b"hello", "10.71.0.255:7").unwrap();
//! });
//!
//! let mut buffer = [0; 16];
//! let (length, source) = listener.recv_from(&mut buffer).unwrap();
//! assert_eq!(&buffer[..length], b"hello");
//! assert_eq!(source.ip(), Ipv4Addr::new(10, 71, 0, 1));
//! ```
//!
//! # No privilege, no trace
//!
//! A process that links this crate and uses it is moved into a user and a network namespace of its own before `main`
//! runs, so none of its packets can reach a real network, whatever it does. Everything vanishes with the process. Where
//! the kernel refuses that, the process is left as it was, and [`Lab::new`] panics with the reason and the remedy.
//!
//! Interface indexes are unique within a lab, unlike in real life, where every host has an interface 2: a test cannot
//! pass by mixing up two of them.
//!
//! # Panics
//!
//! This is test equipment. A method that cannot do what it is asked to do panics at the line that called it.
//!
//! # Platform
//!
//! - Linux: everything, for root, for everybody where unprivileged user namespaces are allowed, and inside another user
//!   namespace.
//! - Elsewhere: it compiles, and [`Lab::try_new`] says that it is unsupported.

#![expect(
    clippy::expect_used,
    reason = "test equipment stops the test when it breaks"
)]
#![expect(
    clippy::must_use_candidate,
    reason = "most methods are called for what they do to the lab; those that are not say so"
)]

mod address;
mod capture;
mod checksum;
mod dialogue;
mod fault;
mod frame;
mod host;
mod lab;
mod links;
mod membership;
mod mishap;
mod netlink;
mod nic;
mod querier;
mod rtnetlink;
mod segment;
mod settings;
mod snooping;
mod sys;
mod wire;

pub use crate::address::{AddressOptions, Broadcast};
pub use crate::capture::Capture;
pub use crate::frame::{Frame, IpPacket, UdpDatagram};
pub use crate::host::{DeadEnd, Host, Task, is_without_device_binding};
pub use crate::lab::Lab;
pub use crate::links::LinkKind;
pub use crate::membership::{
    GroupRecord, MembershipMessage, MembershipVersion, Query, RecordKind, Report,
};
pub use crate::mishap::{Mishap, Victim};
pub use crate::nic::Nic;
pub use crate::segment::Segment;
pub use crate::settings::LinkFlag;
pub use crate::snooping::Querier;
pub use crate::wire::{Passage, Wire};
