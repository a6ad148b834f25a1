//! `ifcast completions`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::commands::{self, Outcome};
use crate::failure::Failure;
use crate::output::Output;

/// Print what a shell needs to complete the arguments of ifcast.
///
/// For bash: `ifcast completions bash > ~/.local/share/bash-completion/completions/ifcast`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For which shell.
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome, Failure> {
    let mut command = commands::Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "ifcast", &mut script);
    output.raw(&script)?;
    Ok(Outcome::Fine)
}
