//! What the systems that descend from 4.4BSD have in common: Apple's and the BSDs.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::io;

use socket2::Socket;

/// What a socket address begins with: its length and family.
pub(super) fn address_head(family: c_int, len: usize) -> [u8; 2] {
    [len, usize::try_from(family).unwrap_or_default()].map(|n| u8::try_from(n).unwrap_or_default())
}

/// Both options: a port is shared only if all of its sockets set
/// `SO_REUSEPORT`, and multicasts reach all only with either.
pub(crate) fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)
}

/// What the kernel says of a receive buffer for which it granted what was asked:
/// just that.
pub(crate) const fn receive_buffer_of(asked: usize) -> usize {
    asked
}

/// What a datagram of one packet takes of a receive buffer, with as many bytes of source
/// and control messages `around` it, by xnu's `sbspace` and `sbappendaddr`, which are
/// 4.4BSD's: payload, source and control messages count against the buffer's size, and
/// what they lie in against eight times that (`sb_efficiency`). Read, not measured.
pub(super) fn mbuf_charge(around: usize, payload: usize) -> usize {
    const MBUF: usize = 256; // for each of source, control messages and payload
    const CLUSTER: usize = 2048; // where drivers put what they receive
    const EFFICIENCY: usize = 8;
    let memory = 3 * MBUF + payload.div_ceil(CLUSTER).max(1) * CLUSTER;
    (payload + around).max(memory / EFFICIENCY)
}
