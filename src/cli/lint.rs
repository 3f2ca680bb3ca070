//! `reflash lint`: judges configurations that somebody wrote.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    Failure, Globals, Outcome,
    bundles::{self, TrustArgs},
    findings,
};
use crate::{
    diagnose::{Finding, Severity},
    lint::{self, LintContext, MAX_FILE_BYTES, PjsipConfig},
    phone::Model,
    text::escape,
};

/// Judges phone configurations and dial plans before a phone does.
///
/// A phone drops a file that it cannot read without a word. Each finding has its place, what
/// was expected there and what to do; docs/lint.md lists the codes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash lint /srv/tftp/XMLDefault.cnf.xml /srv/tftp/SEP*.cnf.xml
  Does the firmware exist, and does Asterisk agree?
    reflash lint SEP001D45AABB0C.cnf.xml --bundle cmterm-7945_7965-sip.9-3-1SR4-1.zip \\
        --pjsip /etc/asterisk/pjsip.conf")]
pub(super) struct Args {
    /// What phones are to read. What a file is, its name says, else its root element.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A bundle that the server has: loads that are named must be in one of them. Several.
    #[arg(long = "bundle", value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// Asterisk's side: transports and endpoints are held against each other. Several files;
    /// what they include is not read.
    #[arg(long, value_name = "FILE")]
    pjsip: Vec<PathBuf>,
    /// The model that the SEP files are for; else the load that they name says it.
    #[arg(long, value_name = "MODEL", value_parser = model)]
    model: Option<&'static Model>,
}

/// Bytes of a `pjsip.conf` that are read. One for 1,000 phones has 400 kB.
const MAX_PJSIP_BYTES: usize = 2 * 1024 * 1024;

fn model(text: &str) -> Result<&'static Model, String> {
    Model::by_number(text)
        .ok_or_else(|| "no such model: expected one of `reflash models`, such as 7965".to_owned())
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
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
    let outcome = findings::tell(&found, globals)?;
    if found.is_empty() && !globals.json && !globals.quiet {
        let files = match args.files.len() {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        eprintln!("{files} read: nothing to complain about");
    }
    Ok(outcome)
}

/// The loads of the bundles, whoever made them: nothing of them is served here.
fn loads(paths: &[PathBuf]) -> Result<Vec<crate::phone::LoadName>, Failure> {
    let expectation = TrustArgs::default().expectation()?;
    let bundles = bundles::looked_at(paths, &expectation, "", true)?;
    for bundle in &bundles {
        if bundle.loads.is_empty() {
            return Err(Failure::new(
                format!(
                    "{} is {} and holds no load to compare with",
                    escape(&bundle.path.display().to_string()),
                    bundle.verdict
                ),
                "Run `reflash verify` on it, and name a firmware bundle",
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
        let shown = escape(&path.display().to_string());
        let failure = |error: &dyn std::fmt::Display| {
            let cure = "--pjsip takes Asterisk's pjsip.conf, which this user may read";
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
                "note: {shown} includes other files, which are not read: name them with --pjsip too"
            );
        }
        whole.get_or_insert_default().join(read);
    }
    Ok(whole)
}

/// At most `limit` bytes of a file and one more, which shows that it has more. A FIFO or a
/// device is not waited on.
fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() {
            "a folder"
        } else {
            "no regular file"
        };
        return Err(io::Error::other(format!("it is {kind}")));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that nobody judged; the others still are.
fn unreadable(path: &Path, error: &io::Error) -> Finding {
    Finding {
        code: "unreadable",
        severity: Severity::Error,
        path: Some(path.to_owned()),
        line: None,
        column: None,
        message: format!("the file cannot be read: {error}"),
        cure: "Name a file that is there and that this user may read".to_owned(),
    }
}
