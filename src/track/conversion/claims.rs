//! Which claims of other sources count. What this server observed outweighs them: nothing that a
//! source reports is signed.

use std::time::Duration;

use super::{context::Context, core::Conversion, load_reports::source_name};
use crate::{
    phone::{LoadName, Model},
    track::{
        change::Change,
        diagnosis::rules,
        event::{Evidence, State, StepDetails},
        history::FileRole,
        observation::{EvidenceSource, RunTime},
    },
};

/// A phone that sent a request or an ACK cannot send the first request of a start, or use another
/// address, so soon after it. The shortest start that was observed took 26 s.
pub(in crate::track) const NO_START_WITHIN: Duration = Duration::from_secs(20);

impl Conversion {
    /// Whether the phone fetches or writes images, or may be about to: no claim of a source shows
    /// what it runs before its next start was observed.
    pub(super) fn is_in_open_pass(&self, at: RunTime) -> bool {
        match self.state {
            State::Images => true,
            state if state.may_be_writing() => true,
            State::Manifest => {
                let attempts = &self.delivery.attempts;
                let manifest = attempts
                    .iter()
                    .rev()
                    .find(|attempt| matches!(attempt.role, FileRole::Manifest(_)));
                // A boot loader starts no application without images.
                manifest.is_some_and(|attempt| {
                    LoadName::new(&attempt.name).is_recovery()
                        || attempt.open
                        || at.saturating_sub(attempt.at) < rules::FIRST_IMAGE_WITHIN
                })
            }
            _ => false,
        }
    }

    /// Whether the phone fetches images at its address now, so that a request or a claim at the
    /// same moment that puts it elsewhere, or another phone there, is not right.
    pub(in crate::track) fn is_fetching(&self, at: RunTime) -> bool {
        let is_fetching = matches!(self.state, State::Manifest | State::Images);
        (is_fetching || self.state.may_be_writing())
            && self.was_active_at(at)
            && self.delivery.fetched
    }

    /// Whether a boot loader's request for the manifest of `model` at this address may be another
    /// host's: the phone fetches or writes images, or cannot have started since its last request.
    pub(in crate::track) fn is_recovery_unproven(
        &self,
        at: RunTime,
        model: Option<&'static Model>,
    ) -> bool {
        let may_be_forged = match self.state {
            // A boot loader requests its own manifest in pairs.
            State::Manifest if self.loads.in_recovery => {
                let family = model.map(|model| model.family);
                self.delivery.fetched && family != self.device.family
            }
            State::Images => true,
            state => state.may_be_writing() || self.was_active_at(at),
        };
        may_be_forged && !self.stalled && !self.delivery.is_stepwise()
    }

    /// Whether the phone sent a request or an ACK so recently that it cannot have started since.
    pub(in crate::track) fn was_active_at(&self, at: RunTime) -> bool {
        let newest = self.delivery.attempts.iter().next_back();
        newest.is_some_and(|attempt| !attempt.killed)
            // After a pause of the server, the phone may be anywhere.
            && !self.activity.not_served
            && at.saturating_sub(self.activity.last_request) < NO_START_WITHIN
    }

    /// Whether the phone fetches or writes images, and was not silent for longer than that takes.
    pub(in crate::track) fn is_converting(&self) -> bool {
        (self.state == State::Images || self.state.may_be_writing()) && !self.stalled
    }

    /// The only source that shows that a `confirmed` or `already` phone runs the target, if another
    /// host can forge it alone.
    pub(in crate::track) fn rests_on(&self) -> Option<EvidenceSource> {
        let is_shown = matches!(self.effective_state(), State::Confirmed | State::Already);
        match self.loads.shown_by[..] {
            [source] if is_shown && source.is_forgeable() => Some(source),
            _ => None,
        }
    }

    /// A claim that something contradicts: it is recorded and changes nothing.
    pub(in crate::track) fn note_disputed(
        &mut self,
        source: EvidenceSource,
        detail: &str,
        out: &mut Vec<Change>,
    ) {
        let evidence = Evidence {
            source,
            detail: format!("disputed: {detail}"),
            disputed: true,
        };
        if self.findings.add_evidence(evidence.clone()) {
            self.step(StepDetails::of_evidence(evidence), out);
        }
    }

    /// A source reports the target load while the phone fetches or writes images. Returns whether
    /// the report is set aside.
    pub(super) fn sets_aside(
        &mut self,
        cx: Context<'_>,
        source: EvidenceSource,
        detail: &str,
        out: &mut Vec<Change>,
    ) -> bool {
        let is_open = self.is_in_open_pass(cx.at);
        if is_open {
            let detail = format!(
                "{} reports {detail}, while this server observes that the phone fetches or writes images: \
                 not counted before its application requests a file",
                source_name(source)
            );
            self.note_disputed(source, &detail, out);
        }
        is_open
    }
}
