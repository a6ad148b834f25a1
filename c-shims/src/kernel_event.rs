//! The kernel's own announcements of what happens to interfaces.

use std::{
    ffi::c_int,
    io,
    os::fd::{AsFd, FromRawFd, OwnedFd},
};

use crate::{descriptor, errno};

/// Opens a socket that receives what the kernel announces about the network: links that come and go, interfaces,
/// addresses.
///
/// `int ifcast_sys_kernel_events(int *descriptor)`
///
/// The socket does not block and is closed in programs that this one starts. Each read gives one `struct
/// kern_event_msg`, cut off at the end of the buffer: give it 1024 bytes. No privilege is needed.
///
/// Take what arrives as a reason to list the interfaces anew, not as what they are: when the socket's buffer of 32 KiB
/// is full, the kernel drops announcements and says nothing.
///
/// # Errors
///
/// - `EPERM`: the process's sandbox does not allow such a socket.
/// - `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`: a limit of the process or of the system is reached.
///
/// # Platform
///
/// - macOS, iOS, tvOS, watchOS, visionOS: `socket(PF_SYSTEM, SOCK_RAW, SYSPROTO_EVENT)` and `SIOCSKEVFILT` for
///   `KEV_VENDOR_APPLE` and `KEV_NETWORK_CLASS`, on every version that Rust supports.
/// - elsewhere: this function is not there.
///
/// # Examples
///
/// ```
/// # #[cfg(target_vendor = "apple")]
/// # {
/// use std::fs::File;
/// use std::io::{ErrorKind, Read};
///
/// let mut events = File::from(ifcast_sys::kernel_events()?);
///
/// match events.read(&mut [0; 1024]) {
///     Ok(_) => println!("something has changed"),
///     Err(error) if error.kind() == ErrorKind::WouldBlock => println!("nothing has changed"),
///     Err(error) => return Err(error),
/// }
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "SIOCSKEVFILT")]
#[expect(unsafe_code, reason = "calls this crate's C")]
pub fn kernel_events() -> io::Result<OwnedFd> {
    let mut events = -1;
    // SAFETY: `events` is writable for the length of the call, and the C does not keep the pointer.
    errno::check(unsafe { ifcast_sys_kernel_events(&mut events) })?;
    // SAFETY: the C opened `events` just now, and says that it is ours to close.
    let events = unsafe { OwnedFd::from_raw_fd(events) };
    descriptor::prepare(events.as_fd())?;
    Ok(events)
}

#[expect(
    unsafe_code,
    reason = "declares this crate's C, as include/ifcast_sys.h does"
)]
unsafe extern "C" {
    fn ifcast_sys_kernel_events(descriptor: *mut c_int) -> c_int;
}
