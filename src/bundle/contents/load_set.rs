//! One load of a bundle while it is judged.

use super::{
    super::{
        entry::ScannedEntry,
        file_kinds::is_manifest,
        standalone,
        types::{Problem, Verdict},
    },
    index::{Index, header_name, is_decorated, served_name},
    judged::Judged,
};
use crate::{diagnose::Severity, phone::LoadName};

/// A load and what was found.
pub(super) struct LoadSet<'e> {
    pub(super) load: LoadName,
    /// `None` if its manifest could not be read under its own name.
    pub(super) judged: Option<Judged<'e>>,
    /// `None` as long as nothing is wrong or missing.
    pub(super) verdict: Option<Verdict>,
    /// The models of a load without a manifest.
    pub(super) models: Option<&'static [&'static str]>,
}

impl<'e> LoadSet<'e> {
    fn new(load: LoadName, judged: Judged<'e>) -> Self {
        let verdict = match (judged.damage.is_empty(), judged.missing.is_empty()) {
            (false, _) => Some(Verdict::Damaged),
            (true, false) => Some(Verdict::Incomplete),
            (true, true) => None,
        };
        Self {
            load,
            judged: Some(judged),
            verdict,
            models: None,
        }
    }

    fn unusable(load: LoadName, verdict: Verdict) -> Self {
        Self {
            load,
            judged: None,
            verdict: Some(verdict),
            models: None,
        }
    }
}

/// The loads of a bundle, and the manifests that have another name.
#[derive(Default)]
pub(super) struct Loads<'e> {
    pub(super) sets: Vec<LoadSet<'e>>,
    /// What is wrong with manifests that are not judged.
    pub(super) errors: Vec<Problem>,
    pub(super) remarks: Vec<Problem>,
    /// Recovery manifests.
    pub(super) recovery: Vec<usize>,
    /// Files whose name is explained by a problem here.
    pub(super) explained: Vec<usize>,
}

impl<'e> Loads<'e> {
    pub(super) fn of(index: &Index<'e>, unreadable: &[Problem]) -> Self {
        let mut loads = Self::default();
        for (at, entry) in index.entries.iter().enumerate() {
            if let Some(own) = renamed_manifest(entry) {
                loads.add_renamed(index, at, &own);
            } else if entry.manifest.is_some() && index.is_first(at) {
                if is_recovery(entry) {
                    loads.recovery.push(at);
                } else {
                    let load = LoadName::new(&served_name(entry));
                    loads.sets.push(LoadSet::new(load, Judged::of(index, at)));
                }
            }
        }
        for problem in unreadable {
            let Some(name) = problem.member.as_deref().filter(|name| is_manifest(name)) else {
                continue;
            };
            loads.errors.push(problem.clone());
            let load = LoadName::new(name);
            if !load.is_recovery() {
                loads.sets.push(LoadSet::unusable(load, Verdict::Damaged));
            }
        }
        loads.add_standalone(index);
        loads.sets.sort_by(|one, other| one.load.cmp(&other.load));
        loads
    }

    /// A manifest that has another name than in its header.
    fn add_renamed(&mut self, index: &Index<'e>, at: usize, own: &str) {
        let entry = &index.entries[at];
        self.explained.push(at);
        let is_there = index
            .entries
            .iter()
            .any(|other| other.name.eq_ignore_ascii_case(own));
        let problem = Problem {
            code: "name-mismatch",
            severity: Severity::Note,
            member: Some(entry.name.clone()),
            message: format!("it is another copy of {own} and is not used"),
            cure: "Nothing to do.".to_owned(),
        };
        if is_there {
            self.remarks.push(problem);
            return;
        }
        let load = LoadName::new(own);
        let problem = Problem {
            severity: Severity::Error,
            message: format!(
                "it is {own} under another name: phones request {own} and reject a file whose \
                 name is not the one in its header"
            ),
            cure: format!("Rename '{}' to '{own}'.", entry.name),
            ..problem
        };
        if load.is_recovery() {
            self.remarks.push(Problem {
                severity: Severity::Warning,
                ..problem
            });
        } else {
            self.errors.push(problem);
            self.sets.push(LoadSet::unusable(load, Verdict::Incomplete));
        }
    }

    /// Images of phones that have no manifests: each is a load of its own.
    fn add_standalone(&mut self, index: &Index<'e>) {
        for (at, entry) in index.entries.iter().enumerate() {
            let named = self
                .sets
                .iter()
                .filter_map(|set| set.judged.as_ref())
                .any(|judged| judged.files.contains(&at));
            let Some(kind) = standalone::of(&entry.name).filter(|_| !named) else {
                continue;
            };
            let stem = entry.name.rsplit_once('.').map_or("", |(stem, _)| stem);
            let load = LoadName::new(stem);
            let judged = Judged::of(index, at);
            let set = LoadSet {
                models: Some(kind.models),
                ..LoadSet::new(load, judged)
            };
            match self.sets.iter_mut().find(|other| other.load == set.load) {
                Some(other) => other.join(set),
                None => self.sets.push(set),
            }
        }
    }
}

impl LoadSet<'_> {
    /// Adds the other form of the same load.
    fn join(&mut self, other: Self) {
        if let (Some(own), Some(more)) = (&mut self.judged, other.judged) {
            own.files.extend(more.files);
            own.damage.extend(more.damage);
            own.is_proven &= more.is_proven;
        }
        self.verdict = self.verdict.or(other.verdict);
    }
}

/// Whether the entry has the name of a recovery manifest.
pub(super) fn is_recovery(entry: &ScannedEntry) -> bool {
    LoadName::new(&entry.name).is_recovery()
}

/// The name in the header, if the file is a manifest under another name: one with additions, or
/// one that does not end in `.loads`.
fn renamed_manifest(entry: &ScannedEntry) -> Option<String> {
    let own = header_name(entry)?;
    let renamed = is_manifest(&own)
        && !own.eq_ignore_ascii_case(&entry.name)
        && (!is_manifest(&entry.name) || is_decorated(&entry.name, &own));
    renamed.then_some(own)
}
