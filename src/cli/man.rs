//! `reflash man`: the man pages, for scripts/man and for packagers.

use std::{fs, path::PathBuf};

use clap::CommandFactory;

use super::{Cli, Failure, Globals, Outcome, json_document, print};

/// Write the man pages, one for each verb.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash man --to target/man")]
pub(super) struct Args {
    /// The folder; created where it is missing, pages of the same name replaced.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    fs::create_dir_all(&args.to)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &args.to))
        .map_err(|error| {
            Failure::new(
                format!("cannot write man pages to {}: {error}", args.to.display()),
                "name a folder that you may write to",
            )
        })?;
    if globals.json {
        let document = serde_json::json!({ "root": args.to.display().to_string() });
        print(&json_document(&document)?)?;
    }
    Ok(Outcome::Done)
}
