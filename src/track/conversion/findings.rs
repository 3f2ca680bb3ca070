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
    /// What the diagnosis joins, by subject, the oldest first; empty: it joins nothing.
    parts: Vec<(String, Diagnosis)>,
    /// There were more subjects than are joined.
    has_more: bool,
}

impl ActiveDiagnosis {
    /// Joins the parts, the newest first.
    fn join(&mut self) {
        let newest_first = || self.parts.iter().rev().map(|(_, part)| part);
        let mut evidence: Vec<&str> = newest_first().map(|part| part.evidence.as_str()).collect();
        if self.has_more {
            evidence.push("so did others");
        }
        let mut cures: Vec<&str> = Vec::new();
        for part in newest_first() {
            if !cures.contains(&part.cure.as_str()) {
                cures.push(&part.cure);
            }
        }
        let (evidence, cure) = (evidence.join("; "), cures.join(" "));
        self.diagnosis.evidence = evidence;
        self.diagnosis.cure = cure;
        if let Some((subject, _)) = self.parts.last() {
            self.subject.clone_from(subject);
        }
    }
}

/// Subjects that a diagnosis joins.
const MAX_JOINED: usize = 3;

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
            parts: Vec::new(),
            has_more: false,
        });
    }

    /// Like [`Findings::raise`]. If a diagnosis of its code is active, it names this subject too: the
    /// first three and, once, one more instead of the oldest.
    pub(super) fn raise_joined(
        &mut self,
        subject: &str,
        diagnosis: Diagnosis,
        out: &mut Vec<Change>,
    ) {
        let part = (normalized_name(subject), diagnosis.clone());
        let mut same = self.active.iter_mut();
        let Some(active) = same.find(|active| active.diagnosis.code == diagnosis.code) else {
            self.raise(subject, diagnosis, out);
            if let Some(active) = self.active.last_mut() {
                active.parts.push(part);
            }
            return;
        };
        if active.has_more || active.parts.iter().any(|(known, _)| *known == part.0) {
            return;
        }
        active.parts.push(part);
        if active.parts.len() > MAX_JOINED {
            active.parts.remove(0);
            active.has_more = true;
        }
        active.join();
        out.push(Change::Raised(active.diagnosis.clone()));
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
        let active = &mut self.active[index];
        if let Some(subject) = subject.map(normalized_name) {
            let joined = active.parts.len();
            if joined > 1 || active.has_more {
                active.parts.retain(|(part, _)| *part != subject);
                if active.parts.len() < joined && !active.parts.is_empty() {
                    active.join();
                    out.push(Change::Raised(active.diagnosis.clone()));
                }
                return;
            }
            if subject != active.subject {
                return;
            }
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
