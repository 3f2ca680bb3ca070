//! Which silence of a phone is normal, and until when.

use super::{core::Conversion, status::SETTLED_AFTER};
use crate::track::{diagnosis::rules, event::State, observation::RunTime};

/// What a silent phone is expected to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedActivity {
    /// The next activity in a normal conversion.
    pub what: &'static str,
    /// Until then silence is normal.
    pub until: RunTime,
}

impl Conversion {
    pub(in crate::track) fn expected(
        &self,
        now: RunTime,
        survey: Option<RunTime>,
    ) -> Option<ExpectedActivity> {
        if self.stalled || self.is_failed() {
            return None;
        }
        let stalls = self.silence_ends(survey);
        let held = survey.filter(|_| !self.loads.in_recovery);
        let (what, until) = match self.state {
            State::Seen | State::Configuring if held.is_some_and(|end| now < end) => {
                ("the end of the survey", held)
            }
            State::Configuring if held.is_some_and(|end| !self.is_active_since(end)) => {
                ("a restart by the operator", stalls)
            }
            State::Configuring => ("the next file of its configuration", stalls),
            State::Manifest => {
                let refusal = rules::refusal_due(&self.delivery.manifest_deliveries)
                    .filter(|due| *due > self.activity.last);
                ("its first image", refusal.or(stalls))
            }
            State::Images => ("more of this image, or the next one", stalls),
            State::Writing => ("its restart, after writing; do not unplug", stalls),
            State::Rebooted => ("its first request after the restart; do not unplug", stalls),
            State::Flashed if !self.configuration.settled => (
                "a second pass, if there is one",
                self.configuration.requested_at.map(|at| at + SETTLED_AFTER),
            ),
            _ => return None,
        };
        until.map(|until| ExpectedActivity { what, until })
    }
}
