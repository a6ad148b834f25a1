//! What is said: results on standard output, and what concerns only the person before it
//! on standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use serde_json::Value;

use crate::failure::Failure;
use crate::paint::Paint;

/// How to say things, which is the same for all commands.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Manner {
    /// Print JSON, one object a line; README.md of ifcast-cli says what is in them.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but what was asked for, and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// Where results go. They are held back until [`flush`](Self::flush).
#[derive(Debug)]
pub(crate) struct Output {
    out: BufWriter<Stdout>,
    manner: Manner,
    paint: Paint,
}

impl Output {
    pub(crate) fn new(manner: Manner) -> Self {
        Self {
            out: BufWriter::with_capacity(64 << 10, io::stdout()),
            manner,
            paint: Paint::of(&io::stdout()),
        }
    }

    /// Says a result: a line of text, or the record of it if JSON is wanted.
    pub(crate) fn result(
        &mut self,
        text: impl Display,
        record: impl FnOnce() -> Value,
    ) -> Result<(), Failure> {
        let written = if self.manner.json {
            writeln!(self.out, "{}", record())
        } else {
            writeln!(self.out, "{text}")
        };
        written.map_err(Failure::Output)
    }

    /// Says what is good to know beside the results: on standard error, unless quiet;
    /// as a record among the others if JSON is wanted.
    pub(crate) fn note(
        &mut self,
        text: impl Display,
        record: impl FnOnce() -> Value,
    ) -> Result<(), Failure> {
        if self.manner.quiet {
            return Ok(());
        }
        if self.manner.json {
            return writeln!(self.out, "{}", record()).map_err(Failure::Output);
        }
        say(text);
        Ok(())
    }

    /// Says at the end how it was: among the results, unless quiet.
    pub(crate) fn summary(
        &mut self,
        text: impl Display,
        record: impl FnOnce() -> Value,
    ) -> Result<(), Failure> {
        if self.manner.quiet {
            return Ok(());
        }
        self.result(text, record)
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes).map_err(Failure::Output)
    }

    /// Has everything seen that was said so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::Output)
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.manner.json
    }

    pub(crate) const fn is_quiet(&self) -> bool {
        self.manner.quiet
    }

    /// The colours of standard output.
    pub(crate) const fn paint(&self) -> Paint {
        self.paint
    }
}

/// Says on standard error that something went wrong, and what helps.
pub(crate) fn complain(error: impl Display) {
    let red = Paint::of(&io::stderr()).error();
    say(format_args!("{red}ifcast:{red:#} {error}"));
}

/// A line on standard error. Where that is closed there is nobody to tell.
fn say(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A line on a terminal that is written over again and again.
#[derive(Debug)]
pub(crate) struct Progress {
    is_shown: bool,
    is_wanted: bool,
}

impl Progress {
    /// It is shown to a person only.
    pub(crate) fn new(output: &Output) -> Self {
        let is_wanted = !output.is_quiet() && !output.is_json() && io::stderr().is_terminal();
        Self {
            is_shown: false,
            is_wanted,
        }
    }

    pub(crate) fn show(&mut self, text: impl Display) {
        if self.is_wanted {
            self.is_shown = true;
            let mut terminal = io::stderr();
            let _ = write!(terminal, "\r{text}\x1b[K");
            let _ = terminal.flush();
        }
    }

    /// Leaves the line as if nothing had been there.
    pub(crate) fn clear(&mut self) {
        if self.is_shown {
            self.is_shown = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
