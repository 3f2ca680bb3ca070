//! `reflash lint`: checks configurations and dial plans.

use std::{
    io,
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
    inputs::{bundles, files, shown},
    lint::{self, FileKind, LintContext, MAX_FILE_BYTES, PjsipConfig, SipConfig},
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
    /// Files or folders to check, - for standard input
    ///
    /// SEP*.cnf.xml, XMLDefault.cnf.xml or dialplan.xml; for a 7940 or 7960 also SIP*.cnf and
    /// OS79XX.TXT. The type is detected from the file name, or else from the content. Of a folder,
    /// only files of these types are checked.
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
    /// Asterisk's pjsip.conf, sip.conf or folder (repeatable)
    ///
    /// Transports, ports, endpoints, user names and passwords must match those of the phones. Files
    /// that it includes are not read. Of a folder, every pjsip*.conf is read, or else sip*.conf.
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
    let (pjsip, sip) = asterisk(&args.pjsip, globals)?;
    let mut known = LintContext {
        loads: loads(&args.bundles)?,
        model: args.model,
        pjsip,
        sip,
        dial_plans: Vec::new(),
    };
    let (read, mut found) = read_all(&args.files);
    let count = read.len();
    for file in &read {
        known.dial_plans.extend(lint::dial_templates(&file.bytes));
    }
    for file in read {
        let is_known = || lint::kind(&file.path, &file.bytes, &known).is_some();
        if file.is_named || is_known() {
            found.extend(lint::check(&file.path, &file.bytes, &known));
        }
    }
    let outcome = findings::print_all(&found, globals)?;
    if found.is_empty() && !globals.json && !globals.quiet {
        let files = match count {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        eprintln!("{files} checked: no findings");
    }
    Ok(outcome)
}

/// A file to check.
struct ReadFile {
    path: PathBuf,
    bytes: Vec<u8>,
    /// The command line names the file itself, not its folder.
    is_named: bool,
}

/// Reads files, and those of folders that may be configurations; a finding for each that cannot be
/// read.
fn read_all(paths: &[PathBuf]) -> (Vec<ReadFile>, Vec<Finding>) {
    let mut files = Vec::new();
    let mut found = Vec::new();
    let mut read = |path: &Path, is_named: bool| match files::read(path, MAX_FILE_BYTES) {
        Ok(bytes) => files.push(ReadFile {
            path: path.to_owned(),
            bytes,
            is_named,
        }),
        Err(error) => found.push(unreadable(path, &error)),
    };
    let mut folders = Vec::new();
    for path in paths {
        match files::of_folder(path) {
            Ok(None) => read(path, true),
            Ok(Some(of_folder)) => of_folder
                .iter()
                .filter(|file| is_small(file))
                .for_each(|file| read(file, false)),
            Err(error) => folders.push(unreadable(path, &error)),
        }
    }
    found.extend(folders);
    (files, found)
}

/// Whether a file of a folder may be a configuration: images are larger.
fn is_small(path: &Path) -> bool {
    let limit = MAX_FILE_BYTES as u64;
    path.metadata()
        .is_ok_and(|metadata| metadata.len() <= limit)
        || FileKind::of_name(path).is_some()
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

/// Reads Asterisk's files, each as what it is: `pjsip.conf` or `sip.conf`.
fn asterisk(
    paths: &[PathBuf],
    globals: &Globals,
) -> Result<(Option<PjsipConfig>, Option<SipConfig>), Failure> {
    let mut pjsip: Option<PjsipConfig> = None;
    let mut sip: Option<SipConfig> = None;
    for path in asterisk_files(paths)? {
        let shown = shown(&path);
        let failure = |error: &dyn std::fmt::Display| cannot_read(&shown, error);
        let bytes = files::read(&path, MAX_PJSIP_BYTES).map_err(|error| failure(&error))?;
        if bytes.len() > MAX_PJSIP_BYTES {
            return Err(failure(&format!(
                "it has more than {MAX_PJSIP_BYTES} bytes"
            )));
        }
        let text = String::from_utf8_lossy(&bytes);
        let of_chan_sip = SipConfig::read(&text);
        let read = PjsipConfig::read(&text);
        let partial = read.partial;
        match of_chan_sip {
            Some(read) => sip = Some(read),
            None => pjsip.get_or_insert_default().join(read),
        }
        if partial && !globals.quiet {
            eprintln!(
                "note: {shown} includes other files, which are not read; name them or the folder \
                 with --pjsip too"
            );
        }
    }
    Ok((pjsip, sip))
}

/// The files, and of folders those whose names begin with pjsip, or else with sip.
fn asterisk_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        let of_folder = files::of_folder(path);
        let of_folder = of_folder.map_err(|error| cannot_read(&shown(path), &error))?;
        let Some(of_folder) = of_folder else {
            all.push(path.clone());
            continue;
        };
        let named = |prefix: &str| -> Vec<PathBuf> {
            let is_conf = |file: &&PathBuf| {
                let name = file.file_name().and_then(|name| name.to_str());
                name.is_some_and(|name| {
                    name.starts_with(prefix) && file.extension().is_some_and(|end| end == "conf")
                })
            };
            of_folder.iter().filter(is_conf).cloned().collect()
        };
        let mut found = named("pjsip");
        if found.is_empty() {
            found = named("sip");
        }
        if found.is_empty() {
            return Err(cannot_read(&shown(path), &"it has no pjsip*.conf"));
        }
        all.extend(found);
    }
    Ok(all)
}

fn cannot_read(shown: &str, error: &dyn std::fmt::Display) -> Failure {
    let cure = "--pjsip takes Asterisk's pjsip.conf or sip.conf; this user must be able to read it";
    Failure::new(format!("cannot read {shown}: {error}"), cure)
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
