//! In which state an IPv6 address of an Apple system is: the bits of
//! [`ipv6_address_flags`].
//!
//! These are numbers, not an enum, because a later kernel may answer with one that is not here. They are the same on
//! every platform, so that what decodes them can be tested anywhere.
//!
//! # Platform
//!
//! - Apple: the `IN6_IFF_*` constants of `<netinet6/in6_var.h>`

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use std::{
    ffi::{CStr, c_char, c_int},
    io,
    net::Ipv6Addr,
    os::fd::{AsRawFd, BorrowedFd},
};

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use crate::errno;

/// An anycast address, which other hosts may have too.
#[doc(alias = "IN6_IFF_ANYCAST")]
pub const ANYCAST: u32 = 0x0001;

/// Not an address yet: it is being asked for whether another host has it (RFC 4862, section 5.4).
#[doc(alias = "IN6_IFF_TENTATIVE")]
pub const TENTATIVE: u32 = 0x0002;

/// Not an address: another host has it.
#[doc(alias = "IN6_IFF_DUPLICATED")]
pub const DUPLICATED: u32 = 0x0004;

/// Of a prefix that no router on the link announces any more. The header calls it obsolete.
#[doc(alias = "IN6_IFF_DETACHED")]
pub const DETACHED: u32 = 0x0008;

/// No longer to be a source of something new: its preferred lifetime is over (RFC 4862, section 5.5.4).
#[doc(alias = "IN6_IFF_DEPRECATED")]
pub const DEPRECATED: u32 = 0x0010;

/// Taken without asking whether another host has it.
#[doc(alias = "IN6_IFF_NODAD")]
pub const NODAD: u32 = 0x0020;

/// Made from a prefix that a router announces (RFC 4862, section 5.5).
#[doc(alias = "IN6_IFF_AUTOCONF")]
pub const AUTOCONF: u32 = 0x0040;

/// Temporary, for privacy (RFC 8981).
#[doc(alias = "IN6_IFF_TEMPORARY")]
pub const TEMPORARY: u32 = 0x0080;

/// Assigned by DHCPv6.
#[doc(alias = "IN6_IFF_DYNAMIC")]
pub const DYNAMIC: u32 = 0x0100;

/// In use while it is being asked for whether another host has it (RFC 4429).
#[doc(alias = "IN6_IFF_OPTIMISTIC")]
pub const OPTIMISTIC: u32 = 0x0200;

/// Generated with cryptography (RFC 3972).
#[doc(alias = "IN6_IFF_SECURED")]
pub const SECURED: u32 = 0x0400;

/// Kept for translated IPv4 (464XLAT, RFC 6877).
#[doc(alias = "IN6_IFF_CLAT46")]
pub const CLAT46: u32 = 0x1000;

/// Asks the kernel in which state `address` of the interface called `name` is.
///
/// `int ifcast_sys_ipv6_address_flags(int socket, const char *name, const uint8_t *address, uint32_t *flags)`
///
/// The answer has the bits of [`ipv6_address`](crate::ipv6_address), and perhaps some that a later kernel added.
///
/// There is no scope to give: that of a link-local address is the interface. Its bytes must not hold one either, as
/// they do in what `sysctl` returns.
///
/// `socket` carries the question and nothing else, but it must be of `AF_INET6`: any datagram socket of that family
/// does, bound or not. No privilege is needed.
///
/// # Errors
///
/// - `EADDRNOTAVAIL`: the interface does not have the address, or no longer.
/// - `ENAMETOOLONG`: `name` is longer than 15 bytes.
/// - `ENXIO`: there is no such interface, or no longer.
/// - `EPERM`: the process's sandbox does not allow the question.
/// - `ENOTTY`: `socket` is not a socket.
///
/// `EINTR` does not happen: the kernel does not sleep in a way that a signal interrupts.
///
/// # Platform
///
/// - macOS, iOS, tvOS, watchOS, visionOS: `SIOCGIFAFLAG_IN6`, on every version that Rust supports.
/// - elsewhere: this function is not there.
///
/// # Examples
///
/// ```
/// # #[cfg(target_vendor = "apple")]
/// # {
/// use std::net::{Ipv6Addr, UdpSocket};
/// use std::os::fd::AsFd;
///
/// use ifcast_sys::{ipv6_address, ipv6_address_flags};
///
/// let socket = UdpSocket::bind("[::1]:0")?;
///
/// let flags = ipv6_address_flags(socket.as_fd(), c"lo0", Ipv6Addr::LOCALHOST)?;
///
/// assert_eq!(flags & (ipv6_address::TENTATIVE | ipv6_address::DUPLICATED), 0);
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "SIOCGIFAFLAG_IN6")]
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(unsafe_code, reason = "calls this crate's C")]
pub fn ipv6_address_flags(
    socket: BorrowedFd<'_>,
    name: &CStr,
    address: Ipv6Addr,
) -> io::Result<u32> {
    let address = address.octets();
    let mut flags = 0;
    // SAFETY: `name` ends in NUL, `address` has the 16 bytes that the C reads and `flags` is writable for the length of
    // the call, as their types guarantee; the C keeps no pointer. A descriptor that is no socket is refused by the
    // kernel.
    errno::check(unsafe {
        ifcast_sys_ipv6_address_flags(
            socket.as_raw_fd(),
            name.as_ptr(),
            address.as_ptr(),
            &mut flags,
        )
    })?;
    Ok(flags)
}

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(
    unsafe_code,
    reason = "declares this crate's C, as include/ifcast_sys.h does"
)]
unsafe extern "C" {
    fn ifcast_sys_ipv6_address_flags(
        socket: c_int,
        name: *const c_char,
        address: *const u8,
        flags: *mut u32,
    ) -> c_int;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asserted;

    #[test]
    fn every_constant_is_the_number_the_c_asserts() {
        assert_eq!(
            asserted::constants(include_str!("ipv6_address.c"), "IN6_IFF_"),
            [
                ("ANYCAST", ANYCAST),
                ("TENTATIVE", TENTATIVE),
                ("DUPLICATED", DUPLICATED),
                ("DETACHED", DETACHED),
                ("DEPRECATED", DEPRECATED),
                ("NODAD", NODAD),
                ("AUTOCONF", AUTOCONF),
                ("TEMPORARY", TEMPORARY),
                ("DYNAMIC", DYNAMIC),
                ("OPTIMISTIC", OPTIMISTIC),
                ("SECURED", SECURED),
                ("CLAT46", CLAT46),
            ]
        );
    }
}
