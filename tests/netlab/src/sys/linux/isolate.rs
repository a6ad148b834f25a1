//! Moves the whole process into a private network namespace before `main`.
//!
//! `unshare(CLONE_NEWUSER)` wants a process with a single thread, and the test harness starts threads at once, so this
//! runs from `.init_array`: ahead of the Rust runtime, hence nothing but system calls, no allocation and no panic.
//! Where the kernel refuses, the process is left exactly as it was.

use std::ffi::CStr;
use std::io;
use std::sync::atomic::{AtomicI32, Ordering};

use super::refusal::{self, Refusal, Step};

/// Returns whether the process is isolated.
pub(crate) fn isolation() -> io::Result<()> {
    let step = match OUTCOME_STEP.load(Ordering::Relaxed) {
        ISOLATED => return Ok(()),
        NEVER_RAN => Step::Initializer,
        number => Step::from_number(number),
    };
    let errno = OUTCOME_ERRNO.load(Ordering::Relaxed);
    Err(refusal::error(Refusal { step, errno }))
}

// Miri runs no initializers of foreign code and has no namespaces.
#[used]
#[cfg_attr(not(miri), unsafe(link_section = ".init_array"))]
static INITIALIZER: extern "C" fn() = initialize;

extern "C" fn initialize() {
    match isolate() {
        Ok(()) => OUTCOME_STEP.store(ISOLATED, Ordering::Relaxed),
        Err(refusal) => {
            OUTCOME_ERRNO.store(refusal.errno, Ordering::Relaxed);
            OUTCOME_STEP.store(refusal.step.number(), Ordering::Relaxed);
        }
    }
}

fn isolate() -> Result<(), Refusal> {
    // Real root, and root of a user namespace, need no further user namespace.
    if unshare(libc::CLONE_NEWNET) == 0 {
        return loopback_up();
    }
    // Where a security module cripples unprivileged user namespaces, entering one succeeds and what follows fails:
    // without the way back. So a child process goes first.
    rehearse(enter_user_namespace)?;
    enter_user_namespace()
}

fn enter_user_namespace() -> Result<(), Refusal> {
    // SAFETY: takes nothing, cannot fail.
    let user = unsafe { libc::getuid() };
    // SAFETY: as above.
    let group = unsafe { libc::getgid() };
    if unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) != 0 {
        return Err(Refusal::now(Step::Unshare));
    }
    // An unprivileged process may write `gid_map` only once it has given up `setgroups` (user_namespaces(7)).
    write(c"/proc/self/setgroups", b"deny").map_err(|()| Refusal::now(Step::Setgroups))?;
    let mut line = [0; MAP_LINE];
    write(c"/proc/self/uid_map", map_to_root(user, &mut line))
        .map_err(|()| Refusal::now(Step::UserMap))?;
    write(c"/proc/self/gid_map", map_to_root(group, &mut line))
        .map_err(|()| Refusal::now(Step::GroupMap))?;
    loopback_up()
}

/// Runs `scene` in a child process and reports how it went.
fn rehearse(scene: fn() -> Result<(), Refusal>) -> Result<(), Refusal> {
    let mut pipe = [-1; 2];
    // SAFETY: `pipe` has room for the two descriptors.
    if unsafe { libc::pipe2(pipe.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(Refusal::now(Step::Rehearse));
    }
    let [reader, writer] = pipe;
    // SAFETY: the process has one thread, and the child does system calls only and then exits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        if let Err(refusal) = scene() {
            let report = [refusal.step.number(), refusal.errno];
            // SAFETY: `report` is readable for its whole size.
            unsafe { libc::write(writer, report.as_ptr().cast(), size_of_val(&report)) };
        }
        // SAFETY: never returns; runs no destructors and no exit handlers of the parent.
        unsafe { libc::_exit(0) };
    }
    let outcome = if child < 0 {
        Err(Refusal::now(Step::Rehearse))
    } else {
        close(writer); // or the read below would wait for ourselves
        let mut report = [0; 2];
        // SAFETY: `report` is writable for its whole size.
        let length =
            unsafe { libc::read(reader, report.as_mut_ptr().cast(), size_of_val(&report)) };
        // SAFETY: a null status pointer is allowed; `child` is our own child.
        unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
        match length {
            0 => Ok(()),
            8 => Err(Refusal {
                step: Step::from_number(report[0]),
                errno: report[1],
            }),
            _ => Err(Refusal::now(Step::Rehearse)),
        }
    };
    if child < 0 {
        close(writer);
    }
    close(reader);
    outcome
}

