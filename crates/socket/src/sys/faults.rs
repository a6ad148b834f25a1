//! The system calls that move datagrams, which a test can have fail or do less
//! than they were asked to.
//!
//! What they do then is what Linux may do at any time; all else is left to the
//! real call. A plan holds for the thread that makes it.

mod exactly_once;
mod lan;
mod receiver;
mod scenario;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{c_int, c_uint, c_void};
use std::{io, ptr, slice};

use libc::{iovec, mmsghdr, msghdr, size_t, sockaddr, socklen_t, ssize_t, timespec};

use crate::sys::len;
use crate::sys::platform::Flags;

/// What becomes of the next calls, one each; those after them are spared.
#[derive(Clone, Debug, Default)]
struct Plan {
    sending: VecDeque<SendFault>,
    receiving: VecDeque<ReceiveFault>,
}

/// What happens to a call that sends one message or many. Places are those of
/// messages, counted round and round.
#[derive(Clone, Copy, Debug)]
enum SendFault {
    None,
    /// `EINTR`.
    Interrupted,
    /// `EAGAIN`: the send buffer is full when it is the turn of this one.
    Full(usize),
    /// It takes those up to this one.
    Partial(usize),
    /// `EPERM`: a firewall forbids this one.
    Forbidden(usize),
    /// The first that is to be split will not be, for this reason.
    Unsplit(c_int),
}

/// What happens to a call that receives.
#[derive(Clone, Copy, Debug)]
enum ReceiveFault {
    None,
    /// `EINTR`.
    Interrupted,
    /// `ECONNREFUSED`: what was wrong before, perhaps after the last datagram.
    Refused,
    /// In the slots of which there is a bit there is so little room for control
    /// messages.
    Cut {
        slots: u64,
        room: usize,
    },
}

/// What the calls have done so far that nobody else can tell.
#[derive(Debug, Default)]
struct Log {
    /// How many datagrams were forbidden that were messages of their own.
    forbidden: usize,
    /// How many datagrams there were at most in one message.
    longest_burst: usize,
    /// How often receiving failed.
    refused: usize,
    /// How long each message was whose control messages were cut off, and how much
    /// room there was for them.
    cut: Vec<(usize, usize)>,
}

thread_local! {
    static PLAN: RefCell<Plan> = RefCell::default();
    static LOG: RefCell<Log> = RefCell::default();
}

/// Begins a plan, and a new log.
fn begin(plan: Plan) {
    PLAN.set(plan);
    LOG.take();
}

/// Ends the log, and begins another.
fn take_log() -> Log {
    LOG.take()
}

/// `recvmmsg(2)`.
///
/// # Safety
/// As for `libc::recvmmsg`.
pub(super) unsafe fn recvmmsg(
    socket: c_int,
    headers: *mut mmsghdr,
    count: c_uint,
    flags: Flags,
    timeout: *mut timespec,
) -> c_int {
    let fault = PLAN.with_borrow_mut(|plan| plan.receiving.pop_front());
    let (slots, room) = match fault.unwrap_or(ReceiveFault::None) {
        ReceiveFault::None => (0, 0),
        ReceiveFault::Interrupted => return failed(libc::EINTR),
        ReceiveFault::Refused => {
            LOG.with_borrow_mut(|log| log.refused += 1);
            return failed(libc::ECONNREFUSED);
        }
        ReceiveFault::Cut { slots, room } => (slots, room),
    };
    // SAFETY: as the caller vouches, and nobody else uses them during the call.
    let headers = unsafe { slice::from_raw_parts_mut(headers, len::from_c(count)) };
    let is_cut = |slot: usize| slots >> (slot % 64) & 1 == 1;
    let before: Vec<_> = headers.iter().map(control_len).collect();
    for (slot, header) in headers.iter_mut().enumerate() {
        if is_cut(slot) {
            header.msg_hdr.msg_controllen = len::to_c(before[slot].min(room));
        }
    }
    // SAFETY: as the caller vouches; there is no more room than it said.
    let received = unsafe { libc::recvmmsg(socket, headers.as_mut_ptr(), count, flags, timeout) };
    let error = io::Error::last_os_error();
    let filled = usize::try_from(received).unwrap_or(0);
    for (slot, header) in headers.iter_mut().enumerate() {
        if slot >= filled {
            header.msg_hdr.msg_controllen = len::to_c(before[slot]); // as if untouched
        } else if is_cut(slot) && header.msg_hdr.msg_flags & libc::MSG_CTRUNC != 0 {
            LOG.with_borrow_mut(|log| log.cut.push((len::from_c(header.msg_len), room)));
        }
    }
    match error.raw_os_error() {
        Some(errno) if received < 0 => failed(errno),
        _ => received,
    }
}

