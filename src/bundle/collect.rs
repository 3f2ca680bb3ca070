//! Scans the entries of a container and collects the results.

use std::{collections::BTreeMap, fs::File, io::Write as _};

use super::{
    entry::{EntryScanner, ScannedEntry},
    entry_path::{EntryPath, SkipReason},
    file_kinds::{is_archive, is_installer, is_manifest},
    limits::{MAX_MANIFEST_BYTES, MAX_NESTED_ARCHIVES},
    options::ExamineOptions,
    signature::TrustedKey,
    stop::{WalkStop, refused},
    types::{Problem, Verdict},
    visitor::{EntryInfo, Visitor},
};
use crate::diagnose::Severity;

/// The entries of one folder of a container.
#[derive(Debug, Default)]
pub(super) struct CollectedFolder {
    pub(super) entries: Vec<ScannedEntry>,
    /// A problem for each entry whose data is invalid.
    pub(super) damaged: Vec<Problem>,
}

/// Everything found in a container.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) folders: BTreeMap<String, CollectedFolder>,
    /// Nested archives: path, an unnamed copy, and its size.
    pub(super) archives: Vec<(String, File, u64)>,
    /// Files that are not read, with their paths.
    pub(super) skipped: Vec<(String, SkipReason)>,
    /// What is wrong with the container itself.
    pub(super) invalid: Option<(Verdict, Problem)>,
}

/// What is done with the current entry.
enum CurrentEntry {
    Skip,
    Scan(EntryPath, Box<EntryScanner>),
    /// A nested archive is copied to a temporary file.
    Copy(EntryPath, File, u64),
}

/// Visits a container and scans every entry.
pub(super) struct Collector {
    trusted: Vec<TrustedKey>,
    /// The container is nested in another one.
    nested: bool,
    /// A nested container may have folders, because the outer one is a folder.
    folders_allowed: bool,
    /// The container is a folder on disk: archives over the limit are skipped.
    is_folder: bool,
    current: CurrentEntry,
    collected: Collected,
}

impl Visitor for Collector {
    fn begin(&mut self, entry: &EntryInfo) -> Result<(), WalkStop> {
        let name = entry.path.name.as_str();
        let archive = is_archive(name);
        let is_large = is_manifest(name) && entry.size > MAX_MANIFEST_BYTES as u64;
        let reason = entry
            .path
            .skip
            .or(is_large.then_some(SkipReason::LargeManifest))
            .or(is_installer(name).then_some(SkipReason::Installer))
            .or((self.is_folder && archive && self.is_full()).then_some(SkipReason::ManyArchives));
        if let Some(reason) = reason {
            self.collected.skipped.push((entry.path.full(), reason));
            self.current = CurrentEntry::Skip;
            return Ok(());
        }
        let in_folder = !entry.path.folder.is_empty() && !self.folders_allowed;
        if self.nested && (archive || in_folder) {
            return Err(refused(
                "nested-too-deep",
                Some(&entry.path.full()),
                "an archive or folder inside a nested archive; only one level is opened",
            ));
        }
        self.current = if archive {
            CurrentEntry::Copy(entry.path.clone(), tempfile::tempfile()?, entry.size)
        } else {
            let scanner = EntryScanner::new(name, entry.size);
            CurrentEntry::Scan(entry.path.clone(), Box::new(scanner))
        };
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), WalkStop> {
        match &mut self.current {
            CurrentEntry::Skip => {}
            CurrentEntry::Scan(_, scanner) => scanner.feed(bytes),
            CurrentEntry::Copy(_, file, _) => file.write_all(bytes)?,
        }
        Ok(())
    }

    fn end(&mut self, error: Option<String>) -> Result<(), WalkStop> {
        let current = std::mem::replace(&mut self.current, CurrentEntry::Skip);
        let path = match &current {
            CurrentEntry::Skip => return Ok(()),
            CurrentEntry::Scan(path, _) | CurrentEntry::Copy(path, ..) => path.clone(),
        };
        if let Some(why) = error {
            let folder = self.collected.folders.entry(path.folder).or_default();
            folder.damaged.push(damaged(&path.name, why));
            return Ok(());
        }
        match current {
            CurrentEntry::Skip => {}
            CurrentEntry::Scan(path, scanner) => {
                let folder = self.collected.folders.entry(path.folder).or_default();
                folder.entries.push(scanner.finish(&self.trusted));
            }
            CurrentEntry::Copy(path, file, size) => {
                self.collected.archives.push((path.full(), file, size));
                if self.collected.archives.len() > MAX_NESTED_ARCHIVES {
                    let message = format!("more than {MAX_NESTED_ARCHIVES} nested archives");
                    return Err(refused("over-limit", None, message));
                }
            }
        }
        Ok(())
    }
}

impl Collector {
    pub(super) fn new(
        options: &ExamineOptions,
        nested: bool,
        folders_allowed: bool,
        is_folder: bool,
    ) -> Self {
        Self {
            is_folder,
            trusted: options.trusted.clone(),
            nested,
            folders_allowed,
            current: CurrentEntry::Skip,
            collected: Collected::default(),
        }
    }

    fn is_full(&self) -> bool {
        self.collected.archives.len() >= MAX_NESTED_ARCHIVES
    }

    pub(super) fn finish(self) -> Collected {
        self.collected
    }
}

fn damaged(member: &str, message: String) -> Problem {
    Problem {
        code: "member-damaged",
        severity: Severity::Error,
        member: Some(member.to_owned()),
        message,
        cure: "Download the file again and compare its checksum with the published one.".to_owned(),
    }
}
