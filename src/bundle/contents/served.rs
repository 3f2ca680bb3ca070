//! What phones are served: the best load of each model, with its recovery manifests.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        entry::ScannedEntry,
        firmware_set::FirmwareSet,
        payload,
        signature::Verification,
        types::{Problem, Verdict},
    },
    index::{Found, Index, header_name, served_name},
    load_set::{LoadSet, Loads},
    recovery::RecoveryManifest,
};
use crate::{
    diagnose::Severity,
    phone::{
        Family, LoadName, MODELS,
        Unsupported::{Mgcp, Multiplatform, UnknownPhones},
    },
};

/// Marks the sets that phones are served. Of the loads for a model, SIP takes precedence over
/// SCCP, and a newer load over an older one. Multiplatform firmware and MGCP are not for these phones. A
/// load of unproven origin is served only if every complete load is unproven.
pub(super) fn select(sets: &mut [FirmwareSet]) {
    let staged = || MODELS.iter().filter(|model| model.family.is_staged());
    let has_model = |set: &FirmwareSet| staged().any(|model| set.is_for(model));
    let is_proven = |set: &FirmwareSet| set.is_whole() && set.verdict != Verdict::Intact;
    let only_proven = sets.iter().any(|set| has_model(set) && is_proven(set));
    let mut chosen = BTreeSet::new();
    for model in staged() {
        let usable = sets.iter().enumerate().filter(|(_, set)| {
            let is_other = matches!(set.unsupported(), Some(Multiplatform | Mgcp));
            let fits = set.is_for(model) && !is_other;
            fits && set.is_whole() && (!only_proven || is_proven(set))
        });
        chosen.extend(
            usable
                .max_by_key(|(_, set)| (set.protocol, set.load.release(), &set.load))
                .map(|(at, _)| at),
        );
    }
    for at in chosen {
        sets[at].is_served = true;
    }
}

/// The verdict on what is served; `None` if no set is complete and valid.
pub(super) fn verdict(sets: &[FirmwareSet]) -> Option<Verdict> {
    let any_served = sets.iter().any(|set| set.is_served);
    let usable = |set: &&FirmwareSet| set.is_whole() && (set.is_served || !any_served);
    let verdicts: Vec<Verdict> = sets.iter().filter(usable).map(|set| set.verdict).collect();
    let has = |verdict| verdicts.contains(&verdict);
    [Verdict::Intact, Verdict::Genuine, Verdict::Known]
        .into_iter()
        .find(|verdict| has(*verdict))
}

