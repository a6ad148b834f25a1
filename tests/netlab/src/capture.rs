//! Captures: what really was on the wire.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;
use std::{fmt, io};

use crate::fault::{OrPanic, PATIENCE};
use crate::frame::Frame;
use crate::host::Host;
use crate::membership::{GroupRecord, MembershipMessage, Report};
use crate::nic::Nic;
use crate::sys::{PacketSocket, VNET_HEADER};

/// A record of frames, from the moment it was started.
///
/// A sender's call returns before its frame has crossed, so a test first waits for a frame that it knows to come, with
/// [`frames_until`](Self::frames_until). To prove that something was *not* sent, send something recognisable afterwards
/// and look at what came before.
pub struct Capture {
    socket: PacketSocket,
    buffer: Vec<u8>,
    unread: VecDeque<Frame>,
}

impl Capture {
    pub(crate) fn start(host: &Host, index: u32) -> io::Result<Self> {
        Ok(Self {
            socket: host.run(|| PacketSocket::tap(index))?,
            buffer: vec![0; LARGEST_FRAME],
            unread: VecDeque::new(),
        })
    }

    /// Returns the frames that have crossed since the last call.
    ///
    /// # Panics
    ///
    /// If there were so many that some were lost.
    #[must_use]
    #[track_caller]
    pub fn frames(&mut self) -> Vec<Frame> {
        self.receive().or_panic("receive captured frames");
        self.unread.drain(..).collect()
    }

    /// Waits for the first frame that `wanted` accepts, and returns those that have crossed up to and including it;
    /// later ones are kept for the next call.
    ///
    /// # Panics
    ///
    /// If there is none within ten seconds, or if some frames were lost.
    #[track_caller]
    pub fn frames_until(&mut self, mut wanted: impl FnMut(&Frame) -> bool) -> Vec<Frame> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            while let Some(frame) = self.unread.pop_front() {
                let found = wanted(&frame);
                seen.push(frame);
                if found {
                    return seen;
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no such frame, only these: {seen:#?}");
            self.socket
                .wait(left)
                .and_then(|()| self.receive())
                .or_panic("receive captured frames");
        }
    }

    /// Waits until an interface reports of a group what `wanted` accepts, and returns all that it has reported of that
    /// group until then, in order.
    ///
    /// As with [`frames_until`](Self::frames_until), later frames are kept for the next call and others are not.
    /// Hosts repeat what they report unasked, so that a record may be one that was already there.
    ///
    /// # Panics
    ///
    /// If there is no such report within ten seconds, or if some frames were lost.
    #[track_caller]
    pub fn records_until(
        &mut self,
        reporter: &Nic,
        group: IpAddr,
        wanted: impl Fn(&GroupRecord) -> bool,
    ) -> Vec<GroupRecord> {
        let hardware_address = reporter.hardware_address();
        let mut records = Vec::new();
        self.frames_until(|frame| {
            let new = records.len();
            records.extend(records_in(frame, hardware_address, group));
            records[new..].iter().any(&wanted)
        });
        records
    }

    /// Waits until an interface sends a report that `wanted` accepts, and returns all that it has sent until then, in
    /// order.
    ///
    /// # Panics
    ///
    /// If there is no such report within ten seconds, or if some frames were lost.
    #[track_caller]
    pub fn reports_until(
        &mut self,
        reporter: &Nic,
        mut wanted: impl FnMut(&Report) -> bool,
    ) -> Vec<Report> {
        let hardware_address = reporter.hardware_address();
        let mut reports = Vec::new();
        self.frames_until(|frame| {
            let report = report_in(frame, hardware_address);
            let found = report.as_ref().is_some_and(&mut wanted);
            reports.extend(report);
            found
        });
        reports
    }

    /// Returns what an interface has reported of a group since the last call, of whatever method.
    ///
    /// # Panics
    ///
    /// If some frames were lost.
    #[must_use]
    #[track_caller]
    pub fn records(&mut self, reporter: &Nic, group: IpAddr) -> Vec<GroupRecord> {
        let hardware_address = reporter.hardware_address();
        let frames = self.frames();
        let records = frames.iter();
        records
            .flat_map(|frame| records_in(frame, hardware_address, group))
            .collect()
    }

    fn receive(&mut self) -> io::Result<()> {
        loop {
            match self.socket.receive(&mut self.buffer) {
                Ok(Some(bytes)) => {
                    let (header, frame) = bytes
                        .split_at_checked(VNET_HEADER)
                        .ok_or(io::ErrorKind::InvalidData)?;
                    self.unread.push_back(Frame::new(header, frame));
                }
                Ok(None) => break,
                // The interface went down (ENETDOWN) or away; said once, and what came before is still there.
                Err(error) if error.kind() == io::ErrorKind::NetworkDown => {}
                Err(error) => return Err(error),
            }
        }
        match self.socket.lost()? {
            0 => Ok(()),
            lost => Err(io::Error::other(format!(
                "{lost} frames came too fast to be captured"
            ))),
        }
    }
}

fn report_in(frame: &Frame, reporter: [u8; 6]) -> Option<Report> {
    match frame.membership() {
        Some(MembershipMessage::Report(report)) if frame.source() == reporter => Some(report),
        _ => None,
    }
}

fn records_in(frame: &Frame, reporter: [u8; 6], group: IpAddr) -> Vec<GroupRecord> {
    let mut records = report_in(frame, reporter).map_or_else(Vec::new, |report| report.records);
    records.retain(|record| record.group == group);
    records
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("unread", &self.unread)
            .finish_non_exhaustive()
    }
}

const LARGEST_FRAME: usize = 128 * 1024;
