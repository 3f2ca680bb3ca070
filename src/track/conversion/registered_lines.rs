//! Which lines of a phone are registered, as far as this can be observed.

use super::{core::Conversion, register_line::RegisterLine};
use crate::track::{
    diagnosis::text::RegistrationFailure,
    observation::RunTime,
    plan::{ConfiguredLine, RegistrationTarget},
    registrations::{LineReport, LineState},
};

impl Conversion {
    /// Each line that the phone's own configuration registers.
    pub(in crate::track) fn lines(
        &self,
        at: RunTime,
        target: &RegistrationTarget,
    ) -> Vec<LineReport> {
        let lines = target.lines.iter();
        lines
            .map(|line| {
                let (state, is_diagnosed) = self.line_state(at, line, target);
                LineReport {
                    user: line.user.clone(),
                    state,
                    is_diagnosed,
                }
            })
            .collect()
    }

    /// The state of a line, and whether it is known why it is not registered.
    fn line_state(
        &self,
        at: RunTime,
        line: &ConfiguredLine,
        target: &RegistrationTarget,
    ) -> (LineState, bool) {
        let registration = &self.registration;
        let observed = registration.line(&line.user);
        if observed.is_some_and(RegisterLine::holds_registration) {
            return (LineState::Registered, false);
        }
        let failed = observed.is_some_and(|line| line.failure(at, Some(target)).is_some());
        let reported = registration.reported.as_ref();
        let never =
            reported.is_some_and(RegistrationFailure::lacks_a_register) && observed.is_none();
        let is_diagnosed = failed || never || registration.is_port_closed();
        // A phone that requested nothing in this run has not read its configuration either.
        let is_expected = line.visible && self.activity.requests > 0;
        let is_answered = observed.is_some_and(RegisterLine::is_answered);
        if is_expected || is_answered || is_diagnosed {
            (LineState::NotRegistered, is_diagnosed)
        } else {
            (LineState::NotVisible, false)
        }
    }
}
