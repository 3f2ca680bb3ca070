//! The person who stands by: asked once, when the run would end by itself.

use super::Shared;
use crate::track::{Report, RunState, Sighting};

/// Somebody who can look at a phone's display.
pub trait Attendant: Send {
    /// Every expected phone is done or has failed. What the person says of them; phones are
    /// served meanwhile.
    fn asked(&mut self, report: &Report) -> Vec<Sighting>;
}

impl Shared {
    /// Whether the run is over by what phones did; with a person there it waits for those that
    /// are still to register, as long as that takes at most.
    pub(super) fn is_over(&self, attendant: Option<&dyn Attendant>, is_late: bool) -> bool {
        let fleet = self.fleet();
        fleet.run_state(self.clock.now()) == RunState::Ended
            && (attendant.is_none() || is_late || !fleet.awaits_registers())
    }

    /// Asks the person, and tells everybody else of the answers.
    pub(super) fn ask(&self, attendant: &mut dyn Attendant) {
        let mut report = self.fleet().report(self.clock.began());
        self.clock.on_the_wall(&mut report);
        self.roll.name_report(&mut report);
        for sighting in attendant.asked(&report) {
            self.sighted(self.clock.now(), &sighting);
        }
    }
}
