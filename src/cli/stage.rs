//! `reflash stage`: lays bundles out for people who have a TFTP server.

use std::{net::IpAddr, path::PathBuf};

use serde::Serialize;

use super::{
    Failure, Globals, Outcome,
    add::{self, AddArgs},
    bundles::{self, TrustArgs},
    json_document, print, run,
};
use crate::{
    bundle::Bundle,
    phone::LoadName,
    stage::{self, ExtraFile, Stage, StagedFile},
};

/// Lays verified bundles out in a folder for a TFTP server of yours.
///
/// Everything lies flat in one folder: the bundles' files and an XMLDefault.cnf.xml that
/// names their loads. Nothing is written unless every bundle is verified.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash stage cmterm-7945_7965-sip.9-3-1SR4-1.zip --to /srv/tftp --call-manager 192.0.2.10")]
pub(super) struct Args {
    /// A firmware bundle; several for different models.
    #[arg(value_name = "BUNDLE", required = true)]
    bundles: Vec<PathBuf>,
    /// The folder: new or empty.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The address at which phones are to register (processNodeName).
    #[arg(long, value_name = "ADDRESS", value_parser = call_manager)]
    call_manager: IpAddr,
    #[command(flatten)]
    add: AddArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

/// An address that a phone can register at.
fn call_manager(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text
        .parse()
        .map_err(|_| "expected an IP address such as 192.0.2.10".to_owned())?;
    if address.is_unspecified() || address.is_multicast() {
        return Err("no phone can register there: expected the address of one host".to_owned());
    }
    Ok(address)
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    root: String,
    files: &'a [StagedFile],
    models: Vec<&'static str>,
    loads: Vec<&'a str>,
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    Stage::check_folder(&args.to).map_err(run::stage_failure)?;
    let own = args.add.read()?;
    let bundles = bundles::select(&args.bundles, &args.trust, true, globals)?;
    add::judge(&own, &[&bundles], globals)?;
    let stage = Stage::persistent_with_files(&bundles, &own, args.call_manager, &args.to)
        .map_err(run::stage_failure)?;
    if globals.json {
        let document = document(&stage);
        print(&json_document(&document)?)?;
    } else if !globals.quiet {
        print(&told(&stage, &bundles, &own))?;
    }
    Ok(Outcome::Done)
}

fn document(stage: &Stage) -> Document<'_> {
    let mut models: Vec<_> = stage
        .plan()
        .iter()
        .flat_map(|plan| plan.models.iter().map(|model| model.plain_number()))
        .collect();
    models.sort_unstable();
    models.dedup();
    Document {
        root: stage.root().display().to_string(),
        files: stage.files(),
        models,
        loads: stage.loads().map(LoadName::as_str).collect(),
    }
}

/// What a person reads.
fn told(stage: &Stage, bundles: &[Bundle], own: &[ExtraFile]) -> String {
    let files = stage.files();
    let mut lines = vec![format!(
        "{} files laid out in {}",
        files.len(),
        stage.root().display()
    )];
    lines.extend(
        files
            .iter()
            .map(|file| format!("  {:>9}  {}", file.size(), file.name)),
    );
    lines.push(String::new());
    for plan in stage.plan() {
        let models: Vec<_> = plan.models.iter().map(|model| model.number).collect();
        lines.push(format!("{} for {}", plan.load, models.join(", ")));
    }
    lines.push(
        "
What to know:
  - Serve this folder over TFTP, and let DHCP option 150 (or 66) name that server.
  - XMLDefault.cnf.xml tells phones their load, as long as they have no SEP file."
            .to_owned(),
    );
    if own.iter().any(ExtraFile::is_private) {
        lines.push(
            "  - SEP files hold passwords: only you can read them. Give them to the user of your
    TFTP server (chown)."
                .to_owned(),
        );
    }
    let sccp: Vec<_> = bundles.iter().filter(|b| stage::is_sccp(b)).collect();
    for bundle in &sccp {
        lines.push(format!(
            "  - {} is SCCP firmware (bundle-is-sccp): phones that take it do not speak SIP.",
            bundle.path.display()
        ));
    }
    if sccp.is_empty() {
        lines.push(
            "  - The way back to SCCP is an SCCP bundle for the same phones: keep one.".to_owned(),
        );
    }
    lines.join("\n") + "\n"
}
