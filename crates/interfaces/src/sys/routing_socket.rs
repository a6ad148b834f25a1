//! Opens a routing socket (route(4)).

use std::ffi::c_int;
use std::io;
use std::os::fd::AsFd;

use crate::sys::descriptor;
use crate::sys::hint_source::HintSource;

/// Opens one as a source of hints.
pub(crate) fn open(matters: fn(&[u8], bool) -> bool, groups: bool) -> io::Result<HintSource> {
    let socket = descriptor::socket(libc::PF_ROUTE, libc::SOCK_RAW)?;
    // If it stays smaller, more is lost, which these systems do not say.
    let _ = descriptor::set_receive_buffer(socket.as_fd(), RECEIVE_BUFFER);
    Ok(HintSource::new(socket, matters, groups))
}

/// Much more than usual: whoever is offline is told of every route that is missing.
const RECEIVE_BUFFER: c_int = 128 * 1024;
