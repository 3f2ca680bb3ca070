//! The command line: one file for each command, with its `Args` and its `run`. Files of flags
//! that several commands share are named after the flags.

mod bundles;
mod check;
mod completions;
mod convert;
mod dhcp;
mod dial;
mod explain;
mod extra_files;
mod findings;
mod heading;
mod inventory;
mod journal;
mod lint;
mod man;
mod models;
mod network;
mod preflight;
mod provision;
mod registrar;
mod rehearse;
mod replay;
mod report;
mod report_output;
mod run;
mod serve;
mod stage;
mod verify;
mod watch;
mod web;
mod wizard;

use std::process::ExitCode;

use clap::{ArgAction, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tracing::Level;

pub use crate::failure::Failure;

/// Convert Cisco IP phones from SCCP to SIP firmware, with evidence for every phone
#[derive(Debug, Parser)]
#[command(
    name = "reflash",
    version,
    arg_required_else_help = true,
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = "\
Examples:
  sudo reflash wizard                  guided conversion, step by step
  reflash rehearse                     try it with simulated phones, without root
  reflash verify cmterm-….zip          check that a bundle is genuine and complete
  sudo reflash check                   check this machine and its network
  sudo reflash convert cmterm-….zip    convert the phones on the network"
)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = heading::GLOBAL)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub struct Globals {
    /// Print JSON, or JSON Lines where events are streamed
    #[arg(long, global = true, help_heading = heading::GLOBAL)]
    pub json: bool,
    /// Print only problems and the final report
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = heading::GLOBAL)]
    pub quiet: bool,
    /// Log more to standard error; -vv: everything
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = heading::GLOBAL)]
    pub verbose: u8,
    /// Use colour: auto, always or never
    ///
    /// auto uses colour on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto",
          hide_possible_values = true, help_heading = heading::GLOBAL)]
    pub color: ColorChoice,
    /// Print help; -h: one line for each option
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = heading::GLOBAL)]
    pub help: Option<bool>,
}

#[derive(Debug, Subcommand)]
enum Command {
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

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0: the work is done.
    Done,
    /// Exit code 1: problems were found, or not every phone is done.
    Problems,
    /// Exit code 128 + this number: ended by a signal.
    Signal(u8),
}

/// Runs the program and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let matches = if wizard::is_default() {
        Cli::command().get_matches_from(["reflash", "wizard"])
    } else {
        Cli::command().get_matches()
    };
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log(&cli.globals);
    let globals = &cli.globals;
    let command_matches = matches
        .subcommand()
        .map_or(&matches, |(_, matches)| matches);
    let outcome = match &cli.command {
        Command::Wizard(args) => wizard::run(args, command_matches, globals),
        Command::Verify(args) => verify::run(args, globals),
        Command::Stage(args) => stage::run(args, globals),
        Command::Check(args) => check::run(args, globals),
        Command::Convert(args) => convert::run(args, globals),
        Command::Serve(args) => serve::run(args, globals),
        Command::Watch(args) => watch::run(args, globals),
        Command::Lint(args) => lint::run(args, globals),
        Command::Provision(args) => provision::run(args, globals),
        Command::Rehearse(args) => rehearse::run(args, globals),
        Command::Dial(args) => dial::run(args, globals),
        Command::Report(args) => report::run(args, globals),
        Command::Replay(args) => replay::run(args, globals),
        Command::Explain(args) => explain::run(args, globals),
        Command::Models(args) => models::run(args, globals),
        Command::Completions(args) => completions::run(args, globals),
        Command::Man(args) => man::run(args, globals),
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

/// Prints the result of a command.
fn print(text: &str) -> Result<(), Failure> {
    crate::display::print(text).map_err(|error| {
        Failure::new(
            format!("cannot write the result: {error}"),
            "Check that the disk is not full",
        )
    })
}

/// Logs to standard error, so that results can be piped.
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

#[cfg(test)]
mod tests;
