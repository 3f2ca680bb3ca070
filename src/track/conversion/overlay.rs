//! What lies over the state: diagnoses, silence, settling; and how steps are told.

use std::time::Duration;

use super::{
    Change, Conversion, Evidence, EvidenceSource, RunTime, SETTLED_AFTER, Scene, State, StepDetails,
};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::normalized_name,
    track::diagnosis::{rules, text},
};

/// Lines of evidence, and withdrawn diagnoses, that are kept of one phone. Repeated ones
/// are kept once.
pub(in super::super) const MAX_KEPT: usize = 64;

/// A diagnosis that stands, and the name that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Standing {
    pub diagnosis: Diagnosis,
    subject: String,
}

impl StepDetails {
    pub(super) fn file(name: &str) -> Self {
        Self {
            file: Some(super::kept(name)),
            ..Self::default()
        }
    }
}

/// How long a phone may be silent in a state before it counts as stalled; `None` where
/// silence is the rule.
///
/// Generous against what was measured: first image 2 s after the manifest, 2 to 8 s
/// between images, a boot loader that refuses comes back after at most 148 s, 1 to 3 min
/// for writing and booting, 5 and more for a phone that was formatted, about 2 min more on
/// switches that answer no voice VLAN query.
#[must_use]
pub fn silence_limit(state: State) -> Option<Duration> {
    Some(Duration::from_secs(match state {
        State::Configuring | State::Writing | State::Rebooted => 600,
        State::Manifest => 300,
        State::Images => 180,
        _ => return None,
    }))
}

impl Conversion {
    /// How long it may be silent now.
    pub(super) fn patience(&self) -> Option<Duration> {
        let is_last = self.state == State::Images
            && self
                .current
                .as_ref()
                .is_some_and(|pass| pass.requests_only && pass.lacks_only_the_last_ack());
        // Where no end of a transfer is seen, it may be writing already.
        silence_limit(if is_last { State::Writing } else { self.state })
    }

    /// The state as it is told: a diagnosis that waiting cannot heal outweighs silence.
    pub(in super::super) fn shown(&self) -> State {
        if self.is_failed() {
            State::Failed
        } else if self.stalled {
            State::Stalled
        } else {
            self.state
        }
    }

    pub(in super::super) fn is_failed(&self) -> bool {
        self.standing
            .iter()
            .any(|standing| standing.diagnosis.code.is_final())
    }

    pub(in super::super) fn is_done(&self) -> bool {
        match self.shown() {
            State::Confirmed | State::Already => true,
            State::Flashed => self.settled,
            _ => false,
        }
    }

    /// Whether an ending run waits for it: it is owed images and still fetches them.
    pub(in super::super) fn is_between_images(&self) -> bool {
        self.is_owed_images() && !self.stalled && !self.is_failed()
    }

    /// Whether it took a manifest and not all images: whenever it asks, it gets them.
    pub(in super::super) fn is_owed_images(&self) -> bool {
        match self.state {
            State::Images => self
                .current
                .as_ref()
                .is_some_and(|pass| !pass.complete && !pass.interrupted),
            State::Manifest => self
                .manifest
                .and_then(|id| self.rows.get(id))
                .is_some_and(|row| row.open || row.outcome == super::FileOutcome::Delivered),
            _ => false,
        }
    }

    /// Whether cutting its power now leaves it between two loads.
    pub(in super::super) fn is_fragile(&self) -> bool {
        matches!(self.state, State::Images | State::Writing)
    }

    /// The phone did something: any silence is over.
    pub(super) fn touch(&mut self, at: RunTime, out: &mut Vec<Change>) {
        self.last = at;
        self.active = at;
        self.unstall(out);
    }

    pub(super) fn unstall(&mut self, out: &mut Vec<Change>) {
        if self.stalled {
            self.stalled = false;
            self.refute(Code::Stalled, None, out);
            self.step(StepDetails::default(), out);
        }
    }

    pub(super) fn enter(&mut self, state: State, about: StepDetails, out: &mut Vec<Change>) {
        self.state = state;
        if state != State::Flashed {
            self.settled = false;
        }
        self.step(about, out);
    }

    pub(super) fn step(&self, about: StepDetails, out: &mut Vec<Change>) {
        out.push(self.change(about));
    }

    /// A step that only says how far it is.
    pub(in super::super) fn as_is(&self) -> Change {
        self.change(StepDetails::default())
    }

    fn change(&self, about: StepDetails) -> Change {
        Change::Step {
            state: self.shown(),
            pass: self.pass,
            details: about,
        }
    }

    /// Keeps evidence; whether it is new.
    pub(super) fn keep(&mut self, evidence: Evidence) -> bool {
        let is_new = self.evidence.len() < MAX_KEPT && !self.evidence.contains(&evidence);
        if is_new {
            self.evidence.push(evidence);
        }
        is_new
    }

    /// Keeps evidence that decides: behind all that it outweighs, even if it was said before.
    pub(super) fn keep_as_newest(&mut self, evidence: Evidence) {
        self.evidence.retain(|known| *known != evidence);
        self.keep(evidence);
    }

