//! `reflash models`: the table of phone models.

use serde::Serialize;

use super::globals::{CommandOutcome, Globals, json_document, print};
use crate::{failure::Failure, phone::MODELS};

/// Print the table of phone models: type numbers, bundles, manifests
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash models --json")]
pub(super) struct Args {}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct ModelsDocument {
    models: Vec<ModelRow>,
}

#[derive(Debug, Serialize)]
struct ModelRow {
    /// The number without letters, as in all JSON.
    model: &'static str,
    /// The full name: `7961-GE`.
    name: &'static str,
    device_type: u32,
    bundle: Option<&'static str>,
    recovery: Option<&'static str>,
    convertible: bool,
}

/// Runs the command.
pub(super) fn run(_args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let models: Vec<_> = MODELS
        .iter()
        .map(|model| ModelRow {
            model: model.plain_number(),
            name: model.number,
            device_type: model.device_type,
            bundle: model.family.sip_bundle(),
            recovery: model.recovery_manifest,
            convertible: model.family.is_convertible(),
        })
        .collect();
    if globals.json {
        print(&json_document(&ModelsDocument { models })?)?;
        return Ok(CommandOutcome::Done);
    }
    print(&table(&models, globals.quiet))?;
    Ok(CommandOutcome::Done)
}

/// The table, for 80 columns; `bare` leaves the explanation out.
fn table(models: &[ModelRow], bare: bool) -> String {
    let line = |name: &str, id: &str, bundle: &str, recovery: &str, converts: &str| {
        format!("{name:<8} {id:>6}  {bundle:<22} {recovery:<21} {converts}\n")
    };
    let mut text = line(
        "MODEL",
        "TYPE",
        "SIP BUNDLE",
        "RECOVERY MANIFEST",
        "CONVERTS",
    );
    for row in models {
        text += &line(
            row.name,
            &row.device_type.to_string(),
            row.bundle.unwrap_or("-"),
            row.recovery.unwrap_or("-"),
            if row.convertible { "yes" } else { "no" },
        );
    }
    if !bare {
        text += "
TYPE is the device type: the number in loadInformation436, for example. SIP
BUNDLE is the start of the bundle's name; '-' means that the name differs by
model, or that there is no SIP firmware.
";
    }
    text
}
