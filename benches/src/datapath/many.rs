//! Receiving on many interfaces.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use ifcast::{Event, Lan};

use crate::datapath::cables::{Burst, Cables, Cast};
use crate::datapath::line::{Line, Load};
use crate::datapath::receiver::Receiver;
use crate::datapath::{floor, ours};
use crate::measure::{Contender, Task};
use crate::method::Method;
use crate::table::Fact;

/// Receives one datagram, each time on another interface. What comes just before
/// has but one socket, whatever N is.
pub(crate) fn one_busy(cables: &Cables) -> io::Result<Task> {
    let floor = Line::open(cables, floor::LOOP_WAY, LOAD)?;
    let count = cables.count();
    let contender = |method, open| {
        let line = line(cables, open)?;
        let mut next = 0;
        let send = move |burst: &mut Burst| {
            next = (next + STRIDE) % count;
            burst.send_one(next)
        };
        io::Result::Ok(Contender {
            method,
            floor: floor.call(ROUNDS, Burst::send),
            call: line.call(ROUNDS, send),
        })
    };
    Ok(Task {
        name: format!("one busy: {}", LOAD.name()),
        n: count,
        expected: 1,
        shares: 1,
        before: Box::new(|| {}),
        contenders: vec![
            contender(floor::LOOP, floor::event_loop_of_all)?,
            contender(ours::LAN, ours::lan)?,
            contender(ours::LAN_PER_INTERFACE, ours::lan_per_interface)?,
            contender(ours::LAN_SHARED, ours::lan_shared)?,
        ],
    })
}

/// Receives a datagram on every interface at once.
pub(crate) fn all_busy(cables: &Cables) -> io::Result<Task> {
    let count = cables.count();
    let rounds = (DATAGRAMS / count).max(LEAST_ROUNDS);
    let floor = line(cables, floor::event_loop_of_all)?;
    let contender = |method: Method, line: Rc<Line>| Contender {
        method,
        floor: floor.call(rounds, Burst::send),
        call: line.call(rounds, Burst::send),
    };
    Ok(Task {
        name: format!("all busy: {}", LOAD.name()),
        n: count,
        expected: count,
        shares: u32::try_from(count).map_err(io::Error::other)?,
        before: Box::new(|| {}),
        contenders: vec![
            contender(floor::LOOP, Rc::clone(&floor)),
            contender(floor::SHARED, line(cables, floor::shared)?),
            contender(ours::LAN, line(cables, ours::lan)?),
            contender(
                ours::LAN_PER_INTERFACE,
                line(cables, ours::lan_per_interface)?,
            ),
            contender(ours::LAN_SHARED, line(cables, ours::lan_shared)?),
        ],
    })
}

/// A receiver and something that sends over every cable to it.
fn line(
    cables: &Cables,
    open: fn(&Cables, Cast, u16) -> io::Result<Receiver>,
) -> io::Result<Rc<Line>> {
    let port = cables.port();
    let receiver = open(cables, LOAD.cast, port)?;
    Ok(Line::of(
        receiver,
        cables.bursts(LOAD.cast, port, LOAD.len)?,
    ))
}

/// How many copies of a datagram reach the LAN's sockets, those included that
/// it drops.
pub(crate) fn copies(cables: &Cables) -> io::Result<Fact> {
    let port = cables.port();
    let mut lan = ours::open(cables, LOAD.cast, port)?;
    let mut bursts = cables.bursts(LOAD.cast, port, LOAD.len)?;
    bursts.send()?;
    let mut received = 0;
    while received < cables.count() {
        let poll = lan.poll(Some(PATIENCE), |event| {
            received += usize::from(matches!(event, Event::Datagram(_)));
        });
        if poll.map_err(io::Error::other)? == 0 {
            return Err(io::Error::other("a datagram did not arrive"));
        }
    }
    Ok(Fact {
        task: COPIES,
        n: cables.count(),
        figure: f64::from(arrived(&lan)?)
            / f64::from(u32::try_from(received).map_err(io::Error::other)?),
    })
}

fn arrived(lan: &Lan) -> io::Result<u32> {
    let each = lan.sockets().map(|socket| {
        let counters = socket.counters();
        counters.received
            + counters.foreign_interface
            + counters.unwanted
            + counters.unwanted_source
            + counters.without_packet_info
    });
    u32::try_from(each.sum::<u64>()).map_err(io::Error::other)
}

pub(crate) const COPIES: &str = "copies of a datagram";
const LOAD: Load = Load {
    cast: Cast::BroadcastV4,
    len: 128,
    count: 1,
};
const ROUNDS: usize = 128;
const DATAGRAMS: usize = 1024;
const LEAST_ROUNDS: usize = 6;
/// Has no divisor in common with 10, 100 or 1000.
const STRIDE: usize = 7;
const PATIENCE: Duration = Duration::from_secs(1);
