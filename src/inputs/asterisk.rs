//! Configuration files of Asterisk that a command line names, with the files that they include.

mod wildcard;

use std::{
    collections::HashSet,
    fmt::Display,
    path::{Path, PathBuf},
};

use super::{files, shown};
use crate::{
    diagnose::{Finding, Severity},
    failure::Failure,
    lint::{self, AsteriskFile, Include, IncludeKind, PjsipConfig, SipConfig},
    text::{escape, read_failure},
};

/// Bytes read of one file. A `pjsip.conf` for 1,000 phones has 400 kB.
const MAX_FILE_BYTES: usize = 2 * 1024 * 1024;

/// Maximum number of files read, with those that are included.
const MAX_FILES: usize = 1000;

/// How deep includes may be nested: Asterisk's limit.
const MAX_DEPTH: usize = 10;

/// Asterisk's folder, to which its includes are relative.
const CONFIG_FOLDER: &str = "/etc/asterisk";

/// What a PBX is configured to do.
#[derive(Debug, Default)]
pub struct AsteriskInputs {
    /// `pjsip.conf`, if one is named.
    pub pjsip: Option<PjsipConfig>,
    /// `sip.conf`, if one is named.
    pub sip: Option<SipConfig>,
    /// Includes that were not read.
    pub findings: Vec<Finding>,
}

/// Reads files and folders with the configuration of Asterisk, and the files that they include.
/// Commands of `#exec` are not run.
///
/// # Errors
/// A file that cannot be read, or no file with endpoints, transports or peers.
pub fn read(paths: &[PathBuf]) -> Result<AsteriskInputs, Failure> {
    let mut reader = Reader::default();
    let mut named = Vec::new();
    for path in named_files(paths)? {
        let file = reader.named(&path)?;
        named.push((path, file));
    }
    // A file that another includes has its place there.
    named.retain(|(path, _)| !reader.included.contains(&canonical(path)));
    let whole = joined(named.iter().map(|(_, file)| file.clone()).collect());
    reader.findings.extend(lint::check_asterisk(&whole));
    let (sip, pjsip): (Vec<_>, Vec<_>) = named
        .into_iter()
        .map(|(_, file)| file)
        .partition(|file| SipConfig::of_file(file).is_some());
    let mut read = AsteriskInputs {
        pjsip: (!pjsip.is_empty()).then(|| PjsipConfig::of_file(&joined(pjsip))),
        sip: SipConfig::of_file(&joined(sip)),
        findings: reader.findings,
    };
    let is_empty = |pjsip: &PjsipConfig| {
        pjsip.endpoints.is_empty() && pjsip.transports.is_empty() && pjsip.auths.is_empty()
    };
    if let Some(pjsip) = read.pjsip.as_ref().filter(|pjsip| is_empty(pjsip)) {
        if read.sip.is_none() && !pjsip.partial {
            let paths: Vec<_> = paths.iter().map(|path| shown(path)).collect();
            return Err(Failure::new(
                format!(
                    "{} contains no endpoint, transport or peer to compare with",
                    paths.join(", ")
                ),
                "--pjsip takes Asterisk's pjsip.conf or sip.conf, or the folder /etc/asterisk",
            ));
        }
        if !pjsip.partial {
            read.pjsip = None;
        }
    }
    Ok(read)
}

/// The files, and of each folder those that Asterisk reads: `pjsip.conf`, `pjsip_wizard.conf` and
/// `sip.conf`, or else all whose names begin so.
fn named_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        let of_folder = files::of_folder(path);
        let of_folder = of_folder.map_err(|error| cannot_read(path, &error))?;
        let Some(of_folder) = of_folder else {
            all.push(path.clone());
            continue;
        };
        let matching = |is_meant: &dyn Fn(&str) -> bool| -> Vec<PathBuf> {
            let name = |file: &&PathBuf| file.file_name()?.to_str().map(is_meant);
            let files = of_folder.iter();
            files
                .filter(|file| name(file) == Some(true))
                .cloned()
                .collect()
        };
        let read_by_asterisk = ["pjsip.conf", "pjsip_wizard.conf", "sip.conf"];
        let mut found = matching(&|name| read_by_asterisk.contains(&name));
        for prefix in ["pjsip", "sip"] {
            if found.is_empty() {
                found = matching(&|name| name.starts_with(prefix) && is_conf(name));
            }
        }
        if found.is_empty() {
            return Err(cannot_read(path, &"it has no pjsip*.conf and no sip*.conf"));
        }
        all.extend(found);
    }
    Ok(all)
}

fn is_conf(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "conf")
}

/// The files one after the other, as one file.
fn joined(files: Vec<AsteriskFile>) -> AsteriskFile {
    let mut all = AsteriskFile::new("#include file\n".to_owned());
    all.add(1, files);
    all
}

