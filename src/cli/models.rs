//! `reflash models`: the model table.

use serde::Serialize;

use super::{Failure, Globals, Outcome};
use crate::phone::MODELS;

/// Print the table of phone models: ids, bundles, recovery manifests.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash models --json")]
pub(super) struct Args {}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document {
    models: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    /// The number without letters, as in all JSON.
    model: &'static str,
    /// The number as phones of its form carry it: `7961-GE`.
    name: &'static str,
    device_type: u32,
    bundle: Option<&'static str>,
    recovery: Option<&'static str>,
    convertible: bool,
}

/// Runs the verb.
pub(super) fn run(_args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let models: Vec<_> = MODELS
        .iter()
        .map(|model| Row {
            model: model.plain_number(),
            name: model.number,
            device_type: model.device_type,
            bundle: model.family.sip_bundle(),
            recovery: model.recovery,
            convertible: model.family.is_convertible(),
        })
        .collect();
    if globals.json {
        let text = serde_json::to_string(&Document { models })
            .map_err(|error| Failure::new(error, "report this as a bug"))?;
        println!("{text}");
        return Ok(Outcome::Done);
    }
    println!(
        "{:<8} {:>6}  {:<22} {:<21} CONVERTS",
        "MODEL", "TYPE", "SIP BUNDLE", "RECOVERY MANIFEST"
    );
    for row in models {
        println!(
            "{:<8} {:>6}  {:<22} {:<21} {}",
            row.name,
            row.device_type,
            row.bundle.unwrap_or("-"),
            row.recovery.unwrap_or("-"),
            if row.convertible { "yes" } else { "no" },
        );
    }
    if !globals.quiet {
        println!(
            "
TYPE is the number in loadInformation436. A bundle's name begins as shown; a
dash means that the name differs by model or that there is no SIP firmware."
        );
    }
    Ok(Outcome::Done)
}
