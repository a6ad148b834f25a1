//! The streams that are sent: by each interface to each of its destinations.

use std::fmt::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ifcast::broadcast;
use ifcast::socket::{Course, PacketInfo, SendBatch, Sender, ToSend};
use ifcast::{InterfaceId, Lan, Skip};
use serde_json::{Value, json};

use crate::commands::send::payload::Payload;
use crate::commands::send::target::{Target, To};
use crate::failure::Failure;
use crate::header::{Header, Purpose};
use crate::output::{Output, complain};
use crate::record;
use crate::text::{self, Nanoseconds, Rate};

/// All streams, with what became of them.
#[derive(Debug)]
pub(crate) struct Streams {
    target: Target,
    port: u16,
    streams: Vec<Stream>,
    skipped: Vec<(InterfaceId, Skip)>,
    room: Room,
    start: Instant,
}

/// What goes by one interface to one destination.
#[derive(Debug)]
struct Stream {
    interface: InterfaceId,
    destination: SocketAddr,
    source: Option<IpAddr>,
    id: u64,
    sequence: u64,
    sent: u64,
    failed: u64,
    error: Option<String>,
    first: Option<Instant>,
    last: Option<Instant>,
    is_open: bool,
}

/// Room for what is sent at once.
#[derive(Debug)]
struct Room {
    batch: SendBatch,
    payloads: Vec<u8>,
    /// Of one payload.
    len: usize,
}

impl Streams {
    pub(crate) fn new(target: Target, port: u16) -> Self {
        Self {
            target,
            port,
            streams: Vec::new(),
            skipped: Vec::new(),
            room: Room {
                batch: SendBatch::new(),
                payloads: Vec::new(),
                len: 0,
            },
            start: Instant::now(),
        }
    }

    /// Begins streams on the interfaces that there are now; those that are gone rest.
    pub(crate) fn plan(&mut self, lan: &Lan) {
        for stream in &mut self.streams {
            stream.is_open = false;
        }
        self.skipped.clear();
        let family = self.target.family();
        for interface in lan.interfaces() {
            let Some(sender) = lan.sender(interface, family) else {
                self.skipped.push((interface, Skip::NoSocket { family }));
                continue;
            };
            match self.target.to {
                To::Address(address) => {
                    self.open(interface, SocketAddr::new(address, self.port), None);
                }
                To::Broadcast(target) => {
                    match broadcast::courses(sender.interface(), target, self.port) {
                        Ok(courses) => {
                            for Course {
                                destination,
                                source,
                                ..
                            } in courses
                            {
                                self.open(interface, destination, source);
                            }
                        }
                        Err(broadcast::Error::NoSubnet { .. }) => {
                            self.skipped.push((interface, Skip::NoSubnet));
                        }
                        Err(_) => self.skipped.push((interface, Skip::NoBroadcast)),
                    }
                }
            }
        }
    }

    fn open(&mut self, interface: InterfaceId, destination: SocketAddr, source: Option<IpAddr>) {
        let mut streams = self.streams.iter_mut();
        let known = streams.find(|stream| {
            (stream.interface, stream.destination, stream.source)
                == (interface, destination, source)
        });
        if let Some(stream) = known {
            stream.is_open = true;
            return;
        }
        self.streams.push(Stream {
            interface,
            destination,
            source,
            id: fastrand::u64(..),
            sequence: 0,
            sent: 0,
            failed: 0,
            error: None,
            first: None,
            last: None,
            is_open: true,
        });
    }

