//! `reflash completions`: shell completion.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, Failure, Globals, Outcome, print};

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
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "reflash", &mut script);
    let script = String::from_utf8_lossy(&script);
    if globals.json {
        let document = serde_json::json!({ "shell": args.shell.to_string(), "script": script });
        print(&format!("{document}\n"))?;
    } else {
        print(&script)?;
    }
    Ok(Outcome::Done)
}
