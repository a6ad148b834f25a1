//! Who does what.

use std::io;

use crate::call::Call;
use crate::interfaces::arena::{ADDRESSES_EACH, Arena};
use crate::interfaces::{floor, ours, peers};
use crate::measure::{Contender, Task};
use crate::method::Method;

/// In the order of measuring. Each makes its sockets when it is called, among
/// the interfaces.
pub(crate) const ALL: [fn(&Arena) -> io::Result<Task>; 3] = [capture, one_interface, event];

/// Lists everything. Ours with a kept descriptor is compared with the floor that
/// has one, everybody else with the floor that starts from nothing, as they do.
fn capture(arena: &Arena) -> io::Result<Task> {
    let floor = floor::kept_descriptor()?;
    let kept = [(floor::KEPT, floor()), (ours::KEPT, ours::capture_kept()?)];
    let mut fresh = vec![
        (floor::FRESH, floor::fresh_descriptor()),
        (ours::ONCE, ours::capture_once()),
        (floor::GETIFADDRS, floor::getifaddrs()),
    ];
    fresh.extend(peers::captures(arena.addresses())?);
    let fresh = against(floor::fresh_descriptor, fresh);
    Ok(Task {
        name: "full capture".to_owned(),
        n: arena.interfaces(),
        expected: arena.addresses(),
        shares: 1,
        before: Box::new(|| {}),
        contenders: against(floor, kept).chain(fresh).collect(),
    })
}

/// Asks for one interface and its addresses.
fn one_interface(arena: &Arena) -> io::Result<Task> {
    let index = arena.subject()?;
    let floor = floor::by_index(index)?;
    let mut calls = vec![
        (floor::BY_INDEX, floor()),
        (ours::BY_INDEX, ours::by_index(index)?),
    ];
    calls.extend(peers::by_index(index));
    Ok(Task {
        name: "one interface by index".to_owned(),
        n: arena.interfaces(),
        expected: ADDRESSES_EACH,
        shares: 1,
        before: Box::new(|| {}),
        contenders: against(floor, calls).collect(),
    })
}

/// Takes notice of an address that came or went.
fn event(arena: &Arena) -> io::Result<Task> {
    let mut calls = vec![(floor::EVENT, floor::event()?)];
    calls.extend(ours::watcher()?);
    calls.extend(peers::watchers(arena.addresses())?);
    let contenders = calls.into_iter().map(|(method, call)| {
        Ok(Contender {
            method,
            floor: floor::event()?, // of its own, since it takes the event away
            call,
        })
    });
    Ok(Task {
        name: "an event applied".to_owned(),
        n: arena.interfaces(),
        expected: 1,
        shares: 1,
        contenders: contenders.collect::<io::Result<_>>()?,
        before: Box::new(arena.change()),
    })
}

fn against(
    floor: impl Fn() -> Call,
    calls: impl IntoIterator<Item = (Method, Call)>,
) -> impl Iterator<Item = Contender> {
    let contender = move |(method, call)| Contender {
        method,
        floor: floor(),
        call,
    };
    calls.into_iter().map(contender)
}
