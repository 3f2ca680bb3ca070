//! `reflash lint`: checks configurations and dial plans.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    findings,
    globals::{CommandOutcome, Globals},
    heading,
};
use crate::{
    bundle::ExamineOptions,
    diagnose::{Finding, Severity},
    failure::Failure,
    inputs::{bundles, shown},
    lint::{self, LintContext, MAX_FILE_BYTES, PjsipConfig},
    phone::{LoadName, Model},
    text::read_failure,
};

/// Check phone configurations and dial plans before phones read them
///
/// Phones ignore a file that they cannot read, without an error. Each finding has a position,
/// what was expected, and what to do; docs/lint.md lists the codes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash lint /srv/tftp/XMLDefault.cnf.xml /srv/tftp/SEP*.cnf.xml
  Compare with the firmware and with Asterisk:
    reflash lint SEP001D45AABB0C.cnf.xml --pjsip /etc/asterisk/pjsip.conf \\
        --bundle cmterm-7945_7965-sip.9-3-1SR4-1.zip")]
pub(super) struct Args {
    /// Files to check
    ///
    /// SEP*.cnf.xml, XMLDefault.cnf.xml or dialplan.xml. The type is detected from the file
    /// name, or else from the XML root element.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Bundle on the TFTP server (repeatable)
    ///
    /// Every load that a file names must be in one of them.
    #[arg(long = "bundle", value_name = "BUNDLE", help_heading = heading::BUNDLES)]
    bundles: Vec<PathBuf>,
    /// Model that the SEP files are for
    ///
    /// Default: the model that their load is for.
    #[arg(long, value_name = "MODEL", value_parser = model, help_heading = heading::PHONES)]
    model: Option<&'static Model>,
    /// Asterisk's pjsip.conf to compare with (repeatable)
    ///
    /// Transports and endpoints must match those of the phones. Files that it includes are not
    /// read.
    #[arg(long, value_name = "FILE", help_heading = heading::CONFIGURATION)]
    pjsip: Vec<PathBuf>,
}

/// Bytes read of a `pjsip.conf`. One for 1,000 phones has 400 kB.
const MAX_PJSIP_BYTES: usize = 2 * 1024 * 1024;

fn model(text: &str) -> Result<&'static Model, String> {
    Model::by_number(text).ok_or_else(|| {
        "no such model: expected one that `reflash models` lists, such as 7965".to_owned()
    })
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let known = LintContext {
        loads: loads(&args.bundles)?,
        model: args.model,
        pjsip: pjsip(&args.pjsip, globals)?,
    };
    let mut found = Vec::new();
    for path in &args.files {
        match read(path, MAX_FILE_BYTES) {
            Ok(bytes) => found.extend(lint::check(path, &bytes, &known)),
            Err(error) => found.push(unreadable(path, &error)),
        }
    }
    let outcome = findings::print_all(&found, globals)?;
    if found.is_empty() && !globals.json && !globals.quiet {
        let files = match args.files.len() {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        eprintln!("{files} checked: no findings");
    }
    Ok(outcome)
}

/// The loads of the bundles, of any origin: nothing of them is served here.
fn loads(paths: &[PathBuf]) -> Result<Vec<LoadName>, Failure> {
    let bundles = bundles::examine(paths, &ExamineOptions::default(), "", true)?;
    for bundle in &bundles {
        if bundle.loads.is_empty() {
            return Err(Failure::new(
                format!(
                    "{} is {} and contains no load to compare with",
                    shown(&bundle.path),
                    bundle.verdict
                ),
                "Name a firmware bundle; `reflash verify` shows what this file is",
            ));
        }
    }
    Ok(bundles
        .into_iter()
        .flat_map(|bundle| bundle.loads)
        .collect())
}

fn pjsip(paths: &[PathBuf], globals: &Globals) -> Result<Option<PjsipConfig>, Failure> {
    let mut whole: Option<PjsipConfig> = None;
    for path in paths {
        let shown = shown(path);
        let failure = |error: &dyn std::fmt::Display| {
            let cure = "--pjsip takes Asterisk's pjsip.conf; this user must be able to read it";
            Failure::new(format!("cannot read {shown}: {error}"), cure)
        };
        let bytes = read(path, MAX_PJSIP_BYTES).map_err(|error| failure(&error))?;
        if bytes.len() > MAX_PJSIP_BYTES {
            return Err(failure(&format!(
                "it has more than {MAX_PJSIP_BYTES} bytes"
            )));
        }
        let read = PjsipConfig::read(&String::from_utf8_lossy(&bytes));
        if read.partial && !globals.quiet {
            eprintln!(
                "note: {shown} includes other files, which are not read; name them with --pjsip too"
            );
        }
        whole.get_or_insert_default().join(read);
    }
    Ok(whole)
}

/// Reads at most `limit` bytes, and one more to show that the file is longer. Never waits on a
/// FIFO or a device.
fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() {
            "a folder"
        } else {
            "not a regular file"
        };
        return Err(io::Error::other(format!("it is {kind}")));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that cannot be checked; the others still are.
fn unreadable(path: &Path, error: &io::Error) -> Finding {
    Finding {
        code: "unreadable",
        severity: Severity::Error,
        path: Some(path.to_owned()),
        line: None,
        column: None,
        message: format!("the file cannot be read: {}", read_failure(error)),
        cure: match error.kind() {
            io::ErrorKind::NotFound => "Check the name of the file and of its folder".to_owned(),
            _ => "Name a file that this user may read".to_owned(),
        },
    }
}
