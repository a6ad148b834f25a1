//! Everything that depends on the system, and all unsafe code.
//!
//! A platform provides:
//! - `Lister`, which asks:
//!   - `open() -> io::Result<Self>`; `open_for_once()`, for a single question; and
//!     `open_portable()`, for `getifaddrs(3)`;
//!   - `capture(groups: bool) -> io::Result<Snapshot>`: all interfaces, if wished
//!     with joined groups;
//!   - `find(Which, groups: bool) -> io::Result<Option<Interface>>`: one of them;
//!   - `route(IpAddr) -> io::Result<Option<Route>>`: the way to a destination;
//!   - `is_portable() -> bool`: whether it leaves out much of what notices say;
//!   - `refine(&mut Link)`: completes what a notice says of a link;
//! - `Monitor`, which listens:
//!   - `open(groups: bool) -> io::Result<Self>`;
//!   - `read(&mut dyn FnMut(Notice)) -> io::Result<()>`: what the system says next,
//!     `WouldBlock` if it has nothing to say;
//!   - `is_reliable() -> bool`: whether it says everything, or that it does not;
//!   - `follows_groups() -> bool`: whether joined groups are among it;
//!   - `AsFd`: readable when there is something to read;
//! - `Native`: how it lays out socket addresses, an `ifaddrs::Dialect`;
//! - `destination(&ifaddrs) -> *const sockaddr`: `ifa_dstaddr` by its local name;
//! - `flags(&ifaddrs) -> u32`: `ifa_flags`, which are of interfaces.
//!
//! All but Linux and Android share a `Lister`, for which each provides:
//! - `Details`, which is what else there is to ask:
//!   - `open() -> io::Result<Self>`;
//! - `complete_link(&Details, &mut Link) -> io::Result<()>`, an error if the link is gone;
//! - `list(&Details, &mut Table) -> io::Result<Answer>`: all interfaces;
//! - `groups`, which are those that are joined:
//!   - `list() -> io::Result<Option<Vec<(InterfaceIndex, IpAddr)>>>`: all of them;
//!   - `ARE_TOLD: bool`: whether the system tells of them at all.
//!
//! Those that listen to a routing socket alone share a `Monitor`, for which each provides:
//! - `MESSAGES: routing::Messages`: which messages matter.

#![allow(unsafe_code, reason = "the only place for it in this crate")]

pub(crate) mod flag;
pub(crate) mod notice;
pub(crate) mod which;

mod answer;
mod connect;
mod ifaddrs;
mod sockaddr;

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(any(
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
))]
mod bsd;
#[cfg(target_os = "illumos")]
mod illumos;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;

#[cfg(target_vendor = "apple")]
use self::apple as platform;
#[cfg(any(
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
))]
use self::bsd as platform;
#[cfg(target_os = "illumos")]
use self::illumos as platform;
#[cfg(any(target_os = "linux", target_os = "android"))]
use self::linux as platform;

// Of all but Linux and Android: what only decodes, or can be tried with other
// descriptors, is tested everywhere.
#[cfg(any(
    not(any(target_os = "linux", target_os = "android", target_os = "illumos")),
    test
))]
mod berkeley;
#[cfg(any(not(any(target_os = "linux", target_os = "android")), test))]
mod hint_source;
#[cfg(any(target_vendor = "apple", test))]
mod hint_sources;
#[cfg(any(not(any(target_os = "linux", target_os = "android")), test))]
mod repeat;
#[cfg(any(not(any(target_os = "linux", target_os = "android")), test))]
mod routing;
#[cfg(any(target_vendor = "apple", test))]
mod xnu;

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "illumos")))]
mod berkeley_list;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod descriptor;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "illumos")))]
mod if_data;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod lister;
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod routing_monitor;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod routing_socket;

#[cfg(any(target_os = "illumos", test))]
mod family_first;
#[cfg(any(target_os = "illumos", test))]
mod merged;
#[cfg(any(target_os = "linux", target_os = "android", target_os = "illumos"))]
mod named;

#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly"
))]
mod getifmaddrs;
#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly",
    test
))]
mod group;
#[cfg(any(target_os = "netbsd", target_os = "openbsd", target_os = "illumos"))]
mod no_groups;

#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly"
))]
use self::getifmaddrs as groups;
#[cfg(any(target_os = "netbsd", target_os = "openbsd", target_os = "illumos"))]
use self::no_groups as groups;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "illumos"
)))]
compile_error!("ifcast-interfaces does not know this system yet: see PLATFORM.md");

#[cfg(fuzzing)]
pub use self::platform::fuzzing;
pub(crate) use self::platform::{Lister, Monitor};
