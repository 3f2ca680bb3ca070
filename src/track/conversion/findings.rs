//! Evidence and diagnoses of one phone.

use crate::{
    diagnose::{Code, Diagnosis, Severity},
    phone::normalized_name,
    track::{change::Change, event::Evidence},
};

/// Lines of evidence, and withdrawn diagnoses, that are kept per phone. Repeated lines are
/// kept once.
const MAX_KEPT: usize = 64;

/// An active diagnosis, and the file name that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::track) struct ActiveDiagnosis {
    pub diagnosis: Diagnosis,
    subject: String,
}

/// What was found about one phone. At most one diagnosis of each code is active.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct Findings {
    pub evidence: Vec<Evidence>,
    pub active: Vec<ActiveDiagnosis>,
    pub withdrawn: Vec<Diagnosis>,
}

impl Findings {
    /// Adds evidence. Returns whether it is new.
    pub(super) fn add_evidence(&mut self, evidence: Evidence) -> bool {
        let is_new = self.evidence.len() < MAX_KEPT && !self.evidence.contains(&evidence);
        if is_new {
            self.evidence.push(evidence);
        }
        is_new
    }

    /// Adds evidence that decides the state: last, even if it was recorded before.
    pub(super) fn add_deciding_evidence(&mut self, evidence: Evidence) {
        self.evidence.retain(|known| *known != evidence);
        self.add_evidence(evidence);
    }

    /// Whether a diagnosis of this code is active.
    pub(super) fn has(&self, code: Code) -> bool {
        self.active
            .iter()
            .any(|active| active.diagnosis.code == code)
    }

    /// Whether a diagnosis is active that waiting cannot resolve.
    pub(super) fn has_final(&self) -> bool {
        self.active.iter().any(|active| {
            // A warning of such a code is an inference.
            active.diagnosis.code.is_final() && active.diagnosis.severity == Severity::Error
        })
    }

    /// Raises a diagnosis about the file `subject`, unless one of its code is active.
    pub(super) fn raise(&mut self, subject: &str, diagnosis: Diagnosis, out: &mut Vec<Change>) {
        if self.has(diagnosis.code) {
            return;
        }
        out.push(Change::Raised(diagnosis.clone()));
        self.active.push(ActiveDiagnosis {
            diagnosis,
            subject: normalized_name(subject),
        });
    }

    /// Withdraws the diagnosis of this code, if it is about the file `subject` (`None`: any).
    pub(super) fn withdraw(&mut self, code: Code, subject: Option<&str>, out: &mut Vec<Change>) {
        // Nearly always there is nothing to withdraw.
        let Some(index) = self
            .active
            .iter()
            .position(|active| active.diagnosis.code == code)
        else {
            return;
        };
        if subject.is_some_and(|subject| normalized_name(subject) != self.active[index].subject) {
            return;
        }
        let diagnosis = self.active.remove(index).diagnosis;
        self.keep_withdrawn(&diagnosis);
        out.push(Change::Withdrawn(diagnosis));
    }

    /// Records a diagnosis as withdrawn.
    pub(in crate::track) fn keep_withdrawn(&mut self, diagnosis: &Diagnosis) {
        if self.withdrawn.len() < MAX_KEPT {
            self.withdrawn.push(diagnosis.clone());
        }
    }

    /// The active diagnoses.
    pub(in crate::track) fn diagnoses(&self) -> impl Iterator<Item = &Diagnosis> {
        self.active.iter().map(|active| &active.diagnosis)
    }

    /// The active diagnoses that are not active in `other`.
    pub(in crate::track) fn not_in(&self, other: &Self) -> Vec<Diagnosis> {
        self.active
            .iter()
            .filter(|active| !other.active.contains(active))
            .map(|active| active.diagnosis.clone())
            .collect()
    }

    /// Puts `earlier` findings before these. `idle`: nothing was observed in the later part of
    /// the history. `carried`: these already contain the earlier active diagnoses.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, idle: bool, carried: bool) {
        let mine = std::mem::replace(&mut self.evidence, earlier.evidence);
        for evidence in mine {
            self.add_evidence(evidence);
        }
        let mine = std::mem::replace(&mut self.withdrawn, earlier.withdrawn);
        self.withdrawn.extend(mine);
        self.withdrawn.truncate(MAX_KEPT);
        if carried {
            return;
        }
        for active in earlier.active {
            if !idle {
                // The phone has moved on since.
                self.keep_withdrawn(&active.diagnosis);
            } else if !self.has(active.diagnosis.code) {
                self.active.push(active);
            }
        }
    }
}
