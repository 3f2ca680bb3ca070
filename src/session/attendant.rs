//! The person who stands by: asked once, when the run would end by itself.

use super::{Shared, names};
use crate::{
    reporter::Reporter,
    track::{Observation, Report, RunState, RunTime, diagnosis::rules::REGISTERS_WITHIN},
};

/// Somebody who can look at a phone's display.
pub trait Attendant: Send {
    /// Every expected phone is done or has failed. What the person says of them; phones are
    /// served meanwhile.
    fn asked(&mut self, report: &Report) -> Vec<Observation>;
}

/// Who is asked at the end, and when it is too late for that.
pub(super) struct Person {
    pub(super) attendant: Option<Box<dyn Attendant>>,
    /// The end of the run's time.
    pub(super) timeout: Option<RunTime>,
    /// That phones are to register was told.
    told: bool,
}

impl Person {
    pub(super) fn new(attendant: Option<Box<dyn Attendant>>, timeout: Option<RunTime>) -> Self {
        Self {
            attendant,
            timeout,
            told: false,
        }
    }
}

impl Shared {
    /// Whether the run is over by what phones did; with a person there it waits for those that
    /// are still to register, as long as that takes at most.
    pub(super) fn is_over(&self, person: &mut Person, reporter: &mut dyn Reporter) -> bool {
        let now = self.clock.now();
        if self.fleet().run_state(now) != RunState::Ended {
            return false;
        }
        let is_late = person.timeout.is_some_and(|timeout| now >= timeout);
        if person.attendant.is_none() || is_late {
            return true;
        }
        let waits = self.fleet().awaiting_registration();
        if waits.is_empty() {
            return true;
        }
        if !std::mem::replace(&mut person.told, true) {
            reporter.notice(&format!(
                "waiting until {} registers, {} minutes at most. Press Ctrl-C to wait no more",
                names(&waits),
                REGISTERS_WITHIN.as_secs() / 60
            ));
        }
        false
    }

    /// Asks the person, and tells everybody else of the answers.
    pub(super) fn ask(&self, attendant: &mut dyn Attendant) {
        let mut report = self.fleet().report(self.clock.began());
        self.clock.on_the_wall(&mut report);
        for observation in attendant.asked(&report) {
            self.sighted(self.clock.now(), &observation);
        }
    }
}
