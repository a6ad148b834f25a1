//! The commands, a file each.

mod completions;
mod interfaces;
mod listen;
mod man;
mod ping;
mod pong;
mod send;
mod wake;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::output::{Manner, Output};

/// Sends, receives, measures and explains UDP broadcasts and multicasts on the interfaces
/// you mean.
#[derive(Debug, Parser)]
#[command(name = "ifcast", version, propagate_version = true, after_help = EXIT)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) manner: Manner,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Interfaces(interfaces::Arguments),
    Watch(watch::Arguments),
    Listen(listen::Arguments),
    Send(send::Arguments),
    Ping(ping::Arguments),
    Pong(pong::Arguments),
    Wake(wake::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

impl Command {
    pub(crate) fn run(self, output: &mut Output) -> Result<Outcome, Failure> {
        match self {
            Self::Interfaces(arguments) => interfaces::run(&arguments, output),
            Self::Watch(arguments) => watch::run(&arguments, output),
            Self::Listen(arguments) => listen::run(&arguments, output),
            Self::Send(arguments) => send::run(&arguments, output),
            Self::Ping(arguments) => ping::run(&arguments, output),
            Self::Pong(arguments) => pong::run(&arguments, output),
            Self::Wake(arguments) => wake::run(&arguments, output),
            Self::Completions(arguments) => completions::run(&arguments, output),
            Self::Man(arguments) => man::run(&arguments, output),
        }
    }
}

/// What came of a command that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fine,
    /// It has said what went wrong, or what did not come.
    Failed,
}

impl Outcome {
    pub(crate) const fn fine_if(is_fine: bool) -> Self {
        if is_fine { Self::Fine } else { Self::Failed }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::Failed => Self::FAILURE,
        }
    }
}

const EXIT: &str = "\
Exit status: 0 if all went well, also if it was ended by Ctrl-C, SIGTERM, SIGHUP or a closed \
pipe; 1 if something failed on any interface, or what was waited for did not come; 2 if the \
arguments make no sense; 128 and the signal's number if a second signal ended it at once.";
