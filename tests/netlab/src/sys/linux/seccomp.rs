//! Taking a system call from a thread, as a sandbox does (seccomp(2)).

use std::io;

use super::socket;

/// Lets every `bind(2)` of the calling thread, and of what it starts, fail with `EACCES`, for good.
pub(crate) fn refuse_bind() -> io::Result<()> {
    let bind = u32::try_from(libc::SYS_bind).map_err(io::Error::other)?;
    let mut filter = [
        instruction(BPF_LD_W_ABS, 0, SYSTEM_CALL_NUMBER),
        instruction(BPF_JMP_JEQ_K, 1, bind), // skips one if it is another call
        instruction(BPF_RET_K, 0, SECCOMP_RET_ERRNO | EACCES),
        instruction(BPF_RET_K, 0, SECCOMP_RET_ALLOW),
    ];
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

fn instruction(code: u16, if_false: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter {
        code,
        jt: 0,
        jf: if_false,
        k,
    }
}

/// Where `struct seccomp_data` has it.
const SYSTEM_CALL_NUMBER: u32 = 0;
const BPF_LD_W_ABS: u16 = 0x20;
const BPF_JMP_JEQ_K: u16 = 0x15;
const BPF_RET_K: u16 = 0x06;
const SECCOMP_RET_ERRNO: u32 = 0x0005_0000;
const SECCOMP_RET_ALLOW: u32 = 0x7fff_0000;
const EACCES: u32 = 13;
const SECCOMP_MODE_FILTER: libc::c_ulong = 2;
const ZERO: libc::c_ulong = 0;
const ONE: libc::c_ulong = 1;
