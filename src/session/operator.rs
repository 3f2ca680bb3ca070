//! The prompt to the operator, which is shown once, when the run would end by itself.

use super::{messages::phone_list, shared::RunShared};
use crate::{
    reporter::Reporter,
    track::{Observation, Report, RunState, RunTime, diagnosis::rules::REGISTERS_WITHIN},
};

/// Prompts the operator, who can read the displays of phones.
pub trait OperatorPrompt: Send {
    /// Called when every expected phone is done or has failed; returns what the operator
    /// observed. Phones are still served meanwhile.
    fn ask(&mut self, report: &Report) -> Vec<Observation>;
}

/// The prompt for the end of the run, and the time after which it is not used.
pub(super) struct Operator {
    pub(super) prompt: Option<Box<dyn OperatorPrompt>>,
    /// The run time at which the run times out.
    pub(super) timeout: Option<RunTime>,
    /// Whether the wait for registrations was reported.
    wait_reported: bool,
}

impl Operator {
    pub(super) fn new(prompt: Option<Box<dyn OperatorPrompt>>, timeout: Option<RunTime>) -> Self {
        Self {
            prompt,
            timeout,
            wait_reported: false,
        }
    }
}

impl RunShared {
    /// Whether the phones are done. With an operator present the run also waits for phones that
    /// still have to register, up to the limit for that.
    pub(super) fn is_over(&self, operator: &mut Operator, reporter: &mut dyn Reporter) -> bool {
        let now = self.clock.now();
        if self.fleet().run_state(now) != RunState::Ended {
            return false;
        }
        let is_late = operator.timeout.is_some_and(|timeout| now >= timeout);
        if operator.prompt.is_none() || is_late {
            return true;
        }
        let unregistered = self.fleet().awaiting_registration();
        if unregistered.is_empty() {
            return true;
        }
        if !std::mem::replace(&mut operator.wait_reported, true) {
            reporter.notice(&format!(
                "waiting until {} registers, {} minutes at most. Press Ctrl-C to stop waiting",
                phone_list(&unregistered),
                REGISTERS_WITHIN.as_secs() / 60
            ));
        }
        false
    }

    /// Prompts the operator and records the answers as observations.
    pub(super) fn prompt_operator(&self, prompt: &mut dyn OperatorPrompt) {
        let mut report = self.fleet().report(self.clock.began());
        self.clock.to_wall_clock(&mut report);
        for observation in prompt.ask(&report) {
            self.observe(self.clock.now(), &observation);
        }
    }
}
