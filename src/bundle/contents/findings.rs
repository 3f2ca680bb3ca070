//! What is reported about a bundle, and the verdict on it.

use std::collections::BTreeSet;

use super::{
    super::{
        entry::ScannedEntry,
        file_kinds::{is_firmware, is_image, is_manifest},
        firmware_set::FirmwareSet,
        types::{Problem, Verdict},
    },
    faults,
    index::{self, Index},
    load_set::{self, Loads},
    missing::{self, MissingImages},
    recovery::{self, RecoveryManifest},
    served, skips,
};
use crate::diagnose::Severity;

/// What is reported about a bundle.
pub(super) struct Findings<'f, 'e> {
    index: &'f Index<'e>,
    loads: &'f Loads<'e>,
    sets: &'f [FirmwareSet],
    recovery: &'f [RecoveryManifest<'e>],
    pub(super) problems: Vec<Problem>,
    /// What follows the problems.
    pub(super) notes: Vec<Problem>,
}

impl<'f, 'e> Findings<'f, 'e> {
    pub(super) fn new(
        index: &'f Index<'e>,
        loads: &'f Loads<'e>,
        sets: &'f [FirmwareSet],
        recovery: &'f [RecoveryManifest<'e>],
    ) -> Self {
        Self {
            index,
            loads,
            sets,
            recovery,
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Findings<'_, '_> {
    /// Collects every problem, errors first, and returns the verdict on the bundle.
    pub(super) fn report(&mut self, unreadable: &[Problem]) -> Verdict {
        self.add_damage();
        let is_error = |problem: &Problem| problem.severity == Severity::Error;
        let is_damaged = self.problems.iter().any(is_error);
        let missing = missing::problems(&self.missing(), self.index);
        let is_incomplete = !missing.is_empty();
        self.add(missing);
        self.add(self.loads.errors.iter().cloned());
        let strays = self.strays();
        let is_alone = self.sets.is_empty() && self.recovery.is_empty();
        // Without a manifest, any of them may be what phones are to install.
        let spoiled = is_alone && self.add_strays(&strays, unreadable, Severity::Error);
        let has_firmware = strays
            .iter()
            .any(|at| is_firmware(&self.index.entries[*at].name));
        let usable = served::verdict(self.sets);
        let verdict = usable.unwrap_or_else(|| {
            let own = |verdict| self.sets.iter().any(|set| set.verdict == verdict);
            if is_damaged || spoiled || own(Verdict::Damaged) {
                Verdict::Damaged
            } else if is_incomplete
                || own(Verdict::Incomplete)
                || !self.recovery.is_empty()
                || has_firmware
            {
                Verdict::Incomplete
            } else {
                Verdict::Foreign
            }
        });
        self.add_lacks(verdict);
        if !is_alone {
            self.add_strays(&strays, unreadable, Severity::Warning);
        }
        for set in self.sets.iter().filter(|set| set.is_served) {
            let warnings = recovery::warnings(set, self.recovery, self.index);
            self.add(warnings);
        }
        self.add_remarks();
        verdict
    }

    fn add(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    fn add_damage(&mut self) {
        let loads = self.loads.sets.iter();
        let judged = loads.filter_map(|set| set.judged.as_ref());
        let mut damage: Vec<Problem> = judged.flat_map(|judged| judged.damage.clone()).collect();
        for found in self.recovery {
            // A recovery manifest of a model that no load here is for.
            let is_foreign =
                !self.sets.is_empty() && !self.sets.iter().any(|set| set.is_for(found.model));
            for problem in &found.judged.damage {
                let is_told = damage.contains(problem);
                damage.push(Problem {
                    severity: if is_foreign && !is_told {
                        Severity::Warning
                    } else {
                        problem.severity
                    },
                    ..problem.clone()
                });
            }
        }
        self.add(damage);
    }

    /// Whether there is a manifest whose images are not known: it is damaged, or has another name.
    fn has_unread_manifest(&self) -> bool {
        let is_unread = |entry: &ScannedEntry| {
            entry.hint.is_some() || !matches!(entry.manifest, Some(Ok(_)) | None)
        };
        let mut manifests = self
            .index
            .entries
            .iter()
            .filter(|entry| is_manifest(&entry.name));
        !self.loads.errors.is_empty() || manifests.any(is_unread)
    }

    /// The images that a load lacks, with every manifest that names them. What only a recovery
    /// manifest of another release lacks is a warning about recovery.
    fn missing(&self) -> MissingImages<'_> {
        let mut missing = MissingImages::new();
        let entries = self.index.entries;
        let loads = self.loads.sets.iter();
        for judged in loads.filter_map(|set| set.judged.as_ref()) {
            for image in &judged.missing {
                let named_by = missing.entry(image.name.as_str()).or_default();
                named_by.push(entries[judged.manifest].name.as_str());
            }
        }
        for found in self.recovery {
            let alone = self.loads.sets.is_empty();
            for image in &found.judged.missing {
                let name = entries[found.judged.manifest].name.as_str();
                if alone || missing.contains_key(image.name.as_str()) {
                    missing.entry(image.name.as_str()).or_default().push(name);
                }
            }
        }
        missing
    }

    /// The files of all loads and recovery manifests that were judged.
    fn judged_files(&self) -> BTreeSet<usize> {
        let loads = self.loads.sets.iter();
        let judged = loads.filter_map(|set| set.judged.as_ref());
        judged
            .chain(self.recovery.iter().map(|found| &found.judged))
            .flat_map(|judged| judged.files.iter().copied())
            .collect()
    }

    /// Firmware files that belong to no load.
    fn strays(&self) -> Vec<usize> {
        let files = self.judged_files();
        let entries = self.index.entries.iter().enumerate();
        entries
            .filter(|(at, entry)| {
                !files.contains(at)
                    && !self.loads.explained.contains(at)
                    && entry.manifest.is_none()
                    && entry.content.is_none()
                    && (is_image(&entry.name) || entry.header.name().is_some())
            })
            .map(|(at, _)| at)
            .collect()
    }

    /// Reports what is wrong with files that no load names. Returns whether anything is.
    fn add_strays(&mut self, strays: &[usize], unreadable: &[Problem], severity: Severity) -> bool {
        let mut found = Vec::new();
        let may_be_named = self.has_unread_manifest();
        for at in strays {
            let entry = &self.index.entries[*at];
            // A file that a missing image is explained by needs no second explanation.
            let explains = index::header_name(entry).is_some_and(|own| {
                self.problems
                    .iter()
                    .any(|problem| problem.member.as_deref() == Some(own.as_str()))
            });
            let is_renamed = may_be_named
                && index::header_name(entry)
                    .is_some_and(|own| index::is_decorated(&entry.name, &own));
            if !explains && (is_firmware(&entry.name) || is_renamed) {
                found.extend(faults::of(entry, faults::Signing::Unknown));
            }
        }
        found.extend(unreadable.iter().cloned());
        found.retain(|problem| !self.problems.contains(problem));
        let any = !found.is_empty();
        if severity != Severity::Error {
            for problem in &mut found {
                problem.severity = severity;
                if may_be_named {
                    continue;
                }
                problem
                    .message
                    .push_str("; no manifest names it, so it is not served");
                "Nothing to do, unless phones are to install it.".clone_into(&mut problem.cure);
            }
        }
        self.add(found);
        any
    }

    /// What the bundle as a whole lacks.
    fn add_lacks(&mut self, verdict: Verdict) {
        let error = |code, message: &str, cure: &str| Problem {
            code,
            severity: Severity::Error,
            member: None,
            message: message.to_owned(),
            cure: cure.to_owned(),
        };
        let has_load = self.sets.iter().any(|set| !set.load.is_recovery());
        if verdict == Verdict::Foreign {
            let message = match self.index.entries.len() {
                0 if self.index.has_skipped() => "none of its files is read; see below",
                0 => "it is empty",
                _ => "none of its files is a .loads manifest or a firmware image",
            };
            self.add([error(
                "no-firmware",
                message,
                "Give the firmware bundle: the file that contains .loads files.",
            )]);
        } else if !has_load && !self.recovery.is_empty() {
            self.add([error(
                "no-load-manifest",
                "it has recovery manifests (termNN.default.loads) but no manifest of a load that is read: its name is unknown, so no configuration can name it",
                if self.index.has_skipped_manifest() {
                    "A .loads file here was skipped, see below: mend that first."
                } else {
                    "Get the complete bundle as published by Cisco, with its SIP….loads file."
                },
            )]);
        } else if !has_load && verdict == Verdict::Incomplete {
            self.add([error(
                "no-manifest",
                "it contains images but no .loads manifest that is read, and phones request that first",
                if self.index.has_skipped_manifest() {
                    "A .loads file here was skipped, see below: mend that first."
                } else {
                    "Get the complete bundle as published by Cisco."
                },
            )]);
        }
    }

    fn add_remarks(&mut self) {
        let entries = self.index.entries;
        let files = self.judged_files();
        for at in &files {
            self.add(faults::remarks(&entries[*at]));
        }
        self.add(self.loads.remarks.iter().cloned());
        self.add(served::case_note(entries, &files));
        self.add(served::unchecked_note(self.sets, self.loads, entries));
        self.notes.extend(served::unserved_notes(self.sets));
        let strays = self.strays();
        let companions = served::companions(self.index, &self.loads.sets, self.sets);
        let others = entries.iter().enumerate().filter(|(at, entry)| {
            !files.contains(at)
                && !companions.contains(at)
                && !strays.contains(at)
                && !self.loads.explained.contains(at)
                && (entry.manifest.is_none() || load_set::is_recovery(entry))
        });
        self.notes
            .extend(skips::of_entries(others.map(|(_, entry)| entry)));
    }
}