/// Takes `lo` up in the calling process's namespace, so that programs that use it as usual still work.
fn loopback_up() -> Result<(), Refusal> {
    let refused = || Refusal::now(Step::Loopback);
    // SAFETY: takes no pointers.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if socket < 0 {
        return Err(refused());
    }
    let mut name = [0; libc::IFNAMSIZ];
    for (to, from) in name.iter_mut().zip(c"lo".to_bytes()) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    let request = libc::ifreq {
        ifr_name: name,
        ifr_ifru: libc::__c_anonymous_ifr_ifru {
            ifru_flags: LOOPBACK_FLAGS,
        },
    };
    // SAFETY: `request` is a valid `ifreq`, which is what this request reads.
    let outcome = unsafe { libc::ioctl(socket, SIOCSIFFLAGS, &raw const request) };
    let outcome = if outcome < 0 { Err(refused()) } else { Ok(()) };
    close(socket);
    outcome
}

fn unshare(flags: libc::c_int) -> libc::c_int {
    // SAFETY: takes no pointers; a private network or user namespace invalidates no memory and no descriptor.
    unsafe { libc::unshare(flags) }
}

/// Writes a whole file; on failure the reason is in `errno`.
fn write(path: &CStr, data: &[u8]) -> Result<(), ()> {
    // SAFETY: `path` is a C string.
    let file = unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    if file < 0 {
        return Err(());
    }
    // SAFETY: `data` is readable for its length.
    let written = unsafe { libc::write(file, data.as_ptr().cast(), data.len()) };
    if usize::try_from(written) != Ok(data.len()) {
        return Err(()); // leaves the descriptor open: closing it could overwrite `errno`
    }
    close(file);
    Ok(())
}

fn close(descriptor: libc::c_int) {
    // SAFETY: every caller owns the descriptor and uses it no more.
    unsafe { libc::close(descriptor) };
}

/// Formats `0 <id> 1` without allocating: in the new namespace we are root, and nobody else exists.
fn map_to_root(id: u32, line: &mut [u8; MAP_LINE]) -> &[u8] {
    let mut start = MAP_LINE - 2;
    line[start..].copy_from_slice(b" 1");
    let mut rest = id;
    loop {
        start -= 1;
        line[start] = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    start -= 2;
    line[start..start + 2].copy_from_slice(b"0 ");
    &line[start..]
}

/// `"0 4294967295 1"`.
const MAP_LINE: usize = 14;

#[expect(
    clippy::cast_possible_truncation,
    reason = "0x41 in every libc, where the type is wider than the field"
)]
const LOOPBACK_FLAGS: libc::c_short = (libc::IFF_UP | libc::IFF_LOOPBACK) as libc::c_short;

/// Of the type that `ioctl` takes, which differs from libc to libc.
const SIOCSIFFLAGS: libc::Ioctl = 0x8914;

const ISOLATED: i32 = 0;
const NEVER_RAN: i32 = -1;
static OUTCOME_STEP: AtomicI32 = AtomicI32::new(NEVER_RAN);
static OUTCOME_ERRNO: AtomicI32 = AtomicI32::new(0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_maps_to_root() {
        let line = |id| map_to_root(id, &mut [0; MAP_LINE]).to_vec();
        assert_eq!(line(0), b"0 0 1");
        assert_eq!(line(65534), b"0 65534 1");
        assert_eq!(line(u32::MAX), b"0 4294967295 1");
    }
}
