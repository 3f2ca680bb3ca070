//! `reflash provision`: files for phones and PBX from one inventory.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    bundles::TrustArgs,
    findings,
    globals::{CommandOutcome, Globals, json_document, print},
    heading,
};
use crate::{
    failure::Failure,
    inputs::{
        bundles::{self, Trust, model_loads},
        dial_plan,
        phone_list::{self, InventoryFile},
        stage_failure,
    },
    inventory::{Inventory, InventoryFault, Secret, SiteField},
    phone::{LoadName, MAX_DISPLAY, Model},
    provision::{
        self, OutputFile, ProvisionInputs, ProvisionOutput,
        folder::{FolderError, OutputFolder, WriteSummary, WrittenFile},
    },
    stage::Stage,
    text::{escape, wrap},
};

/// Write configurations for phones and Asterisk from an inventory
///
/// The folder gets tftp/ (a SEP file for each phone, or SIP*.cnf and SIPDefault.cnf for a 7940
/// and 7960, XMLDefault.cnf.xml, dialplan.xml, and the firmware of --firmware), asterisk/
/// (pjsip.conf and more) and README.txt, which explains where each file goes. Passwords missing
/// from the inventory are generated once and kept in secrets.toml in that folder; a second run
/// into the same folder does not change them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash provision office.toml --to office \\
    --firmware cmterm-7945_7965-sip.9-3-1SR4-1.zip

office.toml:
  [site]
  pbx = \"192.0.2.10\"
  time_zone = \"Europe/Vienna\"
  dial_plan = \"internal\"
  voicemail = \"*97\"
  [[phone]]
  mac = \"001D45AABB01\"
  model = 7965
  extension = 1001
  name = \"Reception\"
  [[phone.line]]
  number = 1002
  label = \"Workshop\"

docs/configuration.md lists every key and its default.")]
pub(super) struct Args {
    /// List of phones: TOML, or CSV with a header line
    #[arg(value_name = "INVENTORY")]
    inventory: PathBuf,
    /// Destination: new, empty, or from an earlier run
    #[arg(long, value_name = "DIR", help_heading = heading::OUTPUT)]
    to: PathBuf,
    /// Also write this firmware to tftp/ (repeatable)
    ///
    /// The configurations of its models then name its load.
    #[arg(long, value_name = "BUNDLE", help_heading = heading::BUNDLES)]
    firmware: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Allow other files in the folder; overwrite edits
    ///
    /// Write into a folder that has other files, and overwrite files changed since the last run.
    #[arg(long, help_heading = heading::OUTPUT)]
    force: bool,
    /// Print the passwords
    #[arg(long, help_heading = heading::OUTPUT)]
    show_secrets: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct ProvisionDocument<'a> {
    root: String,
    files: &'a [WrittenFile],
    phones: Vec<PhoneDocument>,
    loads: Vec<&'a str>,
    removed: &'a [String],
    left: &'a [String],
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<Vec<Secrets<'a>>>,
}

#[derive(Debug, Serialize)]
struct PhoneDocument {
    mac: String,
    model: Option<&'static str>,
    extension: Option<String>,
    file: String,
}

#[derive(Serialize)]
struct Secrets<'a> {
    user: &'a str,
    secret: &'a str,
    voicemail_pin: Option<&'a str>,
}

impl std::fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets of {}", self.user)
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let (file, mut faults, is_readable) = InventoryFile::read_all(&args.inventory, globals.quiet)?;
    let inventory = file.inventory;
    if !is_readable {
        return print_faults(&faults, args, globals);
    }
    let folder =
        OutputFolder::open(&args.to, args.force).map_err(|error| folder_failure(&error))?;
    let (firmware, loads) = firmware(args, globals)?;
    let mut passwords = folder.passwords().clone();
    passwords
        .fill(&inventory, getrandom::fill)
        .map_err(|error| {
            Failure::new(
                format!("cannot generate passwords: {error}"),
                "The kernel provides no random numbers: try another machine",
            )
        })?;
    let dial_plan =
        dial_plan::of_site(&inventory.site, &args.inventory).unwrap_or_else(|failure| {
            let message = format!("{} → {}", failure.error, failure.cure);
            faults.push(inventory.site_fault(SiteField::DialPlan, message));
            None
        });
    let given = ProvisionInputs {
        passwords: &passwords,
        loads: &loads,
        dial_plan: dial_plan.as_deref(),
        year: jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .year(),
    };
    let built = provision::build(&inventory, &given);
    if let Err(further) = &built {
        add_faults(&mut faults, further);
    }
    let mut built = match built {
        Ok(built) if faults.is_empty() => built,
        _ => return print_faults(&faults, args, globals),
    };
    built.files.extend(firmware);
    let written = folder
        .write(&built.files, &passwords)
        .map_err(|error| folder_failure(&error))?;
    if globals.json {
        let document = document(args, &inventory, &loads, &built, &written);
        print(&json_document(&document)?)?;
    } else {
        print(&summary(args, &inventory, &built, &written, globals.quiet))?;
    }
    Ok(CommandOutcome::Done)
}

