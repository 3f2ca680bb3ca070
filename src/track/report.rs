//! The report of a run, in the form of its JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    event::{Evidence, PhoneId, PhoneRef, State},
    file_outcome::FileOutcome,
    history::FetchHistory,
    identity::{Phone, Registry},
    observation::{EvidenceSource, RunTime, Transport},
    plan::Plan,
    registrations::{LineReport, Registrations},
    restart::{RestartStatus, Uplink},
};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::{LoadName, MacAddress},
};

/// The result for every phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Phones, in the order of appearance.
    pub phones: Vec<PhoneReport>,
    /// Clients that fetched files and showed no sign of being a phone.
    pub others: Vec<OtherReport>,
    /// Phones by state; their sum is the number of phones.
    pub totals: Totals,
    /// Phones that were expected by name and never observed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<MissingPhone>,
    /// Lines of phones that were given a configuration of their own; `None`: there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub registrations: Option<Registrations>,
}

/// A phone that was expected by name and never observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingPhone {
    /// Its MAC.
    pub mac: MacAddress,
    /// The operator's name for the phone, from the inventory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Its model in the inventory: the number without letters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<String>,
}

/// The result for one phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneReport {
    /// The phone's number in the events; not in the JSON.
    #[serde(skip, default = "PhoneId::unknown")]
    pub id: PhoneId,
    /// `None` if no MAC is known.
    pub mac: Option<MacAddress>,
    /// Its last known address.
    pub address: Ipv4Addr,
    /// The number without letters.
    pub model: Option<String>,
    /// The models of its family, `7945/7965`, if only the family is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub family: Option<String>,
    /// The operator's name for the phone, from the inventory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Its model in the inventory: the number without letters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub listed_model: Option<String>,
    /// Whether the inventory lists it; `None` without an inventory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on_inventory: Option<bool>,
    /// The load that it ran before, if a source reported it.
    pub from: Option<LoadName>,
    /// The load that it was given.
    pub to: Option<LoadName>,
    /// Its state at the end.
    pub state: State,
    /// The evidence for which the phone entered the state; a `RunView` sets it. `None` for a state
    /// that needs no evidence, and for `stalled` and `failed`, which the diagnoses explain.
    #[serde(default)]
    pub reason: Option<Evidence>,
    /// The only source for which it is `confirmed` or `already`, if another host can forge that
    /// source alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rests_on: Option<EvidenceSource>,
    /// Whether its application is in normal operation and no conversion is in progress: it
    /// accepted a configuration, or it is registered. Its state is then `seen`, `configuring` or
    /// `manifest`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub up: bool,
    /// Whether the phone is done: `confirmed`, `already`, or `flashed` and settled.
    #[serde(default)]
    pub done: bool,
    /// The restarts that were ordered.
    #[serde(flatten)]
    pub restarts: RestartStatus,
    /// Its switch port.
    #[serde(flatten)]
    pub uplink: Uplink,
    /// The lines of its own configuration, if it was given one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lines: Vec<LineReport>,
    /// The number of passes through the images.
    pub pass: u32,
    /// The evidence for the state.
    pub evidence: Vec<Evidence>,
    /// One entry per attempt, in the order of the requests.
    pub files: Vec<FileReport>,
    /// The active diagnoses.
    pub diagnoses: Vec<Diagnosis>,
    /// The withdrawn diagnoses.
    pub withdrawn: Vec<Diagnosis>,
    /// The first observation.
    pub first_seen: Timestamp,
    /// The last observation.
    pub last_seen: Timestamp,
}

/// One attempt at one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// As staged, or as requested if the answer was "not found".
    pub name: String,
    /// Acknowledged bytes.
    pub bytes: u64,
    /// The size of the file in bytes; `None` if the answer was "not found".
    pub size: Option<u64>,
    /// The pass through the images.
    pub pass: u32,
    /// The protocol.
    pub transport: Transport,
    /// How the attempt ended.
    pub outcome: FileOutcome,
}

/// A client that is not a phone, as far as observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherReport {
    /// Its address.
    pub address: Ipv4Addr,
    /// What it fetched.
    pub files: Vec<FileReport>,
}

/// Phones by state. A phone that is up counts only as `up`, whatever its state; `working` is
/// configuring, manifest, images, writing and rebooted of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// See [`State::Confirmed`].
    pub confirmed: u32,
    /// See [`State::Already`].
    pub already: u32,
    /// See [`State::Flashed`].
    pub flashed: u32,
    /// See [`PhoneReport::up`].
    #[serde(default)]
    pub up: u32,
    /// Between the first request and [`State::Flashed`].
    pub working: u32,
    /// See [`State::Stalled`].
    pub stalled: u32,
    /// See [`State::Failed`].
    pub failed: u32,
    /// See [`State::Seen`].
    pub seen: u32,
}

