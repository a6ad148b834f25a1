//! What the libraries take from the `libc` crate, and what socket2 takes for them.

mod everywhere;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;

#[cfg(target_vendor = "apple")]
mod apple;

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod bsd;

mod complete;