type Firmware = (Vec<OutputFile>, Vec<(&'static Model, LoadName)>);

/// The files of the verified bundles, and the load of each model.
fn firmware(args: &Args, globals: &Globals) -> Result<Firmware, Failure> {
    if args.firmware.is_empty() {
        return Ok(Firmware::default());
    }
    // No phone is reset here.
    let trust = Trust {
        without_recovery: true,
        ..args.trust.trust()
    };
    let bundles = bundles::select(&args.firmware, &trust, false, globals.quiet)?;
    // The stage's own XMLDefault.cnf.xml is not used: the one written here names the PBX.
    let unused = std::net::Ipv4Addr::UNSPECIFIED.into();
    let stage = Stage::temporary(&bundles, &[], unused).map_err(stage_failure)?;
    let files = stage
        .files()
        .iter()
        .filter(|file| !file.name.eq_ignore_ascii_case("XMLDefault.cnf.xml"))
        .map(|file| OutputFile {
            path: format!("{}/{}", provision::TFTP, file.name),
            bytes: file.bytes.to_vec(),
        })
        .collect();
    let loads = model_loads(stage.plan());
    stage.close().map_err(stage_failure)?;
    Ok((files, loads))
}

/// Adds the faults that a check of the values found. A value that could not be read has one fault
/// only.
fn add_faults(faults: &mut Vec<InventoryFault>, further: &[InventoryFault]) {
    let known: Vec<_> = faults
        .iter()
        .map(|fault| (fault.line, fault.column))
        .collect();
    let is_new = |fault: &&InventoryFault| !known.contains(&(fault.line, fault.column));
    faults.extend(further.iter().filter(is_new).cloned());
}

/// Prints every fault as a finding, in the order of the text.
fn print_faults(
    faults: &[InventoryFault],
    args: &Args,
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    let mut faults = faults.to_vec();
    faults.sort_by_key(|fault| (fault.line, fault.column));
    let findings = phone_list::findings(&faults, &args.inventory);
    let outcome = findings::print_all(&findings, globals)?;
    if !globals.json {
        eprintln!("Nothing was written. docs/configuration.md lists every key and its default.");
    }
    Ok(outcome)
}

fn document<'a>(
    args: &Args,
    inventory: &Inventory,
    loads: &'a [(&'static Model, LoadName)],
    built: &'a ProvisionOutput,
    written: &'a WriteSummary,
) -> ProvisionDocument<'a> {
    let phones = inventory.phones.iter().map(|phone| PhoneDocument {
        mac: phone.mac.to_string(),
        model: phone.model.map(Model::plain_number),
        extension: phone.extension.clone(),
        file: format!("{}/{}", provision::TFTP, provision::file_name(phone)),
    });
    let mut named: Vec<_> = loads.iter().map(|(_, load)| load.as_str()).collect();
    named.dedup();
    let secrets = built.accounts.iter().map(|account| Secrets {
        user: &account.user,
        secret: account.secret.expose(),
        voicemail_pin: account.pin.as_ref().map(Secret::expose),
    });
    ProvisionDocument {
        root: args.to.display().to_string(),
        files: &written.entries,
        phones: phones.collect(),
        loads: named,
        removed: &written.removed,
        left: &written.left,
        notes: &built.notes,
        secrets: args.show_secrets.then(|| secrets.collect()),
    }
}

/// Removed and kept files that are named in the result. `--json` has all.
const MAX_PATHS: usize = 10;

/// The result as text.
fn summary(
    args: &Args,
    inventory: &Inventory,
    built: &ProvisionOutput,
    written: &WriteSummary,
    quiet: bool,
) -> String {
    let mut lines = Vec::new();
    let to = escape(&args.to.display().to_string());
    if !quiet {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        lines.push(format!(
            "{} for {} in {to}",
            count(written.entries.len(), "file"),
            count(inventory.phones.len(), "phone")
        ));
        lines.extend(inventory.phones.iter().map(|phone| {
            let part = |text: Option<&String>| text.map(|text| escape(text)).unwrap_or_default();
            let name = phone.name.as_ref();
            let name = name.map(|name| name.chars().take(MAX_DISPLAY).collect::<String>());
            let line = format!(
                "  {:<4}  {:<23}  {:<8} {}",
                phone.model.map_or("", |model| model.number),
                provision::file_name(phone),
                part(phone.extension.as_ref()),
                part(name.as_ref()),
            );
            line.trim_end().to_owned()
        }));
        let more = [
            ("removed: no phone uses it any more", &written.removed),
            (
                "kept, although unused: it was changed since the last run",
                &written.left,
            ),
        ];
        for (what, paths) in more {
            let shown = paths.iter().take(MAX_PATHS);
            lines.extend(shown.map(|path| format!("  {}: {what}", escape(path))));
            let rest = paths.len().saturating_sub(MAX_PATHS);
            lines.extend((rest > 0).then(|| format!("  and {rest} more files: {what}")));
        }
        lines.push(format!("{to}/README.txt explains where each file goes."));
        for note in &built.notes {
            let head = if note.starts_with("Warning: ") {
                ""
            } else {
                "Note: "
            };
            lines.extend(wrap(&escape(note), head, "  "));
        }
    }
    if args.show_secrets {
        lines.push("Passwords:".to_owned());
        lines.extend(built.accounts.iter().map(|account| {
            let pin = account
                .pin
                .as_ref()
                .map(|pin| format!("  PIN {}", pin.expose()));
            let secret = account.secret.expose();
            format!("  {}  {secret}{}", account.user, pin.unwrap_or_default())
        }));
    }
    if lines.is_empty() {
        return String::new();
    }
    lines.join("\n") + "\n"
}

fn folder_failure(error: &FolderError) -> Failure {
    Failure::new(escape(&error.to_string()), error.cure())
}
