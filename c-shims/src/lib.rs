//! The C that ifcast needs on Apple's systems: what their kernels tell only through their C headers.
//!
//! It refuses to interpret: the functions here return the kernel's numbers, `ifcast-interfaces` says what they mean.
//! On other targets no C is compiled and only the numbers are here.

pub mod functional_type;

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use std::{
    ffi::{CStr, c_char, c_int},
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

/// Asks the kernel what the interface called `name` is for.
///
/// `int ifcast_sys_functional_type(int socket, const char *name, uint32_t *functional_type)`
///
/// The answers are the constants of [`functional_type`](mod@functional_type), or a number that a later kernel added.
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
    let mut answer = functional_type::UNKNOWN;
    // SAFETY: `name` ends in NUL and `answer` is writable for the length of the call, as their types guarantee; the C
    // keeps neither pointer. A descriptor that is no socket is refused by the kernel.
    let errno =
        unsafe { ifcast_sys_functional_type(socket.as_raw_fd(), name.as_ptr(), &mut answer) };
    match errno {
        0 => Ok(answer),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
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
