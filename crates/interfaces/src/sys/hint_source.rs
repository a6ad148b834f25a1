//! A descriptor on which a system says that something changed.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use crate::sys::notice::Notice;

/// A descriptor whose messages mean that something changed, and not what.
#[derive(Debug)]
pub(crate) struct HintSource {
    descriptor: Box<dyn Descriptor>,
    matters: fn(&[u8], bool) -> bool,
    groups: bool,
}

/// A descriptor that does not wait.
pub(crate) trait Descriptor: AsFd + fmt::Debug + Send + Sync {}

impl<D: AsFd + fmt::Debug + Send + Sync> Descriptor for D {}

impl HintSource {
    /// `matters` says of a message whether it matters, to those who follow groups or
    /// to others.
    pub(crate) fn new(
        descriptor: impl Descriptor + 'static,
        matters: fn(&[u8], bool) -> bool,
        groups: bool,
    ) -> Self {
        Self {
            descriptor: Box::new(descriptor),
            matters,
            groups,
        }
    }

    /// Reads one message and says whether it matters; `WouldBlock` if there is
    /// none. What is read must come message by message, or all be the same.
    pub(crate) fn read(&self, visit: &mut dyn FnMut(Notice)) -> io::Result<()> {
        let mut buffer = [0; BUFFER_LEN];
        let len = read(self.as_fd(), &mut buffer);
        if let Some(notice) = self.notice(len.map(|len| &buffer[..len]))? {
            visit(notice);
        }
        Ok(())
    }

    /// What there is to say of what was read, if anything.
    fn notice(&self, read: io::Result<&[u8]>) -> io::Result<Option<Notice>> {
        match read {
            Ok([]) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(message) => Ok((self.matters)(message, self.groups).then_some(Notice::Hint)),
            // The BSDs may say that they had no room; Apple's systems never do.
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => Ok(Some(Notice::Lost)),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for HintSource {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn read(descriptor: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        // SAFETY: `buffer` is valid for writes of its length.
        let len = unsafe {
            libc::read(
                descriptor.as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
            )
        };
        match usize::try_from(len).map_err(|_| io::Error::last_os_error()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Enough for what is looked at, the beginning; the rest of a message is dropped.
const BUFFER_LEN: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(read: io::Result<&[u8]>) -> io::Result<Option<Notice>> {
        let matters = |message: &[u8], groups| groups && message == b"!";
        HintSource::new(io::stdin(), matters, true).notice(read)
    }

    #[test]
    fn what_matters_is_a_hint_and_what_found_no_room_a_loss() {
        assert!(matches!(notice(Ok(b"!")), Ok(Some(Notice::Hint))));
        assert!(matches!(notice(Ok(b"?")), Ok(None)));
        let no_room = io::Error::from_raw_os_error(libc::ENOBUFS);
        assert!(matches!(notice(Err(no_room)), Ok(Some(Notice::Lost))));
    }

    #[test]
    fn a_source_that_ends_or_has_nothing_to_say_is_an_error() {
        for kind in [io::ErrorKind::WouldBlock, io::ErrorKind::PermissionDenied] {
            assert_eq!(notice(Err(kind.into())).unwrap_err().kind(), kind);
        }
        let end = notice(Ok(&[])).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    }
}
