//! Why a command could not do what it was asked.

use std::io;

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Lan(#[from] ifcast::Error),
    #[error("{0}: `ifcast interfaces --explain` says why not")]
    NoInterface(ifcast::Error),
    #[error(transparent)]
    Interfaces(#[from] ifcast::interfaces::Error),
    #[error("watch the interfaces: {0}")]
    Wait(io::Error),
    #[error("write to standard output: {0}")]
    Output(io::Error),
    #[error("read {what}: {source}")]
    Input { what: String, source: io::Error },
    #[error("write {what}: {source}")]
    File { what: String, source: io::Error },
    #[error("catch signals: {0}")]
    Signals(io::Error),
    #[error("no interface has {address} in a subnet: say with --interface by which to send")]
    NotOnLink { address: std::net::IpAddr },
    #[error("the header of --sequence takes {header} bytes, more than --size {size}")]
    SizeBelowHeader { header: usize, size: usize },
}

impl Failure {
    /// What came of opening a LAN, with advice where there is nothing to open.
    pub(crate) fn of_opening(error: ifcast::Error) -> Self {
        match error {
            ifcast::Error::NoInterface { .. } => Self::NoInterface(error),
            error => Self::Lan(error),
        }
    }

    /// Whether nobody wants to read any more: no reason to complain.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
