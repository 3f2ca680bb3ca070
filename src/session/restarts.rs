//! Orders to phones that registered by SCCP: which, when, and only after the order is on disk.

use std::{
    collections::{BTreeSet, HashMap},
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{
    restart_setup::{RestartOptions, RestartSetup},
    restart_summary,
    shared::RunShared,
};
use crate::{
    diagnose::{Finding, Severity},
    discovery::listen::{CallManagerEvent, Request},
    phone::MacAddress,
    reporter::Reporter,
    restart::{
        call_manager::Verdict,
        eligibility,
        waves::{self, Next, Stop},
    },
    track::{MemberOutcome, NotOrdered, Observation, ObservationKind, Report},
};

/// How long a phone whose wave has a free place waits for the time between two orders. Then the
/// connection is closed, unless phones are held.
const SHORT_WAIT: Duration = Duration::from_secs(10);

/// How long an order waits for the disk. Then it is not sent.
const SYNC_WAIT: Duration = Duration::from_secs(5);

/// Phones whose reason for no order is remembered, so that it is recorded once.
const MAX_REASONS: usize = 4096;

/// Phones that wait for a verdict.
const MAX_WAITING: usize = 1000;

/// Events that are handled at once, so that signals and the display are not delayed.
const AT_ONCE: usize = 64;

/// A phone that waits for its order.
struct Waiting {
    request: Request,
    since: Instant,
    is_held: bool,
}

/// An order that is not on disk yet.
struct Unsynced {
    line: u64,
    mac: MacAddress,
    address: Ipv4Addr,
    again: bool,
    verdict: mpsc::Sender<Verdict>,
    since: Instant,
}

/// Decides about the phones that wait. Without a setup it decides nothing.
#[derive(Default)]
pub(super) struct Restarts {
    events: Option<mpsc::Receiver<CallManagerEvent>>,
    options: Option<RestartOptions>,
    waiting: Vec<Waiting>,
    unsynced: Vec<Unsynced>,
    reasons: HashMap<MacAddress, NotOrdered>,
    /// Phones that had failed when the operator agreed.
    excused: BTreeSet<MacAddress>,
    /// Why the waves stopped; they do not go on in this session.
    stopped: Option<Stop>,
    stop_is_reported: bool,
    has_preflight_error: bool,
    /// Every finding of the preflight was reported. Nothing is ordered before.
    is_preflight_over: bool,
    /// The phones that a dry run would have ordered, in the order in which they came.
    would_order: Vec<MacAddress>,
}

impl Restarts {
    pub(super) fn new(setup: Option<RestartSetup>, shared: &RunShared) -> Self {
        let members = shared.fleet().restart_members().into_iter();
        let failed = members.filter(|member| {
            matches!(
                member.outcome,
                MemberOutcome::Failed | MemberOutcome::LoadRefused
            )
        });
        let (events, options) = setup.map(|setup| (setup.events, setup.options)).unzip();
        Self {
            events,
            options,
            excused: failed.map(|member| member.mac).collect(),
            ..Self::default()
        }
    }

    /// Waits for events of phones; forever if none is restarted.
    pub(super) async fn next(&mut self) -> Vec<CallManagerEvent> {
        let mut events = Vec::new();
        if let Some(queue) = &mut self.events
            && queue.recv_many(&mut events, AT_ONCE).await > 0
        {
            return events;
        }
        self.events = None;
        std::future::pending().await
    }

    /// The preflight found this; after an error nothing is ordered.
    pub(super) fn on_finding(&mut self, finding: &Finding) {
        self.has_preflight_error |= finding.severity == Severity::Error;
    }

    /// Sends the orders that are on disk, and decides again if `ticked`. `is_checked`: the preflight has
    /// no more findings.
    pub(super) fn proceed(
        &mut self,
        shared: &RunShared,
        reporter: &mut dyn Reporter,
        ticked: bool,
        is_checked: bool,
    ) {
        self.is_preflight_over |= is_checked;
        self.send_synced(shared);
        if !ticked {
            return;
        }
        self.decide(shared);
        if !self.stop_is_reported
            && let Some(text) = self.stop_text()
        {
            self.stop_is_reported = true;
            reporter.notice(&text);
        }
    }

    pub(super) fn on_events(&mut self, shared: &RunShared, events: Vec<CallManagerEvent>) {
        for event in events {
            match event {
                CallManagerEvent::Observed(at, observation) => {
                    shared.observe(shared.clock.at(at), &observation);
                }
                CallManagerEvent::Asked(mut request) => {
                    let at = shared.clock.at(request.at);
                    for observation in std::mem::take(&mut request.observations) {
                        shared.observe(at, &observation);
                    }
                    self.waiting
                        .retain(|other| other.request.address != request.address);
                    if self.waiting.len() < MAX_WAITING {
                        self.waiting.push(Waiting {
                            request,
                            since: Instant::now(),
                            is_held: false,
                        });
                    }
                }
            }
        }
        self.decide(shared);
    }

    /// Decides about every phone that waits, in the order in which they came.
    fn decide(&mut self, shared: &RunShared) {
        for mut waiting in std::mem::take(&mut self.waiting) {
            if waiting.request.verdict.is_closed() {
                continue;
            }
            if self.is_dry_run() {
                self.note_dry(shared, &waiting.request);
                continue;
            }
            match self.judge(shared, &waiting) {
                Ok(Some(wave)) => self.order(shared, waiting.request, wave),
                Ok(None) => self.waiting.push(waiting),
                Err(reason) => {
                    let holds = self.options.is_some_and(|options| options.hold);
                    let waits = reason == NotOrdered::WaitsForWave;
                    let reason = if waits && holds {
                        NotOrdered::Held
                    } else {
                        reason
                    };
                    self.record(shared, &waiting.request, reason);
                    if reason == NotOrdered::Held {
                        let is_told = waiting.is_held || send(&waiting.request, Verdict::Hold);
                        waiting.is_held = true;
                        if is_told {
                            self.waiting.push(waiting);
                        }
                    } else {
                        send(&waiting.request, Verdict::Close);
                    }
                }
            }
        }
    }

    fn is_unrecorded(&self) -> bool {
        self.options.is_some_and(|options| options.unrecorded)
    }

    fn is_dry_run(&self) -> bool {
        self.options.is_some_and(|options| options.dry_run)
    }

    /// Notes whether the phone would be ordered, and closes its connection.
    fn note_dry(&mut self, shared: &RunShared, request: &Request) {
        let facts = shared.fleet().restart_facts(request.mac);
        // A dry run offers no firmware.
        let facts = facts.map(|mut facts| {
            facts.registration.is_in_call |= request.in_call;
            facts.is_served = true;
            facts
        });
        let result = match facts {
            Some(facts) if facts.address == request.address => eligibility::check(&facts, false),
            _ => Err(NotOrdered::OtherAddress),
        };
        self.would_order.retain(|mac| *mac != request.mac);
        match result {
            Ok(()) if self.would_order.len() < MAX_REASONS => self.would_order.push(request.mac),
            Ok(()) => {}
            Err(reason) => self.record(shared, request, reason),
        }
        send(request, Verdict::Close);
    }

    /// Which phones were, or would have been, restarted, and why the others not; for the end of the run.
    pub(super) fn summary(&self, report: &Report) -> Option<String> {
        let options = self.options?;
        let would_order = options.dry_run.then_some(&self.would_order[..]);
        restart_summary::text(report, would_order, options.sizes)
    }

    /// The wave in which the phone is ordered now; `None`: it waits for the time between two orders.
    fn judge(&mut self, shared: &RunShared, waiting: &Waiting) -> Result<Option<u32>, NotOrdered> {
        let Request {
            mac,
            address,
            again,
            in_call,
            ..
        } = waiting.request;
        let fleet = shared.fleet();
        let mut facts = fleet.restart_facts(mac).ok_or(NotOrdered::OtherAddress)?;
        facts.registration.is_in_call |= in_call;
        let members = fleet.restart_members();
        let now = fleet.now();
        drop(fleet);
        if facts.address != address {
            return Err(NotOrdered::OtherAddress);
        }
        eligibility::check(&facts, again)?;
        if shared.journal.is_none() && !self.is_unrecorded() {
            return Err(NotOrdered::NoJournal);
        }
        if self.has_preflight_error {
            return Err(NotOrdered::Preflight);
        }
        let sizes = self
            .options
            .map(|options| options.sizes)
            .unwrap_or_default();
        if self.stopped.is_none()
            && let Next::Stopped(stop) = waves::next(sizes, &members, &self.excused)
        {
            self.stopped = Some(stop);
        }
        if self.stopped.is_some() {
            return Err(NotOrdered::Stopped);
        }
        if again {
            let own = members.iter().find(|member| member.mac == mac);
            return Ok(own.map(|member| member.wave));
        }
        match waves::next(sizes, &members, &self.excused) {
            Next::Order { wave, from }
                if now >= from && self.unsynced.is_empty() && self.is_preflight_over =>
            {
                Ok(Some(wave))
            }
            Next::Order { .. } if waiting.since.elapsed() < SHORT_WAIT => Ok(None),
            _ => Err(NotOrdered::WaitsForWave),
        }
    }

    /// Records an order; it is sent once it is on disk.
    fn order(&mut self, shared: &RunShared, request: Request, wave: u32) {
        let Request {
            mac,
            address,
            again,
            verdict,
            ..
        } = request;
        let kind = ObservationKind::RestartOrdered { mac, wave, again };
        let line = shared.observe(shared.clock.now(), &Observation { address, kind });
        self.reasons.remove(&mac);
        self.unsynced.push(Unsynced {
            line,
            mac,
            address,
            again,
            verdict,
            since: Instant::now(),
        });
    }

    /// Sends the orders that are on disk.
    fn send_synced(&mut self, shared: &RunShared) {
        for order in std::mem::take(&mut self.unsynced) {
            let is_synced = match &shared.journal {
                Some(journal) => journal.is_synced(order.line),
                None => self.is_unrecorded(),
            };
            if !is_synced && order.line > 0 && order.since.elapsed() < SYNC_WAIT {
                self.unsynced.push(order);
                continue;
            }
            let verdict = if is_synced {
                Verdict::Order
            } else {
                Verdict::Close
            };
            let is_sent = order.verdict.try_send(verdict).is_ok() && is_synced;
            if !is_sent && !order.again {
                let (mac, address) = (order.mac, order.address);
                let kind = ObservationKind::RestartNotSent { mac };
                shared.observe(shared.clock.now(), &Observation { address, kind });
            }
        }
    }

    /// Records why the phone is not ordered, if that is new.
    fn record(&mut self, shared: &RunShared, request: &Request, reason: NotOrdered) {
        let Request { mac, address, .. } = *request;
        let is_known = shared.fleet().restart_facts(mac).is_some();
        let has_room = self.reasons.len() < MAX_REASONS || self.reasons.contains_key(&mac);
        if !is_known || !has_room || self.reasons.insert(mac, reason) == Some(reason) {
            return;
        }
        let kind = ObservationKind::RestartWithheld { mac, reason };
        shared.observe(shared.clock.now(), &Observation { address, kind });
    }

    /// Why the waves stopped, for the operator.
    fn stop_text(&self) -> Option<String> {
        let why = match self.stopped.as_ref()? {
            Stop::LoadRefused(mac) => format!("SEP{} refused its load", mac.upper_hex()),
            Stop::Failures(macs) => {
                let names = macs.iter().map(|mac| format!("SEP{}", mac.upper_hex()));
                let names = names.collect::<Vec<_>>().join(", ");
                format!("{names} failed, in one wave")
            }
        };
        Some(format!(
            "No further phone is ordered to restart: {why}. Resolve the cause, end this run, and \
             continue it with --resume --restart."
        ))
    }
}

/// Sends a verdict; returns whether the connection can still receive it.
fn send(request: &Request, verdict: Verdict) -> bool {
    request.verdict.try_send(verdict).is_ok()
}
