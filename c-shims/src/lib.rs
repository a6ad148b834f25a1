//! The C that ifcast needs on Apple's systems: what they tell only through their C headers.
//!
//! It refuses to decide: the functions here return what the system answers, and `ifcast-interfaces` says what that
//! means. On other targets no C is compiled and only the numbers are here.

pub mod functional_type;
pub mod ipv6_address;

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
mod descriptor;
#[cfg(any(target_vendor = "apple", all(doc, unix), test))]
mod errno;
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
mod kernel_event;
// What decides something without asking the system is tested everywhere.
#[cfg(any(target_vendor = "apple", all(doc, unix), test))]
mod direct_link;
#[cfg(any(target_vendor = "apple", all(doc, unix), test))]
mod media;
#[cfg(any(target_vendor = "apple", all(doc, unix), test))]
mod notify;

#[cfg(test)]
mod asserted;

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[doc(inline)]
pub use crate::{
    direct_link::direct_link, functional_type::functional_type, ipv6_address::ipv6_address_flags,
    kernel_event::kernel_events, media::carrier, notify::NetworkChange,
};
