//! Receiving while another processor sends.

use std::hint::spin_loop;
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use crate::call::Call;
use crate::datapath::cables::{Burst, Cables, Cast};
use crate::datapath::line::{Line, Load};
use crate::datapath::receiver::{Receiver, Way};
use crate::datapath::{floor, ours, peers};
use crate::measure::{Contender, Task};
use crate::processors::Processors;

/// How long it takes from before the sending of a datagram until a receiver
/// that slept has it.
pub(crate) fn wake_up(cables: &Cables, processors: Processors) -> io::Result<Task> {
    let load = Load {
        cast: Cast::MulticastV4,
        len: 64,
        count: 1,
    };
    let ways = ours::LOOPS[..1]
        .iter()
        .chain([&ours::SPINNING])
        .chain(&peers::LOOPS[..peers::LOOPS.len().min(4)]);
    let call = move |line: Rc<Line>| {
        Call::timed(move || {
            let (mut receiver, mut burst) = (line.receiver.borrow_mut(), line.burst.borrow_mut());
            let median = median_wake_up(&mut receiver, &mut burst, processors)?;
            Ok((median, 1))
        })
    };
    Ok(Task {
        name: format!("wake-up: {}", load.name()),
        n: 1,
        expected: 1,
        shares: 1,
        before: Box::new(|| {}),
        contenders: contenders(cables, ways, load, call)?,
    })
}

/// How much processor time a loop takes that sleeps between bursts, one each `gap`.
pub(crate) fn stream(
    cables: &Cables,
    processors: Processors,
    load: Load,
    gap: Duration,
) -> io::Result<Task> {
    let bursts = u32::try_from(STREAM.as_micros() / gap.as_micros()).map_err(io::Error::other)?;
    let total = load.count * usize::try_from(bursts).map_err(io::Error::other)?;
    let call = move |line: Rc<Line>| {
        Call::timed(move || {
            let (mut receiver, mut burst) = (line.receiver.borrow_mut(), line.burst.borrow_mut());
            Ok((
                processor_time(&mut receiver, &mut burst, total, (bursts, gap), processors)?,
                total,
            ))
        })
    };
    let ways = ours::LOOPS[..1]
        .iter()
        .chain([&ours::NAPPING])
        .chain(&peers::LOOPS);
    Ok(Task {
        name: format!("processor time: {}, every {gap:?}", load.name()),
        n: load.count,
        expected: total,
        shares: u32::try_from(total).map_err(io::Error::other)?,
        before: Box::new(|| {}),
        contenders: contenders(cables, ways, load, call)?,
    })
}

fn contenders<'a>(
    cables: &Cables,
    ways: impl Iterator<Item = &'a Way>,
    load: Load,
    call: impl Fn(Rc<Line>) -> Call,
) -> io::Result<Vec<Contender>> {
    let floor = Line::open(cables, floor::LOOP_WAY, load)?;
    let contender = |way: &Way| {
        Ok(Contender {
            method: way.method,
            floor: call(Rc::clone(&floor)),
            call: call(Line::open(cables, *way, load)?),
        })
    };
    [&floor::LOOP_WAY]
        .into_iter()
        .chain(ways)
        .map(contender)
        .collect()
}

fn median_wake_up(
    receiver: &mut Receiver,
    burst: &mut Burst,
    processors: Processors,
) -> io::Result<Duration> {
    let received = AtomicUsize::new(0);
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            processors.keep_to_other()?;
            let mut sent = Vec::with_capacity(WAKE_UPS);
            for number in 0..WAKE_UPS {
                spin_until(Instant::now() + GAP, || false);
                sent.push(Instant::now());
                burst.send()?;
                let arrived = || received.load(Ordering::Acquire) > number;
                spin_until(Instant::now() + PATIENCE, arrived);
            }
            io::Result::Ok(sent)
        });
        let mut arrivals = Vec::with_capacity(WAKE_UPS);
        while arrivals.len() < WAKE_UPS {
            if receiver.turn(PATIENCE)? == 0 {
                break;
            }
            arrivals.push(Instant::now());
            received.store(arrivals.len(), Ordering::Release);
        }
        let sent = sender
            .join()
            .map_err(|_| io::Error::other("the sender panicked"))??;
        if arrivals.len() < sent.len() {
            return Err(io::Error::other("a datagram was lost"));
        }
        let mut times: Vec<_> = arrivals
            .iter()
            .zip(sent)
            .map(|(end, start)| *end - start)
            .collect();
        times.sort_unstable();
        Ok(times[times.len() / 2])
    })
}

fn processor_time(
    receiver: &mut Receiver,
    burst: &mut Burst,
    total: usize,
    (bursts, gap): (u32, Duration),
    processors: Processors,
) -> io::Result<Duration> {
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            processors.keep_to_other()?;
            let start = Instant::now();
            for turn in 1..=bursts {
                spin_until(start + gap * turn, || false);
                burst.send()?;
            }
            io::Result::Ok(())
        });
        let start = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
        let mut count = 0;
        while count < total {
            match receiver.turn(PATIENCE)? {
                0 => return Err(io::Error::other("a datagram was lost")),
                received => count += received,
            }
        }
        let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)? - start;
        sender
            .join()
            .map_err(|_| io::Error::other("the sender panicked"))??;
        Ok(time.into())
    })
}

fn spin_until(deadline: Instant, done: impl Fn() -> bool) {
    while !done() && Instant::now() < deadline {
        spin_loop();
    }
}

const WAKE_UPS: usize = 100;
/// For how long there is something to receive.
const STREAM: Duration = Duration::from_millis(40);
/// Long enough for a receiver to fall asleep.
const GAP: Duration = Duration::from_micros(200);
const PATIENCE: Duration = Duration::from_secs(1);
