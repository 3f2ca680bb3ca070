//! The command line: one file a verb, each with its `Args` and its `run`; nothing but
//! wiring.

mod add;
mod beforehand;
mod bridge;
mod bundles;
mod check;
mod completions;
mod configurations;
mod convert;
mod dhcp;
mod dial;
mod dial_plan;
mod doors;
mod explain;
mod findings;
mod inventory;
mod journal;
mod lint;
mod listen;
mod man;
mod models;
mod named;
mod network;
mod paper;
mod privileges;
mod provision;
mod rehearse;
mod replay;
mod report;
mod run;
mod serve;
mod stage;
mod verify;
mod watch;
mod web;
mod witness;
mod wizard;

use std::{fmt::Display, process::ExitCode};

use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tracing::Level;

/// Converts Cisco IP phones from SCCP to SIP firmware, with evidence for every phone.
#[derive(Debug, Parser)]
#[command(
    name = "reflash",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sudo reflash wizard                  asks, and guides from the bundle to the phone
  reflash rehearse                     try it: scripted phones, no privileges, no network
  reflash verify cmterm-….zip          is this file what Cisco shipped, and whole?
  sudo reflash check                   what would stand in the way, here
  sudo reflash convert cmterm-….zip    convert the phones that come"
)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    verb: Verb,
}

/// Flags that every verb takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Globals {
    /// Print JSON for programs (JSON Lines where events are told as they happen).
    #[arg(long, global = true)]
    pub json: bool,
    /// Say only what went wrong, and the report.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on standard error; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour; `NO_COLOR` is respected.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Wizard(wizard::Args),
    Verify(verify::Args),
    Stage(stage::Args),
    Check(check::Args),
    Convert(convert::Args),
    Serve(serve::Args),
    Watch(watch::Args),
    Lint(lint::Args),
    Provision(provision::Args),
    Rehearse(rehearse::Args),
    Dial(dial::Args),
    Report(report::Args),
    Replay(replay::Args),
    Explain(explain::Args),
    Models(models::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Man(man::Args),
}

/// How a verb ended, when nothing kept it from doing its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 0: the work is done.
    Done,
    /// 1: problems were found, or not every phone is done.
    Problems,
    /// 128 + the signal's number: a signal ended it.
    Signal(u8),
}

/// What kept a verb from doing its work.
#[derive(Debug)]
pub struct Failure {
    /// What happened and what was expected.
    pub error: String,
    /// What to do next; empty where the error says it.
    pub cure: String,
    /// 1, or 2 for what the command line alone shows wrong.
    pub code: u8,
}

impl Failure {
    /// The work failed: exit code 1.
    pub fn new(error: impl Display, cure: impl Into<String>) -> Self {
        Self {
            error: error.to_string(),
            cure: cure.into(),
            code: 1,
        }
    }

    /// The command line is wrong: exit code 2.
    pub fn usage(error: impl Display, cure: impl Into<String>) -> Self {
        Self {
            code: 2,
            ..Self::new(error, cure)
        }
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let matches = if wizard::is_meant() {
        Cli::command().get_matches_from(["reflash", "wizard"])
    } else {
        Cli::command().get_matches()
    };
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log(&cli.globals);
    let globals = &cli.globals;
    let of_verb = matches
        .subcommand()
        .map_or(&matches, |(_, of_verb)| of_verb);
    let outcome = match &cli.verb {
        Verb::Wizard(args) => wizard::run(args, of_verb, globals),
        Verb::Verify(args) => verify::run(args, globals),
        Verb::Stage(args) => stage::run(args, globals),
        Verb::Check(args) => check::run(args, globals),
        Verb::Convert(args) => convert::run(args, globals),
        Verb::Serve(args) => serve::run(args, globals),
        Verb::Watch(args) => watch::run(args, globals),
        Verb::Lint(args) => lint::run(args, globals),
        Verb::Provision(args) => provision::run(args, globals),
        Verb::Rehearse(args) => rehearse::run(args, globals),
        Verb::Dial(args) => dial::run(args, globals),
        Verb::Report(args) => report::run(args, globals),
        Verb::Replay(args) => replay::run(args, globals),
        Verb::Explain(args) => explain::run(args, globals),
        Verb::Models(args) => models::run(args, globals),
        Verb::Completions(args) => completions::run(args, globals),
        Verb::Man(args) => man::run(args, globals),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Problems) => ExitCode::from(1),
        Ok(Outcome::Signal(number)) => ExitCode::from(128 + number),
        Err(failure) => {
            eprintln!("error: {}", failure.error);
            if !failure.cure.is_empty() {
                eprintln!("  → {}", failure.cure);
            }
            ExitCode::from(failure.code)
        }
    }
}

/// Prints a verb's result.
fn print(text: &str) -> Result<(), Failure> {
    crate::display::print(text).map_err(|error| {
        Failure::new(
            format!("the result cannot be printed: {error}"),
            "Is the disk full?",
        )
    })
}

/// The JSON document of a command: `version`, then the fields of `body`.
fn json_document(body: &impl serde::Serialize) -> Result<String, Failure> {
    crate::display::json_document(body)
        .map_err(|error| Failure::new(format!("cannot write JSON: {error}"), ""))
}

/// Diagnostics go to standard error, so that results can be piped.
fn log(globals: &Globals) {
    let level = match (globals.quiet, globals.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, _) => Level::DEBUG,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(crate::display::log_writer)
        .with_target(false)
        .without_time()
        .init();
}
