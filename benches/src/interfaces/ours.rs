//! What is measured against the floors and the peers.

use std::cell::RefCell;
use std::hint::black_box;
use std::io;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::Duration;

use ifcast_interfaces::{Enumerator, Error, Interface, InterfaceIndex, Snapshot, Watcher};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::call::Call;
use crate::method::Method;

pub(crate) const KEPT: Method = Method::ours("ifcast Enumerator::capture");
pub(crate) const ONCE: Method = Method::ours("ifcast Snapshot::capture");
pub(crate) const BY_INDEX: Method = Method::ours("ifcast Enumerator::by_index");
pub(crate) const DRAIN: Method = Method::ours("ifcast Watcher::drain");
pub(crate) const SNAPSHOT: Method = Method::ours("ifcast Watcher::snapshot");

/// Lists all interfaces, with what a former call left behind.
pub(crate) fn capture_kept() -> io::Result<Call> {
    let mut enumerator = Enumerator::new().map_err(cause)?;
    let capture = move || enumerator.capture().map_err(cause);
    Ok(Call::new(capture, addresses))
}

/// Lists all interfaces, from nothing.
pub(crate) fn capture_once() -> Call {
    let capture = || Snapshot::capture().map_err(cause);
    Call::new(capture, addresses)
}

/// Asks for one interface, with what a former call left behind.
pub(crate) fn by_index(index: InterfaceIndex) -> io::Result<Call> {
    let mut enumerator = Enumerator::new().map_err(cause)?;
    let ask = move || enumerator.by_index(index).map_err(cause);
    let addresses = |interface: &Interface| interface.ipv4().len() + interface.ipv6().len();
    Ok(Call::new(ask, move |found| {
        found.as_ref().map_or(0, addresses)
    }))
}

/// Applies the one event that has come in, and looks at what is known then.
pub(crate) fn watcher() -> io::Result<Vec<(Method, Call)>> {
    let watcher = Watcher::builder().settle(Duration::ZERO).build();
    let watcher = Rc::new(RefCell::new(watcher.map_err(cause)?));
    let same = Rc::clone(&watcher);
    let drain = move || {
        let mut watcher = watcher.borrow_mut();
        let readable = PollFd::new(watcher.as_fd(), PollFlags::POLLIN);
        poll(&mut [readable], PollTimeout::NONE)?; // as the peers do within their call
        let mut changes = 0;
        watcher.drain(|_| changes += 1).map_err(cause)?;
        Ok(changes)
    };
    let look = move || {
        black_box(same.borrow().snapshot());
        Ok(())
    };
    Ok(vec![
        (DRAIN, Call::new(drain, |changes| *changes)),
        (SNAPSHOT, Call::new(look, |()| 1)),
    ])
}

fn addresses(snapshot: &Snapshot) -> usize {
    snapshot.addresses().count()
}

fn cause(error: Error) -> io::Error {
    io::Error::other(error)
}
