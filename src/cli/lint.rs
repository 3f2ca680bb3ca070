//! `reflash lint`: checks configurations and dial plans.

mod checked;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
};

use self::checked::CheckedFiles;
use super::{
    findings,
    globals::{CommandOutcome, Globals},
    heading,
};
use crate::{
    bundle::ExamineOptions,
    diagnose::{Finding, Severity},
    failure::Failure,
    inputs::{asterisk, bundles, files, shown},
    lint::{self, CommonSettings, FileKind, LintContext, MAX_FILE_BYTES},
    phone::{LoadName, Model},
    text::{read_failure, wrap},
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
    /// that it includes are read too. Of a folder, pjsip.conf and sip.conf are read, or else the
    /// files whose names begin so.
    #[arg(long, value_name = "FILE", help_heading = heading::CONFIGURATION)]
    pjsip: Vec<PathBuf>,
}

fn model(text: &str) -> Result<&'static Model, String> {
    Model::by_number(text).ok_or_else(|| {
        "no such model: expected one that `reflash models` lists, such as 7965".to_owned()
    })
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let pbx = asterisk::read(&args.pjsip)?;
    let mut known = LintContext {
        loads: loads(&args.bundles)?,
        model: args.model,
        pjsip: pbx.pjsip,
        sip: pbx.sip,
        dial_plans: Vec::new(),
        common: None,
    };
    let mut checked = CheckedFiles::default();
    let (read, mut found) = read_all(&args.files, &mut checked);
    let could_read_all = found.is_empty();
    found.splice(0..0, pbx.findings);
    for file in &read {
        known.dial_plans.extend(lint::dial_templates(&file.bytes));
    }
    let folders = NamesOfFolders::of(&read);
    let commons = CommonOfFolders::of(&read);
    let uses: Vec<_> = read
        .iter()
        .map(|file| (file, lint::dial_plan_use(&file.bytes)))
        .collect();
    for file in &read {
        let kind = lint::kind(&file.path, &file.bytes, &known);
        checked.add(kind, file.folder(), &file.path);
        if file.is_named || kind.is_some() {
            known.common = commons.beside(file).cloned();
            for finding in lint::check(&file.path, &file.bytes, &known) {
                // What is wrong in SIPDefault.cnf is found for each phone.
                let is_of_file = finding.path.as_deref() == Some(&*file.path);
                if is_of_file || !found.contains(&finding) {
                    found.push(finding);
                }
            }
        }
        if kind == Some(FileKind::DialPlan) {
            // Files that the command line names one by one may come from any folder.
            let is_beside = |other: &ReadFile| {
                file.is_named || other.is_named || other.folder() == file.folder()
            };
            let beside = uses.iter().filter(|(other, _)| is_beside(other));
            let beside: Vec<_> = beside.map(|(_, uses_plan)| uses_plan).collect();
            found.extend(lint::cut_off_numbers(&file.path, &file.bytes, &beside));
        }
        if let Some(names) = folders.beside(file) {
            found.extend(lint::missing_plans(&file.path, &file.bytes, names));
        }
    }
    found.extend(between_files(&read, &commons, &known));
    if could_read_all {
        found.extend(checked.nothing());
    }
    let outcome = findings::print_all(&found, globals)?;
    if !globals.json && !globals.quiet && checked.total() > 0 {
        let findings = match found.len() {
            0 => "no findings".to_owned(),
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        let summary = format!("{}: {findings}", checked.summary());
        eprintln!("{}", wrap(&summary, "", "  ").join("\n"));
    }
    Ok(outcome)
}

/// Every `SIPDefault.cnf`, with its file.
struct CommonOfFolders<'a>(Vec<(&'a ReadFile, CommonSettings)>);

impl<'a> CommonOfFolders<'a> {
    fn of(files: &'a [ReadFile]) -> Self {
        let common = |file: &'a ReadFile| {
            let common = lint::common_settings(&file.path, &file.path, &file.bytes)?;
            Some((file, common))
        };
        Self(files.iter().filter_map(common).collect())
    }

    /// The one that the phone of this file reads: in the same folder, or else one that the command
    /// line names as it names the file.
    fn beside(&self, file: &ReadFile) -> Option<&CommonSettings> {
        let mut all = self.0.iter();
        let beside = all.find(|(common, _)| common.path.parent() == file.path.parent());
        let is_named = |common: &ReadFile| file.is_named && common.is_named;
        let named = || self.0.iter().find(|(common, _)| is_named(common));
        beside.or_else(named).map(|(_, common)| common)
    }
}

/// What the files of one folder, or those that the command line names, say of each other.
fn between_files(
    files: &[ReadFile],
    commons: &CommonOfFolders<'_>,
    known: &LintContext,
) -> Vec<Finding> {
    let mut groups: BTreeMap<Option<&Path>, Vec<&ReadFile>> = BTreeMap::new();
    for file in files {
        groups.entry(file.folder()).or_default().push(file);
    }
    let mut found = Vec::new();
    for group in groups.values() {
        let common = group.iter().find_map(|file| commons.beside(file));
        let files: Vec<(&Path, &[u8])> = group
            .iter()
            .map(|file| (&*file.path, &*file.bytes))
            .collect();
        found.extend(lint::contradictions(&files));
        found.extend(lint::compare_phones(&files, common, known));
    }
    found
}

/// A file to check.
struct ReadFile {
    path: PathBuf,
    bytes: Vec<u8>,
    /// The command line names the file itself, not its folder.
    is_named: bool,
}

impl ReadFile {
    /// The folder of a file that the command line does not name itself.
    fn folder(&self) -> Option<&Path> {
        self.path.parent().filter(|_| !self.is_named)
    }
}

/// The names of the files in each folder that the command line names.
struct NamesOfFolders(HashMap<PathBuf, Vec<String>>);

impl NamesOfFolders {
    fn of(files: &[ReadFile]) -> Self {
        let mut all: HashMap<PathBuf, Vec<String>> = HashMap::new();
        for file in files.iter().filter(|file| !file.is_named) {
            let name = file.path.file_name().map(|name| name.to_string_lossy());
            let folder = file.path.parent().unwrap_or(Path::new(""));
            let names = all.entry(folder.to_owned()).or_default();
            names.extend(name.map(Cow::into_owned));
        }
        Self(all)
    }

    /// The names in the folder of a file; `None` if the command line names only the file.
    fn beside(&self, file: &ReadFile) -> Option<&[String]> {
        self.0.get(file.folder()?).map(Vec::as_slice)
    }
}

/// Reads files, and those of folders that may be configurations; a finding for each that cannot be
/// read.
fn read_all(paths: &[PathBuf], checked: &mut CheckedFiles) -> (Vec<ReadFile>, Vec<Finding>) {
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
            Ok(Some(of_folder)) => {
                let (small, large): (Vec<_>, Vec<_>) = of_folder
                    .iter()
                    .partition(|file| files::may_be_configuration(file));
                let name = |file: &&PathBuf| Some(file.file_name()?.to_string_lossy().into_owned());
                checked.add_folder(path, large.iter().filter_map(name).collect());
                for file in small {
                    read(file, false);
                }
            }
            Err(error) => folders.push(unreadable(path, &error)),
        }
    }
    found.extend(folders);
    (files, found)
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
