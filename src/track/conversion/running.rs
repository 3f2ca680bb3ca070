//! Whether the phone runs its application in normal operation: it accepted a configuration, or it
//! registered. Such a phone waits for calls, so its silence means nothing.

use std::time::Duration;

use super::{context::Context, core::Conversion};
use crate::{
    phone::Protocol,
    track::{
        change::Change,
        event::{Evidence, State, StepDetails},
        observation::{EvidenceSource, RunTime},
    },
};

/// The requests of one boot come within this time. A request for a trust list after it begins
/// another boot; some phones request theirs last.
const BOOT_TAKES: Duration = Duration::from_mins(1);

impl Conversion {
    /// The phone showed that its application is in normal operation.
    pub(super) fn on_running(&mut self, at: RunTime, out: &mut Vec<Change>) {
        let was_up = self.is_shown_up();
        self.activity.running_since = Some(at);
        if self.is_up() {
            self.clear_stall(out);
        }
        if self.is_shown_up() && !was_up {
            self.step(StepDetails::default(), out);
        }
    }

    /// In a record without a target, a phone that runs SIP firmware and is registered has nothing
    /// left to do.
    pub(super) fn check_runs_sip(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        let reported = self.loads.reported.as_ref();
        if let Some(load) = reported.filter(|load| load.protocol() == Some(Protocol::Sip))
            && cx.catalog.is_empty()
            && self.is_up()
        {
            let evidence = Evidence {
                source: EvidenceSource::Sip,
                detail: format!("{load}, and the phone is registered"),
            };
            let details = StepDetails {
                load: Some(load.clone()),
                ..StepDetails::of_evidence(evidence.clone())
            };
            self.findings.add_deciding_evidence(evidence);
            self.transition_to(State::Already, details, out);
        }
    }

    /// The phone requested a trust list.
    pub(super) fn on_boot_of_running(&mut self, at: RunTime, out: &mut Vec<Change>) {
        let since = self.activity.running_since;
        if since.is_some_and(|since| at.saturating_sub(since) >= BOOT_TAKES) {
            let was_up = self.is_shown_up();
            self.activity.running_since = None;
            if was_up {
                self.step(StepDetails::default(), out);
            }
        }
    }

    /// Whether the phone is reported as up: nothing stops or contradicts it.
    pub(in crate::track) fn is_shown_up(&self) -> bool {
        self.is_up() && !self.stalled && !self.is_failed()
    }

    /// Whether the phone runs its application and no conversion is in progress.
    pub(in crate::track) fn is_up(&self) -> bool {
        self.activity.running_since.is_some()
            && matches!(
                self.state,
                State::Seen | State::Configuring | State::Manifest
            )
    }
}
