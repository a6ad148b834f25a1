//! Asking the kernel by netlink (netlink(7)): a request, and all that answers
//! it. What carries the messages is a [`Transport`], so that a kernel's every
//! mood can be tested.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::io;

use crate::sys::answer::Answer;
use crate::sys::linux::netlink_socket::NetlinkSocket;
use crate::sys::linux::nlmsg::{self, Request};
use crate::sys::linux::transport::Transport;

impl Answer {
    pub(crate) fn and(self, next: Self) -> Self {
        match self {
            Self::Whole => next,
            Self::Torn => Self::Torn,
        }
    }
}

/// A netlink socket that asks, and its buffer.
#[derive(Debug)]
pub(crate) struct Netlink<T = NetlinkSocket> {
    transport: T,
    buffer: Vec<u8>,
    sequence: u32,
    is_sound: bool, // the last conversation ended as it should
}

impl Netlink {
    /// Opens one in the calling thread's network namespace. It is never bound,
    /// because Android refuses that and requests do not need it.
    pub(crate) fn open(protocol: c_int) -> io::Result<Self> {
        let socket = NetlinkSocket::open(protocol)?;
        // Refused before Linux 4.20, where a dump then tells of more than was asked.
        let _ = socket.check_strictly();
        Ok(Self::over(socket))
    }
}

impl<T: Transport> Netlink<T> {
    pub(crate) fn over(transport: T) -> Self {
        Self {
            transport,
            buffer: vec![0; BUFFER_LEN],
            sequence: 0,
            is_sound: true,
        }
    }

    /// Sends a request and shows the payload of each message that answers it.
    ///
    /// # Errors
    /// What the kernel answers instead, or what happens to the transport.
    pub(crate) fn ask(
        &mut self,
        request: &mut Request,
        mut visit: impl FnMut(&[u8]),
    ) -> io::Result<Answer> {
        if !self.is_sound {
            self.transport.discard(); // it will not answer while it is answering
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.is_sound = false;
        self.transport.send(request.numbered(self.sequence))?;
        let mut answer = Answer::Whole;
        loop {
            let len = match self.transport.receive(&mut self.buffer) {
                Ok(len) => len,
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                    answer = Answer::Torn; // the rest is still to come
                    continue;
                }
                Err(error) => return Err(error),
            };
            let missing = len.saturating_sub(self.buffer.len());
            for message in nlmsg::messages(&self.buffer[..len - missing]) {
                if message.sequence != self.sequence {
                    continue; // left over from a dump that failed half-way
                }
                if message.interrupted {
                    answer = Answer::Torn;
                }
                match c_int::from(message.message_type) {
                    libc::NLMSG_DONE | libc::NLMSG_ERROR => {
                        self.is_sound = true;
                        return nlmsg::outcome(message.payload).map(|()| answer);
                    }
                    _ if message.message_type == request.answer() => {
                        visit(message.payload);
                        if !request.is_dump() {
                            self.is_sound = true;
                            return Ok(answer);
                        }
                    }
                    _ => {}
                }
            }
            if missing > 0 {
                answer = Answer::Torn;
                self.buffer.resize(len.next_power_of_two(), 0);
                if !request.is_dump() {
                    self.is_sound = true; // nothing more is to come
                    return Ok(answer);
                }
            }
        }
    }
}

