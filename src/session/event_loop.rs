//! The event loop of a run: observations, time, signals and reports.

use std::time::{Duration, Instant};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{
    hints::WaitingHints,
    messages::{Unfinished, leaving, stopping},
    operator::Operator,
    restarts::Restarts,
    shared::RunShared,
    signals::Signals,
    sources::ObservationSources,
    survey::SurveyNotice,
    web_polling::WebPolling,
};
use crate::{
    diagnose::Finding,
    discovery::ArpTable,
    journal::Journal,
    reporter::{Reporter, Tick, UnexpectedPhones},
    track::{DRAIN_LIMIT, EvidenceSource, MissingPhone, Observation, ObservationKind},
};

/// How often the fleet gets the time. Its limits are seconds and minutes.
const TICK: Duration = Duration::from_millis(200);

/// How often the ARP table is read while the MAC of an address is not known.
const ARP_INTERVAL: Duration = Duration::from_secs(2);

/// What a run receives besides requests.
pub(super) struct Inputs {
    pub(super) sources: ObservationSources,
    pub(super) pages: WebPolling,
    pub(super) findings: Option<mpsc::Receiver<Finding>>,
    pub(super) hints: WaitingHints,
    pub(super) restarts: Restarts,
}

impl Inputs {
    /// A second passed: hints while no phone comes, polls of web pages, and what silent phones do next.
    fn on_second(
        &mut self,
        shared: &RunShared,
        reporter: &mut dyn Reporter,
        elapsed: Duration,
        is_running: bool,
    ) {
        let now = shared.clock.now();
        if shared.fleet().done_of_total().1 > 0 {
            self.hints.end();
        } else if is_running && let Some(hints) = self.hints.due(elapsed) {
            reporter.notice(&hints);
        }
        let candidates = shared.fleet().poll_candidates();
        self.pages.poll_due(now, &candidates);
        for (phone, expected) in shared.fleet().expected_activity() {
            let left = shared.clock.real(expected.until.saturating_sub(now));
            reporter.waiting(phone, expected.what, left);
        }
    }
}

/// The next finding; pending forever once there are no more.
async fn next_finding(findings: &mut Option<mpsc::Receiver<Finding>>) -> Finding {
    if let Some(queue) = findings {
        if let Some(finding) = queue.recv().await {
            return finding;
        }
        *findings = None;
    }
    std::future::pending().await
}

/// Reports events, passes time to the fleet and handles signals until the run is over. Returns
/// the signal that ended the run.
pub(super) async fn event_loop(
    shared: &RunShared,
    reporter: &mut dyn Reporter,
    signals: &mut Signals,
    inputs: &mut Inputs,
    mut operator: Operator,
    server_is_over: impl Fn() -> bool,
) -> Option<u8> {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut arp = interval(ARP_INTERVAL);
    arp.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let began = Instant::now();
    let mut signal = None;
    let mut draining = false;
    let mut survey_notice = SurveyNotice::default();
    let mut missing = Vec::new();
    loop {
        let mut ticked = false;
        tokio::select! {
            () = shared.events.changed() => {}
            _ = ticks.tick() => {
                ticked = true;
                shared.tick();
                for warning in shared.journal.iter().flat_map(Journal::warnings) {
                    reporter.notice(&warning);
                }
            }
            _ = seconds.tick() => {
                inputs.on_second(shared, reporter, began.elapsed(), signal.is_none());
            }
            _ = arp.tick() => shared.read_arp_table(),
            finding = next_finding(&mut inputs.findings) => {
                inputs.hints.finding(&finding);
                inputs.restarts.on_finding(&finding);
                reporter.finding(shared.clock.wall_now(), &finding);
            },
            observations = inputs.sources.next() => {
                for (at, observation) in observations {
                    shared.observe(shared.clock.at(at), &observation);
                }
            }
            events = inputs.restarts.next() => inputs.restarts.on_events(shared, events),
            answer = inputs.pages.next(|| shared.clock.now()) => {
                for observation in answer.observations {
                    shared.observe(shared.clock.now(), &observation);
                }
                if let Some(notice) = answer.notice {
                    reporter.notice(&notice);
                }
            }
            number = signals.next() => {
                if signals.is_same_end(number) {
                    continue;
                }
                if signal.is_some() {
                    reporter.notice(&leaving(&shared.fleet().must_stay_powered()));
                    return signal;
                }
                signal = Some(number);
                if draining {
                    shared.report_drain(true, reporter);
                }
            }
        }
        let is_checked = inputs.findings.is_none();
        inputs
            .restarts
            .proceed(shared, reporter, ticked, is_checked);
        shared.report_events(reporter);
        survey_notice.report_once(shared, reporter);
        if ticked {
            shared.report_missing(&mut missing, reporter);
            reporter.tick(shared.moment());
        }
        let now = shared.clock.now();
        let is_running = !draining && signal.is_none();
        let is_over = is_running && shared.is_over(&mut operator, reporter);
        if is_over && let Some(mut prompt) = operator.prompt.take() {
            operator.is_contradicted = shared.prompt_operator(prompt.as_mut());
            // Ctrl-C at the prompt ends the run.
            signal = tokio::time::timeout(TICK, signals.next()).await.ok();
            continue;
        }
        if !draining && (signal.is_some() || is_over) {
            if is_over {
                shared.report_time_up(&operator, reporter);
            }
            shared.fleet().drain(now);
            draining = true;
            shared.report_drain(signal.is_some(), reporter);
        }
        let fleet = shared.fleet();
        if (draining && fleet.drained(now)) || server_is_over() {
            return signal;
        }
    }
}

impl RunShared {
    /// This moment, with what is known of the expected phones.
    fn moment(&self) -> Tick {
        let fleet = self.fleet();
        let (done, seen) = fleet.unexpected();
        let unexpected = UnexpectedPhones { seen, done };
        self.clock.tick(fleet.missing_count(), unexpected)
    }

    /// Reports the phones that are missing, if they are others than those reported before.
    fn report_missing(&self, known: &mut Vec<MissingPhone>, reporter: &mut dyn Reporter) {
        let missing = self.fleet().missing();
        if missing != *known {
            reporter.missing(&missing);
            *known = missing;
        }
    }

    /// Says what the end of the run waits for.
    fn report_drain(&self, is_signal: bool, reporter: &mut dyn Reporter) {
        let phones = {
            let fleet = self.fleet();
            Unfinished {
                between_images: fleet.between_images(),
                fragile: fleet.must_stay_powered(),
            }
        };
        if is_signal || !phones.between_images.is_empty() {
            let limit = self.clock.real(DRAIN_LIMIT);
            reporter.notice(&stopping(is_signal, &phones, limit));
        }
    }

    /// Reads the MACs of phones in their boot loader, whose requests do not name it, from the
    /// kernel's ARP table.
    fn read_arp_table(&self) {
        let addresses = self.fleet().unidentified_addresses();
        if addresses.is_empty() {
            return;
        }
        let table = match ArpTable::read() {
            Ok(table) => table,
            Err(error) => {
                tracing::debug!("cannot read the ARP table: {error}");
                return;
            }
        };
        for (address, mac) in table.unique_macs(&addresses) {
            let source = EvidenceSource::Neighbour;
            let kind = ObservationKind::MacReported {
                mac,
                source,
                sender: None,
            };
            self.observe(self.clock.now(), &Observation { address, kind });
        }
    }
}
