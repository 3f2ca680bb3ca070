//! Which silence is normal, and until when.

use super::{Conversion, RunTime, SETTLED_AFTER, State};
use crate::track::diagnosis::rules;

/// What a phone is silent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedActivity {
    /// What comes next if all is well.
    pub what: &'static str,
    /// Until then silence is normal.
    pub until: RunTime,
}

impl Conversion {
    pub(in super::super) fn expected(
        &self,
        now: RunTime,
        survey: Option<RunTime>,
    ) -> Option<ExpectedActivity> {
        if self.stalled || self.is_failed() {
            return None;
        }
        let stalls = self
            .patience()
            .map(|limit| self.silent_since(survey) + limit);
        let held = survey.filter(|_| !self.in_recovery);
        let (what, until) = match self.state {
            State::Seen | State::Configuring if held.is_some_and(|end| now < end) => {
                ("the end of the survey", held)
            }
            State::Configuring if held.is_some_and(|end| !self.is_active_since(end)) => {
                ("somebody to restart it", stalls)
            }
            State::Configuring => ("the next file of its configuration", stalls),
            State::Manifest => {
                let refuses = rules::refusal_due(&self.takes).filter(|due| *due > self.last);
                ("its first image", refuses.or(stalls))
            }
            State::Images => ("more of this image, or the next one", stalls),
            State::Writing => ("its restart, after writing; do not unplug", stalls),
            State::Rebooted => ("its first request after the restart", stalls),
            State::Flashed if !self.settled => (
                "a second pass, or none",
                self.config_at.map(|at| at + SETTLED_AFTER),
            ),
            _ => return None,
        };
        until.map(|until| ExpectedActivity { what, until })
    }
}
