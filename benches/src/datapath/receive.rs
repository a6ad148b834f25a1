//! Receiving what is queued.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Call;
use crate::datapath::cables::{Burst, Cables, Cast};
use crate::datapath::line::{Line, Load};
use crate::datapath::receiver::Way;
use crate::datapath::{floor, ours, peers};
use crate::measure::{Contender, Task};

/// Receives a burst of datagrams: with a loop, waits and reads until there is
/// known to be no more; without one, only reads.
pub(crate) fn burst(cables: &Cables, load: Load) -> io::Result<Task> {
    let rounds = (DATAGRAMS / load.count).clamp(LEAST_ROUNDS, MOST_ROUNDS);
    let loops = [floor::LOOP_WITH_HOPS_WAY].into_iter();
    let loops = loops
        .chain(ours::LOOPS)
        .chain([ours::COALESCING])
        .chain(peers::LOOPS);
    let reads = ours::READS.into_iter().chain(peers::READS);
    let mut contenders = against(cables, floor::LOOP_WAY, loops, load, rounds, Burst::send)?;
    contenders.extend(against(
        cables,
        floor::READ_WAY,
        reads,
        load,
        rounds,
        Burst::send,
    )?);
    Ok(Task {
        name: format!("receive: {}", load.name()),
        n: load.count,
        expected: load.count,
        shares: u32::try_from(load.count).map_err(io::Error::other)?,
        before: Box::new(|| {}),
        contenders,
    })
}

/// Receives datagrams that came as one large one, which the kernel cuts up for
/// those who do not take it whole.
pub(crate) fn coalesced(cables: &Cables, load: Load) -> io::Result<Task> {
    let loops = [ours::LOOPS[0], ours::COALESCING]
        .into_iter()
        .chain(peers::LOOPS)
        .chain(peers::COALESCING);
    let rounds = DATAGRAMS / load.count;
    let send = Burst::send_segments;
    Ok(Task {
        name: format!("coalesced: {}", load.name()),
        n: load.count,
        expected: load.count,
        shares: u32::try_from(load.count).map_err(io::Error::other)?,
        before: Box::new(|| {}),
        contenders: against(cables, floor::LOOP_WAY, loops, load, rounds, send)?,
    })
}

/// Waits while nothing comes.
pub(crate) fn idle(cables: &Cables) -> io::Result<Task> {
    let load = Load {
        cast: Cast::BroadcastV4,
        len: 64,
        count: 1,
    };
    let call = |way| {
        let line = Line::open(cables, way, load)?;
        let work = move || line.receiver.borrow_mut().turn(IDLE);
        io::Result::Ok(Call::new(work, |count| *count))
    };
    let contenders = [floor::LOOP_WAY, ours::LOOPS[0]].map(|way| {
        Ok(Contender {
            method: way.method,
            floor: call(floor::LOOP_WAY)?,
            call: call(way)?,
        })
    });
    Ok(Task {
        name: format!("idle: a wait of {} ms", IDLE.as_millis()),
        n: 1,
        expected: 0,
        shares: 1,
        before: Box::new(|| {}),
        contenders: contenders.into_iter().collect::<io::Result<_>>()?,
    })
}

/// The floor itself and everybody else, each after the floor.
fn against(
    cables: &Cables,
    floor: Way,
    ways: impl IntoIterator<Item = Way>,
    load: Load,
    rounds: usize,
    send: fn(&mut Burst) -> io::Result<()>,
) -> io::Result<Vec<Contender>> {
    let before = Line::open(cables, floor, load)?;
    let contender = |way: Way| {
        Ok(Contender {
            method: way.method,
            floor: Rc::clone(&before).call(rounds, send),
            call: Line::open(cables, way, load)?.call(rounds, send),
        })
    };
    [floor].into_iter().chain(ways).map(contender).collect()
}

/// About how many datagrams there are in all rounds of a call.
const DATAGRAMS: usize = 1024;
const LEAST_ROUNDS: usize = 6;
const MOST_ROUNDS: usize = 128;
const IDLE: Duration = Duration::from_millis(5);
