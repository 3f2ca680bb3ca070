//! The person who stands by: asked once, when the run would end by itself.

use super::{Shared, phone_list};
use crate::{
    reporter::Reporter,
    track::{Observation, Report, RunState, RunTime, diagnosis::rules::REGISTERS_WITHIN},
};

/// Somebody who can look at a phone's display.
pub trait OperatorPrompt: Send {
    /// Every expected phone is done or has failed. What the person says of them; phones are
    /// served meanwhile.
    fn ask(&mut self, report: &Report) -> Vec<Observation>;
}

/// Who is asked at the end, and when it is too late for that.
pub(super) struct Operator {
    pub(super) prompt: Option<Box<dyn OperatorPrompt>>,
    /// The end of the run's time.
    pub(super) timeout: Option<RunTime>,
    /// That phones are to register was told.
    told: bool,
}

impl Operator {
    pub(super) fn new(prompt: Option<Box<dyn OperatorPrompt>>, timeout: Option<RunTime>) -> Self {
        Self {
            prompt,
            timeout,
            told: false,
        }
    }
}

impl Shared {
    /// Whether the run is over by what phones did; with a person there it waits for those that
    /// are still to register, as long as that takes at most.
    pub(super) fn is_over(&self, operator: &mut Operator, reporter: &mut dyn Reporter) -> bool {
        let now = self.clock.now();
        if self.fleet().run_state(now) != RunState::Ended {
            return false;
        }
        let is_late = operator.timeout.is_some_and(|timeout| now >= timeout);
        if operator.prompt.is_none() || is_late {
            return true;
        }
        let waits = self.fleet().awaiting_registration();
        if waits.is_empty() {
            return true;
        }
        if !std::mem::replace(&mut operator.told, true) {
            reporter.notice(&format!(
                "waiting until {} registers, {} minutes at most. Press Ctrl-C to wait no more",
                phone_list(&waits),
                REGISTERS_WITHIN.as_secs() / 60
            ));
        }
        false
    }

    /// Asks the operator, and tells everybody else of the answers.
    pub(super) fn ask(&self, prompt: &mut dyn OperatorPrompt) {
        let mut report = self.fleet().report(self.clock.began());
        self.clock.to_wall_clock(&mut report);
        for observation in prompt.ask(&report) {
            self.observe(self.clock.now(), &observation);
        }
    }
}
