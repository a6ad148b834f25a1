//! What can go wrong.

use std::fmt;
use std::io;

use ifcast_interfaces::Selector;
use ifcast_socket::{Attempt, Class};

/// Why a [`Lan`](crate::Lan) could not be built, or a part of it did not work.
///
/// ```no_run
/// use ifcast::{Error, Lan};
///
/// match Lan::builder().port(2222).build() {
///     Ok(lan) => println!("{} interfaces", lan.interfaces().count()),
///     Err(error @ Error::NoInterface { .. }) => eprintln!("{error}; is the cable plugged in?"),
///     Err(error) => eprintln!("{error}"),
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The interfaces could not be listed.
    #[error("{0}{hint}", hint = After(hint_of(.0)))]
    Interfaces(#[from] ifcast_interfaces::Error),
    /// There is no interface that the selector chooses;
    /// [`Snapshot::explain`](ifcast_interfaces::Snapshot::explain) says of each why not.
    #[error("open a LAN: no interface is selected by \"{selector}\"")]
    NoInterface {
        /// The selector.
        selector: Selector,
    },
    /// The event loop could not be had, or failed.
    #[error("wait for events: {}", Attempt::Wait.explain(source))]
    Loop {
        /// What the operating system answered.
        source: io::Error,
    },
    /// A socket could not be opened, or did not send.
    #[error(transparent)]
    Socket(#[from] ifcast_socket::Error),
    /// A broadcast did not go out.
    #[error(transparent)]
    Broadcast(#[from] ifcast_broadcast::Error),
    /// A group could not be joined, left or sent to.
    #[error(transparent)]
    Multicast(#[from] ifcast_multicast::Error),
}

impl Error {
    /// Whether the same may work a little later.
    pub(crate) fn is_transient(&self) -> bool {
        // What is a matter of privacy may pass too, and nothing tells.
        matches!(self.class(), Class::Transient | Class::Privacy)
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Interfaces(error) => error.kind(),
            Self::Loop { source } => source.kind(),
            Self::NoInterface { .. } => io::ErrorKind::NotFound,
            Self::Socket(error) => error.kind(),
            Self::Broadcast(error) => error.kind(),
            Self::Multicast(error) => error.kind(),
        }
    }

    /// What kind of trouble it is, which says what helps.
    ///
    /// ```
    /// use ifcast::{Class, Error, Lan};
    ///
    /// /// Opens a LAN, when there is one.
    /// fn open_soon() -> Result<Lan, Error> {
    ///     loop {
    ///         match Lan::builder().port(2222).build() {
    ///             Err(error) if matches!(error.class(), Class::Transient | Class::Gone) => {
    ///                 eprintln!("{error}");
    ///                 std::thread::sleep(std::time::Duration::from_secs(1));
    ///             }
    ///             result => return result,
    ///         }
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Interfaces(error) => Attempt::List.explain(error.io_error()).class(),
            Self::NoInterface { .. } => Class::Gone,
            Self::Loop { source } => Attempt::Wait.explain(source).class(),
            Self::Socket(error) => error.class(),
            Self::Broadcast(error) => error.class(),
            Self::Multicast(error) => error.class(),
        }
    }

    /// What may be the cause, and what helps, in less than a line, which is also shown at
    /// the end of the message; none where the message says it all.
    ///
    /// ```
    /// use ifcast::{Lan, Outcome, To};
    ///
    /// fn announce(lan: &mut Lan) {
    ///     for (interface, outcome) in lan.send(b"I am here", To::AllHosts).iter() {
    ///         if let Outcome::Failed(error) = outcome {
    ///             println!("{interface}: {}", error.hint().unwrap_or("no idea why"));
    ///         }
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Interfaces(error) => hint_of(error),
            Self::NoInterface { .. } => None,
            Self::Loop { source } => Attempt::Wait.explain(source).hint(),
            Self::Socket(error) => error.hint(),
            Self::Broadcast(error) => error.hint(),
            Self::Multicast(error) => error.hint(),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

fn hint_of(error: &ifcast_interfaces::Error) -> Option<&'static str> {
    Attempt::List.explain(error.io_error()).hint()
}

/// A hint as it follows what is said already.
struct After(Option<&'static str>);

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |hint| write!(f, ": {hint}"))
    }
}
