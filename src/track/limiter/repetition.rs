//! Reports that repeat the last one of their address and source.
//!
//! A source reports the facts of one phone together, the MAC first. The facts of a report are taken
//! in or counted together: without its MAC, a fact would count for the phone that has the address.

use std::{collections::HashMap, net::Ipv4Addr, time::Duration};

use super::super::{
    identity::MAX_PHONES,
    observation::{EvidenceSource, Observation, ObservationKind, RunTime},
};

/// Time within which a report of CDP or LLDP that equals the last one of its address is counted, if
/// nothing is in progress at the phone and it requested nothing since. Phones repeat them each minute.
pub const REPEATED_REPORT: Duration = Duration::from_mins(10);

/// Facts of a report that are compared.
const MAX_FACTS: usize = 16;

/// Reports that are remembered: those of two sources for each of the most phones that are tracked.
const MAX_REMEMBERED: usize = 2 * MAX_PHONES;

/// How a fact relates to the last report of its address and source.
#[derive(Debug)]
pub(super) enum Repetition {
    /// It belongs to a report whose MAC was not taken in.
    Refused,
    /// So far, the report equals the last one.
    Repeated,
    /// It is new. These facts of the same report were held back as repeated.
    New(Vec<Observation>),
}

/// The last report of an address and a source.
#[derive(Debug, Default)]
struct Report {
    /// When a fact of it was last taken in.
    at: RunTime,
    facts: Vec<ObservationKind>,
    /// How many facts of the present report equal those above; `None`: it differs.
    equal: Option<usize>,
    is_refused: bool,
}

/// The last reports, by address and source.
#[derive(Debug, Default)]
pub(super) struct Reports(HashMap<Ipv4Addr, Vec<(EvidenceSource, Report)>>);

impl Reports {
    fn last(&mut self, address: Ipv4Addr, source: EvidenceSource) -> Option<&mut Report> {
        let reports = self.0.get_mut(&address)?;
        let mut reports = reports.iter_mut();
        reports.find_map(|(of, report)| (*of == source).then_some(report))
    }

    /// The last report of an address and a source; a new one if there is none and this fact begins one.
    fn begin(
        &mut self,
        address: Ipv4Addr,
        kind: &ObservationKind,
        source: EvidenceSource,
    ) -> Option<&mut Report> {
        if is_first(kind) && self.last(address, source).is_none() {
            if self.0.len() >= MAX_REMEMBERED {
                self.0.clear();
            }
            let reports = self.0.entry(address).or_default();
            reports.push((source, Report::default()));
        }
        self.last(address, source)
    }

    /// Compares a fact with the last report of its address and source. `is_idle`: a repetition
    /// changes nothing.
    pub(super) fn repetition(
        &mut self,
        at: RunTime,
        observation: &Observation,
        source: Option<EvidenceSource>,
        is_idle: bool,
    ) -> Repetition {
        let Observation { address, kind } = observation;
        let new = Repetition::New(Vec::new());
        let Some(report) = source.and_then(|source| self.last(*address, source)) else {
            return new;
        };
        if is_first(kind) {
            report.is_refused = false;
            let is_repeated = is_idle
                && matches!(source, Some(EvidenceSource::Cdp | EvidenceSource::Lldp))
                && at.saturating_sub(report.at) < REPEATED_REPORT
                && report.facts.first() == Some(kind);
            report.equal = is_repeated.then_some(1);
            return if is_repeated {
                Repetition::Repeated
            } else {
                new
            };
        }
        if report.is_refused {
            return Repetition::Refused;
        }
        let Some(equal) = report.equal else {
            return new;
        };
        if report.facts.get(equal) == Some(kind) {
            report.equal = Some(equal + 1);
            return Repetition::Repeated;
        }
        let before = report.facts.iter().take(equal).map(|kind| Observation {
            address: *address,
            kind: kind.clone(),
        });
        Repetition::New(before.collect())
    }

    /// A fact was taken in.
    pub(super) fn take(
        &mut self,
        at: RunTime,
        observation: &Observation,
        source: Option<EvidenceSource>,
    ) {
        let Observation { address, kind } = observation;
        let Some(report) = source.and_then(|source| self.begin(*address, kind, source)) else {
            return;
        };
        report.at = at;
        if is_first(kind) {
            report.facts.clear();
        } else if let Some(equal) = report.equal.take() {
            report.facts.truncate(equal);
        }
        if report.facts.len() < MAX_FACTS {
            report.facts.push(kind.clone());
        }
    }

    /// A fact is over a limit: if it is the MAC of a report, the whole report is.
    pub(super) fn refuse(&mut self, observation: &Observation, source: Option<EvidenceSource>) {
        let Observation { address, kind } = observation;
        let source = source.filter(|_| is_first(kind));
        if let Some(report) = source.and_then(|source| self.begin(*address, kind, source)) {
            report.is_refused = true;
        }
    }

    /// The phone at this address requested a file: what it reports next counts, even if it is the
    /// same as before.
    pub(super) fn forget(&mut self, address: Ipv4Addr) {
        let Some(reports) = self.0.get_mut(&address) else {
            return;
        };
        for (_, report) in reports {
            report.facts.clear();
            // The rest of a report whose MAC was counted would count without it.
            report.is_refused |= report.equal.take().is_some();
        }
    }
}

fn is_first(kind: &ObservationKind) -> bool {
    matches!(kind, ObservationKind::MacReported { .. })
}
