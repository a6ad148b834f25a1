//! Several descriptors that are watched as one.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::sys::hint_source::HintSource;
use crate::sys::notice::Notice;

/// Sources of hints, joined in a kqueue, which is a descriptor that can be watched
/// like any other.
///
/// One that fails is done without, as long as there is another: each says most of
/// what there is to say.
#[derive(Debug)]
pub(crate) struct HintSources {
    poll: Poll,
    events: Events,
    sources: Vec<Option<HintSource>>, // by token; those that failed are `None`
    readable: Vec<usize>,             // tokens of those with something left to read
}

impl HintSources {
    /// Joins those that could be opened; if there are none, the error is the
    /// first one's.
    pub(crate) fn join<const N: usize>(opened: [io::Result<HintSource>; N]) -> io::Result<Self> {
        let poll = Poll::new()?;
        let (mut sources, mut refusal) = (Vec::new(), None);
        for source in opened {
            let token = Token(sources.len());
            let registered = source.and_then(|source| {
                let fd = source.as_fd().as_raw_fd();
                let registry = poll.registry();
                registry.register(&mut SourceFd(&fd), token, Interest::READABLE)?;
                Ok(source)
            });
            match registered {
                Ok(source) => sources.push(Some(source)),
                Err(error) => {
                    refusal.get_or_insert(error);
                }
            }
        }
        match refusal {
            Some(error) if sources.is_empty() => Err(error),
            _ => Ok(Self {
                events: Events::with_capacity(N),
                poll,
                sources,
                readable: Vec::new(),
            }),
        }
    }

    /// Reads one message of any source; `WouldBlock` if none has one.
    pub(crate) fn read(&mut self, visit: &mut dyn FnMut(Notice)) -> io::Result<()> {
        loop {
            let Some(&position) = self.readable.last() else {
                self.find_readable()?;
                continue;
            };
            let Some(source) = self.sources.get(position).and_then(Option::as_ref) else {
                self.readable.pop();
                continue;
            };
            match source.read(visit) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.readable.pop();
                }
                Err(_) if self.sources.iter().flatten().count() > 1 => {
                    self.sources[position] = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks who has something to say, and is told of each only once, until its
    /// descriptor has been read dry and then has more. As long as somebody is not
    /// told of, the kqueue stays readable; so ask until there is nobody.
    fn find_readable(&mut self) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        self.readable
            .extend(self.events.iter().map(|event| event.token().0));
        if self.readable.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(())
    }
}

impl AsFd for HintSources {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poll.registry().as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::{UnixDatagram, UnixStream};

    use super::*;

    /// A source, and the end by which it is made to speak. Only `!` matters.
    fn source() -> (UnixDatagram, io::Result<HintSource>) {
        let (system, ours) = UnixDatagram::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (system, Ok(HintSource::new(ours, matters, false)))
    }

    fn matters(message: &[u8], _: bool) -> bool {
        message == b"!"
    }

    fn refused() -> io::Result<HintSource> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// How many hints there are until nobody has anything to say.
    fn drain(sources: &mut HintSources) -> usize {
        let mut hints = 0;
        loop {
            let outcome = sources.read(&mut |notice| match notice {
                Notice::Hint => hints += 1,
                notice => panic!("{notice:?}"),
            });
            if let Err(error) = outcome {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                return hints;
            }
        }
    }

    /// Whether the descriptor of all has become readable, as an event loop sees it.
    fn wakes(poll: &mut Poll) -> bool {
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(Duration::from_millis(200)))
            .unwrap();
        !events.is_empty()
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows too little of Unix sockets")]
    fn what_any_of_them_says_is_a_hint_if_it_matters() {
        let ((first, one), (second, other)) = (source(), source());
        let mut sources = HintSources::join([one, other]).unwrap();
        assert_eq!(drain(&mut sources), 0);
        for message in [b"!", b"?", b"!"] {
            first.send(message).unwrap();
        }
        second.send(b"!").unwrap();
        assert_eq!(drain(&mut sources), 3);
        second.send(b"?").unwrap();
        assert_eq!(drain(&mut sources), 0);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows too little of Unix sockets")]
    fn an_event_loop_is_woken_each_time_that_something_new_is_said() {
        let ((first, one), (second, other)) = (source(), source());
        first.send(b"!").unwrap(); // before anybody listens
        let mut sources = HintSources::join([one, other]).unwrap();
        let mut poll = Poll::new().unwrap();
        let fd = sources.as_fd().as_raw_fd();
        let registry = poll.registry();
        registry
            .register(&mut SourceFd(&fd), Token(0), Interest::READABLE)
            .unwrap();
        assert!(wakes(&mut poll));
        assert_eq!(drain(&mut sources), 1);
        for speaker in [&first, &second, &first, &first] {
            speaker.send(b"!").unwrap();
            speaker.send(b"!").unwrap();
            assert!(wakes(&mut poll));
            assert_eq!(drain(&mut sources), 2);
        }
        assert!(!wakes(&mut poll));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows too little of Unix sockets")]
    fn one_that_fails_is_done_without_and_the_last_one_is_an_error() {
        let [(mut first, one), (mut second, other)] = [(); 2].map(|()| {
            let (system, ours) = UnixStream::pair().unwrap();
            ours.set_nonblocking(true).unwrap();
            (system, Ok(HintSource::new(ours, matters, false)))
        });
        let mut sources = HintSources::join([one, other]).unwrap();
        first.write_all(b"!").unwrap();
        assert_eq!(drain(&mut sources), 1);
        drop(first);
        assert_eq!(drain(&mut sources), 0);
        second.write_all(b"!").unwrap();
        assert_eq!(drain(&mut sources), 1);

        drop(second);
        for _ in 0..2 {
            let error = sources.read(&mut |_| {}).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows too little of Unix sockets")]
    fn those_that_are_refused_are_done_without_unless_all_are() {
        let (system, one) = source();
        let mut sources = HintSources::join([refused(), one, refused()]).unwrap();
        system.send(b"!").unwrap();
        assert_eq!(drain(&mut sources), 1);
        let error = HintSources::join([refused(), refused()]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
