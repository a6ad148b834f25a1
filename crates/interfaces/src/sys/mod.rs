//! Everything that depends on the system, and all unsafe code.
//!
//! A platform file provides:
//! - `capture() -> io::Result<Records>`: all links and addresses;
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

pub(crate) use self::platform::Lister;
