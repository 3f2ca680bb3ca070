//! What is gathered while a container is walked, and the bundles that it makes.

use std::{collections::BTreeMap, fs::File, io::Write as _, path::Path};

use super::{
    Bundle, BundleError, ExamineOptions, Origin, Problem, TrustedKey, Verdict,
    container::{Item, Place, Stop, Visit, flaw},
    contents::{self, is_manifest},
    examine::{Seen, inside, nested},
    manifest::MANIFEST_LIMIT,
    member::{Read, Scan},
};
use crate::diagnose::Severity;

/// Archives that are opened within one.
const ARCHIVES_LIMIT: usize = 16;
/// Endings of archives that may hold a bundle.
const ARCHIVES: [&str; 7] = [
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".cop",
    ".cop.sgn",
    ".cop.sha512",
];

/// Scripts with which a call manager installs a package. They are for no phone; they are
/// neither run nor kept.
const INSTALLERS: [&str; 2] = ["copstart.sh", "copstart.py"];

/// Whether a member of this name is an archive that may hold a bundle.
pub(super) fn is_archive(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ARCHIVES.iter().any(|end| lower.ends_with(end))
}

/// Whether a member of this name is left out of every bundle.
pub(super) fn is_installer(name: &str) -> bool {
    INSTALLERS
        .iter()
        .any(|installer| name.eq_ignore_ascii_case(installer))
}

/// What the members of one folder of a container are.
#[derive(Debug, Default)]
struct Folder {
    read: Vec<Read>,
    faults: Vec<Problem>,
}

/// What is being done with the member that streams by.
enum Current {
    Nothing,
    Scan(Place, Box<Scan>),
    /// An archive, on its way to a file of its own.
    Spool(Place, File, u64),
}

/// Takes the members of a container as they come.
pub(super) struct Gather {
    trusted: Vec<TrustedKey>,
    /// The container is in another one already.
    inner: bool,
    current: Current,
    folders: BTreeMap<String, Folder>,
    archives: Vec<(String, File, u64)>,
    flaw: Option<(Verdict, Problem)>,
    expectation: ExamineOptions,
}

impl Visit for Gather {
    fn begin(&mut self, item: &Item) -> Result<(), Stop> {
        let name = item.place.name.as_str();
        let archive = is_archive(name);
        if self.inner && (archive || !item.place.folder.is_empty()) {
            return Err(flaw(
                Verdict::Refused,
                "nested-too-deep",
                Some(&item.place.path()),
                "an archive or folder in an archive that is in another one; one level is opened",
            ));
        }
        if is_manifest(name) && item.size > MANIFEST_LIMIT as u64 {
            return Err(flaw(
                Verdict::Refused,
                "over-limit",
                Some(&item.place.path()),
                format!(
                    "a manifest of {} bytes; the limit is {MANIFEST_LIMIT}",
                    item.size
                ),
            ));
        }
        self.current = if archive {
            Current::Spool(item.place.clone(), tempfile::tempfile()?, item.size)
        } else if is_installer(name) {
            Current::Nothing
        } else {
            Current::Scan(item.place.clone(), Box::new(Scan::new(name, item.size)))
        };
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        match &mut self.current {
            Current::Nothing => {}
            Current::Scan(_, scan) => scan.feed(bytes),
            Current::Spool(_, file, _) => file.write_all(bytes)?,
        }
        Ok(())
    }

    fn end(&mut self, fault: Option<String>) -> Result<(), Stop> {
        let current = std::mem::replace(&mut self.current, Current::Nothing);
        let place = match &current {
            Current::Nothing => return Ok(()),
            Current::Scan(place, _) | Current::Spool(place, ..) => place.clone(),
        };
        if let Some(why) = fault {
            let folder = self.folders.entry(place.folder.clone()).or_default();
            folder.faults.push(damaged(&place.name, why));
            return Ok(());
        }
        match current {
            Current::Nothing => {}
            Current::Scan(place, scan) => {
                let read = scan.finish(&self.trusted);
                self.folders
                    .entry(place.folder)
                    .or_default()
                    .read
                    .push(read);
            }
            Current::Spool(place, file, size) => {
                self.archives.push((place.path(), file, size));
                if self.archives.len() > ARCHIVES_LIMIT {
                    let message = format!("more than {ARCHIVES_LIMIT} archives in one");
                    return Err(flaw(Verdict::Refused, "over-limit", None, message));
                }
            }
        }
        Ok(())
    }
}

impl Gather {
    pub(super) fn new(expectation: &ExamineOptions, inner: bool) -> Self {
        Self {
            trusted: expectation.trusted.clone(),
            inner,
            current: Current::Nothing,
            folders: BTreeMap::new(),
            archives: Vec::new(),
            flaw: None,
            expectation: expectation.clone(),
        }
    }

    /// The container itself does not hold.
    pub(super) fn flawed(&mut self, verdict: Verdict, problem: Problem) {
        self.flaw = Some((verdict, problem));
    }

    /// The bundles in it.
    pub(super) fn bundles(
        self,
        path: &Path,
        origin: &Origin,
        seen: &Seen,
    ) -> Result<Vec<Bundle>, BundleError> {
        if let Some((verdict, problem)) = self.flaw {
            let mut bundle = Bundle::of(path, origin, seen);
            bundle.verdict = verdict;
            bundle.problems.push(problem);
            return Ok(vec![bundle]);
        }
        let mut bundles = Vec::new();
        for (folder, Folder { read, faults }) in self.folders {
            let mut bundle = Bundle::of(path, origin, seen);
            if !folder.is_empty() {
                bundle.path = inside(path, &folder);
                bundle.origin.folder = folder;
                bundle.origin.outer = bundle.digests.take();
            }
            let mut contents = contents::conclude(read);
            if !faults.is_empty() {
                // What the good members name is not looked for: that a damaged one is
                // missing says nothing.
                contents.problems = faults;
                contents.verdict = Some(Verdict::Damaged);
            }
            bundle.take(contents, seen.known);
            bundles.push(bundle);
        }
        for (archive, file, size) in self.archives {
            for mut bundle in nested(path, &archive, &file, size, &self.expectation)? {
                bundle.known_by(seen);
                bundles.push(bundle);
            }
        }
        if bundles
            .iter()
            .any(|bundle| bundle.verdict != Verdict::Foreign)
        {
            // Pictures and readmes beside the firmware are no bundles of their own.
            bundles.retain(|bundle| bundle.verdict != Verdict::Foreign);
        } else if bundles.is_empty() {
            let mut bundle = Bundle::of(path, origin, seen);
            bundle.take(contents::conclude(Vec::new()), false);
            bundles.push(bundle);
        } else {
            bundles.truncate(1);
        }
        Ok(bundles)
    }
}

fn damaged(member: &str, message: String) -> Problem {
    Problem {
        code: "member-damaged",
        severity: Severity::Error,
        member: Some(member.to_owned()),
        message,
        cure: "Download the file again, and compare its checksum with the published one."
            .to_owned(),
    }
}