fn cannot_read(path: &Path, error: &dyn Display) -> Failure {
    let cure = "--pjsip takes Asterisk's pjsip.conf or sip.conf; this user must be able to read it";
    Failure::new(format!("cannot read {}: {error}", shown(path)), cure)
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Reads files with those that they include.
#[derive(Debug, Default)]
struct Reader {
    /// The files that others include.
    included: HashSet<PathBuf>,
    findings: Vec<Finding>,
    /// Number of files read.
    count: usize,
}

impl Reader {
    /// Reads a file that the command line names.
    fn named(&mut self, path: &Path) -> Result<AsteriskFile, Failure> {
        let text = text(path).map_err(|error| cannot_read(path, &error))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(self.with_includes(path, text, &folder, &mut Vec::new()))
    }

    /// Reads what a file includes. `folder` is that of the file that the command line names;
    /// `outer` are the files that include this one.
    fn with_includes(
        &mut self,
        path: &Path,
        text: String,
        folder: &Path,
        outer: &mut Vec<PathBuf>,
    ) -> AsteriskFile {
        self.count += 1;
        let mut file = AsteriskFile::at(path, text);
        outer.push(canonical(path));
        for include in file.includes() {
            match self.include(path, &include, folder, outer) {
                Ok(files) => file.add(include.line, files),
                Err(why) => self.findings.push(not_read(path, &include, &why)),
            }
        }
        outer.pop();
        file
    }

    /// The files of an include.
    fn include(
        &mut self,
        path: &Path,
        include: &Include,
        folder: &Path,
        outer: &mut Vec<PathBuf>,
    ) -> Result<Vec<AsteriskFile>, String> {
        if include.kind == IncludeKind::Command {
            return Err("commands are not run".to_owned());
        }
        let found = find(&include.target, folder, path);
        if found.is_empty() {
            let is_pattern = include.target.contains(['*', '?', '[']);
            return Err(if is_pattern {
                "no file has such a name".to_owned()
            } else {
                "it does not exist".to_owned()
            });
        }
        let mut files = Vec::new();
        for found in found {
            let real = canonical(&found);
            if outer.contains(&real) {
                return Err("the file includes itself".to_owned());
            }
            if outer.len() >= MAX_DEPTH {
                return Err(format!("more than {MAX_DEPTH} files include each other"));
            }
            if self.count >= MAX_FILES {
                return Err(format!("more than {MAX_FILES} files are included"));
            }
            let text = text(&found)?;
            self.included.insert(real);
            files.push(self.with_includes(&found, text, folder, outer));
        }
        Ok(files)
    }
}

/// Reads a file; the error is why not.
fn text(path: &Path) -> Result<String, String> {
    let bytes = files::read(path, MAX_FILE_BYTES).map_err(|error| read_failure(&error))?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(format!("it has more than {MAX_FILE_BYTES} bytes"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The files that an include names. Asterisk takes a relative path from its folder; here that is
/// the folder of the file on the command line, or else that of the file with the include. In a copy
/// of Asterisk's folder, a path into the original is one into the copy.
fn find(target: &str, folder: &Path, path: &Path) -> Vec<PathBuf> {
    let target = Path::new(target);
    let within = target.strip_prefix(CONFIG_FOLDER).unwrap_or(target);
    let candidates = [
        folder.join(target),
        path.parent().unwrap_or(folder).join(target),
        folder.join(within),
    ];
    candidates
        .iter()
        .map(|candidate| wildcard::files(candidate))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The finding about an include that was not read.
fn not_read(path: &Path, include: &Include, why: &str) -> Finding {
    let directive = match include.kind {
        IncludeKind::Required => "#include",
        IncludeKind::Optional => "#tryinclude",
        IncludeKind::Command => "#exec",
    };
    let target = escape(&include.target);
    let consequence = "phones are not compared with what it may add";
    let (severity, cure) = match include.kind {
        IncludeKind::Required => (
            Severity::Warning,
            "Name the file or the folder of the PBX that has it with --pjsip; on the PBX itself, \
             create it: Asterisk rejects a file whose #include finds nothing",
        ),
        IncludeKind::Optional => (
            Severity::Note,
            "If the PBX has this file, copy it beside this one",
        ),
        IncludeKind::Command => (
            Severity::Warning,
            "Save the output of the command in a file, and name that with --pjsip too",
        ),
    };
    Finding {
        code: "include-not-read",
        severity,
        path: Some(path.to_owned()),
        line: Some(include.line),
        column: None,
        message: format!("{directive} {target} is not read: {why}; {consequence}"),
        cure: cure.to_owned(),
    }
}
