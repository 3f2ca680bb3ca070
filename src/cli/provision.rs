//! `reflash provision`: files for the phones and for the PBX, from one inventory.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    Failure, Globals, Outcome,
    bundles::{self, TrustArgs},
    dial_plan, findings,
    inventory::InventoryArgs,
    json_document, print, run,
};
use crate::{
    inventory::{Inventory, InventoryFault, Secret},
    phone::{LoadName, Model},
    provision::{
        self, OutputFile, ProvisionInputs, ProvisionOutput,
        folder::{Folder, FolderError, WriteSummary, WrittenFile},
    },
    stage::Stage,
    text::{escape, wrap},
};

/// Writes the phones' files and the PBX's, from one inventory.
///
/// The folder gets tftp/ (a SEP file for each phone, XMLDefault.cnf.xml, dialplan.xml, and the
/// firmware of --firmware), asterisk/ (pjsip.conf and more) and README.txt, which says where
/// each file goes. Passwords that the inventory does not have are made once and kept in
/// secrets.toml there: a second run with the same folder changes none.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash provision office.toml --to office --firmware cmterm-7945_7965-sip.9-3-1SR4-1.zip

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

docs/configuration.md has every key and its default.")]
pub(super) struct Args {
    /// The list of phones: TOML, or CSV with a header line.
    #[arg(value_name = "INVENTORY")]
    inventory: PathBuf,
    /// The folder: new, empty, or an earlier run's.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// A firmware bundle that is laid out in tftp/ and named to its models; several for
    /// different models.
    #[arg(long, value_name = "BUNDLE")]
    firmware: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Write into a folder that has other files, and over files that somebody changed.
    #[arg(long)]
    force: bool,
    /// Print the passwords.
    #[arg(long)]
    show_secrets: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    root: String,
    files: &'a [WrittenFile],
    phones: Vec<Phone>,
    loads: Vec<&'a str>,
    removed: &'a [String],
    left: &'a [String],
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<Vec<Secrets<'a>>>,
}

#[derive(Debug, Serialize)]
struct Phone {
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

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let listed = InventoryArgs {
        inventory: Some(args.inventory.clone()),
    };
    let Some(inventory) = listed.read(globals)? else {
        return Err(Failure::usage("no inventory is named", ""));
    };
    let folder = Folder::open(&args.to, args.force).map_err(|error| folder_failure(&error))?;
    let (firmware, loads) = firmware(args, globals)?;
    let mut passwords = folder.passwords().clone();
    passwords
        .fill(&inventory, getrandom::fill)
        .map_err(|error| {
            Failure::new(
                format!("no passwords could be made: {error}"),
                "The kernel gives no random numbers: try again on another machine",
            )
        })?;
    let dial_plan = dial_plan::of_site(&inventory.site, &args.inventory)?;
    let given = ProvisionInputs {
        passwords: &passwords,
        loads: &loads,
        dial_plan: dial_plan.as_deref(),
        year: jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .year(),
    };
    let mut built = match provision::build(&inventory, &given) {
        Ok(built) => built,
        Err(faults) => return told_faults(&faults, args, globals),
    };
    built.files.extend(firmware);
    let written = folder
        .write(&built.files, &passwords)
        .map_err(|error| folder_failure(&error))?;
    if globals.json {
        let document = document(args, &inventory, &loads, &built, &written);
        print(&json_document(&document)?)?;
    } else {
        print(&told(args, &inventory, &built, &written, globals.quiet))?;
    }
    Ok(Outcome::Done)
}

type Firmware = (Vec<OutputFile>, Vec<(&'static Model, LoadName)>);

/// The bundles' files, verified and read, and the load of each model.
fn firmware(args: &Args, globals: &Globals) -> Result<Firmware, Failure> {
    if args.firmware.is_empty() {
        return Ok(Firmware::default());
    }
    let bundles = bundles::select(&args.firmware, &args.trust, false, globals)?;
    // The stage's own XMLDefault.cnf.xml is not used: this one has the site's PBX.
    let nobody = std::net::Ipv4Addr::UNSPECIFIED.into();
    let stage = Stage::temporary(&bundles, &[], nobody).map_err(run::stage_failure)?;
    let files = stage
        .files()
        .iter()
        .filter(|file| !file.name.eq_ignore_ascii_case("XMLDefault.cnf.xml"))
        .map(|file| OutputFile {
            path: format!("{}/{}", provision::TFTP, file.name),
            bytes: file.bytes.to_vec(),
        })
        .collect();
    let loads = stage
        .plan()
        .into_iter()
        .flat_map(|plan| {
            let load = plan.load;
            plan.models
                .into_iter()
                .map(move |model| (model, load.clone()))
        })
        .collect();
    stage.close().map_err(run::stage_failure)?;
    Ok((files, loads))
}

/// Every fault as a finding: in the order of the text.
fn told_faults(
    faults: &[InventoryFault],
    args: &Args,
    globals: &Globals,
) -> Result<Outcome, Failure> {
    let findings = super::inventory::findings(faults, &args.inventory);
    let outcome = findings::tell(&findings, globals)?;
    if !globals.json {
        eprintln!("Nothing was written. docs/configuration.md has every key and its default.");
    }
    Ok(outcome)
}

fn document<'a>(
    args: &Args,
    inventory: &Inventory,
    loads: &'a [(&'static Model, LoadName)],
    built: &'a ProvisionOutput,
    written: &'a WriteSummary,
) -> Document<'a> {
    let phones = inventory.phones.iter().map(|phone| Phone {
        mac: phone.mac.to_string(),
        model: phone.model.map(Model::plain_number),
        extension: phone.extension.clone(),
        file: format!("{}/SEP{}.cnf.xml", provision::TFTP, phone.mac.upper_hex()),
    });
    let mut named: Vec<_> = loads.iter().map(|(_, load)| load.as_str()).collect();
    named.dedup();
    let secrets = built.accounts.iter().map(|account| Secrets {
        user: &account.user,
        secret: account.secret.expose(),
        voicemail_pin: account.pin.as_ref().map(Secret::expose),
    });
    Document {
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

/// What a person reads.
fn told(
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
            let line = format!(
                "  {:<4}  SEP{}.cnf.xml  {:<8} {}",
                phone.model.map_or("", |model| model.number),
                phone.mac.upper_hex(),
                part(phone.extension.as_ref()),
                part(phone.name.as_ref()),
            );
            line.trim_end().to_owned()
        }));
        let more = [
            ("is gone, as no phone needs it any more", &written.removed),
            (
                "is not needed any more and stays, as somebody changed it",
                &written.left,
            ),
        ];
        for (what, paths) in more {
            lines.extend(
                paths
                    .iter()
                    .map(|path| format!("  {} {what}", escape(path))),
            );
        }
        lines.push(format!("{to}/README.txt says where each file goes."));
        for note in &built.notes {
            lines.extend(wrap(&escape(note), "Note: ", "  "));
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
