//! Whether the phone runs its application in normal operation: it accepted a configuration, or it
//! registered. Such a phone waits for calls, so its silence means nothing.

use std::time::Duration;

use super::{
    configuration::Polls,
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::{LoadName, Protocol, RequestedFile, normalized_name},
    track::{
        change::Change,
        diagnosis::rules,
        event::{Evidence, State, StepDetails},
        file_outcome::FileOutcome,
        history::{FetchAttempt, FileRole},
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
                disputed: false,
            };
            let details = StepDetails {
                load: Some(load.clone()),
                ..StepDetails::of_evidence(evidence.clone())
            };
            self.loads
                .shown_by(evidence.source, self.state != State::Already);
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

    /// A phone that requests nothing but its own configuration, from time to time, runs.
    pub(super) fn check_polls(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let configuration = &mut self.configuration;
        if !matches!(request.file, RequestedFile::Config { signed: false, .. })
            || request.served.is_none()
        {
            configuration.polls = Polls::default();
            return;
        }
        let is_given = configuration.boot.own_delivered || cx.requests_only;
        if configuration.polls.on_configuration(cx.at)
            && is_given
            && !self.has_diagnosis(Code::ConfigRejected)
        {
            self.on_running(cx.at, out);
        }
    }

    /// Whether an application fetched the same manifest in an earlier boot, so long before that the
    /// phone did not start over by itself, and no image since: it runs the load that it has.
    pub(super) fn is_read_again(&self, attempt: &FetchAttempt) -> bool {
        let name = normalized_name(&attempt.name);
        if LoadName::new(&name).is_recovery()
            || self.has_diagnosis(Code::ProtocolApplicationInvalid)
        {
            return false;
        }
        let earlier = self
            .delivery
            .attempts
            .iter()
            .rev()
            .filter(|earlier| earlier.sequence < attempt.sequence);
        let mut manifests = earlier
            .take_while(|earlier| {
                !matches!(earlier.role, FileRole::Image(_))
                    || earlier.outcome == FileOutcome::NotFound
            })
            .filter(|earlier| {
                matches!(earlier.role, FileRole::Manifest(_))
                    && earlier.outcome == FileOutcome::Delivered
                    && normalized_name(&earlier.name) == name
            });
        manifests
            .next()
            .is_some_and(|earlier| attempt.at.saturating_sub(earlier.at) > rules::LOOP_WITHIN)
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
