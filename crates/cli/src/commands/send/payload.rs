//! What is sent.

use std::fs;
use std::io::{self, BufRead};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use ifcast::{Lan, Waker};

use crate::commands::send::PayloadArguments;
use crate::commands::send::streams::Streams;
use crate::failure::Failure;
use crate::header::Header;
use crate::stop::Stop;

/// What a datagram carries.
#[derive(Debug)]
pub(crate) struct Payload {
    /// With room for the header at the beginning, if there is to be one.
    pub(crate) bytes: Vec<u8>,
    pub(crate) has_header: bool,
    /// Whether the next ones carry the same.
    pub(crate) is_repeated: bool,
}

/// Where payloads come from.
#[derive(Debug)]
pub(crate) enum Source {
    Same(Payload),
    Lines {
        lines: Receiver<io::Result<Vec<u8>>>,
        payload: Payload,
    },
}

impl Source {
    /// `waker` is to end a wait for events when there is a line.
    pub(crate) fn new(
        arguments: &PayloadArguments,
        has_header: bool,
        waker: Waker,
    ) -> Result<Self, Failure> {
        let room = if has_header { Header::LEN } else { 0 };
        let given = match arguments {
            PayloadArguments {
                payload: Some(text),
                ..
            } => text.as_bytes().to_vec(),
            PayloadArguments {
                hex: Some(bytes), ..
            } => bytes.0.clone(),
            PayloadArguments {
                file: Some(path), ..
            } => fs::read(path).map_err(|source| Failure::Input {
                what: path.display().to_string(),
                source,
            })?,
            PayloadArguments {
                size: Some(size), ..
            } => {
                let size = usize::from(*size);
                let rest = size.checked_sub(room);
                let rest = rest.ok_or(Failure::SizeBelowHeader { header: room, size })?;
                FILLING.iter().copied().cycle().take(rest).collect()
            }
            _ => Vec::new(),
        };
        let mut bytes = vec![0; room];
        bytes.extend(given);
        let payload = Payload {
            bytes,
            has_header,
            is_repeated: !arguments.stdin,
        };
        if arguments.stdin {
            let lines = read_lines(waker);
            return Ok(Self::Lines { lines, payload });
        }
        Ok(Self::Same(payload))
    }

    /// The next one; none if there are no more. Meanwhile the interfaces are followed.
    pub(crate) fn next(
        &mut self,
        lan: &mut Lan,
        stop: &Stop,
        streams: &mut Streams,
    ) -> Result<Option<&Payload>, Failure> {
        let (lines, payload) = match self {
            Self::Same(payload) => return Ok(Some(payload)),
            Self::Lines { lines, payload } => (lines, payload),
        };
        loop {
            match lines.try_recv() {
                Ok(line) => {
                    let line = line.map_err(|source| Failure::Input {
                        what: "standard input".to_owned(),
                        source,
                    })?;
                    payload
                        .bytes
                        .truncate(if payload.has_header { Header::LEN } else { 0 });
                    payload.bytes.extend(line);
                    return Ok(Some(payload));
                }
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) if stop.is_told() => return Ok(None),
                Err(TryRecvError::Empty) => {
                    lan.poll(None, |_| {})?;
                    streams.plan(lan);
                }
            }
        }
    }
}

/// Reads standard input, on a thread of its own because nothing else ends such a wait.
fn read_lines(waker: Waker) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::sync_channel(LINES);
    thread::spawn(move || {
        for line in io::stdin().lock().split(b'\n') {
            if sender.send(line).is_err() || waker.wake().is_err() {
                return;
            }
        }
        drop(sender);
        let _ = waker.wake(); // the end is news too
    });
    receiver
}

/// What is sent where only the size is given.
const FILLING: &[u8] = b"0123456789abcdef";
/// How many lines to read ahead.
const LINES: usize = 64;
