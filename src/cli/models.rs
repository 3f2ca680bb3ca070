//! `reflash models`: the table of phone models.

use std::collections::BTreeMap;

use serde::Serialize;

use super::globals::{CommandOutcome, Globals, json_document, print};
use crate::{
    failure::Failure,
    phone::{Family, Installation, MODELS, Model, Support, Unsupported},
    text::wrap,
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
    support: Support,
    /// What brings it to the new firmware: `reset` or `restart`.
    route: Option<&'static str>,
    /// What a factory reset does: `installs` or `keeps` the firmware.
    reset: Option<&'static str>,
    /// Why it is only recognised.
    reason: Option<Unsupported>,
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
            support: model.family.support(),
            route: route(model.family),
            reset: reset(model.family),
            reason: model.family.unsupported(),
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

/// What brings phones of the family to the new firmware. Phones that are reset may be restarted too.
fn route(family: Family) -> Option<&'static str> {
    match family.installation() {
        Installation::Recovery => Some("reset"),
        Installation::Loader | Installation::Slots(_) => Some("restart"),
        Installation::None => None,
    }
}

/// What a factory reset does with the firmware.
fn reset(family: Family) -> Option<&'static str> {
    match family.installation() {
        Installation::Recovery => Some("installs"),
        Installation::Loader | Installation::Slots(_) => Some("keeps"),
        Installation::None => None,
    }
}

/// The models that are only recognised, by reason.
fn recognised(models: &[ModelRow]) -> BTreeMap<Unsupported, Vec<&str>> {
    let mut by_reason: BTreeMap<Unsupported, Vec<&str>> = BTreeMap::new();
    for row in models {
        if let Some(reason) = row.reason {
            by_reason.entry(reason).or_default().push(row.name);
        }
    }
    by_reason
}

/// The table, for 80 columns; `bare` leaves the explanation out.
fn table(models: &[ModelRow], bare: bool) -> String {
    let line = |cells: [&str; 6]| {
        let [name, id, support, route, bundle, reset] = cells;
        format!("{name:<8} {id:>5}  {support:<10} {route:<8} {bundle:<20} {reset}\n")
    };
    let head = ["MODEL", "TYPE", "SUPPORT", "ROUTE", "SIP BUNDLE", "RESET"];
    let mut text = line(head);
    for row in models {
        text += &line([
            row.name,
            &row.device_type.to_string(),
            match row.support {
                Support::Converts => "converts",
                Support::Upgrades => "upgrades",
                Support::Recognised => "recognised",
            },
            row.route.unwrap_or("-"),
            row.bundle.unwrap_or("-"),
            match (row.recovery, row.reset) {
                (Some(manifest), _) => manifest,
                (None, Some(_)) => "keeps firmware",
                (None, None) => "-",
            },
        ]);
    }
    if !bare {
        text += "
TYPE is the device type: the number in loadInformation436, for example. SIP
BUNDLE is the start of the bundle's name. SUPPORT: reflash converts the phone
from SCCP, upgrades its SIP firmware, or only recognises it, for a reason below.
ROUTE is what brings it to the new firmware. RESET is the manifest that it
requests after a factory reset; other phones keep their firmware.
";
        for (why, models) in recognised(models) {
            let reason = format!("{}: {}. {}", models.join(", "), why.text(), why.cure());
            text.push('\n');
            text += &wrap(&reason, "", "").join("\n");
            text.push('\n');
        }
    }
    text
}
