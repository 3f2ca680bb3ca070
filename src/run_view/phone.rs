//! One phone of a run.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    attention::Attention,
    diagnoses::{raise, withdraw},
    format,
    timeline::Timeline,
};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::LoadName,
    track::{
        Evidence, ImageNumber, PhoneId, PhoneRef, PhoneReport, PhoneStep, RestartStatus, State,
        TransferProgress, Uplink,
    },
};

/// Pieces of evidence that are kept of one phone, as in the tracker.
const MAX_EVIDENCE: usize = 64;

/// One phone as every rendering shows it.
#[derive(Debug, Clone)]
pub struct PhoneView {
    /// Its identity and names.
    pub phone: PhoneRef,
    /// How far it is.
    pub state: State,
    /// Whether it is done: `confirmed`, `already`, or `flashed` and settled.
    pub done: bool,
    /// Whether its application is in normal operation and no conversion is in progress.
    pub up: bool,
    /// Its pass through the images, from 1; 0 before the first manifest.
    pub pass: u32,
    /// The load that its newest step named; once the report is in, the load it was given.
    pub load: Option<LoadName>,
    /// The evidence that brought the state; `None` for `stalled` and `failed`, and where the
    /// request that brought it is evidence enough.
    pub reason: Option<Evidence>,
    /// All evidence, the reason included, oldest first.
    pub evidence: Vec<Evidence>,
    /// Active diagnoses.
    pub diagnoses: Vec<Diagnosis>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it entered its state.
    pub since: Timestamp,
    /// The time of its newest step or diagnosis; once the report is in, when it was last seen.
    pub last_seen: Timestamp,
    /// The file that it is fetching.
    pub file: Option<FileProgress>,
    /// What ends its silence if that is normal, and how long it may take.
    pub expected: Option<ExpectedSilence>,
    /// The restarts that were ordered.
    pub restarts: RestartStatus,
    /// Its switch port.
    pub uplink: Uplink,
    /// Its states and diagnoses over time.
    pub timeline: Timeline,
    /// The state under `stalled` or `failed`, and its reason.
    overlaid: Option<(State, Option<Evidence>)>,
    report: Option<Box<PhoneReport>>,
}

/// The file that a phone fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProgress {
    /// Its name.
    pub name: String,
    /// Acknowledged bytes.
    pub bytes: u64,
    /// The size of the file in bytes.
    pub size: u64,
    /// `None` for a file that is not an image, or if unknown.
    pub image: Option<ImageNumber>,
}

/// A silence that is normal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedSilence {
    /// What ends it.
    pub what: String,
    /// How long it is still normal.
    pub left: Duration,
}

impl PhoneView {
    pub(super) fn new(at: Timestamp, phone: &PhoneRef) -> Self {
        Self {
            phone: phone.clone(),
            state: State::Seen,
            done: false,
            up: false,
            pass: 0,
            load: None,
            reason: None,
            evidence: Vec::new(),
            diagnoses: Vec::new(),
            first_seen: at,
            since: at,
            last_seen: at,
            file: None,
            expected: None,
            restarts: RestartStatus::default(),
            uplink: Uplink::default(),
            timeline: Timeline::default(),
            overlaid: None,
            report: None,
        }
    }

    /// A phone of which only the report is known.
    pub(super) fn of_report(id: PhoneId, report: &PhoneReport) -> Self {
        let phone = PhoneRef {
            id,
            mac: report.mac,
            address: report.address,
            model: report.model.clone(),
            family: report.family.clone(),
            name: report.name.clone(),
        };
        let mut view = Self::new(report.first_seen, &phone);
        view.enter(report.last_seen, report.state, report.reason.as_ref());
        view
    }

    /// Enters a state by a step with this evidence.
    fn enter(&mut self, at: Timestamp, state: State, evidence: Option<&Evidence>) {
        if self.state == state {
            return;
        }
        let before = std::mem::replace(&mut self.state, state);
        self.since = at;
        let reason = self.reason.take();
        let is_overlay = |state| matches!(state, State::Stalled | State::Failed);
        if is_overlay(state) {
            // These two states have no reason of their own; their diagnoses explain them.
            if !is_overlay(before) {
                self.overlaid = Some((before, reason));
            }
            return;
        }
        self.reason = match self.overlaid.take() {
            Some((overlaid, reason)) if overlaid == state && evidence.is_none() => reason,
            _ => evidence.cloned(),
        };
    }

    /// Whether it rejected its images, so that it writes nothing.
    pub(crate) fn has_rejected_images(&self) -> bool {
        let mut codes = self.diagnoses.iter().map(|diagnosis| diagnosis.code);
        codes.any(|code| code == Code::ImagesRefused)
    }

    /// Applies a step. Returns how many bytes the phone acknowledged since the last step or
    /// progress.
    pub(super) fn step(&mut self, at: Timestamp, step: &PhoneStep) -> u64 {
        self.enter(at, step.state, step.details.evidence.as_ref());
        self.timeline.enter(at, step.state);
        self.last_seen = at;
        self.done = step.done;
        self.up = step.up;
        self.pass = step.pass;
        self.restarts = step.details.restarts;
        self.uplink.clone_from(&step.details.uplink);
        self.expected = None;
        if let Some(load) = &step.details.load {
            self.load = Some(load.clone());
        }
        if let Some(evidence) = &step.details.evidence
            && self.evidence.len() < MAX_EVIDENCE
            && !self.evidence.contains(evidence)
        {
            self.evidence.push(evidence.clone());
        }
        let more = match (&step.details.file, step.details.bytes) {
            (Some(file), Some(bytes)) => {
                self.acknowledge(file, bytes, step.details.size.unwrap_or(bytes))
            }
            _ => 0,
        };
        if step.state != State::Images {
            self.file = None;
        }
        more
    }

