//! A netlink socket that asks the kernel (netlink(7)).

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::sys::nlmsg::{self, Request};

/// Large enough for any link, and what the kernel fills at most in one go.
const BUFFER_LEN: usize = 32 * 1024;

/// Dumps are interrupted by changes; by then the answer may lack something.
const TRIES: usize = 4;

pub(crate) struct Netlink {
    socket: OwnedFd,
    buffer: Vec<u8>,
    sequence: u32,
}

impl Netlink {
    /// Opens one in the calling thread's network namespace. It is never bound,
    /// because Android refuses that and requests do not need it.
    pub(crate) fn open(protocol: c_int) -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        // SAFETY: a system call that takes no pointer.
        let socket = unsafe { libc::socket(libc::AF_NETLINK, kind, protocol) };
        if socket < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            // SAFETY: `socket` was opened just now and belongs to nobody else.
            socket: unsafe { OwnedFd::from_raw_fd(socket) },
            buffer: vec![0; BUFFER_LEN],
            sequence: 0,
        })
    }

    /// Decodes what answers a request; again from the start, up to four times,
    /// if a change interrupted a dump.
    pub(crate) fn ask<T>(
        &mut self,
        request: &Request,
        decode: impl Fn(&[u8]) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        let mut decoded = Vec::new();
        for _ in 0..TRIES {
            decoded.clear();
            let add = |payload: &[u8]| decoded.extend(decode(payload));
            if !self.ask_once(request, add)? {
                break;
            }
        }
        Ok(decoded)
    }

    /// Asks once; returns whether the answer was interrupted.
    fn ask_once(&mut self, request: &Request, mut visit: impl FnMut(&[u8])) -> io::Result<bool> {
        self.sequence += 1;
        self.send(&request.numbered(self.sequence))?;
        let mut interrupted = false;
        loop {
            let len = self.receive()?;
            for message in nlmsg::messages(&self.buffer[..len]) {
                if message.sequence != self.sequence {
                    continue; // left over from a dump that failed half-way
                }
                interrupted |= message.interrupted;
                match i32::from(message.message_type) {
                    libc::NLMSG_DONE | libc::NLMSG_ERROR => {
                        return nlmsg::outcome(message.payload).map(|()| interrupted);
                    }
                    _ if message.message_type == request.answer() => visit(message.payload),
                    _ => {}
                }
            }
        }
    }

    fn send(&self, request: &[u8]) -> io::Result<()> {
        let (fd, flags) = (self.socket.as_raw_fd(), 0);
        // SAFETY: `request` is valid for reads of its length.
        let sent = unsafe { libc::send(fd, request.as_ptr().cast(), request.len(), flags) };
        usize::try_from(sent).map_or_else(|_| Err(io::Error::last_os_error()), |_| Ok(()))
    }

    /// Reads one batch of messages; retries when a signal interrupts.
    fn receive(&mut self) -> io::Result<usize> {
        let (fd, flags) = (self.socket.as_raw_fd(), libc::MSG_TRUNC);
        let buffer = &mut self.buffer;
        loop {
            // SAFETY: `buffer` is valid for writes of its length.
            let len = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), flags) };
            match usize::try_from(len) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(len) if len > buffer.len() => {
                    return Err(io::Error::other("a netlink message larger than 32 KiB"));
                }
                Ok(len) => return Ok(len),
                Err(_) => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
    }
}
