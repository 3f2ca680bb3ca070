//! What happens goes three ways: to the fleet, to the journal, and from the events to the
//! display, once the journal has it on the disk.

use super::Shared;
use crate::{
    journal::{Journal, RecordedRun},
    reporter::Reporter,
    track::{Observation, ObservationKind, RunTime, TransferEnd},
};

impl Shared {
    /// Tells the fleet, the journal and the display of something. Returns the line that the
    /// journal has of it.
    pub(super) fn observe(&self, at: RunTime, observation: &Observation) -> u64 {
        self.counters.see(&observation.seen);
        let mut fleet = self.fleet();
        let events = fleet.observe(at, observation);
        let at = fleet.now();
        let journal = self.journal.as_ref();
        let line = journal.map_or(0, |journal| journal.observe(at, observation, &events));
        // Under the fleet's lock, so that events leave in the order in which they arose.
        self.events.put(self.clock.wall(at), line, events);
        line
    }

    /// Waits a moment until that line cannot be lost by the end of this program.
    pub(super) fn wait_written(&self, line: u64) {
        if let Some(journal) = &self.journal {
            journal.wait_written(line);
        }
    }

    /// Lets time pass.
    pub(super) fn tick(&self) {
        let mut fleet = self.fleet();
        let events = fleet.tick(self.clock.now());
        let at = fleet.now();
        let journal = self.journal.as_ref();
        let line = journal.map_or(0, |journal| journal.tick(at, &events));
        self.events.put(self.clock.wall(at), line, events);
    }

    /// A resumed run: what every phone is by now, for the display; and the end of what was
    /// under way when the record ended.
    pub(super) fn restore(&self, recorded: &RecordedRun) {
        let at = self.fleet().now();
        let events = self.fleet().snapshot();
        self.events.put(self.clock.wall(at), 0, events);
        for open in recorded.open_transfers() {
            let seen = ObservationKind::Ended {
                transfer: open.transfer,
                end: TransferEnd::Killed,
                bytes: open.bytes,
            };
            let address = open.address;
            self.observe(at, &Observation { address, seen });
        }
    }

    /// Tells what is on the journal's disk.
    pub(super) fn report_events(&self, reporter: &mut dyn Reporter) {
        let journal = self.journal.as_ref();
        self.report_up_to(journal.map_or(u64::MAX, Journal::displayable), reporter);
    }

    /// Tells what is left, whatever the disk does.
    pub(super) fn report_all_events(&self, reporter: &mut dyn Reporter) {
        self.report_up_to(u64::MAX, reporter);
    }

    fn report_up_to(&self, shown: u64, reporter: &mut dyn Reporter) {
        for (at, event) in self.events.take(shown) {
            reporter.event(at, &event);
        }
    }
}