    /// Applies progress. Returns how many bytes the phone acknowledged since the last step or
    /// progress.
    pub(super) fn progress(&mut self, progress: &TransferProgress) -> u64 {
        let more = self.acknowledge(&progress.file, progress.bytes, progress.size);
        if let Some(file) = &mut self.file {
            file.size = progress.size;
            file.image = progress.image;
        }
        self.expected = None;
        more
    }

    fn acknowledge(&mut self, name: &str, bytes: u64, size: u64) -> u64 {
        match &mut self.file {
            Some(file) if file.name == name => {
                // A further attempt starts again from 0 bytes.
                let more = bytes.saturating_sub(file.bytes);
                file.bytes = bytes;
                more
            }
            file => {
                *file = Some(FileProgress {
                    name: name.to_owned(),
                    bytes,
                    size,
                    image: None,
                });
                bytes
            }
        }
    }

    pub(super) fn raised(&mut self, at: Timestamp, diagnosis: &Diagnosis) {
        self.last_seen = at;
        // A resumed run repeats what is active.
        if !self.diagnoses.contains(diagnosis) {
            raise(&mut self.diagnoses, diagnosis);
            self.timeline.mark(at, diagnosis.code, false);
        }
    }

    pub(super) fn withdrawn(&mut self, at: Timestamp, diagnosis: &Diagnosis) {
        self.last_seen = at;
        withdraw(&mut self.diagnoses, diagnosis);
        self.timeline.mark(at, diagnosis.code, true);
    }

    pub(super) fn expect(&mut self, what: &str, left: Duration) -> bool {
        // Displays show whole seconds.
        let same = self.expected.as_ref().is_some_and(|expected| {
            expected.what == what && expected.left.as_secs() == left.as_secs()
        });
        if !same {
            let what = what.to_owned();
            self.expected = Some(ExpectedSilence { what, left });
        }
        !same
    }

    /// Takes over from the report what the events do not contain.
    pub(super) fn complete(&mut self, report: &PhoneReport) {
        let id = self.phone.id;
        self.phone = PhoneRef {
            id,
            mac: report.mac,
            address: report.address,
            model: report.model.clone(),
            family: report.family.clone(),
            name: report.name.clone(),
        };
        self.enter(report.last_seen, report.state, report.reason.as_ref());
        self.done = report.done;
        self.up = report.up;
        self.pass = report.pass;
        self.restarts = report.restarts;
        self.uplink.clone_from(&report.uplink);
        self.load.clone_from(&report.to);
        self.evidence.clone_from(&report.evidence);
        self.diagnoses.clone_from(&report.diagnoses);
        self.first_seen = report.first_seen;
        self.last_seen = report.last_seen;
        self.file = None;
        self.expected = None;
        let mut report = report.clone();
        report.reason.clone_from(&self.reason);
        self.report = Some(Box::new(report));
    }

    pub(super) fn with_report(&self) -> Option<(&Self, &PhoneReport)> {
        Some((self, self.report.as_deref()?))
    }

    /// How much attention it needs.
    #[must_use]
    pub fn attention(&self) -> Attention {
        match self.state {
            State::Failed => Attention::Failed,
            State::Stalled => Attention::Stalled,
            _ if !self.diagnoses.is_empty() => Attention::Diagnosed,
            _ if self.done => Attention::Done,
            _ if self.up => Attention::Up,
            _ => Attention::UnderWay,
        }
    }

    /// Whether a person should act, or at least know.
    pub(crate) fn needs_attention(&self) -> bool {
        self.attention() <= Attention::Diagnosed
    }

    /// Whether it advances without the operator.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.up
            && matches!(
                self.state,
                State::Configuring
                    | State::Manifest
                    | State::Images
                    | State::Writing
                    | State::Rebooted
            )
    }

    /// Its model, or the models of its family if only that is known.
    pub(crate) fn model_text(&self) -> Option<&str> {
        let PhoneRef { model, family, .. } = &self.phone;
        model.as_deref().or(family.as_deref())
    }

    /// The name of its state, or `up`.
    pub(crate) fn state_text(&self) -> &'static str {
        if self.up {
            "up"
        } else {
            format::state_name(self.state)
        }
    }

    /// What its state means, or what happens next.
    pub(crate) fn meaning(&self) -> &'static str {
        if self.up {
            format::UP
        } else {
            format::state_meaning(self.state)
        }
    }

    /// The reason of its state in one line, or what the state means. Not escaped.
    pub(crate) fn reason_text(&self) -> String {
        match &self.reason {
            Some(evidence) => format::evidence(evidence),
            None => self.meaning().to_owned(),
        }
    }

    /// That its state rests on one source that another host can forge, once the report is in.
    pub(crate) fn caveat(&self) -> Option<String> {
        self.report.as_ref()?.rests_on.map(format::rests_on)
    }

    /// Its restarts in one sentence; `None`: none was ordered or refused, or it is done.
    pub(crate) fn restart_text(&self) -> Option<String> {
        self.restarts.sentence().filter(|_| !self.done)
    }

    /// Its switch port, not escaped.
    pub(crate) fn uplink_text(&self) -> Option<String> {
        Some(format!("switch port: {}", self.uplink.words()?))
    }

    /// Evidence that is not the reason, oldest first.
    pub(crate) fn other_evidence(&self) -> impl Iterator<Item = &Evidence> {
        let reason = self.reason.as_ref();
        self.evidence.iter().filter(move |it| Some(*it) != reason)
    }

    /// The time from the first observation of the phone until it entered its state.
    pub(crate) fn took(&self) -> Duration {
        Duration::try_from(self.since.duration_since(self.first_seen)).unwrap_or_default()
    }
}