    /// Sends up to so many on each stream, as many as fit into a batch; returns how many.
    pub(crate) fn send(&mut self, lan: &Lan, payload: &Payload, due: u64) -> u64 {
        let most = if payload.is_repeated { BATCH } else { 1 };
        let count = usize::try_from(due).unwrap_or(usize::MAX).min(most);
        self.room.fill(payload);
        let family = self.target.family();
        for stream in self.streams.iter_mut().filter(|stream| stream.is_open) {
            match lan.sender(stream.interface, family) {
                Some(sender) => stream.send(sender, payload, count, &mut self.room),
                None => stream.is_open = false,
            }
        }
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// How far it is, for a line on the terminal.
    pub(crate) fn in_short(&self) -> String {
        let sent: u64 = self.streams.iter().map(|stream| stream.sent).sum();
        let failed: u64 = self.streams.iter().map(|stream| stream.failed).sum();
        let seconds = self.start.elapsed().as_secs_f64();
        let mut text = format!("{} sent in {seconds:.1} s", text::count(sent, "datagram"));
        #[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
        let rate = Rate((seconds > 0.0).then(|| sent as f64 / seconds));
        let _ = write!(text, ", {rate}");
        if failed > 0 {
            let _ = write!(text, ", {failed} failed");
        }
        text
    }

    /// Says what became of each; whether all is well.
    pub(crate) fn tell(&self, lan: &Lan, output: &mut Output) -> Result<bool, Failure> {
        let mut is_fine = self.streams.iter().any(|stream| stream.sent > 0);
        for stream in &self.streams {
            is_fine &= stream.failed == 0;
            let source = stream.source.or_else(|| {
                let sender = lan.sender(stream.interface, self.target.family())?;
                sender.source_for(stream.destination.ip()).ok()
            });
            if stream.sent > 0 || output.is_json() {
                output.summary(Told { stream, source }, || stream.record(source))?;
            }
        }
        for (interface, why) in &self.skipped {
            output.summary(format_args!("{interface}: skipped, {why}"), || {
                json!({
                    "type": "skipped",
                    "interface": record::interface(*interface),
                    "why": why.to_string(),
                })
            })?;
        }
        output.flush()?;
        for stream in &self.streams {
            if let Some(error) = &stream.error {
                let failed = stream.failed;
                if failed > 1 {
                    complain(format_args!("{error} ({failed} times)"));
                } else {
                    complain(error);
                }
            }
        }
        Ok(is_fine)
    }
}

impl Stream {
    /// Sends so many; those for which there is no room are tried again, a while.
    fn send(&mut self, sender: Sender<'_>, payload: &Payload, count: usize, room: &mut Room) {
        if payload.has_header {
            room.number(self.id, self.sequence, count);
        }
        let destination = self.destination;
        let payloads = room.payloads.chunks_exact(room.len.max(1));
        let mut datagrams = [ToSend {
            payload: &[],
            destination,
        }; BATCH];
        if room.len > 0 {
            for (datagram, payload) in datagrams.iter_mut().zip(payloads) {
                datagram.payload = payload;
            }
        }
        let info = PacketInfo {
            source: self.source,
            ..PacketInfo::default()
        };
        let mut rest = &datagrams[..count];
        let mut patience = PATIENCE;
        while !rest.is_empty() {
            match sender.send_batch_with(&mut room.batch, rest, info) {
                Ok(sent) => {
                    let unsent = sent.unsent();
                    self.count(sent.sent());
                    for (_, error) in sent.failures() {
                        self.fail(error, 1);
                    }
                    rest = &rest[unsent.start..];
                }
                Err(error) => {
                    self.fail(&error, rest.len());
                    rest = &[];
                }
            }
            if !rest.is_empty() {
                if patience == 0 {
                    self.fail(&"the send buffer stays full", rest.len());
                    break;
                }
                patience -= 1;
                thread::sleep(PAUSE);
            }
        }
        self.sequence = self
            .sequence
            .wrapping_add(u64::try_from(count).unwrap_or(0));
    }

    fn count(&mut self, sent: usize) {
        if sent > 0 {
            let now = Instant::now();
            self.first.get_or_insert(now);
            self.last = Some(now);
            self.sent += u64::try_from(sent).unwrap_or(0);
        }
    }

    fn fail(&mut self, error: &impl fmt::Display, count: usize) {
        self.failed += u64::try_from(count).unwrap_or(0);
        self.error.get_or_insert_with(|| error.to_string());
    }

    fn seconds(&self) -> f64 {
        let time = self.first.zip(self.last);
        time.map_or(0.0, |(first, last)| (last - first).as_secs_f64())
    }

    fn rate(&self) -> Option<f64> {
        let seconds = self.seconds();
        #[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
        let gaps = self.sent.saturating_sub(1) as f64;
        (seconds > 0.0 && gaps > 0.0).then(|| gaps / seconds)
    }

    fn record(&self, source: Option<IpAddr>) -> Value {
        json!({
            "type": "sent",
            "interface": record::interface(self.interface),
            "source": source.map(|source| source.to_string()),
            "destination": record::address(self.destination),
            "port": self.destination.port(),
            "datagrams": self.sent,
            "failed": self.failed,
            "error": self.error,
            "seconds": self.seconds(),
            "rate": self.rate(),
            "stream": format!("{:016x}", self.id),
        })
    }
}

impl Room {
    /// Makes as many copies of a payload as leave at once.
    fn fill(&mut self, payload: &Payload) {
        let is_there = payload.is_repeated && self.len == payload.bytes.len();
        if is_there && !self.payloads.is_empty() {
            return;
        }
        let copies = if payload.is_repeated { BATCH } else { 1 };
        self.len = payload.bytes.len();
        self.payloads = payload.bytes.repeat(copies);
    }

    /// Numbers them. They leave together, so they say that they were sent at one time.
    fn number(&mut self, stream: u64, sequence: u64, count: usize) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let sent = u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX);
        let mut header = Header {
            purpose: Purpose::Stream,
            stream,
            sequence,
            sent,
        };
        for payload in self.payloads.chunks_exact_mut(self.len).take(count) {
            payload[..Header::LEN].copy_from_slice(&header.encode());
            header.sequence = header.sequence.wrapping_add(1);
        }
    }
}

/// What is said of a stream.
struct Told<'s> {
    stream: &'s Stream,
    source: Option<IpAddr>,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stream = self.stream;
        write!(f, "{}: ", stream.interface)?;
        if stream.sent > 1 {
            write!(f, "{} ", stream.sent)?;
        }
        write!(f, "sent to {}", stream.destination)?;
        if let Some(source) = self.source {
            write!(f, " from {source}")?;
        }
        if stream.sent > 1 {
            write!(f, " in {}", Nanoseconds(stream.seconds() * 1e9))?;
        }
        match stream.rate() {
            // Of less than that it says more about the system than about the sender.
            Some(rate) if stream.seconds() >= 0.01 => write!(f, ", {}", Rate(Some(rate))),
            _ => Ok(()),
        }
    }
}

/// How many leave at once.
const BATCH: usize = 64;
/// How long to wait for room in the send buffer, and how often.
const PAUSE: Duration = Duration::from_micros(200);
const PATIENCE: u32 = 5000;
