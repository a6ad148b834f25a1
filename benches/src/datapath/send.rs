//! Sending by one interface.

use std::cell::RefCell;
use std::io;
use std::net::UdpSocket;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Call;
use crate::datapath::cables::{Burst, Cables};
use crate::datapath::line::Load;
use crate::datapath::receiver::Receiver;
use crate::datapath::{floor, ours, peers};
use crate::measure::{Contender, Task};
use crate::method::Method;

/// Sends datagrams of one length to one destination, where one socket listens.
pub(crate) fn burst(cables: &Cables, load: Load) -> io::Result<Task> {
    let Load { cast, len, count } = load;
    let port = cables.port();
    let destination = cast.destination(port);
    let in_c = |send: fn(&mut Burst) -> io::Result<()>| {
        let mut burst = cables.burst(cast, port, len, count)?;
        let work = move || send(&mut burst);
        io::Result::Ok(Call::new(work, move |()| count))
    };
    let std = UdpSocket::from(cables.sending(cast, 0)?);
    let ours = ours::sending(cables, cast)?;
    let [payload, same] = [(); 2].map(|()| vec![0; len]);
    let mut calls = vec![
        (floor::SEND, in_c(Burst::send)?),
        (floor::SEND_EACH, in_c(Burst::send_each)?),
        (floor::SEGMENTS, in_c(Burst::send_segments)?),
        (
            ours::SEND,
            each(count, move || {
                ours.send(&payload, destination).map_err(io::Error::other)
            }),
        ),
        (
            STD,
            each(count, move || std.send_to(&same, destination).map(drop)),
        ),
    ];
    calls.extend([
        (ours::SEND_BATCH, ours::batch(cables, load, destination, 1)?),
        (
            ours::SEND_SEGMENTS,
            ours::batch(cables, load, destination, count)?,
        ),
    ]);
    calls.extend(peers::senders(cables, cast, port, len, count)?);
    let listener = Rc::new(RefCell::new((floor::READ_WAY.open)(cables, cast, port)?));
    let contenders = calls.into_iter().map(|(method, call)| {
        Ok(Contender {
            method,
            floor: emptying(in_c(Burst::send)?, &listener),
            call: emptying(call, &listener),
        })
    });
    Ok(Task {
        name: format!("send: {}", load.name()),
        n: count,
        expected: count,
        shares: u32::try_from(count).map_err(io::Error::other)?,
        before: Box::new(|| {}),
        contenders: contenders.collect::<io::Result<_>>()?,
    })
}

/// A call that sends this often, one after the other.
fn each(count: usize, mut send: impl FnMut() -> io::Result<()> + 'static) -> Call {
    let work = move || (0..count).try_for_each(|_| send());
    Call::new(work, move |()| count)
}

/// Takes from the listener, before each round, what the last one sent.
fn emptying(call: Call, listener: &Rc<RefCell<Receiver>>) -> Call {
    let listener = Rc::clone(listener);
    call.rounds(ROUNDS, move || {
        listener.borrow_mut().turn(Duration::ZERO)?;
        Ok(())
    })
}

pub(crate) const STD: Method = Method::peer("std send_to");
const ROUNDS: usize = 16;