/// How many phones and diagnoses there are now, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetCounts {
    /// Phones by state.
    pub states: BTreeMap<State, u64>,
    /// Active diagnoses by code.
    pub diagnoses: BTreeMap<Code, u64>,
    /// Clients that are not phones.
    pub others: u64,
    /// The phones that are expected by name and were not observed so far.
    pub missing: Vec<MissingPhone>,
    /// Phones that are done.
    pub done: u64,
    /// Phones that are up, without a conversion in progress.
    pub up: u64,
    /// Lines of phones that were given a configuration of their own; `None`: there are none.
    pub registrations: Option<Registrations>,
}

impl Totals {
    fn count(&mut self, phone: &PhoneReport) {
        let sum = match phone.state {
            _ if phone.up => &mut self.up,
            State::Confirmed => &mut self.confirmed,
            State::Already => &mut self.already,
            State::Flashed => &mut self.flashed,
            State::Configuring
            | State::Manifest
            | State::Images
            | State::Writing
            | State::Rebooted => &mut self.working,
            State::Stalled => &mut self.stalled,
            State::Failed => &mut self.failed,
            State::Seen => &mut self.seen,
        };
        *sum += 1;
    }
}

/// Builds the report of a registry. `began` turns run times into times of day.
pub(super) fn build(registry: &Registry, plan: &Plan, began: Timestamp) -> Report {
    let listed = plan.expected.as_ref();
    let listed: Option<BTreeSet<_>> = listed.map(|listed| listed.iter().copied().collect());
    let mut totals = Totals::default();
    let phones = registry
        .phones
        .iter()
        .map(|(id, phone)| {
            let named = phone.reference(*id, plan);
            let mut report = phone_report(named, phone, began);
            report.listed_model = phone.mac.and_then(|mac| listed_model(plan, mac));
            report.on_inventory = listed
                .as_ref()
                .map(|listed| phone.mac.is_some_and(|mac| listed.contains(&mac)));
            totals.count(&report);
            report
        })
        .collect();
    let others = registry
        .others
        .iter()
        .map(|(address, other)| OtherReport {
            address: *address,
            files: files(&other.attempts),
        })
        .collect();
    let missing = missing(registry, plan).collect();
    Report {
        phones,
        others,
        totals,
        missing,
        registrations: None,
    }
}

/// The phones that are expected by name and were not observed.
pub(super) fn missing(registry: &Registry, plan: &Plan) -> impl Iterator<Item = MissingPhone> {
    let expected = plan.expected_macs().unwrap_or_default().iter();
    expected
        .filter(|mac| registry.of(**mac).is_none())
        .map(|mac| MissingPhone {
            mac: *mac,
            name: plan.names.get(mac).cloned(),
            model: listed_model(plan, *mac),
        })
}

fn listed_model(plan: &Plan, mac: MacAddress) -> Option<String> {
    let model = plan.models.get(&mac)?;
    Some(model.plain_number().to_owned())
}

fn phone_report(named: PhoneRef, phone: &Phone, began: Timestamp) -> PhoneReport {
    // Times beyond the range of a time of day become the beginning of the run.
    let time = |at: RunTime| began.checked_add(at).unwrap_or(began);
    let whole = phone.whole_history();
    PhoneReport {
        id: named.id,
        mac: named.mac,
        address: named.address,
        model: named.model,
        family: named.family,
        name: named.name,
        listed_model: None,
        on_inventory: None,
        state: whole.effective_state(),
        done: whole.is_done(),
        restarts: phone.restarts.status,
        uplink: phone.restarts.uplink.clone(),
        lines: Vec::new(),
        reason: None,
        rests_on: whole.rests_on(),
        up: whole.is_shown_up(),
        pass: whole.delivery.pass,
        files: files(&whole.delivery.attempts),
        diagnoses: whole.findings.diagnoses().cloned().collect(),
        first_seen: time(whole.activity.first),
        last_seen: time(whole.activity.last),
        from: whole.loads.from,
        to: whole.loads.to,
        evidence: whole.findings.evidence,
        withdrawn: whole.findings.withdrawn,
    }
}

fn files(attempts: &FetchHistory) -> Vec<FileReport> {
    attempts
        .iter()
        .map(|attempt| FileReport {
            name: attempt.name.clone(),
            bytes: attempt.bytes,
            size: attempt.size,
            pass: attempt.pass,
            transport: attempt.transport,
            outcome: attempt.outcome,
        })
        .collect()
}
