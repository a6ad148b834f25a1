//! What was attempted when the system refused, and what that means.

use std::fmt;
use std::io;

use crate::class::Class;
use crate::diagnosis::{self, Diagnosis};
use crate::family::Family;
use crate::sys;

/// What was attempted when the operating system answered with an error, on which it
/// depends what the answer means.
///
/// The errors of this crate and of those above it know their attempt; this is for the
/// [`io::Error`]s of receiving, of a membership that failed, and of sockets of one's own.
///
/// ```
/// use std::io;
///
/// use ifcast_socket::{Attempt, Class};
///
/// let full = io::Error::from(io::ErrorKind::WouldBlock);
/// assert_eq!(Attempt::Receive.explain(&full).class(), Class::Transient);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attempt {
    /// To list interfaces, to find a route, or to watch either.
    List,
    /// To wait for events, or to have them waited for.
    Wait,
    /// To open a socket.
    Open,
    /// To tie a socket to an interface.
    Pin,
    /// To set or read another option.
    Option,
    /// To bind a socket to a port.
    Bind,
    /// To send.
    Send,
    /// To receive.
    Receive,
    /// To join a group of this family, or to change from whom it is received.
    Join(Family),
    /// To leave a group.
    Leave,
}

impl Attempt {
    /// What an error means that came of it.
    #[must_use]
    pub fn explain(self, error: &io::Error) -> Explained<'_> {
        let diagnosis = match error.raw_os_error() {
            Some(errno) => diagnosis::of(self, errno, sys::SYSTEM),
            None => Diagnosis {
                class: diagnosis::class_of(error.kind()),
                hint: None, // it was made by a program, which has said what it means
            },
        };
        Explained { error, diagnosis }
    }
}

/// An error of the operating system and what it means; see [`Attempt::explain`].
///
/// It displays as what the system says, and after a colon the hint, if there is one.
///
/// ```no_run
/// use ifcast_socket::{Attempt, BoundSocket, RecvBatch};
///
/// fn receive(socket: &BoundSocket, batch: &mut RecvBatch) {
///     if let Err(error) = socket.recv_batch(batch) {
///         eprintln!("receive on {}: {}", socket.interface().id(), Attempt::Receive.explain(&error));
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Explained<'e> {
    error: &'e io::Error,
    diagnosis: Diagnosis,
}

impl<'e> Explained<'e> {
    /// What kind of trouble it is.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.diagnosis.class
    }

    /// What may be the cause, and what helps, in less than a line; none where the system's
    /// own words say it or nothing is known.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        self.diagnosis.hint
    }

    /// The error itself.
    #[must_use]
    pub const fn error(&self) -> &'e io::Error {
        self.error
    }
}

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hint() {
            Some(hint) => write!(f, "{}: {hint}", self.error),
            None => self.error.fmt(f),
        }
    }
}
