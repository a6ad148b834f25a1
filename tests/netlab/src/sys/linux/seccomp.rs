//! Taking a system call from a thread, as a sandbox does (seccomp(2)).

use std::io;

use super::socket;

/// Lets every `bind(2)` of the calling thread, and of what it starts, fail with `EACCES`, for good.
pub(crate) fn refuse_bind() -> io::Result<()> {
    let bind = u32::try_from(libc::SYS_bind).map_err(io::Error::other)?;
    install(&mut [
        load(SYSTEM_CALL_NUMBER),
        unless(bind, 1),
        refuse(EACCES),
        ALLOW,
    ])
}

/// Lets every attempt of the calling thread, and of what it starts, to tie a socket to a device fail with `EPERM`, for
/// good, as Linux before 5.7 does without privilege.
pub(crate) fn refuse_device_binding() -> io::Result<()> {
    let setsockopt = u32::try_from(libc::SYS_setsockopt).map_err(io::Error::other)?;
    install(&mut [
        load(SYSTEM_CALL_NUMBER),
        unless(setsockopt, 6),
        load(FIRST_ARGUMENT + ARGUMENT),
        unless(SOL_SOCKET, 4),
        load(FIRST_ARGUMENT + 2 * ARGUMENT),
        instruction(BPF_JMP_JEQ_K, SO_BINDTODEVICE, [1, 0]),
        unless(SO_BINDTOIFINDEX, 1),
        refuse(EPERM),
        ALLOW,
    ])
}

fn install(filter: &mut [libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: libc::c_ushort::try_from(filter.len()).map_err(io::Error::other)?,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: takes no pointers; the arguments are as wide as the kernel reads them.
    let outcome = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, ONE, ZERO, ZERO, ZERO) };
    socket::check(outcome)?;
    // SAFETY: the kernel copies the program, whose length is that of the array it points to.
    let outcome = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            SECCOMP_MODE_FILTER,
            &raw const program,
            ZERO,
            ZERO,
        )
    };
    socket::check(outcome).map(drop)
}

/// Takes 32 bits of what is known of the call.
const fn load(offset: u32) -> libc::sock_filter {
    instruction(BPF_LD_W_ABS, offset, [0, 0])
}

/// Skips as many instructions unless this was loaded.
const fn unless(value: u32, skipped: u8) -> libc::sock_filter {
    instruction(BPF_JMP_JEQ_K, value, [0, skipped])
}

const fn refuse(errno: u32) -> libc::sock_filter {
    instruction(BPF_RET_K, SECCOMP_RET_ERRNO | errno, [0, 0])
}

const ALLOW: libc::sock_filter = instruction(BPF_RET_K, SECCOMP_RET_ALLOW, [0, 0]);

const fn instruction(code: u16, k: u32, [jt, jf]: [u8; 2]) -> libc::sock_filter {
    libc::sock_filter { code, jt, jf, k }
}

/// Where `struct seccomp_data` has them. What is looked at of an argument has 32 bits.
const SYSTEM_CALL_NUMBER: u32 = 0;
const FIRST_ARGUMENT: u32 = if cfg!(target_endian = "big") { 20 } else { 16 };
const ARGUMENT: u32 = 8;
const BPF_LD_W_ABS: u16 = 0x20;
const BPF_JMP_JEQ_K: u16 = 0x15;
const BPF_RET_K: u16 = 0x06;
const SECCOMP_RET_ERRNO: u32 = 0x0005_0000;
const SECCOMP_RET_ALLOW: u32 = 0x7fff_0000;
const EPERM: u32 = 1;
const EACCES: u32 = 13;
// Of asm-generic/socket.h.
const SOL_SOCKET: u32 = 1;
const SO_BINDTODEVICE: u32 = 25;
const SO_BINDTOIFINDEX: u32 = 62;
const SECCOMP_MODE_FILTER: libc::c_ulong = 2;
const ZERO: libc::c_ulong = 0;
const ONE: libc::c_ulong = 1;
