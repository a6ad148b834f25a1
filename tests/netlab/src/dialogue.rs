//! The dialogue with rtnetlink: one request, one answer.

use std::io;

use crate::netlink::{self, Body, Message, Request};
use crate::sys::RouteSocket;

/// A line to the rtnetlink of one namespace.
#[derive(Debug)]
pub(crate) struct Dialogue {
    socket: RouteSocket,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Dialogue {
    /// Opens a line to the calling thread's namespace; it leads there whichever thread uses it later.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {
            socket: RouteSocket::open()?,
            sequence: 0,
            buffer: vec![0; LARGEST_ANSWER],
        })
    }

    /// Sends a request and returns the object it asked for, or nothing for one that is merely acknowledged.
    pub(crate) fn exchange(&mut self, request: Request) -> io::Result<Vec<u8>> {
        self.send(request)?;
        loop {
            if let Some(message) = self.receive()?.next() {
                return outcome(message.body);
            }
        }
    }

    /// Sends a request for many objects and has `visit` see each of them.
    pub(crate) fn dump(
        &mut self,
        request: Request,
        mut visit: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        self.send(request)?;
        loop {
            for message in self.receive()? {
                match message.body {
                    Body::Object(object) => visit(object),
                    Body::End => return Ok(()),
                    body => drop(outcome(body)?),
                }
            }
        }
    }

    fn send(&mut self, request: Request) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        self.socket.send(&request.finish(self.sequence))
    }

    /// Waits for something, and returns those of the messages that answer the last request.
    fn receive(&mut self) -> io::Result<impl Iterator<Item = Message<'_>>> {
        let length = self.socket.receive(&mut self.buffer)?;
        let answer = self
            .buffer
            .get(..length)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "an answer above 32 KiB"))?;
        let sequence = self.sequence;
        Ok(netlink::messages(answer).filter(move |message| message.sequence == sequence))
    }
}

fn outcome(body: Body<'_>) -> io::Result<Vec<u8>> {
    match body {
        Body::Done | Body::End => Ok(Vec::new()),
        Body::Object(bytes) => Ok(bytes.to_vec()),
        Body::Refused { errno, reason } => {
            let error = io::Error::from_raw_os_error(errno);
            Err(match reason {
                Some(reason) => io::Error::new(error.kind(), format!("{error}: {reason}")),
                None => error,
            })
        }
    }
}

/// A link with all its attributes takes about 2 KiB.
const LARGEST_ANSWER: usize = 32 * 1024;