/// Files that phones of a served set need and that no manifest names. Nothing but these: any
/// other configuration, trust list or program in a bundle is not served from it.
pub(super) fn companions(
    index: &Index<'_>,
    loads: &[LoadSet<'_>],
    sets: &[FirmwareSet],
) -> BTreeSet<usize> {
    let is_served = |load: &LoadName| sets.iter().any(|set| set.is_served && set.load == *load);
    let files: BTreeSet<usize> = loads
        .iter()
        .filter(|set| set.load.family() == Some(Family::P3) && is_served(&set.load))
        .filter_map(|set| set.judged.as_ref())
        .flat_map(|judged| judged.files.iter().copied())
        .collect();
    let is_image = |id: &str| {
        let mut own = files
            .iter()
            .filter_map(|at| index.entries[*at].name.rsplit_once('.'));
        own.any(|(stem, _)| stem == id)
    };
    let entries = index.entries.iter().enumerate();
    entries
        .filter(|(at, entry)| {
            entry.name.eq_ignore_ascii_case(payload::IMAGE_NAME_FILE)
                && index.is_first(*at)
                && entry.load_id.as_deref().is_some_and(is_image)
        })
        .map(|(at, _)| at)
        .collect()
}

/// The files that phones are served, with their names.
pub(super) struct Served {
    names: BTreeMap<usize, Vec<String>>,
    /// Those that no manifest names.
    companions: BTreeSet<usize>,
}

impl Served {
    pub(super) fn of(
        index: &Index<'_>,
        loads: &[LoadSet<'_>],
        sets: &[FirmwareSet],
        recovery: &[RecoveryManifest<'_>],
    ) -> Self {
        let mut served = Self {
            names: BTreeMap::new(),
            companions: companions(index, loads, sets),
        };
        let is_served = |load: &LoadName| sets.iter().any(|set| set.is_served && set.load == *load);
        for set in loads.iter().filter(|set| is_served(&set.load)) {
            if let Some(judged) = &set.judged {
                served.add(index, judged.files.iter().copied());
            }
        }
        // Also those of another release or protocol: a phone in its boot loader gets whatever
        // recovers it.
        for found in recovery.iter().filter(|found| found.is_usable()) {
            let is_wanted = |set: &FirmwareSet| {
                set.is_served
                    && set
                        .recovery
                        .iter()
                        .any(|own| Some(own.manifest) == found.model.recovery_manifest)
            };
            if sets.iter().any(is_wanted) {
                served.add(index, found.judged.files.iter().copied());
            }
        }
        served
    }

    fn add(&mut self, index: &Index<'_>, files: impl Iterator<Item = usize>) {
        for at in files {
            let entry = &index.entries[at];
            let names = self.names.entry(at).or_default();
            if names.is_empty() {
                names.push(served_name(entry));
            }
            let Some(Ok(manifest)) = &entry.manifest else {
                continue;
            };
            for image in &manifest.images {
                if let Found::File(found) = index.find(&image.name) {
                    let own = served_name(&index.entries[found]);
                    let spelled = self.names.entry(found).or_insert_with(|| vec![own]);
                    if !spelled.contains(&image.name) {
                        spelled.push(image.name.clone());
                    }
                }
            }
        }
    }

    /// The files that manifests name, in order.
    pub(super) fn files(&self) -> impl Iterator<Item = usize> {
        self.names.keys().copied()
    }

    /// The names of a file, in the spelling of its header and of the manifests.
    pub(super) fn names(&self, at: usize) -> Vec<String> {
        if self.companions.contains(&at) {
            return vec![payload::IMAGE_NAME_FILE.to_owned()];
        }
        self.names.get(&at).cloned().unwrap_or_default()
    }
}

/// A note about files whose names have another case than in their headers.
pub(super) fn case_note(entries: &[ScannedEntry], files: &BTreeSet<usize>) -> Option<Problem> {
    let differs = |entry: &ScannedEntry| {
        let own = header_name(entry)?;
        (own != entry.name && own.eq_ignore_ascii_case(&entry.name))
            .then(|| format!("{} is {own}", entry.name))
    };
    let found: Vec<String> = files
        .iter()
        .filter_map(|at| differs(&entries[*at]))
        .collect();
    (!found.is_empty()).then(|| Problem {
        code: "name-case",
        severity: Severity::Note,
        member: None,
        message: format!(
            "upper and lower case differ from the names in the headers, which are the names that \
             phones request: {}",
            found.join(", ")
        ),
        cure: "Nothing to do: phones are served the names in the headers.".to_owned(),
    })
}

/// Complete loads that are not served, and why.
pub(super) fn unserved_notes(sets: &[FirmwareSet]) -> Vec<Problem> {
    let is_unserved = |set: &&FirmwareSet| set.is_whole() && !set.is_served;
    if !sets.iter().any(|set| set.is_served) {
        return Vec::new();
    }
    sets.iter()
        .filter(is_unserved)
        .map(|set| {
            let better = sets.iter().find(|other| {
                other.is_served && other.models.iter().any(|model| set.models.contains(model))
            });
            let (why, cure) = match better {
                Some(better) => (
                    format!("{} is served to the same phones instead", better.load),
                    "To serve this one, give a folder that has only its files.",
                ),
                None if set.verdict == Verdict::Intact && set.unsupported().is_none() => (
                    "nothing proves its origin, while other loads here are proven".to_owned(),
                    "To serve it, give it alone, with --accept-unknown.",
                ),
                None => {
                    let why = set.unsupported().unwrap_or(UnknownPhones);
                    (why.text().to_owned(), why.cure())
                }
            };
            Problem {
                code: "set-not-served",
                severity: Severity::Note,
                member: None,
                message: format!("{} is complete, but is not served: {why}", set.load),
                cure: cure.to_owned(),
            }
        })
        .collect()
}

/// How many files of the usable loads have no signature that can be checked.
pub(super) fn unchecked_note(
    sets: &[FirmwareSet],
    loads: &Loads<'_>,
    entries: &[ScannedEntry],
) -> Option<Problem> {
    let intact = sets.iter().filter(|set| set.verdict == Verdict::Intact);
    let intact: Vec<&LoadName> = intact.map(|set| &set.load).collect();
    let files: BTreeSet<usize> = loads
        .sets
        .iter()
        .filter(|set| intact.contains(&&set.load))
        .filter_map(|set| set.judged.as_ref())
        .flat_map(|judged| judged.files.iter().copied())
        .collect();
    let is_valid = |at: &&usize| matches!(entries[**at].verification, Some(Verification::Valid(_)));
    let unchecked = files.len() - files.iter().filter(is_valid).count();
    (unchecked > 0).then(|| {
        let (has, are) = if unchecked == 1 {
            ("file has", "is")
        } else {
            ("files have", "are")
        };
        Problem {
            code: "signature-unchecked",
            severity: Severity::Note,
            member: None,
            message: format!(
                "{unchecked} {has} no signature that can be checked: they {are} not signed, or \
                 signed with a key that is not public"
            )
            .replace("they is", "it is"),
            cure: "Compare the digest with the one on Cisco's download page.".to_owned(),
        }
    })
}
