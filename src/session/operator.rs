//! The prompt to the operator, which is shown once, when the run would end by itself.

use super::{
    messages::{awaiting_lines, phone_list, time_up},
    shared::RunShared,
};
use crate::{
    reporter::Reporter,
    track::{
        Observation, ObservationKind, RemarkMeaning, Report, RunState, RunTime,
        diagnosis::rules::REGISTERS_WITHIN,
    },
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
    /// An answer contradicts what the run reported: it ends, and the phone is not done.
    pub(super) is_contradicted: bool,
    /// Whether the wait for the first REGISTER of a phone was reported.
    wait_reported: bool,
    /// Whether the wait for the registration of lines was reported.
    lines_reported: bool,
}

impl Operator {
    pub(super) fn new(prompt: Option<Box<dyn OperatorPrompt>>, timeout: Option<RunTime>) -> Self {
        Self {
            prompt,
            timeout,
            is_contradicted: false,
            wait_reported: false,
            lines_reported: false,
        }
    }
}

impl RunShared {
    /// Whether the phones are done. With an operator present the run also waits for phones that
    /// still have to register, up to the limit for that.
    pub(super) fn is_over(&self, operator: &mut Operator, reporter: &mut dyn Reporter) -> bool {
        if operator.is_contradicted {
            return true;
        }
        let now = self.clock.now();
        if self.fleet().run_state(now) != RunState::Ended {
            self.report_awaited_lines(now, operator, reporter);
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

    /// Says that the run ends because its time is up, if phones are not done.
    pub(super) fn report_time_up(&self, operator: &Operator, reporter: &mut dyn Reporter) {
        let is_up = |timeout| self.clock.now() >= timeout;
        if !operator.timeout.is_some_and(is_up) {
            return;
        }
        let fleet = self.fleet();
        let (done, came) = fleet.done_of_total();
        let missing = fleet.missing_count().unwrap_or_default();
        let text = time_up(done, came, missing);
        drop(fleet);
        reporter.notice(&text);
    }

    /// Says once that the phones are done and lines are still waited for.
    fn report_awaited_lines(
        &self,
        now: RunTime,
        operator: &mut Operator,
        reporter: &mut dyn Reporter,
    ) {
        if operator.lines_reported || !self.fleet().waits_for_lines(now) {
            return;
        }
        operator.lines_reported = true;
        let (lines, until) = {
            let fleet = self.fleet();
            (fleet.awaited_lines(now), fleet.registers_until(now))
        };
        let left = self.clock.real(until.unwrap_or(now).saturating_sub(now));
        reporter.notice(&awaiting_lines(&lines, left));
    }

    /// Prompts the operator and records the answers as observations. Returns whether one of them
    /// contradicts a conversion.
    pub(super) fn prompt_operator(&self, prompt: &mut dyn OperatorPrompt) -> bool {
        let mut report = self.fleet().report(self.clock.began());
        self.clock.to_wall_clock(&mut report);
        let mut is_contradicted = false;
        for observation in prompt.ask(&report) {
            is_contradicted |= matches!(
                observation.kind,
                ObservationKind::Remark {
                    means: Some(RemarkMeaning::RunsSccp),
                    ..
                }
            );
            self.observe(self.clock.now(), &observation);
        }
        is_contradicted
    }
}
