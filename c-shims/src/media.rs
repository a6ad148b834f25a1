//! Whether an interface's link is up.

use std::{ffi::c_int, io};
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use std::{
    ffi::{CStr, c_char},
    os::fd::{AsRawFd, BorrowedFd},
};

/// Asks whether the interface called `name` has a carrier: a cable with something at its other end, or an association
/// with an access point.
///
/// `int ifcast_sys_media_status(int socket, const char *name, uint32_t *status)`
///
/// `None` is an interface that cannot say: it has no media, as a tunnel or the loopback, or its driver does not know.
/// `IFF_RUNNING` is all there is for those, which on these systems says that the driver runs rather than that the link
/// is up.
///
/// `socket` carries the question and nothing else: any `AF_INET` datagram socket does, bound or not. No privilege is
/// needed.
///
/// # Errors
///
/// - `ENAMETOOLONG`: `name` is longer than 15 bytes.
/// - `ENXIO`: there is no such interface, or no longer.
/// - `EPERM`: the process's sandbox does not allow the question.
/// - `ENOTTY`: `socket` is not a socket.
/// - whatever else the interface's driver says.
///
/// `EINTR` does not happen: the question is asked again.
///
/// # Platform
///
/// - macOS, iOS, tvOS, watchOS, visionOS: `SIOCGIFXMEDIA`, or where that fails `SIOCGIFMEDIA`, which every version that
///   Rust supports answers.
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
/// let socket = UdpSocket::bind("127.0.0.1:0")?;
///
/// assert_eq!(ifcast_sys::carrier(socket.as_fd(), c"lo0")?, None);
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "SIOCGIFXMEDIA")]
#[doc(alias = "SIOCGIFMEDIA")]
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(unsafe_code, reason = "calls this crate's C")]
pub fn carrier(socket: BorrowedFd<'_>, name: &CStr) -> io::Result<Option<bool>> {
    let mut status = 0;
    // SAFETY: `name` ends in NUL and `status` is writable for the length of the call, as their types guarantee; the C
    // keeps neither pointer. A descriptor that is no socket is refused by the kernel.
    let errno = unsafe { ifcast_sys_media_status(socket.as_raw_fd(), name.as_ptr(), &mut status) };
    meaning(errno, status)
}

/// What the errno and the status word of an interface's media say of its carrier.
fn meaning(errno: c_int, status: u32) -> io::Result<Option<bool>> {
    match errno {
        0 if status & AVALID == 0 => Ok(None),
        0 => Ok(Some(status & ACTIVE != 0)),
        // Drivers do not agree on how to say that they have no media.
        EINVAL | ENOTSUP | EOPNOTSUPP => Ok(None),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(
    unsafe_code,
    reason = "declares this crate's C, as include/ifcast_sys.h does"
)]
unsafe extern "C" {
    fn ifcast_sys_media_status(socket: c_int, name: *const c_char, status: *mut u32) -> c_int;
}

// <net/if_media.h>: whether the next bit means something, and whether the link is up.
const AVALID: u32 = 0x1;
const ACTIVE: u32 = 0x2;

// <sys/errno.h>
const EINVAL: c_int = 22;
const ENOTSUP: c_int = 45;
const EOPNOTSUPP: c_int = 102;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asserted;

    #[test]
    fn a_status_that_is_valid_says_whether_there_is_a_carrier() {
        assert_eq!(meaning(0, AVALID | ACTIVE).unwrap(), Some(true));
        assert_eq!(meaning(0, AVALID).unwrap(), Some(false));
    }

    #[test]
    fn bits_that_we_do_not_know_change_nothing() {
        assert_eq!(meaning(0, !0).unwrap(), Some(true));
        assert_eq!(meaning(0, !ACTIVE).unwrap(), Some(false));
    }

    #[test]
    fn a_status_that_is_not_valid_says_nothing() {
        assert_eq!(meaning(0, 0).unwrap(), None);
        assert_eq!(meaning(0, ACTIVE).unwrap(), None);
    }

    #[test]
    fn an_interface_without_media_says_nothing() {
        for errno in [EINVAL, ENOTSUP, EOPNOTSUPP] {
            assert_eq!(meaning(errno, AVALID | ACTIVE).unwrap(), None);
        }
    }

    #[test]
    fn an_interface_that_is_gone_is_an_error() {
        const ENXIO: c_int = 6;

        let error = meaning(ENXIO, AVALID | ACTIVE).unwrap_err();

        assert_eq!(error.raw_os_error(), Some(ENXIO));
    }

    #[test]
    fn every_constant_is_the_number_the_c_asserts() {
        let c = include_str!("media.c");

        let bits = [("AVALID", AVALID), ("ACTIVE", ACTIVE)];
        assert_eq!(asserted::constants(c, "IFM_"), bits);

        let errors = [
            ("INVAL", EINVAL),
            ("NOTSUP", ENOTSUP),
            ("OPNOTSUPP", EOPNOTSUPP),
        ]
        .map(|(name, number)| (name, number.unsigned_abs()));
        assert_eq!(asserted::constants(c, "E"), errors);
    }
}
