//! Each observation goes to the fleet and to the journal. The events that follow go to the
//! display once the journal has them on disk.

use super::shared::RunShared;
use crate::{
    journal::{Journal, RecordedRun},
    reporter::Reporter,
    text::time_of_day,
    track::{
        EvidenceSource, Fleet, Intake, MAX_OTHERS, MAX_PHONES, Observation, ObservationKind,
        RemarkMeaning, RunTime, Space, TransferEnd,
    },
};

impl RunShared {
    /// Passes an observation to the fleet and the journal and queues the events that follow, or
    /// counts it if it is over a limit. Returns the number of its journal line, or 0.
    pub(super) fn observe(&self, at: RunTime, observation: &Observation) -> u64 {
        self.counters.count(&observation.kind);
        let observation = self.senders.add(at, observation);
        let observation = &*observation;
        let mut fleet = self.fleet();
        let sender = fleet.sender(observation);
        let space = self.journal.as_ref().map_or(Space::All, Journal::space);
        let intake = self.limiter().take_in(at, observation, sender, space);
        match intake {
            Intake::Taken => {}
            Intake::After(before) => {
                for observation in before {
                    self.record(&mut fleet, at, &observation);
                }
            }
            Intake::Counted => return 0,
        }
        self.record(&mut fleet, at, observation)
    }

    fn record(&self, fleet: &mut Fleet, at: RunTime, observation: &Observation) -> u64 {
        let before = fleet.dropped();
        let events = fleet.observe(at, observation);
        if before == 0 && fleet.dropped() > 0 {
            tracing::warn!(
                "more than {MAX_PHONES} phones or {MAX_OTHERS} other clients: entries without a \
                 transfer give way, listed phones keep their places"
            );
        }
        let at = fleet.now();
        let journal = self.journal.as_ref();
        let line = journal.map_or(0, |journal| journal.observe(at, observation, &events));
        // While the fleet is locked, so that events keep their order.
        self.events.push(self.clock.wall(at), line, events);
        line
    }

    /// Waits briefly until that line is written, so that a killed run still knows it.
    pub(super) fn wait_written(&self, line: u64) {
        if let Some(journal) = &self.journal {
            journal.wait_written(line);
        }
    }

    /// Passes the time to the fleet.
    pub(super) fn tick(&self) {
        let mut fleet = self.fleet();
        let events = fleet.tick(self.clock.now());
        let at = fleet.now();
        let journal = self.journal.as_ref();
        let line = journal.map_or(0, |journal| journal.tick(at, &events));
        let counted = self.limiter().take_counted();
        if let Some(journal) = journal {
            journal.count(at, counted);
        }
        self.events.push(self.clock.wall(at), line, events);
    }

    /// For a resumed run: queues the state of every phone for the display and ends the transfers
    /// that were running when the journal stopped.
    pub(super) fn restore(&self, recorded: &RecordedRun) {
        let at = self.fleet().now();
        let events = self.fleet().snapshot();
        self.events.push(self.clock.wall(at), 0, events);
        self.report_pause(recorded, at);
        for open in recorded.open_transfers() {
            let kind = ObservationKind::Ended {
                transfer: open.transfer,
                end: TransferEnd::Killed,
                bytes: open.bytes,
            };
            let address = open.address;
            self.observe(at, &Observation { address, kind });
        }
    }

    /// Records for each phone that fetched or wrote images that it had no server for a time.
    fn report_pause(&self, recorded: &RecordedRun, at: RunTime) {
        let phones = self.fleet().fetching_or_writing();
        let stopped = time_of_day(recorded.sessions.wall(recorded.last));
        let serves = time_of_day(self.clock.wall_now());
        for phone in phones {
            let kind = ObservationKind::Remark {
                source: EvidenceSource::Requests,
                detail: format!(
                    "reflash was stopped at {stopped} while the phone was fetching or writing its \
                     images, and serves again since {serves}: a restart of the phone in between is \
                     no sign of lost power"
                ),
                means: Some(RemarkMeaning::NotServed),
            };
            let address = phone.address;
            self.observe(at, &Observation { address, kind });
        }
    }

    /// Reports the events that the journal has on disk.
    pub(super) fn report_events(&self, reporter: &mut dyn Reporter) {
        let journal = self.journal.as_ref();
        self.report_up_to(journal.map_or(u64::MAX, Journal::displayable), reporter);
    }

    /// Reports all remaining events, whether or not they are on disk.
    pub(super) fn report_all_events(&self, reporter: &mut dyn Reporter) {
        self.report_up_to(u64::MAX, reporter);
    }

    fn report_up_to(&self, shown: u64, reporter: &mut dyn Reporter) {
        for (at, event) in self.events.take_reportable(shown) {
            reporter.event(at, &event);
        }
    }
}