/// `sendmmsg(2)`.
///
/// # Safety
/// As for `libc::sendmmsg`.
pub(super) unsafe fn sendmmsg(
    socket: c_int,
    headers: *mut mmsghdr,
    count: c_uint,
    flags: Flags,
) -> c_int {
    // SAFETY: as the caller vouches.
    let messages = unsafe { slice::from_raw_parts(headers, len::from_c(count)) };
    let bursts: Vec<_> = messages
        .iter()
        // SAFETY: as the caller vouches.
        .map(|message| unsafe { burst(&message.msg_hdr) })
        .collect();
    match allowed(&bursts) {
        // SAFETY: as the caller vouches; they are no more than it said.
        Ok(allowed) => unsafe { libc::sendmmsg(socket, headers, len::to_c(allowed), flags) },
        Err(errno) => failed(errno),
    }
}

/// `sendmsg(2)`, of a message that is not to be split.
///
/// # Safety
/// As for `libc::sendmsg`.
pub(super) unsafe fn sendmsg(socket: c_int, header: *const msghdr, flags: c_int) -> ssize_t {
    match allowed(&[1]) {
        // SAFETY: as the caller vouches.
        Ok(_) => unsafe { libc::sendmsg(socket, header, flags) },
        Err(errno) => failed(errno),
    }
}

/// `sendto(2)`.
///
/// # Safety
/// As for `libc::sendto`.
pub(super) unsafe fn sendto(
    socket: c_int,
    data: *const c_void,
    len: size_t,
    flags: c_int,
    name: *const sockaddr,
    name_len: socklen_t,
) -> ssize_t {
    match allowed(&[1]) {
        // SAFETY: as the caller vouches.
        Ok(_) => unsafe { libc::sendto(socket, data, len, flags, name, name_len) },
        Err(errno) => failed(errno),
    }
}

/// How many of these messages, each of so many datagrams, may be sent, at least
/// one; else why the first may not.
fn allowed(bursts: &[usize]) -> Result<usize, c_int> {
    let count = bursts.len();
    let fault = PLAN.with_borrow_mut(|plan| plan.sending.pop_front());
    let (place, errno, again) = match fault.unwrap_or(SendFault::None) {
        SendFault::None => return Ok(count),
        SendFault::Interrupted => return Err(libc::EINTR),
        SendFault::Partial(place) => return Ok(1 + place % count),
        SendFault::Full(place) => (place % count, libc::EAGAIN, SendFault::Full(0)),
        SendFault::Forbidden(place) => (place % count, libc::EPERM, SendFault::Forbidden(0)),
        SendFault::Unsplit(errno) => match bursts.iter().position(|burst| *burst > 1) {
            Some(place) => (place, errno, SendFault::Unsplit(errno)),
            None => return Ok(count),
        },
    };
    if place > 0 {
        // What is wrong with one is said when it is the first.
        PLAN.with_borrow_mut(|plan| plan.sending.push_front(again));
        return Ok(place);
    }
    if errno == libc::EPERM && bursts[0] == 1 {
        LOG.with_borrow_mut(|log| log.forbidden += 1);
    }
    Err(errno)
}

/// How many datagrams a message will be split into.
///
/// # Safety
/// The header points at vectors, and at control messages if it says so.
unsafe fn burst(header: &msghdr) -> usize {
    // SAFETY: as the caller vouches.
    let Some(segment) = (unsafe { segment(header) }) else {
        return 1;
    };
    let count = len::from_c(header.msg_iovlen);
    // SAFETY: as the caller vouches.
    let vectors: &[iovec] = unsafe { slice::from_raw_parts(header.msg_iov, count) };
    let len: usize = vectors.iter().map(|vector| vector.iov_len).sum();
    let burst = len.div_ceil(usize::from(segment));
    LOG.with_borrow_mut(|log| log.longest_burst = log.longest_burst.max(burst));
    burst
}

/// How long the datagrams shall be, if it is to be split.
///
/// # Safety
/// The header points at control messages if it says so.
unsafe fn segment(header: &msghdr) -> Option<u16> {
    // SAFETY: as the caller vouches.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !next.is_null() {
        // SAFETY: it is the beginning of one of those control messages.
        let control = unsafe { ptr::read_unaligned(next) };
        if (control.cmsg_level, control.cmsg_type) == (libc::SOL_UDP, libc::UDP_SEGMENT) {
            // SAFETY: as above.
            let data = unsafe { libc::CMSG_DATA(next) };
            // SAFETY: the data of this kind of control message is so long.
            return Some(unsafe { ptr::read_unaligned(data.cast::<u16>()) });
        }
        // SAFETY: as above.
        next = unsafe { libc::CMSG_NXTHDR(header, next) };
    }
    None
}

fn control_len(header: &mmsghdr) -> usize {
    len::from_c(header.msg_hdr.msg_controllen)
}

/// What a system call returns that has failed.
fn failed<T: From<i8>>(errno: c_int) -> T {
    // SAFETY: takes nothing, cannot fail.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: it is this thread's own.
    unsafe { place.write(errno) };
    T::from(-1)
}
