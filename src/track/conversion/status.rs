//! The effective state, and what time alone changes: stalling, settling and overdue checks.

use std::time::Duration;

use super::{context::Context, core::Conversion};
use crate::{
    diagnose::Code,
    track::{
        change::Change,
        diagnosis::{rules, text},
        event::{State, StepDetails},
        file_outcome::FileOutcome,
        history::FileRole,
        observation::{EvidenceSource, RunTime},
    },
};

/// A converted phone that wants another load requests its manifest within seconds of its
/// configuration. Without a request within this time it is settled.
pub const SETTLED_AFTER: Duration = Duration::from_mins(1);

/// How long a phone may be silent in a state before it counts as stalled; `None` if any
/// silence is normal.
///
/// Measured: first image 2 s after the manifest; 2 to 8 s between images; a boot loader that
/// refuses returns after at most 148 s; 1 to 3 min for writing and booting, 5 and more for a
/// formatted phone, and about 2 min more on switches that answer no voice VLAN query.
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
    /// How long the phone may be silent now.
    pub(super) fn allowed_silence(&self) -> Option<Duration> {
        if self.is_up() {
            return None;
        }
        // Without the ends of transfers, the phone may be writing already.
        let may_be_writing = self.state == State::Images
            && self
                .delivery
                .current
                .as_ref()
                .is_some_and(|pass| pass.requests_only && pass.lacks_only_the_last_ack());
        silence_limit(if may_be_writing {
            State::Writing
        } else {
            self.state
        })
    }

    /// When the allowed silence ends.
    pub(super) fn silence_ends(&self, survey: Option<RunTime>) -> Option<RunTime> {
        let survey = survey.filter(|_| !self.loads.in_recovery);
        let since = self.activity.silent_since(survey);
        self.allowed_silence().map(|limit| since + limit)
    }

    /// The state as reported: `failed` overrides `stalled`, and both override the rest.
    pub(in crate::track) fn effective_state(&self) -> State {
        if self.is_failed() {
            State::Failed
        } else if self.stalled {
            State::Stalled
        } else {
            self.state
        }
    }

    pub(in crate::track) fn is_failed(&self) -> bool {
        self.findings.has_final()
    }

    /// Whether a refusal is diagnosed already, or the phone failed for another reason.
    fn is_refusal_known(&self) -> bool {
        self.is_failed() || self.has_diagnosis(Code::ManifestRefused)
    }

    pub(in crate::track) fn is_done(&self) -> bool {
        match self.effective_state() {
            State::Confirmed | State::Already => true,
            State::Flashed => self.configuration.settled,
            _ => false,
        }
    }

    /// Whether the phone runs what it was given, as far as its state says.
    pub(super) fn is_converted(&self) -> bool {
        matches!(
            self.state,
            State::Flashed | State::Confirmed | State::Already
        )
    }

    /// Whether a draining run waits for the phone: it lacks images and still fetches them.
    pub(in crate::track) fn is_between_images(&self) -> bool {
        self.is_owed_images() && !self.stalled && !self.is_failed()
    }

    /// Whether the phone accepted a manifest and lacks images: it is served them whenever it
    /// requests them.
    pub(in crate::track) fn is_owed_images(&self) -> bool {
        match self.state {
            State::Images => self.delivery.lacks_images() || self.early.is_present(),
            State::Manifest => self.delivery.has_manifest(),
            _ => self.lacks_application(),
        }
    }

    /// Whether the phone got its loader in this run and has no application yet.
    fn lacks_application(&self) -> bool {
        let is_complete = self.delivery.complete_passes > 0;
        (self.early.got_loader || self.early.writes_loader()) && !is_complete
    }

    /// Whether a part of a manifest or an image was acknowledged.
    pub(in crate::track) fn has_fetched(&self) -> bool {
        self.delivery.fetched
    }

    /// Whether a power cut now leaves the phone between two loads.
    pub(in crate::track) fn must_stay_powered(&self) -> bool {
        match self.state {
            // It starts one of its two firmwares, whatever it writes.
            _ if self.runs_on_after_images() => false,
            state if state.may_be_writing() => true,
            // A phone that was refused an image ends its update before it writes.
            State::Images => !self.delivery.was_refused(),
            _ => false,
        }
    }

    /// Whether its web page can be polled for the load: an application runs, and no source has
    /// reported a load.
    pub(in crate::track) fn is_unproven(&self) -> bool {
        let is_up = match self.state {
            State::Flashed => true,
            State::Configuring => self.loads.reported.is_none(),
            _ => false,
        };
        is_up && !self.is_failed()
    }

    /// Whether the phone sent a request after this time.
    pub(in crate::track) fn is_active_since(&self, time: RunTime) -> bool {
        self.activity.last_request > time
    }

    /// When time alone changes something.
    pub(in crate::track) fn deadline(&self, survey: Option<RunTime>) -> Option<RunTime> {
        let stalls = self
            .silence_ends(survey)
            .filter(|_| !self.stalled && !self.is_failed());
        let refused = rules::refusal_due(&self.delivery.manifest_deliveries)
            .filter(|_| !self.is_refusal_known());
        let bridge = self.bridge_request_due().filter(|_| !self.is_failed());
        [
            stalls,
            self.settles_at(),
            refused,
            bridge,
            self.registration_due(),
            self.vlan_check_due(),
            self.lease_check_due(),
            self.request_loop_due(),
            self.configuration.unnamed_load.due(),
            self.slots_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When a flashed phone counts as settled.
    pub(super) fn settles_at(&self) -> Option<RunTime> {
        self.configuration
            .requested_at
            .filter(|_| self.state == State::Flashed && !self.configuration.settled)
            .map(|at| at + SETTLED_AFTER)
    }

    /// Applies what time alone changes.
    pub(in crate::track) fn tick(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        let at = cx.at;
        if !self.is_refusal_known()
            && rules::manifest_refused(&self.delivery.manifest_deliveries, at).is_some()
        {
            self.on_refusal(cx, out);
        }
        if !self.is_failed() && self.bridge_request_due().is_some_and(|due| at >= due) {
            self.on_bridge_not_requested(cx, out);
        }
        if self.slots_due().is_some_and(|due| at >= due) {
            self.on_slots_due(out);
        }
        if self.settles_at().is_some_and(|due| at >= due) {
            self.settle(out);
        }
        self.check_registration_overdue(cx, out);
        self.check_vlan(at, out);
        self.check_lease(at, out);
        self.check_request_loop(at, out);
        self.check_search_over(cx, out);
        let is_overdue = self.silence_ends(cx.survey).is_some_and(|due| at >= due);
        if is_overdue && !self.stalled && !self.is_failed() {
            self.stalled = true;
            let since = self.activity.last_request;
            let silent = at.saturating_sub(since);
            let pending = self.configuration.pending_start.as_ref();
            let diagnosis = match pending.filter(|_| self.state.may_be_writing()) {
                _ if self.runs_on_after_images() => text::stalled_after_rejection(silent, since),
                Some(pending) => text::stalled_unproven(&pending.name, silent, since),
                None => text::stalled(self.state, silent, self.family_in_run(cx), since),
            };
            self.findings.raise("", diagnosis, out);
            self.step(StepDetails::default(), out);
        }
    }

    fn settle(&mut self, out: &mut Vec<Change>) {
        self.configuration.settled = true;
        let seconds = SETTLED_AFTER.as_secs();
        let configured = self.configuration.requested_at;
        let has_read = self.delivery.attempts.iter().rev().any(|attempt| {
            matches!(attempt.role, FileRole::Manifest(_))
                && configured.is_some_and(|at| attempt.at >= at)
                && attempt.outcome != FileOutcome::NotFound
        });
        let recovery = self.device.model.and_then(|model| model.recovery_manifest);
        let detail = match recovery.filter(|_| self.loads.in_recovery) {
            _ if has_read => format!(
                "settled: it requested a manifest and no image within {seconds} s of its \
                 configuration"
            ),
            Some(manifest) => format!(
                "settled: it requested no manifest within {seconds} s of its configuration; it \
                 reports its load as {} until a configuration names one",
                manifest.trim_end_matches(".loads")
            ),
            None => {
                format!("settled: it requested no manifest within {seconds} s of its configuration")
            }
        };
        self.note(EvidenceSource::Requests, detail, out);
    }
}
