//! What can go wrong while interfaces are listed.

use std::io;

/// The interfaces could not be listed.
///
/// ```
/// use ifcast_interfaces::{Error, Snapshot};
///
/// match Snapshot::capture() {
///     Ok(snapshot) => println!("{} interfaces", snapshot.interfaces().len()),
///     Err(error @ Error::List { .. }) => eprintln!("{error}"),
///     Err(error) => eprintln!("something newer: {error}"),
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
}
