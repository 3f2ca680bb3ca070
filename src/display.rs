//! The only room that prints a run, and the only user of indicatif: live on a terminal,
//! plain lines in a pipe, JSON Lines for programs.

mod bars;
mod findings;
mod json;
mod lines;
mod live;
mod report;
mod screen;
mod watch;
pub(crate) mod words;

use std::{
    io::{self, IsTerminal, Write},
    net::SocketAddrV4,
    path::PathBuf,
    time::Duration,
};

use clap::ColorChoice;
use jiff::Timestamp;
use serde::Serialize;

pub use bars::Bars;
pub use findings::finding;
pub use json::Json;
pub use lines::Lines;
pub(crate) use report::wrap;
pub use report::{is_done, table, totals};
pub(crate) use screen::aside;
pub use screen::{LogWriter, log_writer};
pub use watch::{Watcher, watcher};

use crate::{
    diagnose::Finding,
    phone::LoadName,
    track::{Event, PhoneId, Report, Surveyed},
};

/// What a run says when it begins to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Started {
    /// Where TFTP is served.
    pub tftp: SocketAddrV4,
    /// Where HTTP is served; `None`: it is not.
    pub http: Option<SocketAddrV4>,
    /// Where the run is shown on a page; `None`: nowhere. In the JSON only where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<SocketAddrV4>,
    /// The folder that is served.
    pub root: PathBuf,
    /// Where the run is recorded; `None`: nowhere.
    pub journal: Option<PathBuf>,
    /// The bundles, in the order of the command line.
    pub stages: Vec<StartedStage>,
    /// What a person needs to know beside it, a sentence each. Not in the JSON.
    #[serde(skip)]
    pub words: Vec<String>,
}

/// One staged bundle as [`Started`] names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StartedStage {
    /// The file.
    pub bundle: PathBuf,
    /// The load that its phones will run.
    pub load: LoadName,
    /// The models that it is for, numbers without letters.
    pub models: Vec<String>,
    /// Whether it is a bridge (`--bridge`). In the JSON only where it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bridge: bool,
}

/// What a display that moves has to know of a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// The time of day.
    pub at: Timestamp,
    /// How many of the phones' seconds one of ours is: 1, but in a rehearsal.
    pub speed: f64,
    /// How many expected phones were not heard yet; `None`: nobody said how many come.
    pub awaited: Option<usize>,
}

/// Shows a run while it goes on.
pub trait Reporter: Send {
    /// The run serves from now on.
    fn started(&mut self, at: Timestamp, started: &Started);
    /// Something happened to a phone.
    fn event(&mut self, at: Timestamp, event: &Event);
    /// What a silent phone is waited for, and how long that is still normal. Told each
    /// second; a display that does not move leaves it out.
    fn waiting(&mut self, _phone: PhoneId, _what: &str, _left: Duration) {}
    /// Something is wrong with this machine or its network. People are told by notices.
    fn found(&mut self, _at: Timestamp, found: &Finding) {
        for line in finding(found, Style::plain()).lines() {
            self.notice(line);
        }
    }
    /// A survey is over: what was found out of each phone. For programs; people are told by
    /// notices.
    fn surveyed(&mut self, _at: Timestamp, _phones: &[Surveyed]) {}
    /// Time passes: told five times a second. Who passes things on to another passes this on
    /// too: displays that move draw then.
    fn tick(&mut self, tick: Tick);
    /// Something happens to the run as a whole, or a person has something to do now. One
    /// sentence, or several lines.
    fn notice(&mut self, text: &str);
    /// The run is over. `afterwards` are the things to do now, a sentence each.
    fn finished(&mut self, at: Timestamp, report: &Report, afterwards: &[String]);
}

/// Which of the displays fits the flags and what standard output is.
#[must_use]
pub fn reporter(json: bool, quiet: bool, color: ColorChoice) -> Box<dyn Reporter> {
    let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if json {
        Box::new(Json::new(io::stdout()))
    } else if terminal && !dumb && !quiet {
        Box::new(Bars::new(Style::new(color)))
    } else {
        Box::new(Lines::new(io::stdout(), Style::new(color), quiet))
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

/// Text from the wire or from an archive, made safe for a terminal: control characters
/// are shown, not sent.
#[must_use]
pub fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let hidden = character.is_control()
                // Marks that turn the writing direction around can disguise a name.
                || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let shown = hidden.then(|| character.escape_default().collect::<String>());
            shown.unwrap_or_else(|| character.to_string()).chars().collect::<Vec<_>>()
        })
        .collect()
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
    fn an_escape_sequence_from_the_wire_stays_text() {
        assert_eq!(escape("a\x1b[2Jb\n\u{202e}ü"), "a\\u{1b}[2Jb\\n\\u{202e}ü");
    }

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
