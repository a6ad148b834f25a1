//! What can go wrong while interfaces are listed and watched.

use std::io;
use std::net::IpAddr;

/// What was asked of the system could not be had.
///
/// ```
/// use ifcast_interfaces::{Error, Snapshot};
///
/// match Snapshot::capture() {
///     Ok(snapshot) => println!("{} interfaces", snapshot.interfaces().len()),
///     Err(error @ Error::List { .. }) => eprintln!("{error}"),
///     Err(error) => eprintln!("something else: {error}"),
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system's listing failed, usually for want of memory (`ENOMEM`) or
    /// descriptors (`EMFILE`, `ENFILE`).
    #[error("list the network interfaces: {source}")]
    List {
        /// What the operating system answered.
        source: io::Error,
    },
    /// The system refused to say which way it would send; that there is no way
    /// is no error.
    #[error("find the route to {destination}: {source}")]
    Route {
        /// Where to.
        destination: IpAddr,
        /// What the operating system answered.
        source: io::Error,
    },
    /// Changes could not be watched, or cannot be watched any longer.
    #[error("watch the network interfaces: {source}")]
    Watch {
        /// What the operating system answered.
        source: io::Error,
    },
}

impl Error {
    /// What the operating system answered.
    ///
    /// ```
    /// use ifcast_interfaces::{Error, Snapshot};
    ///
    /// fn count() -> Result<usize, std::io::ErrorKind> {
    ///     let snapshot = Snapshot::capture().map_err(|error| error.io_error().kind())?;
    ///     Ok(snapshot.interfaces().len())
    /// }
    /// ```
    #[must_use]
    pub const fn io_error(&self) -> &io::Error {
        match self {
            Self::List { source } | Self::Route { source, .. } | Self::Watch { source } => source,
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.io_error().kind()
    }
}
