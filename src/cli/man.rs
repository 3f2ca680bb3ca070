//! `reflash man`: writes the man pages, for scripts/man and packagers.

use std::{fs, path::PathBuf};

use clap::Command;

use super::{
    globals::{CommandOutcome, Globals, json_document, print},
    heading,
};
use crate::failure::Failure;

/// Write the man pages, one for each command
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash man --to target/man")]
pub(super) struct Args {
    /// Destination folder
    ///
    /// Created if missing; pages of the same name are replaced.
    #[arg(long, value_name = "DIR", help_heading = heading::OUTPUT)]
    to: PathBuf,
}

/// Runs the command.
pub(super) fn run(
    args: &Args,
    command: Command,
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    fs::create_dir_all(&args.to)
        .and_then(|()| clap_mangen::generate_to(command, &args.to))
        .map_err(|error| {
            Failure::new(
                format!("cannot write man pages to {}: {error}", args.to.display()),
                "Name a folder that this user may write to",
            )
        })?;
    if globals.json {
        let document = serde_json::json!({ "root": args.to.display().to_string() });
        print(&json_document(&document)?)?;
    }
    Ok(CommandOutcome::Done)
}
