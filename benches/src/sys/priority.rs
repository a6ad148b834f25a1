//! Precedence over other programs.

/// Asks for it; where that is refused (it needs `CAP_SYS_NICE`) there is more
/// noise, and nothing else is different.
pub(crate) fn raise() {
    // SAFETY: takes no pointer.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, HIGH) };
}

const HIGH: libc::c_int = -10;
