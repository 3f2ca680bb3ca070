//! `reflash completions`: shell completion.

use clap::Command;
use clap_complete::{Shell, generate};

use super::globals::{CommandOutcome, Globals, json_document, print};
use crate::failure::Failure;

/// Print a shell completion script
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash completions bash > ~/.local/share/bash-completion/completions/reflash")]
pub(super) struct Args {
    /// Shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Runs the command.
pub(super) fn run(
    args: &Args,
    command: Command,
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    let (mut command, mut script) = (command, Vec::new());
    generate(args.shell, &mut command, "reflash", &mut script);
    let script = String::from_utf8_lossy(&script);
    if globals.json {
        let document = serde_json::json!({ "shell": args.shell.to_string(), "script": script });
        print(&json_document(&document)?)?;
    } else {
        print(&script)?;
    }
    Ok(CommandOutcome::Done)
}
