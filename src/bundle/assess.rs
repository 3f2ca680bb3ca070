//! The verdict on a bundle, once its contents are known.

use std::{collections::BTreeMap, io, path::Path};

use super::{
    catalogue::{self, files::FileSet},
    checksum::Checksum,
    contents::Contents,
    firmware_set::FirmwareSet,
    purpose,
    stop::WalkStop,
    types::{Bundle, BundleLocation, BundleProtocol, Problem, Verdict},
    whole_file::WholeFile,
};
use crate::{
    diagnose::Severity,
    phone::{Support, Unsupported},
};

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
            sets: Vec::new(),
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
        for set in &mut self.sets {
            set.verdict = Verdict::Damaged;
            set.is_served = false;
        }
        let problem = Problem {
            code: "checksum-mismatch",
            severity: Severity::Error,
            member: None,
            message,
            cure: "Check the checksum for a typing error, then download the file again.".to_owned(),
        };
        let is_unknown = |problem: &Problem| problem.code == "bundle-unknown";
        match self.problems.iter().position(is_unknown) {
            Some(at) => self.problems[at] = problem,
            None => self.problems.push(problem),
        }
    }

    fn remove_problem(&mut self, code: &str) {
        self.problems.retain(|problem| problem.code != code);
    }

    /// Applies what is known about the outer file: a bundle in a known file is known.
    pub(super) fn apply_outer(&mut self, outer: &WholeFile) {
        self.location.outer.clone_from(&outer.digests);
        if outer.known && matches!(self.verdict, Verdict::Genuine | Verdict::Intact) {
            self.verdict = Verdict::Known;
            for set in self.sets.iter_mut().filter(|set| set.is_whole()) {
                set.verdict = Verdict::Known;
            }
            self.catalogue = self.catalogue.take().or_else(|| outer.catalogue.clone());
            self.remove_problem("bundle-unknown");
        }
    }

    /// Takes over the contents.
    pub(super) fn assess(&mut self, contents: Contents) {
        // The members of a catalogued bundle prove as much as the bundle itself. Members that
        // are only in some public repository do not: their origin is unknown.
        let repacked = contents.set;
        if let Some(name) = repacked.and_then(|set| set.bundle) {
            self.catalogue = catalogue::by_name(name);
        }
        self.verdict = contents.verdict;
        self.loads = contents.sets.iter().map(|set| set.load.clone()).collect();
        self.protocol = purpose::protocol_of(self.loads.iter());
        self.sets = contents.sets;
        self.models = contents.models;
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
        let is_converted = |set: &FirmwareSet| set.support() == Support::Converts;
        if self.protocol == Some(BundleProtocol::Sccp) && self.sets.iter().any(is_converted) {
            self.problems.push(Problem {
                code: "bundle-is-sccp",
                severity: Severity::Note,
                member: None,
                message: "its loads are SCCP: phones that install them stay on SCCP".to_owned(),
                cure: "To convert to SIP, get the bundle for these models with -sip in its name."
                    .to_owned(),
            });
        }
        self.problems.extend(contents.notes);
        self.problems.extend(self.not_converted());
    }

    /// The loads that this program installs on no phone, by the reason.
    fn not_converted(&self) -> Vec<Problem> {
        let mut by_reason: BTreeMap<Unsupported, Vec<String>> = BTreeMap::new();
        for set in &self.sets {
            let is_named = |why: &Unsupported| set.is_whole() || *why != Unsupported::UnknownPhones;
            if let Some(reason) = set.unsupported().filter(is_named) {
                let described = format!("{} ({})", set.load, set.models_text());
                by_reason.entry(reason).or_default().push(described);
            }
        }
        let note = |(reason, loads): (Unsupported, Vec<String>)| Problem {
            code: "not-converted",
            severity: Severity::Note,
            member: None,
            message: format!(
                "this program does not convert the phones of {}: {}",
                loads.join(" and "),
                reason.text()
            ),
            cure: reason.cure().to_owned(),
        };
        by_reason.into_iter().map(note).collect()
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
