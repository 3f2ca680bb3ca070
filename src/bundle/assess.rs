//! The verdict on a bundle, once its contents are known.

use std::{io, path::Path};

use super::{
    catalogue::{self, files::FileSet},
    checksum::Checksum,
    contents::Contents,
    stop::WalkStop,
    types::{Bundle, BundleLocation, BundleProtocol, Problem, Verdict},
    whole_file::WholeFile,
};
use crate::diagnose::Severity;

impl Bundle {
    /// A bundle whose contents are not known yet, only its file.
    pub(super) fn unassessed(path: &Path, location: &BundleLocation, whole: &WholeFile) -> Self {
        Self {
            path: path.to_owned(),
            verdict: Verdict::Foreign,
            digests: whole.digests.clone(),
            catalogue: whole.catalogue.clone(),
            protocol: None,
            loads: Vec::new(),
            models: Vec::new(),
            members: Vec::new(),
            manifests: Vec::new(),
            key_generation: None,
            uses_trusted_key: false,
            location: location.clone(),
            problems: Vec::new(),
        }
    }

    /// Records why the examination stopped.
    pub(super) fn stopped(mut self, stop: WalkStop) -> io::Result<Self> {
        match stop {
            WalkStop::Io(error) => return Err(error),
            WalkStop::Invalid(verdict, problem) => {
                self.verdict = verdict;
                self.problems.push(*problem);
            }
            WalkStop::Done => {}
        }
        Ok(self)
    }

    /// Marks the bundle as damaged because the file does not have the given checksum.
    pub fn set_checksum_mismatch(&mut self, checksum: &Checksum) {
        let own = match self.digests.as_ref().or(self.location.outer.as_ref()) {
            Some(digests) => checksum.same_kind(digests),
            None => "unknown, since it was not read as a single file",
        };
        let message = format!("its {} is {own}; expected {checksum}", checksum.kind());
        self.verdict = Verdict::Damaged;
        self.remove_problem("bundle-unknown");
        self.problems.push(Problem {
            code: "checksum-mismatch",
            severity: Severity::Error,
            member: None,
            message,
            cure: "Check the checksum for a typing error, then download the file again.".to_owned(),
        });
    }

    fn remove_problem(&mut self, code: &str) {
        self.problems.retain(|problem| problem.code != code);
    }

    /// Applies what is known about the outer file: a bundle in a known file is known.
    pub(super) fn apply_outer(&mut self, outer: &WholeFile) {
        self.location.outer.clone_from(&outer.digests);
        if outer.known && matches!(self.verdict, Verdict::Genuine | Verdict::Intact) {
            self.verdict = Verdict::Known;
            self.catalogue = self.catalogue.take().or_else(|| outer.catalogue.clone());
            self.remove_problem("bundle-unknown");
        }
    }

    /// Takes over the contents and derives the verdict.
    pub(super) fn assess(&mut self, contents: Contents, known: bool) {
        // The members of a catalogued bundle prove as much as the bundle itself. Members that
        // are only in some public repository do not: their origin is unknown.
        let repacked = contents
            .set
            .filter(|_| !known && contents.verdict.is_none());
        let bundle = repacked.and_then(|set| set.bundle);
        if let Some(name) = bundle {
            self.catalogue = catalogue::by_name(name);
        }
        self.verdict = match contents.verdict {
            Some(verdict) => verdict,
            None if known || bundle.is_some() => Verdict::Known,
            None if contents.proven => Verdict::Genuine,
            None => Verdict::Intact,
        };
        self.protocol = contents.purpose.protocol;
        self.loads = contents.purpose.loads;
        self.models = contents.purpose.models;
        self.members = contents.members;
        self.manifests = contents.manifests;
        self.key_generation = contents.key_generation;
        self.uses_trusted_key = contents.uses_trusted_key;
        self.problems = contents.problems;
        if let Some(set) = repacked {
            self.problems.push(repacked_note(set));
        }
        if self.verdict == Verdict::Intact {
            self.problems.push(self.unknown_warning());
        }
        if self.protocol == Some(BundleProtocol::Sccp) {
            self.problems.push(Problem {
                code: "bundle-is-sccp",
                severity: Severity::Note,
                member: None,
                message: "its loads are SCCP: phones that install them stay on SCCP".to_owned(),
                cure: "To convert to SIP, get the bundle for these models with -sip in its name."
                    .to_owned(),
            });
        }
    }

    fn unknown_warning(&self) -> Problem {
        let digests = self.digests.as_ref().map_or(String::new(), |own| {
            format!(" (MD5 {}, SHA-256 {})", own.md5, own.sha256)
        });
        Problem {
            code: "bundle-unknown",
            severity: Severity::Warning,
            member: None,
            message: format!(
                "this file is not in the catalogue{digests}: it is complete, but its origin is \
                 not proven"
            ),
            cure: "Give the published checksum with --checksum, or use --accept-unknown if you \
                   trust the source of the file."
                .to_owned(),
        }
    }
}

fn repacked_note(set: &FileSet) -> Problem {
    let message = match set.bundle {
        Some(name) => format!("every file in it is from {name}, repackaged by someone else"),
        None => format!(
            "every file in it is also in {}, byte for byte; the origin of that copy is unknown",
            set.source
        ),
    };
    Problem {
        code: "bundle-repacked",
        severity: Severity::Note,
        member: None,
        message,
        cure: "Nothing to do: phones see only the files, not the archive.".to_owned(),
    }
}
