//! Colours of text on a terminal.

use std::{
    ffi::OsStr,
    io::{self, IsTerminal},
};

use clap::ColorChoice;

use crate::track::State;

/// Whether text is coloured, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub(super) color: bool,
}

impl Style {
    /// The style of standard output for the flag, `NO_COLOR` (no-color.org) and `TERM`.
    #[must_use]
    pub fn new(choice: ColorChoice) -> Self {
        Self::of(choice, &io::stdout())
    }

    /// The style of standard error, in the same way.
    #[must_use]
    pub fn of_errors(choice: ColorChoice) -> Self {
        Self::of(choice, &io::stderr())
    }

    fn of(choice: ColorChoice, output: &impl IsTerminal) -> Self {
        let variable = |name| std::env::var_os(name);
        Self {
            color: match choice {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => {
                    output.is_terminal()
                        && may_colour(variable("TERM").as_deref(), variable("NO_COLOR").as_deref())
                }
            },
        }
    }

    /// Whether text is coloured.
    #[must_use]
    pub const fn is_coloured(self) -> bool {
        self.color
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
            State::Writing | State::Rebooted => self.warn(text),
            _ => text.to_owned(),
        }
    }
}

/// Whether the environment allows colours: `TERM` names a terminal that has control codes, and
/// `NO_COLOR` is not set.
fn may_colour(term: Option<&OsStr>, no_color: Option<&OsStr>) -> bool {
    let has_codes = term.is_some_and(|term| !term.is_empty() && term != "dumb");
    has_codes && no_color.is_none_or(OsStr::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_and_no_color_get_no_codes() {
        let may = |term: &'static str, no_color: Option<&'static str>| {
            may_colour(Some(OsStr::new(term)), no_color.map(OsStr::new))
        };
        assert!(may("xterm-256color", None));
        assert!(may("linux", Some("")));
        for (term, no_color) in [("dumb", None), ("", None), ("xterm", Some("1"))] {
            assert!(!may(term, no_color), "{term} {no_color:?}");
        }
        assert!(!may_colour(None, None));
    }

    #[test]
    fn a_flag_decides_before_the_terminal() {
        // Tests capture both streams, or `nextest` does.
        assert!(Style::of_errors(ColorChoice::Always).color);
        assert!(!Style::of_errors(ColorChoice::Never).color);
    }
}
