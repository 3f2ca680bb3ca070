//! What every command has: its global options, its outcome, and its output.

use clap::{ArgAction, ColorChoice};

use super::heading;
use crate::failure::Failure;

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Globals {
    /// Print JSON, or JSON Lines where events are streamed
    #[arg(long, global = true, help_heading = heading::GLOBAL)]
    pub(crate) json: bool,
    /// Print only problems and the final report
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = heading::GLOBAL)]
    pub(crate) quiet: bool,
    /// Log more to standard error; -vv: everything
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = heading::GLOBAL)]
    pub(crate) verbose: u8,
    /// Use colour: auto, always or never
    ///
    /// auto uses colour on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto",
          hide_possible_values = true, help_heading = heading::GLOBAL)]
    pub(crate) color: ColorChoice,
    /// Print help; -h: one line for each option
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = heading::GLOBAL)]
    pub(crate) help: Option<bool>,
}

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandOutcome {
    /// Exit code 0: the work is done.
    Done,
    /// Exit code 1: problems were found, or not every phone is done.
    Problems,
    /// Exit code 128 + this number: ended by a signal.
    Signal(u8),
}

/// Prints the result of a command.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    crate::display::print(text).map_err(|error| {
        Failure::new(
            format!("cannot write the result: {error}"),
            "Check that the disk is not full",
        )
    })
}

/// The JSON document of a command: `version`, then the fields of `body`.
pub(super) fn json_document(body: &impl serde::Serialize) -> Result<String, Failure> {
    crate::display::json_document(body)
        .map_err(|error| Failure::new(format!("cannot write JSON: {error}"), ""))
}
