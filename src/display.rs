//! The displays of a run: live on a terminal, plain lines in a pipe, JSON Lines for programs.
//! The only user of indicatif.

mod closing;
mod findings;
mod json;
mod keyboard;
mod live;
mod opening;
mod output;
mod plain;
mod screen;
mod style;
mod terminal;
mod watch;

use std::io::{self, IsTerminal};

use clap::ColorChoice;

pub use self::{
    closing::table,
    findings::finding,
    json::{JsonReporter, json_document},
    output::{print, print_message},
    plain::PlainReporter,
    screen::{LogWriter, log_writer},
    style::Style,
    terminal::TerminalReporter,
    watch::{WatchReporter, watch_reporter},
};
pub(crate) use screen::aside;

use crate::reporter::Reporter;

/// Whether the display for these flags is drawn again and again on a terminal.
#[must_use]
pub fn is_live(json: bool, quiet: bool) -> bool {
    let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    terminal && !dumb && !quiet && !json
}

/// The display for these flags and this standard output.
#[must_use]
pub fn reporter(json: bool, quiet: bool, color: ColorChoice) -> Box<dyn Reporter> {
    if json {
        Box::new(JsonReporter::new(io::stdout()))
    } else if is_live(json, quiet) {
        Box::new(TerminalReporter::new(Style::new(color)))
    } else {
        Box::new(PlainReporter::new(io::stdout(), Style::new(color), quiet))
    }
}
