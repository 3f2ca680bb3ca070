//! What happens goes three ways: to the fleet, to the journal, and from the outbox to the
//! display, once the journal has it on the disk.

use super::Shared;
use crate::{
    journal::{Journal, Recorded},
    reporter::Reporter,
    track::{Observation, ObservationKind, RunTime, TransferEnd},
};

impl Shared {
    /// Tells the fleet, the journal and the display of something. Returns the line that the
    /// journal has of it.
    pub(super) fn sighted(&self, at: RunTime, observation: &Observation) -> u64 {
        self.counters.see(&observation.seen);
        let mut fleet = self.fleet();
        let events = fleet.observe(at, observation);
        let at = fleet.now();
        let journal = self.journal.as_ref();
        let line = journal.map_or(0, |journal| journal.see(at, observation, &events));
        // Under the fleet's lock, so that events leave in the order in which they arose.
        self.outbox.put(self.clock.wall(at), line, events);
        line
    }

    /// Waits a moment until that line cannot be lost by the end of this program.
    pub(super) fn keep(&self, line: u64) {
        if let Some(journal) = &self.journal {
            journal.keep(line);
        }
    }

    /// Lets time pass.
    pub(super) fn tick(&self) {
        let mut fleet = self.fleet();
        let events = fleet.tick(self.clock.now());
        let at = fleet.now();
        let journal = self.journal.as_ref();
        let line = journal.map_or(0, |journal| journal.tick(at, &events));
        self.outbox.put(self.clock.wall(at), line, events);
    }

    /// A resumed run: what every phone is by now, for the display; and the end of what was
    /// under way when the record ended.
    pub(super) fn recall(&self, recorded: &Recorded) {
        let at = self.fleet().now();
        let events = self.fleet().snapshot();
        self.outbox.put(self.clock.wall(at), 0, events);
        for open in recorded.open() {
            let seen = ObservationKind::Ended {
                transfer: open.transfer,
                end: TransferEnd::Killed,
                bytes: open.bytes,
            };
            let address = open.address;
            self.sighted(at, &Observation { address, seen });
        }
    }

    /// Tells what is on the journal's disk.
    pub(super) fn tell(&self, reporter: &mut dyn Reporter) {
        let journal = self.journal.as_ref();
        self.tell_up_to(journal.map_or(u64::MAX, Journal::shown), reporter);
    }

    /// Tells what is left, whatever the disk does.
    pub(super) fn tell_all(&self, reporter: &mut dyn Reporter) {
        self.tell_up_to(u64::MAX, reporter);
    }

    fn tell_up_to(&self, shown: u64, reporter: &mut dyn Reporter) {
        for (at, event) in self.outbox.take(shown) {
            reporter.event(at, &event);
        }
    }
}
