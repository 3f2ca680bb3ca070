//! What was checked as what, and what was not checked.

use std::path::{Path, PathBuf};

use crate::{
    diagnose::{Finding, Severity},
    inputs::shown,
    lint::FileKind,
};

/// Maximum number of names in a message.
const MAX_NAMED: usize = 3;

/// Endings of firmware files.
const FIRMWARE: [&str; 10] = [
    "loads", "sbn", "sb2", "sgn", "bin", "sebn", "zip", "tar", "gz", "cop",
];

/// Counts the files of a call by their types.
#[derive(Debug, Default)]
pub(super) struct CheckedFiles {
    phones: usize,
    defaults: usize,
    plans: usize,
    settings: usize,
    image_names: usize,
    unknown: usize,
    folders: Vec<CheckedFolder>,
}

/// A folder that the command line names.
#[derive(Debug)]
struct CheckedFolder {
    path: PathBuf,
    /// Number of its files that were checked.
    checked: usize,
    /// The names of the others.
    others: Vec<String>,
}

impl CheckedFiles {
    /// Adds a folder; its files follow.
    pub(super) fn add_folder(&mut self, path: &Path, others: Vec<String>) {
        self.folders.push(CheckedFolder {
            path: path.to_owned(),
            checked: 0,
            others,
        });
    }

    /// Counts a file. `kind` is `None` for one of an unknown type; `folder` is the folder of a
    /// file that the command line does not name itself.
    pub(super) fn add(&mut self, kind: Option<FileKind>, folder: Option<&Path>, name: &Path) {
        let folder = folder.and_then(|path| self.folders.iter_mut().find(|one| one.path == path));
        if let Some(folder) = folder {
            if kind.is_none() {
                let name = name.file_name().unwrap_or_default();
                folder.others.push(name.to_string_lossy().into_owned());
                return;
            }
            folder.checked += 1;
        }
        *match kind {
            Some(FileKind::Device) => &mut self.phones,
            Some(FileKind::Default) => &mut self.defaults,
            Some(FileKind::DialPlan) => &mut self.plans,
            Some(FileKind::Settings) => &mut self.settings,
            Some(FileKind::ImageName) => &mut self.image_names,
            None => &mut self.unknown,
        } += 1;
    }

    /// A finding for each folder in which nothing was checked: an error if nothing was checked at
    /// all.
    pub(super) fn nothing(&self) -> Vec<Finding> {
        let severity = if self.total() == 0 {
            Severity::Error
        } else {
            Severity::Note
        };
        let empty = self.folders.iter().filter(|folder| folder.checked == 0);
        empty.map(|folder| folder.nothing(severity)).collect()
    }

    /// Number of files that were checked.
    pub(super) fn total(&self) -> usize {
        self.phones + self.defaults + self.plans + self.settings + self.image_names + self.unknown
    }

    /// `3 files checked (2 phone configurations, 1 dial plan)`.
    pub(super) fn summary(&self) -> String {
        let parts = [
            (self.phones, "phone configuration", "phone configurations"),
            (self.defaults, "XMLDefault.cnf.xml", "XMLDefault.cnf.xml"),
            (self.plans, "dial plan", "dial plans"),
            (
                self.settings,
                "configuration of a 7940 or 7960",
                "configurations of the 7940 and 7960",
            ),
            (self.image_names, "OS79XX.TXT", "OS79XX.TXT"),
            (self.unknown, "of an unknown type", "of an unknown type"),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, several)| {
                format!("{count} {}", if *count == 1 { one } else { several })
            })
            .collect();
        let files = |count| match count {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let types = match parts.len() {
            0 => String::new(),
            _ => format!(" ({})", parts.join(", ")),
        };
        let others = self.folders.iter().map(|folder| folder.others.len()).sum();
        let others = match others {
            0 => String::new(),
            others => format!(", {} of other types not checked", files(others)),
        };
        format!("{} checked{types}{others}", files(self.total()))
    }
}

impl CheckedFolder {
    fn nothing(&self, severity: Severity) -> Finding {
        let of = |endings: &[&str]| -> Vec<&str> {
            let ends = |name: &&str| {
                let end = Path::new(name).extension().and_then(|end| end.to_str());
                end.is_some_and(|end| endings.iter().any(|one| one.eq_ignore_ascii_case(end)))
            };
            self.others
                .iter()
                .map(String::as_str)
                .filter(ends)
                .collect()
        };
        let (asterisk, firmware) = (of(&["conf"]), of(&FIRMWARE));
        let path = shown(&self.path);
        let expected = "SEP<MAC>.cnf.xml, XMLDefault.cnf.xml, dialplan.xml";
        let (message, cure) = if !asterisk.is_empty() {
            (
                format!("nothing to check: {} of Asterisk", are(&asterisk)),
                format!(
                    "Name the configurations of the phones, and this folder as that of the PBX: \
                     reflash lint SEP<MAC>.cnf.xml --pjsip {path}"
                ),
            )
        } else if !firmware.is_empty() {
            (
                format!("nothing to check: {} firmware", are(&firmware)),
                format!(
                    "`reflash verify {path}` checks firmware; here, name the folder with \
                         {expected}"
                ),
            )
        } else {
            let within = self.folders_within();
            let what = match (self.others.len(), within.len()) {
                (0, 0) => "the folder is empty".to_owned(),
                (0, _) => "the folder has only other folders".to_owned(),
                _ => format!("no file is one that phones read ({expected})"),
            };
            let cure = match within.first() {
                Some(_) => format!(
                    "Name the folder with the files of the phones; within this one: {}",
                    first_few(&within.iter().map(String::as_str).collect::<Vec<_>>())
                ),
                None => format!("Name the folder of the TFTP server, with {expected}"),
            };
            (format!("nothing to check: {what}"), cure)
        };
        Finding {
            code: "nothing-to-check",
            severity,
            path: Some(self.path.clone()),
            line: None,
            column: None,
            message,
            cure,
        }
    }

    /// The names of the folders in this one; folders within a folder are not searched.
    fn folders_within(&self) -> Vec<String> {
        let entries = self.path.read_dir().into_iter().flatten().flatten();
        let mut names: Vec<_> = entries
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort_unstable();
        names
    }
}

/// `pjsip.conf is`, or `a.conf, b.conf and 3 more are`.
fn are(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", first_few(names))
}

fn first_few(names: &[&str]) -> String {
    let first = names[..names.len().min(MAX_NAMED)].join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