    /// Keeps evidence that changes no state, and tells it once.
    pub(in super::super) fn note(
        &mut self,
        source: EvidenceSource,
        detail: String,
        out: &mut Vec<Change>,
    ) {
        let evidence = Evidence { source, detail };
        if self.keep(evidence.clone()) {
            let about = StepDetails {
                evidence: Some(evidence),
                ..StepDetails::default()
            };
            self.step(about, out);
        }
    }

    /// Whether a diagnosis of this code stands.
    pub(super) fn stands(&self, code: Code) -> bool {
        self.standing
            .iter()
            .any(|standing| standing.diagnosis.code == code)
    }

    /// Raises a diagnosis, unless one of its code stands.
    pub(super) fn raise(&mut self, subject: &str, diagnosis: Diagnosis, out: &mut Vec<Change>) {
        if self
            .standing
            .iter()
            .any(|standing| standing.diagnosis.code == diagnosis.code)
        {
            return;
        }
        let before = self.shown();
        out.push(Change::Raised(diagnosis.clone()));
        self.standing.push(Standing {
            diagnosis,
            subject: normalized_name(subject),
        });
        if self.shown() != before {
            self.step(StepDetails::default(), out);
        }
    }

    /// Withdraws the diagnosis of this code, if it is about `subject` (or whatever it is
    /// about).
    pub(super) fn refute(&mut self, code: Code, subject: Option<&str>, out: &mut Vec<Change>) {
        // Nearly always there is nothing to withdraw.
        let Some(at) = self
            .standing
            .iter()
            .position(|standing| standing.diagnosis.code == code)
        else {
            return;
        };
        if subject.is_some_and(|subject| normalized_name(subject) != self.standing[at].subject) {
            return;
        }
        let diagnosis = self.standing.remove(at).diagnosis;
        self.keep_withdrawn(&diagnosis);
        out.push(Change::Withdrawn(diagnosis));
    }

    pub(in super::super) fn keep_withdrawn(&mut self, diagnosis: &Diagnosis) {
        if self.withdrawn.len() < MAX_KEPT {
            self.withdrawn.push(diagnosis.clone());
        }
    }

    /// A witness named the target load: nothing final stands any more.
    pub(super) fn withdraw_final(&mut self, out: &mut Vec<Change>) {
        for code in Code::ALL.iter().copied().filter(|code| code.is_final()) {
            self.refute(code, None, out);
        }
    }

    /// When time alone changes something.
    pub(in super::super) fn deadline(&self, survey: Option<RunTime>) -> Option<RunTime> {
        let silent = self
            .patience()
            .filter(|_| !self.stalled && !self.is_failed())
            .map(|limit| self.silent_since(survey) + limit);
        let settles = self
            .config_at
            .filter(|_| self.state == State::Flashed && !self.settled)
            .map(|at| at + SETTLED_AFTER);
        let refused = rules::refusal_due(&self.takes).filter(|_| !self.is_failed());
        let unwanted = self.bridge_unwanted_at().filter(|_| !self.is_failed());
        let waits = [
            self.registering_due(),
            self.comes_until(),
            self.astray_until(),
        ];
        [silent, settles, refused, unwanted]
            .into_iter()
            .chain(waits)
            .flatten()
            .min()
    }

    /// Lets time pass.
    pub(in super::super) fn tick(&mut self, scene: Scene<'_>, out: &mut Vec<Change>) {
        let at = scene.at;
        if !self.is_failed() && rules::manifest_refused(&self.takes, at).is_some() {
            self.refused(scene, out);
        }
        if !self.is_failed() && self.bridge_unwanted_at().is_some_and(|due| at >= due) {
            self.bridge_unwanted(out);
        }
        if self.state == State::Flashed
            && !self.settled
            && self
                .config_at
                .is_some_and(|from| at >= from + SETTLED_AFTER)
        {
            self.settled = true;
            let runs = self.model.and_then(|model| model.recovery_manifest);
            let detail = match runs.filter(|_| self.in_recovery) {
                Some(manifest) => format!(
                    "settled: no manifest asked for within {} s of its configuration; it calls \
                     its load {} until a configuration names one",
                    SETTLED_AFTER.as_secs(),
                    manifest.trim_end_matches(".loads")
                ),
                None => format!(
                    "settled: no manifest asked for within {} s of its configuration",
                    SETTLED_AFTER.as_secs()
                ),
            };
            self.note(EvidenceSource::Requests, detail, out);
        }
        self.registering_late(scene, out);
        self.judge_vlan(at, out);
        self.judge_lease(at, out);
        let silent = at.saturating_sub(self.active);
        let counted = at.saturating_sub(self.silent_since(scene.survey));
        if !self.stalled
            && !self.is_failed()
            && self.patience().is_some_and(|limit| counted >= limit)
        {
            self.stalled = true;
            let diagnosis = text::stalled(self.state, silent, self.active);
            out.push(Change::Raised(diagnosis.clone()));
            self.standing.push(Standing {
                diagnosis,
                subject: String::new(),
            });
            self.step(StepDetails::default(), out);
        }
    }
}
