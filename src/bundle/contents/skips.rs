//! Files of a bundle that are no firmware: named, and not served.

use std::collections::BTreeMap;

use super::super::{
    content_hint::ContentHint,
    entry::ScannedEntry,
    entry_path::SkipReason,
    file_kinds::{is_manifest, is_trust_list},
    types::Problem,
};
use crate::{
    diagnose::Severity,
    phone::{LoadName, Model},
};

/// The names that one note has. The list of members has all.
const MAX_NAMES: usize = 40;

/// What a file that is not served is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Configuration,
    DefaultConfiguration,
    TrustList,
    UpdateList,
    OtherCase,
    UnknownRecovery,
    Unknown,
    Skipped(SkipReason),
}

impl Kind {
    fn of(entry: &ScannedEntry) -> Self {
        let lower = entry.name.to_ascii_lowercase();
        let is_own = ["sep", "sip", "mgc", "gk", "ata"]
            .iter()
            .any(|start| lower.starts_with(start))
            && [".cnf", ".cfg"].iter().any(|part| lower.contains(part));
        if lower == "xmldefault.cnf.xml" {
            Self::DefaultConfiguration
        } else if is_trust_list(&lower) {
            Self::TrustList
        } else if is_own {
            Self::Configuration
        } else if is_manifest(&lower) && entry.hint == Some(ContentHint::Xml) {
            Self::UpdateList
        } else if Model::by_recovery_manifest(&lower).is_some() {
            // One that is the first of its name is judged.
            Self::OtherCase
        } else if LoadName::new(&lower).is_recovery() {
            Self::UnknownRecovery
        } else {
            Self::Unknown
        }
    }

    /// What the files are, and what to do to have them served.
    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Configuration => (
                "configurations, not firmware, and are left out",
                "To serve a configuration with the firmware: --add FILE of `convert` or `stage`.",
            ),
            Self::DefaultConfiguration => (
                "the default configuration of another server and is left out: reflash writes its \
                 own, which names the load",
                "Nothing to do. `reflash serve DIR` serves the folder as it is.",
            ),
            Self::TrustList => (
                "trust lists of a call manager and are left out: a phone that takes one accepts \
                 only files which that call manager signed",
                "To serve one nevertheless: --add FILE of `convert` or `stage`.",
            ),
            Self::UpdateList => (
                "update lists of a program such as Cisco IP Communicator (XML), not manifests of \
                 phones, and are skipped",
                "Nothing to do.",
            ),
            Self::OtherCase => (
                "not served: other files have the same names but for upper and lower case",
                "If their contents differ, keep those that belong to this release.",
            ),
            Self::UnknownRecovery => (
                "recovery manifests of phones that this program does not know, and are not served",
                "Nothing to do.",
            ),
            Self::Unknown => (
                "not firmware and are not served",
                "Nothing to do. To serve such a file with the firmware: --add FILE of `convert` or `stage`.",
            ),
            Self::Skipped(SkipReason::Hidden) => (
                "hidden files or files of macOS and are skipped",
                "Nothing to do.",
            ),
            Self::Skipped(SkipReason::Link) => (
                "links or devices and are skipped: only regular files are read",
                "If one is a file of the bundle, replace the link by the file.",
            ),
            Self::Skipped(SkipReason::OddName) => (
                "skipped because of their paths, which are too long, too deep or not text",
                "If firmware is there, move it into a folder with a short path.",
            ),
            Self::Skipped(SkipReason::LargeManifest) => (
                "larger than any manifest of a phone and are skipped",
                "Nothing to do, unless phones are to install it: then get that file again.",
            ),
            Self::Skipped(SkipReason::LargeFile) => {
                ("larger than any firmware and are skipped", "Nothing to do.")
            }
            Self::Skipped(SkipReason::Unreadable) => (
                "skipped, because this user may not read them",
                "If phones need one, make it readable (`chmod a+r FILE`; folders also a+x).",
            ),
            Self::Skipped(SkipReason::ManyArchives) => (
                "archives that were not opened: the folder has too many",
                "Give each archive that you need by itself.",
            ),
            Self::Skipped(SkipReason::Installer) => (
                "installer scripts of a call manager; they are neither run nor served",
                "Nothing to do.",
            ),
        }
    }
}

/// Notes about files that were read but are no firmware.
pub(super) fn of_entries<'e>(others: impl Iterator<Item = &'e ScannedEntry>) -> Vec<Problem> {
    let (known, others): (Vec<_>, Vec<_>) = others.partition(|entry| entry.content.is_some());
    let mut found = notes(
        others
            .into_iter()
            .map(|entry| (Kind::of(entry), entry.name.as_str())),
    );
    found.extend(known.into_iter().filter_map(firmware_note));
    found
}

/// Firmware under a name that no phone requests.
fn firmware_note(entry: &ScannedEntry) -> Option<Problem> {
    let kind = entry.content?;
    Some(Problem {
        code: "file-skipped",
        severity: Severity::Note,
        member: Some(entry.name.clone()),
        message: format!(
            "it is firmware for {} by its first bytes, under another name; this program does not \
             convert these phones: {}",
            kind.what,
            kind.why.text()
        ),
        cure: kind.why.cure().to_owned(),
    })
}

/// Notes about files that were not read.
pub(in super::super) fn of_skipped(skipped: &[(String, SkipReason)]) -> Vec<Problem> {
    notes(
        skipped
            .iter()
            .map(|(path, reason)| (Kind::Skipped(*reason), path.as_str())),
    )
}

fn notes<'n>(files: impl Iterator<Item = (Kind, &'n str)>) -> Vec<Problem> {
    let mut by_kind: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
    for (kind, name) in files {
        by_kind.entry(kind).or_default().push(name);
    }
    by_kind
        .into_iter()
        .map(|(kind, names)| {
            let (what, cure) = kind.texts();
            let (are, what) = match names.len() {
                1 => ("is", singular(what)),
                _ => ("are", what.to_owned()),
            };
            let more = match names.len().saturating_sub(MAX_NAMES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let shown = names[..names.len().min(MAX_NAMES)].join(", ");
            Problem {
                code: "file-skipped",
                severity: Severity::Note,
                member: (names.len() == 1).then(|| names[0].to_owned()),
                message: match names.len() {
                    1 => format!("it {are} {what}"),
                    _ => format!("{shown}{more} {are} {what}"),
                },
                cure: cure.to_owned(),
            }
        })
        .collect()
}

/// The text for one file.
fn singular(text: &str) -> String {
    [
        (
            "configurations, not firmware, and are",
            "a configuration, not firmware, and is",
        ),
        ("trust lists of", "a trust list of"),
        ("update lists of a program", "an update list of a program"),
        (
            "not manifests of phones, and are",
            "not a manifest of a phone, and is",
        ),
        (
            "hidden files or files of macOS and are",
            "a hidden file or a file of macOS and is",
        ),
        ("links or devices and are", "a link or device and is"),
        ("may not read them", "may not read it"),
        ("archives that were not", "an archive that was not"),
        (
            "because of their paths, which are",
            "because of its path, which is",
        ),
        (
            "other files have the same names",
            "another file has the same name",
        ),
        (
            "recovery manifests of phones that",
            "a recovery manifest of a phone that",
        ),
        (
            "installer scripts of a call manager; they are",
            "an installer script of a call manager; it is",
        ),
        (" and are ", " and is "),
    ]
    .iter()
    .fold(text.to_owned(), |text, (many, one)| text.replace(many, one))
}
