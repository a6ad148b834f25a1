//! Everything that depends on the system, and all unsafe code.
//!
//! A platform provides:
//! - `Lister`, which asks:
//!   - `open() -> io::Result<Self>`, and `open_portable()`, for `getifaddrs(3)`;
//!   - `capture(groups: bool) -> io::Result<Snapshot>`: all interfaces, if wished
//!     with joined groups;
//!   - `find(Which, groups: bool) -> io::Result<Option<Interface>>`: one of them;
//!   - `route(IpAddr) -> io::Result<Option<Route>>`: the way to a destination;
//!   - `refine(&mut Link)`: completes what a notice says of a link;
//! - `Monitor`, which listens:
//!   - `open(groups: bool) -> io::Result<Self>`;
//!   - `read(&mut dyn FnMut(Notice)) -> io::Result<()>`: what the system says next,
//!     `WouldBlock` if it has nothing to say;
//!   - `is_reliable() -> bool`: whether it says everything, or that it does not;
//!   - `follows_groups() -> bool`: whether joined groups are among it;
//!   - `AsFd`: readable when there is something to read;
//! - `sockaddr_len(NonNull<sockaddr>) -> usize`: how many bytes of a socket
//!   address from `getifaddrs(3)` may be read;
//! - `family(&[u8]) -> c_int`: the address family in those bytes;
//! - `destination(&ifaddrs) -> *mut sockaddr`: `ifa_dstaddr` by its local name.

#![allow(unsafe_code, reason = "the only place for it in this crate")]

pub(crate) mod flag;

mod connect;
#[cfg(any(target_vendor = "apple", test))]
mod functional_type;
mod ifaddrs;
pub(crate) mod notice;
mod sockaddr;
#[cfg(any(target_vendor = "apple", test))]
mod sockaddr_dl;

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;

#[cfg(target_vendor = "apple")]
use self::apple as platform;
#[cfg(any(target_os = "linux", target_os = "android"))]
use self::linux as platform;

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
compile_error!("ifcast-interfaces does not know this system yet: see PLATFORM.md");

#[cfg(fuzzing)]
pub use self::platform::fuzzing;
pub(crate) use self::platform::{Lister, Monitor};
