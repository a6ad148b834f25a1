//! What the libraries take from the `libc` crate, and what socket2 takes for them.

mod everywhere;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;

#[cfg(target_vendor = "apple")]
mod apple;

#[cfg(any(target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"))]
mod bsd;

#[cfg(target_os = "illumos")]
mod illumos;

mod complete;
