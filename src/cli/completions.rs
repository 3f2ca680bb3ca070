//! `reflash completions`: completion for a shell.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, Failure, Globals, Outcome};

/// Print a shell's completion script.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash completions bash > ~/.local/share/bash-completion/completions/reflash")]
pub(super) struct Args {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "reflash", &mut script);
    if globals.json {
        let document = serde_json::json!({
            "shell": args.shell.to_string(),
            "script": String::from_utf8_lossy(&script),
        });
        script = format!("{document}\n").into_bytes();
    }
    io::stdout()
        .write_all(&script)
        .map_err(|error| Failure::new(format!("cannot write the script: {error}"), ""))?;
    Ok(Outcome::Done)
}
