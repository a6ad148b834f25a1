//! Colours, where somebody sees them and has not asked for none.

use std::env;
use std::io::IsTerminal;

use clap::builder::styling::{AnsiColor, Style};

/// The colours of one of the outputs: none unless it is a terminal that has them
/// (`TERM`), or if `NO_COLOR` is set (no-color.org).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    is_on: bool,
}

impl Paint {
    pub(crate) fn of(output: &impl IsTerminal) -> Self {
        let is_refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
        Self {
            is_on: output.is_terminal() && !is_refused && !is_dumb,
        }
    }

    /// Of what went wrong or is missing.
    pub(crate) fn error(self) -> Style {
        self.of_color(AnsiColor::Red)
    }

    /// Of interfaces.
    pub(crate) fn interface(self) -> Style {
        self.of_color(AnsiColor::Cyan)
    }

    /// Of other hosts.
    pub(crate) fn source(self) -> Style {
        self.of_color(AnsiColor::Green)
    }

    fn of_color(self, color: AnsiColor) -> Style {
        if self.is_on {
            color.on_default()
        } else {
            Style::new()
        }
    }
}
