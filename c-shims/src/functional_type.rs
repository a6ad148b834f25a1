//! What an Apple kernel says an interface is for: the answers of [`functional_type`](fn@crate::functional_type).
//!
//! These are numbers, not an enum, because a later kernel may answer with one that is not here. They are the same on
//! every platform, so that what decodes them can be tested anywhere.

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use std::{
    ffi::{CStr, c_char, c_int},
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use crate::errno;

/// None of the others: a tunnel, bridge, bond or VLAN that delegates to no physical interface.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_UNKNOWN`, since xnu-3247 (OS X 10.11, iOS 9)
pub const UNKNOWN: u32 = 0;

/// The loopback interface.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_LOOPBACK`, since xnu-3247 (OS X 10.11, iOS 9)
pub const LOOPBACK: u32 = 1;

/// Ethernet or FireWire, or a virtual interface of that family, or one that delegates to such an interface.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_WIRED`, since xnu-3247 (OS X 10.11, iOS 9)
pub const WIRED: u32 = 2;

/// Wi-Fi with an access point, or an interface that delegates to Wi-Fi, such as a tunnel over it.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_WIFI_INFRA`, since xnu-3247 (OS X 10.11, iOS 9). The low-latency peer-to-peer
///   interface (`llw0`) is answered with this too.
pub const WIFI_INFRA: u32 = 3;

/// Wi-Fi from device to device, without an access point (AWDL).
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_WIFI_AWDL`, since xnu-3247 (OS X 10.11, iOS 9)
pub const WIFI_AWDL: u32 = 4;

/// The mobile network, or an interface that delegates to it.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_CELLULAR`, since xnu-3247 (OS X 10.11, iOS 9)
pub const CELLULAR: u32 = 5;

/// The link to a coprocessor inside the device, which ordinary programs may not use.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_INTCOPROC`, since xnu-3789 (macOS 10.12, iOS 10)
pub const INTCOPROC: u32 = 6;

/// The link to a companion device, such as between a watch and its phone.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_COMPANIONLINK`, since xnu-6153 (macOS 10.15, iOS 13)
pub const COMPANIONLINK: u32 = 7;

/// A management interface, which only entitled programs may use.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_MANAGEMENT`, since xnu-8796.141.3 (macOS 13.5, iOS 16.6)
pub const MANAGEMENT: u32 = 8;

/// Asks the kernel what the interface called `name` is for.
///
/// `int ifcast_sys_functional_type(int socket, const char *name, uint32_t *functional_type)`
///
/// The answers are the constants of [`functional_type`](mod@crate::functional_type), or a number that a later kernel
/// added.
///
/// `socket` carries the question and nothing else: any `AF_INET` datagram socket does, bound or not. No privilege is
/// needed. The answer says where packets end up rather than what the interface is: a tunnel that delegates to Wi-Fi is
/// `WIFI_INFRA`, a bridge is `UNKNOWN`. So look at `IFF_POINTOPOINT` and at the link type first.
///
/// # Errors
///
/// - `ENAMETOOLONG`: `name` is longer than 15 bytes.
/// - `ENXIO`: there is no such interface, or no longer.
/// - `EPERM`: the process's sandbox does not allow the question.
/// - `EOPNOTSUPP`: the kernel does not know the question.
/// - `ENOTTY`: `socket` is not a socket.
///
/// `EINTR` does not happen: the kernel answers without sleeping.
///
/// # Platform
///
/// - macOS, iOS, tvOS, watchOS, visionOS: `SIOCGIFFUNCTIONALTYPE`, which the kernel answers since xnu-3247 (OS X 10.11,
///   iOS 9). The header names it since the SDK of macOS 10.13, which is the oldest this crate builds with.
/// - elsewhere: this function is not there.
///
/// # Examples
///
/// ```
/// # #[cfg(target_vendor = "apple")]
/// # {
/// use std::net::UdpSocket;
/// use std::os::fd::AsFd;
///
/// use ifcast_sys::functional_type;
///
/// let socket = UdpSocket::bind("127.0.0.1:0")?;
///
/// assert_eq!(functional_type(socket.as_fd(), c"lo0")?, functional_type::LOOPBACK);
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "SIOCGIFFUNCTIONALTYPE")]
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(unsafe_code, reason = "calls this crate's C")]
pub fn functional_type(socket: BorrowedFd<'_>, name: &CStr) -> io::Result<u32> {
    let mut answer = UNKNOWN;
    // SAFETY: `name` ends in NUL and `answer` is writable for the length of the call, as their types guarantee; the C
    // keeps neither pointer. A descriptor that is no socket is refused by the kernel.
    errno::check(unsafe {
        ifcast_sys_functional_type(socket.as_raw_fd(), name.as_ptr(), &mut answer)
    })?;
    Ok(answer)
}

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(
    unsafe_code,
    reason = "declares this crate's C, as include/ifcast_sys.h does"
)]
unsafe extern "C" {
    fn ifcast_sys_functional_type(
        socket: c_int,
        name: *const c_char,
        functional_type: *mut u32,
    ) -> c_int;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asserted;

    #[test]
    fn every_constant_is_the_number_the_c_asserts() {
        assert_eq!(
            asserted::constants(include_str!("functional_type.c"), "IFRTYPE_FUNCTIONAL_"),
            [
                ("UNKNOWN", UNKNOWN),
                ("LOOPBACK", LOOPBACK),
                ("WIRED", WIRED),
                ("WIFI_INFRA", WIFI_INFRA),
                ("WIFI_AWDL", WIFI_AWDL),
                ("CELLULAR", CELLULAR),
                ("INTCOPROC", INTCOPROC),
                ("COMPANIONLINK", COMPANIONLINK),
                ("MANAGEMENT", MANAGEMENT),
            ]
        );
    }
}
