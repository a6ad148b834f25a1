//! `ifcast`: sends, receives, measures and explains UDP broadcasts and multicasts on a LAN.
//!
//! A command is a file in `commands`. What they share is beside it: [`arguments`] says
//! what a user can say, [`output`] how results are told, [`statistics`] what is counted,
//! [`header`] what the tool's own datagrams look like, [`stop`] how it ends.

mod arguments;
mod commands;
mod failure;
mod header;
mod news;
mod output;
mod paint;
mod record;
mod statistics;
mod stop;
mod text;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Arguments;
use crate::output::{Output, complain};

fn main() -> ExitCode {
    let arguments = Arguments::parse(); // ends with 2 if they make no sense
    let mut output = Output::new(arguments.manner);
    let done = arguments.command.run(&mut output);
    match done.and_then(|outcome| output.flush().map(|()| outcome)) {
        Ok(outcome) => outcome.into(),
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            complain(failure);
            ExitCode::FAILURE
        }
    }
}
