//! Something that receives, and what brings it its datagrams.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Call;
use crate::datapath::cables::{Burst, Cables, Cast};
use crate::datapath::receiver::{Receiver, Way};

/// A receiver on a port of its own. Several calls may use it in turn.
pub(crate) struct Line {
    pub(crate) receiver: RefCell<Receiver>,
    pub(crate) burst: RefCell<Burst>,
}

/// What is sent: to whom, how long it is and how much of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) cast: Cast,
    pub(crate) len: usize,
    pub(crate) count: usize,
}

impl Load {
    /// What it is, as the end of a task's name.
    pub(crate) fn name(self) -> String {
        format!("{}, {} bytes", self.cast.name(), self.len)
    }
}

impl Line {
    /// Opens a receiver at the end of the first cable.
    pub(crate) fn open(cables: &Cables, way: Way, load: Load) -> io::Result<Rc<Self>> {
        let port = cables.port();
        let receiver = (way.open)(cables, load.cast, port)?;
        let burst = cables.burst(load.cast, port, load.len, load.count)?;
        Ok(Self::of(receiver, burst))
    }

    pub(crate) fn of(receiver: Receiver, burst: Burst) -> Rc<Self> {
        Rc::new(Self {
            receiver: RefCell::new(receiver),
            burst: RefCell::new(burst),
        })
    }

    /// Measures how long it takes to receive what `send` has sent just before.
    pub(crate) fn call(
        self: &Rc<Self>,
        rounds: usize,
        mut send: impl FnMut(&mut Burst) -> io::Result<()> + 'static,
    ) -> Call {
        let (receiving, sending) = (Rc::clone(self), Rc::clone(self));
        let work = move || receiving.receiver.borrow_mut().turn(Duration::ZERO);
        Call::new(work, |count| *count)
            .rounds(rounds, move || send(&mut sending.burst.borrow_mut()))
    }
}
