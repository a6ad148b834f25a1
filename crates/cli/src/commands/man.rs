//! `ifcast man`

use std::path::PathBuf;

use clap::CommandFactory;

use crate::commands::{self, Outcome};
use crate::failure::Failure;
use crate::output::Output;

/// Write the man pages of ifcast, one for each command.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where to; it must be there.
    directory: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, _: &mut Output) -> Result<Outcome, Failure> {
    let command = commands::Arguments::command();
    let written = clap_mangen::generate_to(command, &arguments.directory);
    written.map_err(|source| Failure::File {
        what: arguments.directory.display().to_string(),
        source,
    })?;
    Ok(Outcome::Fine)
}
