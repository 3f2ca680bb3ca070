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
mod globals;
mod heading;
mod inventory;
mod journal;
mod lint;
mod man;
mod metrics;
mod models;
mod network;
mod number;
mod observers;
mod opening;
mod paragraph;
mod preflight;
mod provision;
mod registrar;
mod rehearse;
mod replay;
mod report;
mod report_output;
mod resets;
mod restart;
mod restarts;
mod run;
mod serve;
mod served_files;
mod stage;
mod verify;
mod verify_text;
mod watch;
mod web;
pub(crate) mod wizard;

use std::process::ExitCode;

use clap::{
    ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use tracing::Level;

use self::globals::{CommandOutcome, Globals};
use crate::{
    display::{self, Style},
    failure::Failure,
    privileges,
    text::{escape, quoted},
};

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
  reflash rehearse                     try it with simulated phones
  reflash verify cmterm-….zip          is this bundle genuine and complete?
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
    Restart(restart::Args),
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

impl Command {
    /// Takes the rights that the command needs, before it opens a file, and checks the environment.
    fn begin(&self) -> Result<(), Failure> {
        match self {
            Self::Wizard(_)
            | Self::Check(_)
            | Self::Convert(_)
            | Self::Serve(_)
            | Self::Watch(_)
            | Self::Restart(_) => privileges::open_files_as_caller()?,
            _ => privileges::become_caller()?,
        }
        match std::env::var_os("TMPDIR") {
            Some(folder) if folder.is_empty() && self.has_temporary_files() => Err(Failure::usage(
                "TMPDIR is set and empty: temporary files would be written to the current folder",
                "Remove it from the environment (`unset TMPDIR`), or set it to a folder: \
                 TMPDIR=/tmp",
            )),
            _ => Ok(()),
        }
    }

    fn has_temporary_files(&self) -> bool {
        !matches!(
            self,
            Self::Check(_)
                | Self::Watch(_)
                | Self::Restart(_)
                | Self::Dial(_)
                | Self::Report(_)
                | Self::Explain(_)
                | Self::Models(_)
                | Self::Completions(_)
                | Self::Man(_)
        )
    }
}

/// How the system and this program say that a file may not be opened.
const DENIED: &str = "ermission denied";
const MAY_NOT_READ: &str = "may not read";

/// Runs the program and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let matches = if wizard::is_default() {
        Cli::command().get_matches_from(["reflash", "wizard"])
    } else {
        Cli::command().try_get_matches().unwrap_or_else(|error| {
            let commands = commands_for_file(&error);
            let _ = error.print();
            if let Some(commands) = commands {
                display::print_message(&commands);
            }
            std::process::exit(error.exit_code());
        })
    };
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log(&cli.globals);
    let caller = privileges::files_opened_as();
    let outcome = cli
        .command
        .begin()
        .and_then(|()| run_command(&cli, &matches));
    match outcome {
        Ok(CommandOutcome::Done) => ExitCode::SUCCESS,
        Ok(CommandOutcome::Problems) => ExitCode::from(1),
        Ok(CommandOutcome::Signal(number)) => ExitCode::from(128 + number),
        Err(failure) => {
            print_failure(&failure, caller.as_deref());
            ExitCode::from(failure.code)
        }
    }
}

/// `caller`: the user as whom files are opened, if this process was started as root.
fn print_failure(failure: &Failure, caller: Option<&str>) {
    display::print_message(&format!("error: {}", failure.error));
    if !failure.cure.is_empty() {
        display::print_message(&format!("  → {}", failure.cure));
    }
    let is_denied = [DENIED, MAY_NOT_READ]
        .iter()
        .any(|words| failure.error.contains(words));
    if let Some(caller) = caller.filter(|_| is_denied) {
        display::print_message(&format!(
            "  → reflash opens files as {}, who started it, and not as root",
            escape(caller)
        ));
    }
}

/// Runs the command.
fn run_command(cli: &Cli, matches: &ArgMatches) -> Result<CommandOutcome, Failure> {
    let globals = &cli.globals;
    let command_matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
    match &cli.command {
        Command::Wizard(args) => wizard::run(args, command_matches, globals),
        Command::Verify(args) => verify::run(args, globals),
        Command::Stage(args) => stage::run(args, globals),
        Command::Check(args) => check::run(args, globals),
        Command::Convert(args) => convert::run(args, (command_matches, wizard::SYNTAX), globals),
        Command::Serve(args) => serve::run(args, globals),
        Command::Watch(args) => watch::run(args, globals),
        Command::Lint(args) => lint::run(args, globals),
        Command::Provision(args) => provision::run(args, globals),
        Command::Restart(args) => restart::run(args, globals),
        Command::Rehearse(args) => rehearse::run(args, globals),
        Command::Dial(args) => dial::run(args, globals),
        Command::Report(args) => report::run(args, globals),
        Command::Replay(args) => replay::run(args, globals),
        Command::Explain(args) => explain::run(args, globals),
        Command::Models(args) => models::run(args, globals),
        Command::Completions(args) => completions::run(args, Cli::command(), globals),
        Command::Man(args) => man::run(args, Cli::command(), globals),
    }
}

/// What to write instead of a file without a command.
fn commands_for_file(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let file = quoted(name.as_ref());
    std::path::Path::new(name).exists().then(|| {
        format!(
            "  → '{}' is a file, and no command. `reflash verify {file}` checks a bundle, \
             `sudo reflash convert {file}` serves it, and `sudo reflash wizard {file}` asks for \
             the rest",
            escape(name)
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
        .with_ansi(Style::of_errors(globals.color).is_coloured())
        .with_writer(crate::display::log_writer)
        .with_target(false)
        .without_time()
        .init();
}

#[cfg(test)]
mod tests;
