//! `reflash models`: the table of phone models.

use serde::Serialize;

use super::globals::{CommandOutcome, Globals, json_document, print};
use crate::{
    failure::Failure,
    phone::{MODELS, Model},
};

/// Print the table of phone models: type numbers, bundles, manifests
///
/// Without MODEL, prints all.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash models 7965
  reflash models --json")]
pub(super) struct Args {
    /// Models, as printed on the phone: 7965, CP-7965G
    #[arg(value_name = "MODEL", value_parser = model)]
    models: Vec<&'static Model>,
}

fn model(text: &str) -> Result<&'static Model, String> {
    Model::by_number(text)
        .ok_or_else(|| "not in the table; `reflash models` prints all of it".to_owned())
}

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
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let models: Vec<_> = MODELS
        .iter()
        .filter(|model| is_wanted(model, &args.models))
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

/// Whether a row is printed: `7961` is also 7961-GE, which has the same firmware.
fn is_wanted(model: &Model, wanted: &[&Model]) -> bool {
    let fits = |one: &&Model| model.number == one.number || model.plain_number() == one.number;
    wanted.is_empty() || wanted.iter().any(fits)
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
