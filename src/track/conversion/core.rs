//! The state machine itself: its parts, and how it changes its state and reports.

use super::{
    activity::Activity, configuration::Configuration, context::Context, delivery::Delivery,
    device::Device, early_firmware::Early, findings::Findings, loads::Loads,
    reachability::Reachability, registration::RegistrationProgress, routing::Routing,
};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::Family,
    track::{
        change::Change,
        event::{Evidence, State, StepDetails},
        history::truncate_name,
        observation::{EvidenceSource, RunTime},
    },
};

/// One phone's conversion.
#[derive(Debug, Clone)]
pub(in crate::track) struct Conversion {
    /// The state without `stalled` and `failed`, which override it.
    pub(super) state: State,
    pub(in crate::track) stalled: bool,
    pub activity: Activity,
    pub device: Device,
    pub loads: Loads,
    pub delivery: Delivery,
    pub routing: Routing,
    /// Of a 7940 or 7960.
    pub early: Early,
    pub(super) configuration: Configuration,
    pub(super) reachability: Reachability,
    pub(super) registration: RegistrationProgress,
    pub findings: Findings,
}

impl StepDetails {
    /// A step about this file.
    pub(super) fn of_file(name: &str) -> Self {
        Self {
            file: Some(truncate_name(name)),
            ..Self::default()
        }
    }

    /// A step with this evidence.
    pub(super) fn of_evidence(evidence: Evidence) -> Self {
        Self {
            evidence: Some(evidence),
            ..Self::default()
        }
    }
}

impl Conversion {
    pub(in crate::track) fn new(at: RunTime) -> Self {
        Self {
            state: State::Seen,
            stalled: false,
            activity: Activity::new(at),
            device: Device::default(),
            loads: Loads::default(),
            delivery: Delivery::new(),
            routing: Routing::default(),
            early: Early::default(),
            configuration: Configuration::default(),
            reachability: Reachability::default(),
            registration: RegistrationProgress::default(),
            findings: Findings::default(),
        }
    }

    /// The family, or that of the model if only the model is known.
    pub(super) fn known_family(&self) -> Option<Family> {
        self.device.known_family()
    }

    /// The known family, or that of the inventory, or the only one of this run's bundles.
    pub(super) fn family_in_run(&self, cx: Context<'_>) -> Option<Family> {
        let listed = cx.listed.map(|model| model.family);
        let only = match cx.catalog.families.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        self.known_family().or(listed).or(only)
    }

    /// The phone sent a request or an acknowledgement, so it is not stalled.
    pub(super) fn on_activity(&mut self, at: RunTime, out: &mut Vec<Change>) {
        self.activity.on_request(at);
        self.clear_stall(out);
    }

    /// Ends `stalled`.
    pub(super) fn clear_stall(&mut self, out: &mut Vec<Change>) {
        if self.stalled {
            self.stalled = false;
            self.withdraw(Code::Stalled, None, out);
            self.step(StepDetails::default(), out);
        }
    }

    /// Changes the state and reports the step.
    pub(super) fn transition_to(
        &mut self,
        state: State,
        details: StepDetails,
        out: &mut Vec<Change>,
    ) {
        self.state = state;
        if state != State::Flashed {
            self.configuration.settled = false;
        }
        self.step(details, out);
    }

    /// Reports a step in the present state.
    pub(super) fn step(&self, details: StepDetails, out: &mut Vec<Change>) {
        out.push(self.step_with(details));
    }

    fn step_with(&self, details: StepDetails) -> Change {
        Change::Step {
            state: self.effective_state(),
            done: self.is_done(),
            up: self.is_shown_up(),
            pass: self.delivery.pass,
            details,
        }
    }

    /// A step that only gives the present state.
    pub(in crate::track) fn snapshot(&self) -> Change {
        self.step_with(StepDetails::default())
    }

    /// Adds evidence that changes no state, and reports it if it is new.
    pub(in crate::track) fn note(
        &mut self,
        source: EvidenceSource,
        detail: String,
        out: &mut Vec<Change>,
    ) {
        let evidence = Evidence {
            source,
            detail,
            disputed: false,
        };
        if self.findings.add_evidence(evidence.clone()) {
            self.step(StepDetails::of_evidence(evidence), out);
        }
    }

    /// Whether a diagnosis of this code is active.
    pub(super) fn has_diagnosis(&self, code: Code) -> bool {
        self.findings.has(code)
    }

    /// Raises a diagnosis about the file `subject`, unless one of its code is active.
    pub(in crate::track) fn raise(
        &mut self,
        subject: &str,
        diagnosis: Diagnosis,
        out: &mut Vec<Change>,
    ) {
        let before = self.effective_state();
        self.findings.raise(subject, diagnosis, out);
        if self.effective_state() != before {
            self.step(StepDetails::default(), out);
        }
    }

    /// Like [`Conversion::raise`], for a warning that names up to three subjects.
    pub(in crate::track) fn raise_joined(
        &mut self,
        subject: &str,
        diagnosis: Diagnosis,
        out: &mut Vec<Change>,
    ) {
        self.findings.raise_joined(subject, diagnosis, out);
    }

    /// Withdraws the diagnosis of this code, if it is about the file `subject` (`None`: any).
    pub(in crate::track) fn withdraw(
        &mut self,
        code: Code,
        subject: Option<&str>,
        out: &mut Vec<Change>,
    ) {
        self.findings.withdraw(code, subject, out);
    }

    /// A source reported the target load: no final diagnosis holds any more.
    pub(super) fn withdraw_final(&mut self, out: &mut Vec<Change>) {
        for code in Code::ALL.iter().copied().filter(|code| code.is_final()) {
            self.withdraw(code, None, out);
        }
    }
}
