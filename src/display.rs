//! The only room that prints a run, and the only user of indicatif: live on a terminal,
//! plain lines in a pipe, JSON Lines for programs.

mod findings;
pub(crate) mod format;
mod json;
mod live;
mod plain;
mod report;
mod screen;
mod terminal;
mod watch;

use std::io::{self, IsTerminal, Write};

use clap::ColorChoice;

pub use findings::finding;
pub use json::JsonReporter;
pub use plain::PlainReporter;
pub use report::{is_done, table, totals};
pub(crate) use screen::aside;
pub use screen::{LogWriter, log_writer};
pub use terminal::TerminalReporter;
pub use watch::{Watcher, watcher};

use crate::reporter::Reporter;

/// Which of the displays fits the flags and what standard output is.
#[must_use]
pub fn reporter(json: bool, quiet: bool, color: ColorChoice) -> Box<dyn Reporter> {
    let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if json {
        Box::new(JsonReporter::new(io::stdout()))
    } else if terminal && !dumb && !quiet {
        Box::new(TerminalReporter::new(Style::new(color)))
    } else {
        Box::new(PlainReporter::new(io::stdout(), Style::new(color), quiet))
    }
}

/// Whether and how words are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    color: bool,
}

impl Style {
    /// What the flag, `NO_COLOR` (no-color.org) and the terminal agree on.
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

    /// No colour at all.
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

    /// For what is done.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// For what needs a hand.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// For what a table says of itself.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// For sums.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// For what must be read.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.paint("1;33", text)
    }
}

/// A stream that goes quiet when nobody reads it any more. A closed pipe must not stop a
/// run: phones depend on the server, not on the reader.
#[derive(Debug)]
struct Sink<W> {
    out: W,
    closed: bool,
}

impl<W: Write> Sink<W> {
    fn new(out: W) -> Self {
        Self { out, closed: false }
    }

    fn line(&mut self, text: &str) {
        if self.closed {
            return;
        }
        let written = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
        if let Err(error) = written {
            self.closed = true;
            tracing::warn!("the output cannot be written any more ({error}); the run goes on");
        }
    }
}

/// Prints a verb's result to standard output. A reader that went away is no failure of
/// ours; any other fault is told.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_met_once_and_then_left_alone() {
        struct Closed(u32);
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut sink = Sink::new(Closed(0));
        sink.line("one");
        sink.line("two");
        assert_eq!(sink.out.0, 1);
    }
}
