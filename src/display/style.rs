//! Colours of text on a terminal.

use std::io::{self, IsTerminal};

use clap::ColorChoice;

use crate::track::State;

/// Whether text is coloured, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub(super) color: bool,
}

impl Style {
    /// The style for the flag, `NO_COLOR` (no-color.org) and standard output, which may be a
    /// terminal.
    #[must_use]
    pub fn new(choice: ColorChoice) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => io::stdout().is_terminal() && !unwanted,
        };
        Self { color }
    }

    /// No colour.
    #[must_use]
    pub const fn plain() -> Self {
        Self { color: false }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// For success.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// For what needs action.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// For table headers.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// For totals.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// For warnings.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    /// In the colour of a phone's state.
    pub(super) fn state(self, state: State, text: &str) -> String {
        match state {
            State::Confirmed | State::Already | State::Flashed => self.good(text),
            State::Stalled | State::Failed => self.bad(text),
            State::Writing => self.warn(text),
            _ => text.to_owned(),
        }
    }
}