/// What the kernel fills at most in one go, unless a single message is larger.
const BUFFER_LEN: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::sys::linux::nlmsg::fixture::numbered;

    const THING: u16 = 16;
    const DONE: u16 = 3;
    const ERROR: u16 = 2;
    const INTERRUPTED: u16 = 0x10;

    /// A kernel that says what it was told to say.
    #[derive(Default)]
    struct Script {
        answers: VecDeque<io::Result<Vec<u8>>>,
        requests: u32,
        discarded: u32,
    }

    impl Transport for Script {
        fn send(&mut self, _: &[u8]) -> io::Result<()> {
            self.requests += 1;
            Ok(())
        }

        fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let answer = self
                .answers
                .pop_front()
                .expect("nothing more was to be read")?;
            let kept = answer.len().min(buffer.len());
            buffer[..kept].copy_from_slice(&answer[..kept]);
            Ok(answer.len())
        }

        fn discard(&mut self) {
            self.discarded += 1;
        }
    }

    fn netlink(answers: impl IntoIterator<Item = io::Result<Vec<u8>>>) -> Netlink<Script> {
        let answers = answers.into_iter().collect();
        Netlink::over(Script {
            answers,
            ..Script::default()
        })
    }

    fn thing(sequence: u32, name: u8) -> Vec<u8> {
        numbered(THING, 2, sequence, &[name])
    }

    fn done(sequence: u32) -> Vec<u8> {
        numbered(DONE, 2, sequence, &0i32.to_ne_bytes())
    }

    fn refusal(sequence: u32, errno: i32) -> Vec<u8> {
        let payload = [(-errno).to_ne_bytes(), [0; 4]].concat();
        numbered(ERROR, 0, sequence, &payload)
    }

    fn dump() -> Request {
        Request::dump(18, THING, &[0; 16])
    }

    fn once() -> Request {
        Request::once(18, THING, &[0; 16])
    }

    /// What is answered, and the names of the things that were shown.
    fn ask(netlink: &mut Netlink<Script>, mut request: Request) -> (io::Result<Answer>, Vec<u8>) {
        let mut shown = Vec::new();
        let answer = netlink.ask(&mut request, |payload| shown.push(payload[0]));
        (answer, shown)
    }

    #[test]
    fn a_dump_over_several_reads_is_shown_to_its_end() {
        let first = [thing(1, 1), thing(1, 2)].concat();
        let mut netlink = netlink([Ok(first), Ok(thing(1, 3)), Ok(done(1))]);
        let (answer, shown) = ask(&mut netlink, dump());
        assert_eq!((answer.unwrap(), shown), (Answer::Whole, vec![1, 2, 3]));
    }

    #[test]
    fn an_interrupted_dump_says_so() {
        for interrupted in [
            numbered(THING, 2 | INTERRUPTED, 1, &[1]),
            numbered(DONE, 2 | INTERRUPTED, 1, &0i32.to_ne_bytes()),
        ] {
            let mut netlink = netlink([Ok(interrupted), Ok(done(1))]);
            assert_eq!(ask(&mut netlink, dump()).0.unwrap(), Answer::Torn);
        }
    }

    #[test]
    fn what_does_not_fit_is_read_whole_the_next_time() {
        let large = |sequence| numbered(THING, 2, sequence, &[7; 40_000]);
        let mut netlink = netlink([
            Ok(large(1)),
            Ok(done(1)),
            Ok(large(2)),
            Ok(done(2)),
            Ok(large(3)),
        ]);
        let (answer, shown) = ask(&mut netlink, dump());
        assert_eq!((answer.unwrap(), shown), (Answer::Torn, vec![]));
        let (answer, shown) = ask(&mut netlink, dump());
        assert_eq!((answer.unwrap(), shown), (Answer::Whole, vec![7]));
        let (answer, shown) = ask(&mut netlink, once());
        assert_eq!((answer.unwrap(), shown), (Answer::Whole, vec![7]));
    }

    #[test]
    fn a_single_answer_that_does_not_fit_does_not_wait_for_an_end() {
        let large = |sequence| numbered(THING, 0, sequence, &[7; 40_000]);
        let mut netlink = netlink([Ok(large(1)), Ok(large(2))]);
        assert_eq!(ask(&mut netlink, once()).0.unwrap(), Answer::Torn);
        assert_eq!(ask(&mut netlink, once()).1, [7]);
        assert_eq!(netlink.transport.discarded, 0);
    }

    #[test]
    fn a_lost_part_of_a_dump_does_not_end_it() {
        let lost = io::Error::from_raw_os_error(libc::ENOBUFS);
        let mut netlink = netlink([Err(lost), Ok([thing(1, 2), done(1)].concat())]);
        let (answer, shown) = ask(&mut netlink, dump());
        assert_eq!((answer.unwrap(), shown), (Answer::Torn, vec![2]));
    }

    #[test]
    fn what_answers_an_earlier_request_is_passed_over() {
        let mut netlink = netlink([
            Ok(refusal(1, libc::EBUSY)),
            Ok([thing(1, 9), done(1), thing(2, 1)].concat()),
            Ok(done(2)),
        ]);
        let error = ask(&mut netlink, dump()).0.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBUSY));
        let (answer, shown) = ask(&mut netlink, dump());
        assert_eq!((answer.unwrap(), shown), (Answer::Whole, vec![1]));
    }

    #[test]
    fn a_message_of_another_type_is_no_part_of_the_answer() {
        let other = numbered(THING + 1, 2, 1, &[9]);
        let mut netlink = netlink([Ok([other, thing(1, 1), done(1)].concat())]);
        assert_eq!(ask(&mut netlink, dump()).1, [1]);
    }

    #[test]
    fn a_refusal_is_an_error_and_what_is_asked_next_is_answered() {
        let mut netlink = netlink([Ok(refusal(1, libc::ENODEV)), Ok(thing(2, 1))]);
        let error = ask(&mut netlink, once()).0.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENODEV));
        assert_eq!(ask(&mut netlink, once()).1, [1]);
        assert_eq!(netlink.transport.discarded, 0);
    }

    #[test]
    fn after_a_failed_read_what_is_left_of_the_answer_is_thrown_away() {
        let mut netlink = netlink([
            Err(io::ErrorKind::OutOfMemory.into()),
            Ok([thing(2, 1), done(2)].concat()),
        ]);
        assert!(ask(&mut netlink, dump()).0.is_err());
        assert_eq!(ask(&mut netlink, dump()).1, [1]);
        assert_eq!(netlink.transport.discarded, 1);
    }
}
