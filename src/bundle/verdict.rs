//! What is said of a bundle once its members are known.

use std::{io, path::Path};

use super::{
    Bundle, BundleProtocol, Checksum, Origin, Problem, Verdict,
    catalogue::{self, files::Set},
    container::Stop,
    contents::Contents,
    examine::Seen,
};
use crate::diagnose::Severity;

impl Bundle {
    /// A bundle of which nothing is known but the file that it is.
    pub(super) fn of(path: &Path, origin: &Origin, seen: &Seen) -> Self {
        Self {
            path: path.to_owned(),
            verdict: Verdict::Foreign,
            digests: seen.digests.clone(),
            catalogue: seen.catalogue.clone(),
            protocol: None,
            loads: Vec::new(),
            models: Vec::new(),
            members: Vec::new(),
            manifests: Vec::new(),
            key_generation: None,
            uses_trusted_key: false,
            origin: origin.clone(),
            problems: Vec::new(),
        }
    }

    /// It ends with what is wrong in the file.
    pub(super) fn ended(mut self, stop: Stop) -> io::Result<Self> {
        match stop {
            Stop::Io(error) => return Err(error),
            Stop::Flaw(verdict, problem) => {
                self.verdict = verdict;
                self.problems.push(*problem);
            }
            Stop::Enough => {}
        }
        Ok(self)
    }

    /// The file was said to have this checksum and has not: it is damaged, whatever else
    /// holds.
    pub fn set_checksum_mismatch(&mut self, checksum: &Checksum) {
        let own = match self.digests.as_ref().or(self.origin.outer.as_ref()) {
            Some(digests) => checksum.same_kind(digests),
            None => "unknown, as it was not read as one file",
        };
        let message = format!("its {} is {own}; expected {checksum}", checksum.kind());
        self.verdict = Verdict::Damaged;
        self.forget("bundle-unknown");
        self.problems.push(Problem {
            code: "checksum-mismatch",
            severity: Severity::Error,
            member: None,
            message,
            cure: "Check the checksum for a slip, then download the file again.".to_owned(),
        });
    }

    fn forget(&mut self, code: &str) {
        self.problems.retain(|problem| problem.code != code);
    }

    /// The file that it is in is known: so is all that it holds.
    pub(super) fn known_by(&mut self, outer: &Seen) {
        self.origin.outer.clone_from(&outer.digests);
        if outer.known && matches!(self.verdict, Verdict::Genuine | Verdict::Intact) {
            self.verdict = Verdict::Known;
            self.catalogue = self.catalogue.take().or_else(|| outer.catalogue.clone());
            self.forget("bundle-unknown");
        }
    }

    /// Takes over what its members say.
    pub(super) fn take(&mut self, contents: Contents, known: bool) {
        // The members of a catalogued bundle are as good as the bundle. Members that some
        // public repository has too are not: nobody says where it has them from.
        let repacked = contents
            .set
            .filter(|_| !known && contents.verdict.is_none());
        let bundle = repacked.and_then(|set| set.bundle);
        if let Some(name) = bundle {
            self.catalogue = catalogue::named(name);
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
        self.key_generation = contents.generation;
        self.uses_trusted_key = contents.trusted;
        self.problems = contents.problems;
        if let Some(set) = repacked {
            self.problems.push(repack(set));
        }
        if self.verdict == Verdict::Intact {
            self.problems.push(self.unknown());
        }
        if self.protocol == Some(BundleProtocol::Sccp) {
            self.problems.push(Problem {
                code: "bundle-is-sccp",
                severity: Severity::Note,
                member: None,
                message: "its loads speak SCCP: phones that take it stay on SCCP".to_owned(),
                cure: "To convert to SIP, get the bundle with -sip in its name for these models."
                    .to_owned(),
            });
        }
    }

    fn unknown(&self) -> Problem {
        let digests = self.digests.as_ref().map_or(String::new(), |own| {
            format!(" (MD5 {}, SHA-256 {})", own.md5, own.sha256)
        });
        Problem {
            code: "bundle-unknown",
            severity: Severity::Warning,
            member: None,
            message: format!(
                "nobody here has seen this file before{digests}: it is whole, and who made it is not \
                 proven"
            ),
            cure: "Give the published checksum with --checksum; or, if you trust where the file \
                   comes from, --accept-unknown."
                .to_owned(),
        }
    }
}

fn repack(set: &Set) -> Problem {
    let message = match set.bundle {
        Some(name) => format!("every file in it is one of {name}, packed by somebody else"),
        None => format!(
            "every file in it is also in {}, byte for byte; nobody says where that has them from",
            set.source
        ),
    };
    Problem {
        code: "bundle-repacked",
        severity: Severity::Note,
        member: None,
        message,
        cure: "Nothing to do: phones see the files, not how they were packed.".to_owned(),
    }
}
