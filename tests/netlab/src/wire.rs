//! Wires: a cable between two hosts whose frames pass through a closure.
//!
//! Loss, duplication and reordering to order, where the kernel has no `netem`.

use std::panic::resume_unwind;
use std::{fmt, io, thread};

use crate::host::Host;
use crate::nic::Nic;
use crate::sys::{PacketSocket, Stop, Stopper, VNET_HEADER};

/// A wire between two hosts; see [`Lab::wire`](crate::Lab::wire).
///
/// Dropping it cuts it: the two interfaces stay, up and with a carrier, but nothing passes any more. If the policy has
/// panicked, the drop does too.
pub struct Wire {
    left: Nic,
    right: Nic,
    stopper: Option<Stopper>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Wire {
    pub(crate) fn between(
        switch: &Host,
        left: (&Host, &str, &[&str]),
        right: (&Host, &str, &[&str]),
        policy: impl FnMut(&[u8]) -> Passage + Send + 'static,
    ) -> io::Result<Self> {
        let lay = |(host, name, addresses): (&Host, &str, &[&str])| {
            let nic = Nic::cabled(host, name, switch, None, addresses)?;
            let port = switch.run(|| PacketSocket::port(nic.port()))?;
            Ok::<_, io::Error>((nic, port))
        };
        let (left, left_port) = lay(left)?;
        let (right, right_port) = lay(right)?;
        let (stopper, stop) = Stop::pair()?;
        let thread = thread::Builder::new()
            .name("wire".to_owned())
            .spawn(move || forward(&[left_port, right_port], &stop, policy))?;
        Ok(Self {
            left,
            right,
            stopper: Some(stopper),
            thread: Some(thread),
        })
    }

    /// The interface at the end that was named first.
    #[must_use]
    pub fn left(&self) -> &Nic {
        &self.left
    }

    /// The interface at the end that was named second.
    #[must_use]
    pub fn right(&self) -> &Nic {
        &self.right
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(stopper) = self.stopper.take() {
            stopper.signal();
        }
        let outcome = self.thread.take().map(thread::JoinHandle::join);
        if let (Some(Err(panic)), false) = (outcome, thread::panicking()) {
            resume_unwind(panic);
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wire")
            .field(&self.left)
            .field(&self.right)
            .finish()
    }
}

/// What becomes of a frame on a [`Wire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// So many copies of it pass: 0 loses it, 1 is an honest wire, 2 duplicates it.
    Copies(usize),
    /// It passes after so many further frames of its direction have come: not at all if fewer do.
    Behind(usize),
}

/// Passes frames from each port to the other until told to stop.
fn forward(ports: &[PacketSocket; 2], stop: &Stop, mut policy: impl FnMut(&[u8]) -> Passage) {
    let [left, right] = ports;
    let mut buffer = vec![0; LARGEST_FRAME];
    let mut held = [const { Vec::<(usize, Vec<u8>)>::new() }; 2];
    while PacketSocket::wait_for_any(ports, stop).expect("poll two packet sockets") {
        for ((from, to), held) in [(left, right), (right, left)].into_iter().zip(&mut held) {
            // An error here is an interface going down or away, and a frame lost with it, as with a real wire.
            while let Ok(Some(frame)) = from.receive(&mut buffer) {
                let passage = frame.get(VNET_HEADER..).map(&mut policy);
                for (left, _) in &mut *held {
                    *left -= 1;
                }
                match passage {
                    None => {}
                    Some(Passage::Copies(copies)) => {
                        for _ in 0..copies {
                            let _ = to.send(frame);
                        }
                    }
                    Some(Passage::Behind(0)) => drop(to.send(frame)),
                    Some(Passage::Behind(frames)) => held.push((frames, frame.to_vec())),
                }
                held.retain(|(left, frame)| {
                    let is_held = *left > 0;
                    if !is_held {
                        let _ = to.send(frame);
                    }
                    is_held
                });
            }
        }
    }
}

const LARGEST_FRAME: usize = 128 * 1024;
