//! What can go wrong.

use std::io;

use ifcast_interfaces::Selector;

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
    #[error(transparent)]
    Interfaces(#[from] ifcast_interfaces::Error),
    /// There is no interface that the selector chooses.
    #[error("open a LAN: no interface is selected by \"{selector}\"")]
    NoInterface {
        /// The selector.
        selector: Selector,
    },
    /// The event loop could not be had, or failed.
    #[error("wait for events: {source}")]
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
        matches!(
            self.kind(),
            io::ErrorKind::WouldBlock
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::AddrNotAvailable
        )
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Interfaces(ifcast_interfaces::Error::List { source }) | Self::Loop { source } => {
                source.kind()
            }
            Self::Interfaces(_) => io::ErrorKind::Other,
            Self::NoInterface { .. } => io::ErrorKind::NotFound,
            Self::Socket(error) => error.kind(),
            Self::Broadcast(error) => error.kind(),
            Self::Multicast(error) => error.kind(),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}
