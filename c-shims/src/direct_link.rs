//! Whether an interface leads to a single device.

use std::str;
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use std::{
    ffi::{CStr, c_char, c_int},
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use crate::errno;

/// Asks whether the interface called `name` is a direct link: one that leads to a single device, such as a phone at the
/// end of a cable, and that the system's own tools talk to it by. There is no LAN behind it.
///
/// `int ifcast_sys_direct_link(int socket, const char *name, uint32_t question, uint32_t *is_direct_link)`
///
/// The question has another number since Darwin 24, where the old one is an order that changes the interface. So the
/// kernel is asked for its release first, and asked nothing if it is older or cannot be told.
///
/// `socket` carries the question and nothing else: any `AF_INET` datagram socket does, bound or not. No privilege is
/// needed.
///
/// # Errors
///
/// - [`io::ErrorKind::Unsupported`]: the kernel does not know the question.
/// - `ENAMETOOLONG`: `name` is longer than 15 bytes.
/// - `ENXIO`: there is no such interface, or no longer.
/// - `EPERM`: the process's sandbox does not allow the question.
/// - `ENOTTY`: `socket` is not a socket.
///
/// `EINTR` does not happen: the kernel answers without sleeping.
///
/// # Platform
///
/// - macOS, iOS, tvOS, watchOS, visionOS: `SIOCGIFDIRECTLINK`, since Darwin 23.4 (macOS 14.4, iOS 17.4; Apple's
///   TN3158): `_IOWR('i', 219, struct ifreq)` in Darwin 23, `_IOWR('i', 222, struct ifreq)` since Darwin 24 (macOS 15,
///   iOS 18).
/// - elsewhere: this function is not there.
///
/// # Examples
///
/// ```
/// # #[cfg(target_vendor = "apple")]
/// # {
/// use std::io::ErrorKind;
/// use std::net::UdpSocket;
/// use std::os::fd::AsFd;
///
/// let socket = UdpSocket::bind("127.0.0.1:0")?;
///
/// match ifcast_sys::direct_link(socket.as_fd(), c"lo0") {
///     Ok(is_direct_link) => assert!(!is_direct_link),
///     Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported),
/// }
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "SIOCGIFDIRECTLINK")]
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(unsafe_code, reason = "calls this crate's C")]
pub fn direct_link(socket: BorrowedFd<'_>, name: &CStr) -> io::Result<bool> {
    let Some(question) = question(&release()?) else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let mut answer = 0;
    // SAFETY: `name` ends in NUL and `answer` is writable for the length of the call, as their types guarantee; the C
    // keeps neither pointer. A descriptor that is no socket is refused by the kernel.
    errno::check(unsafe {
        ifcast_sys_direct_link(socket.as_raw_fd(), name.as_ptr(), question, &mut answer)
    })?;
    Ok(answer != 0)
}

/// What `uname(3)` says of the kernel's release, then zeros.
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(unsafe_code, reason = "calls this crate's C")]
fn release() -> io::Result<[u8; 256]> {
    let mut release = [0; 256]; // as much as `struct utsname` has
    // SAFETY: `release` is writable for the length of the call and as long as it is said to be; the C does not keep the
    // pointer.
    errno::check(unsafe { ifcast_sys_release(release.as_mut_ptr().cast(), 256) })?;
    Ok(release)
}

/// The number by which a kernel of this release, such as "24.1.0", is asked; `None` if it must not be.
fn question(release: &[u8]) -> Option<u32> {
    let mut numbers = release.split(|byte| !byte.is_ascii_digit()).map(|digits| {
        let digits = str::from_utf8(digits).ok()?;
        digits.parse::<u32>().ok()
    });
    match (numbers.next()??, numbers.next()??) {
        (23, 4..) => Some(DIRECT_LINK_23),
        (24.., _) => Some(DIRECT_LINK),
        _ => None,
    }
}

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(
    unsafe_code,
    reason = "declares this crate's C, as include/ifcast_sys.h does"
)]
unsafe extern "C" {
    fn ifcast_sys_direct_link(
        socket: c_int,
        name: *const c_char,
        question: u32,
        is_direct_link: *mut u32,
    ) -> c_int;
    fn ifcast_sys_release(release: *mut c_char, length: u32) -> c_int;
}

const DIRECT_LINK_23: u32 = 0xC020_69DB;
const DIRECT_LINK: u32 = 0xC020_69DE;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asserted;

    #[test]
    fn each_kernel_is_asked_by_its_own_number() {
        for (release, number) in [
            ("23.4.0", DIRECT_LINK_23),
            ("23.6.0", DIRECT_LINK_23),
            ("24.0.0", DIRECT_LINK),
            ("24.6.0", DIRECT_LINK),
            ("25.1.0", DIRECT_LINK),
            ("100.0.0", DIRECT_LINK),
            ("24.1.0\0\0\0\0", DIRECT_LINK),
        ] {
            assert_eq!(question(release.as_bytes()), Some(number), "{release}");
        }
    }

    #[test]
    fn a_kernel_that_does_not_know_the_question_is_not_asked() {
        for release in ["23.3.0", "23.0.0", "22.6.0", "2.40.0", "0.0.0"] {
            assert_eq!(question(release.as_bytes()), None, "{release}");
        }
    }

    #[test]
    fn a_kernel_whose_release_cannot_be_told_is_not_asked() {
        for release in [
            "",
            "\0",
            "24",
            "23",
            "x24.0.0",
            "-24.0.0",
            ".24.0",
            "4294967320.0.0",
            "\u{666}4.0",
        ] {
            assert_eq!(question(release.as_bytes()), None, "{release}");
        }
    }

    #[test]
    fn every_constant_is_the_number_the_c_asserts() {
        assert_eq!(
            asserted::constants(include_str!("direct_link.c"), "DIRECT_LINK"),
            [("_23", DIRECT_LINK_23), ("", DIRECT_LINK)]
        );
    }
}
