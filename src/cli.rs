//! The command line: one file a verb, each with its `Args` and its `run`; nothing but
//! wiring.

mod completions;
mod man;
mod models;
mod stage;

use std::process::ExitCode;

use clap::{ColorChoice, Parser, Subcommand};

/// Converts Cisco IP phones from SCCP to SIP firmware, with evidence for every phone.
#[derive(Debug, Parser)]
#[command(name = "reflash", version)]
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
    /// Say only what went wrong.
    #[arg(short, long, global = true)]
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
    Stage(stage::Args),
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

/// What kept a verb from doing its work: exit code 1. `error` says what happened and what
/// was expected, `cure` what to do next.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub error: String,
    /// What to do next; empty where the error says it.
    pub cure: String,
}

impl Failure {
    /// From anything that can be said.
    pub fn new(error: impl std::fmt::Display, cure: impl Into<String>) -> Self {
        Self {
            error: error.to_string(),
            cure: cure.into(),
        }
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome: Result<Outcome, Failure> = match &cli.verb {
        Verb::Stage(args) => stage::run(args, &cli.globals),
        Verb::Models(args) => models::run(args, &cli.globals),
        Verb::Completions(args) => completions::run(args, &cli.globals),
        Verb::Man(args) => man::run(args, &cli.globals),
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
            ExitCode::from(1)
        }
    }
}
