//! `reflash stage`: lays out the files of bundles for an existing TFTP server.

use std::{net::IpAddr, path::PathBuf};

use serde::Serialize;

use super::{
    bundles::TrustArgs,
    extra_files::ExtraFilesArgs,
    globals::{CommandOutcome, Globals, json_document, print},
    heading,
};
use crate::{
    bundle::Bundle,
    failure::Failure,
    inputs::{bundles, extra_files, shown, stage_failure},
    phone::{Family, LoadName},
    stage::{self, ExtraFile, Stage, StagedFile},
};

/// Write the files of verified bundles to a folder for your TFTP server
///
/// The folder gets the bundles' files and an XMLDefault.cnf.xml that names their loads, without
/// subfolders. Nothing is written unless every bundle is verified.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  reflash stage cmterm-7945_7965-sip.9-3-1SR4-1.zip --to /srv/tftp \\
    --call-manager 192.0.2.10")]
pub(super) struct Args {
    /// Firmware bundles, each for different models
    #[arg(value_name = "BUNDLE", required = true)]
    bundles: Vec<PathBuf>,
    /// Destination folder, new or empty
    #[arg(long, value_name = "DIR", help_heading = heading::OUTPUT)]
    to: PathBuf,
    /// Address that phones register with
    ///
    /// The processNodeName in XMLDefault.cnf.xml.
    #[arg(long, value_name = "ADDRESS", value_parser = call_manager,
          help_heading = heading::CONFIGURATION)]
    call_manager: IpAddr,
    #[command(flatten)]
    extra_files: ExtraFilesArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

/// An address that a phone can register with.
fn call_manager(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text
        .parse()
        .map_err(|_| "expected an IP address such as 192.0.2.10".to_owned())?;
    if address.is_unspecified() || address.is_multicast() {
        return Err("phones cannot register there: expected the address of one host".to_owned());
    }
    Ok(address)
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct StageDocument<'a> {
    root: String,
    files: &'a [StagedFile],
    models: Vec<&'static str>,
    loads: Vec<&'a str>,
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    Stage::check_folder(&args.to).map_err(stage_failure)?;
    let own = extra_files::read(&args.extra_files.files)?;
    let bundles = bundles::select(&args.bundles, &args.trust.trust(), true, globals.quiet)?;
    extra_files::check(&own, &bundles, &[], globals.quiet)?;
    extra_files::check_plan_names(own.iter(), globals.quiet);
    let stage = Stage::persistent_with_files(&bundles, &own, args.call_manager, &args.to)
        .map_err(stage_failure)?;
    if globals.json {
        let document = document(&stage);
        print(&json_document(&document)?)?;
    } else if !globals.quiet {
        print(&summary(&stage, &bundles, &own))?;
    }
    Ok(CommandOutcome::Done)
}

fn document(stage: &Stage) -> StageDocument<'_> {
    let mut models: Vec<_> = stage
        .plan()
        .iter()
        .flat_map(|plan| plan.models.iter().map(|model| model.plain_number()))
        .collect();
    models.sort_unstable();
    models.dedup();
    StageDocument {
        root: stage.root().display().to_string(),
        files: stage.files(),
        models,
        loads: stage.loads().map(LoadName::as_str).collect(),
    }
}

/// The result as text.
fn summary(stage: &Stage, bundles: &[Bundle], own: &[ExtraFile]) -> String {
    let files = stage.files();
    let mut lines = vec![format!(
        "{} files written to {}",
        files.len(),
        shown(&stage.root())
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
Next steps:
  - Serve this folder over TFTP, and set DHCP option 150 (or 66) to that server.
  - XMLDefault.cnf.xml names the load for phones that have no SEP file."
            .to_owned(),
    );
    if own.iter().any(ExtraFile::is_private) {
        lines.push(
            "  - SEP files contain passwords and are readable by you only. Change their owner to
    the user of your TFTP server (chown)."
                .to_owned(),
        );
    }
    let sccp: Vec<_> = bundles.iter().filter(|b| stage::is_sccp(b)).collect();
    for bundle in &sccp {
        lines.push(format!(
            "  - {} is SCCP firmware (bundle-is-sccp): phones that load it do not use SIP.",
            shown(&bundle.path)
        ));
    }
    let plans = stage.plan();
    let mut models = plans.iter().flat_map(|plan| &plan.models);
    let mut firsts = plans.iter().flat_map(|plan| &plan.models);
    if firsts.any(|model| model.family == Family::P3) {
        lines.push(
            "  - A 7940 or 7960 that installs 5.0 or later accepts signed images only from then on:
    there is no way back to older firmware."
                .to_owned(),
        );
    }
    if sccp.is_empty() && models.any(|model| model.family.is_convertible()) {
        lines.push(
            "  - Keep an SCCP bundle for these phones: it is the only way back to SCCP.".to_owned(),
        );
    }
    lines.join("\n") + "\n"
}
