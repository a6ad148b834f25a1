//! What the system's notification server says of the network.

use std::io;
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use std::{
    ffi::c_int,
    os::fd::{AsFd, BorrowedFd, RawFd},
};

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
use crate::descriptor;

/// A registration for the notification that the configuration of the network has changed.
///
/// Its descriptor becomes readable with each notification. It does not block, and is closed in programs that this one
/// starts. What is read are 4-byte tokens in network order, which are all the same: read them all and throw them away.
///
/// The notification comes late, several changes in one, and not for an interface that the system's settings do not
/// know. So it is a reason to list the interfaces anew, beside [`kernel_events`](crate::kernel_events) and routing
/// sockets, which can lose what they have to say.
///
/// libnotify holds the other end of a pipe in this process, and programs that this one starts inherit that.
///
/// # Platform
///
/// - macOS, iOS, tvOS, watchOS, visionOS: `notify_register_file_descriptor(3)` for `kNotifySCNetworkChange`,
///   "com.apple.system.config.network_change", on every version that Rust supports.
/// - elsewhere: this type is not there.
///
/// # Examples
///
/// ```
/// # #[cfg(target_vendor = "apple")]
/// # {
/// use std::os::fd::AsFd;
///
/// let change = ifcast_sys::NetworkChange::register()?;
///
/// // Poll this for reading, for as long as `change` lives.
/// let descriptor = change.as_fd();
/// # let _ = descriptor;
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "notify_register_file_descriptor")]
#[doc(alias = "kNotifySCNetworkChange")]
#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[derive(Debug)]
#[must_use = "the registration ends when this is dropped"]
pub struct NetworkChange {
    descriptor: RawFd, // libnotify's own, which it closes with the token
    token: c_int,
}

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
impl NetworkChange {
    /// Registers with the notification server.
    ///
    /// # Errors
    ///
    /// - [`io::ErrorKind::PermissionDenied`]: the process may not receive this notification.
    /// - [`io::ErrorKind::Other`]: the server cannot be reached, or no descriptor is left; libnotify does not tell them
    ///   apart.
    #[expect(unsafe_code, reason = "calls this crate's C")]
    pub fn register() -> io::Result<Self> {
        let (mut descriptor, mut token) = (-1, -1);
        // SAFETY: both are writable for the length of the call, and the C keeps neither pointer.
        check(unsafe { ifcast_sys_network_change_register(&mut descriptor, &mut token) })?;
        let change = Self { descriptor, token };
        descriptor::prepare(change.as_fd())?;
        Ok(change)
    }
}

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
impl Drop for NetworkChange {
    /// Ends the registration, which closes its descriptor.
    #[expect(unsafe_code, reason = "calls this crate's C")]
    fn drop(&mut self) {
        // SAFETY: the token is this registration's, which ends here only; the descriptor was lent for no longer. Should
        // libnotify refuse, nothing is left to be done.
        unsafe { ifcast_sys_network_change_cancel(self.token) };
    }
}

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
impl AsFd for NetworkChange {
    #[expect(unsafe_code, reason = "lends what libnotify owns")]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: libnotify opened the descriptor, and closes it when `drop` gives back the token.
        unsafe { BorrowedFd::borrow_raw(self.descriptor) }
    }
}

/// Success, or the error that a status of libnotify stands for.
fn check(status: u32) -> io::Result<()> {
    let kind = match status {
        OK => return Ok(()),
        NOT_AUTHORIZED => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    let message = format!("libnotify refused the registration with status {status}");
    Err(io::Error::new(kind, message))
}

#[cfg(any(target_vendor = "apple", all(doc, unix)))]
#[expect(
    unsafe_code,
    reason = "declares this crate's C, as include/ifcast_sys.h does"
)]
unsafe extern "C" {
    fn ifcast_sys_network_change_register(descriptor: *mut c_int, token: *mut c_int) -> u32;
    fn ifcast_sys_network_change_cancel(token: c_int) -> u32;
}

// <notify.h>
const OK: u32 = 0;
const NOT_AUTHORIZED: u32 = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asserted;

    #[test]
    fn a_registration_that_is_not_allowed_is_permission_denied() {
        let error = check(NOT_AUTHORIZED).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn any_other_refusal_says_its_status() {
        let error = check(1_000_000).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::Other);
        assert!(error.to_string().ends_with("status 1000000"), "{error}");
    }

    #[test]
    fn only_the_status_ok_is_success() {
        assert!(check(OK).is_ok());
        assert!((1..100).all(|status| check(status).is_err()));
    }

    #[test]
    fn every_constant_is_the_number_the_c_asserts() {
        assert_eq!(
            asserted::constants(include_str!("notify.c"), "NOTIFY_STATUS_"),
            [("OK", OK), ("NOT_AUTHORIZED", NOT_AUTHORIZED)]
        );
    }
}
