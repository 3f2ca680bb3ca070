//! The end of a run, as the contract gives it in JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Evidence, Plan, RunTime, State, Transport, history::Row, identity::Registry};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::{LoadName, MacAddress},
};

/// What became of every phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Phones, in the order of their appearance.
    pub phones: Vec<PhoneReport>,
    /// Addresses that fetched files and gave no sign of being a phone.
    pub others: Vec<OtherReport>,
    /// Phones by state; sums to their number.
    pub totals: Totals,
    /// Phones that were expected by name and never heard.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<MissingPhone>,
}

/// A phone that was expected by name and never heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingPhone {
    /// Who.
    pub mac: MacAddress,
    /// What people call it, by their inventory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

/// What became of one phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneReport {
    /// `None` where it never named itself.
    pub mac: Option<MacAddress>,
    /// Where it was last seen.
    pub address: Ipv4Addr,
    /// The number without letters.
    pub model: Option<String>,
    /// What people call it, by their inventory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Whether the inventory lists it; `None` without an inventory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on_inventory: Option<bool>,
    /// The load that it ran before, where a witness named it.
    pub from: Option<LoadName>,
    /// The load that it was given.
    pub to: Option<LoadName>,
    /// How far it came.
    pub state: State,
    /// Passes through the images.
    pub pass: u32,
    /// Why the state is believed.
    pub evidence: Vec<Evidence>,
    /// One row per attempt, in the order of the requests.
    pub files: Vec<FileReport>,
    /// What stands in its way.
    pub diagnoses: Vec<Diagnosis>,
    /// What stood in its way and went.
    pub withdrawn: Vec<Diagnosis>,
    /// When it was first heard.
    pub first_seen: Timestamp,
    /// When it was last heard.
    pub last_seen: Timestamp,
}

/// One attempt at one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// As staged, or as asked where nothing was found.
    pub name: String,
    /// Acknowledged bytes.
    pub bytes: u64,
    /// The file's bytes; `None` where nothing was found.
    pub size: Option<u64>,
    /// The pass that it belongs to.
    pub pass: u32,
    /// How it was fetched.
    pub transport: Transport,
    /// How it ended.
    pub outcome: FileOutcome,
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileOutcome {
    /// The last block was acknowledged.
    Delivered,
    /// Every block was sent, the final ACK never came, and the phone went on to its next
    /// image.
    Implied,
    /// The phone ended it.
    Aborted,
    /// Nothing more was heard.
    Vanished,
    /// Answered with "not found".
    NotFound,
    /// Asked, and nothing more is known (yet).
    Asked,
}

/// An address that is no phone as far as anybody can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherReport {
    /// Where it is.
    pub address: Ipv4Addr,
    /// What it fetched.
    pub files: Vec<FileReport>,
}

/// Phones by state. `working` is configuring, manifest, images, writing and rebooted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// See [`State::Confirmed`].
    pub confirmed: u32,
    /// See [`State::Already`].
    pub already: u32,
    /// See [`State::Flashed`].
    pub flashed: u32,
    /// Between the first request and the last.
    pub working: u32,
    /// See [`State::Stalled`].
    pub stalled: u32,
    /// See [`State::Failed`].
    pub failed: u32,
    /// See [`State::Seen`].
    pub seen: u32,
}

/// What phones are at a moment, for who counts them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetCounts {
    /// Phones by state.
    pub states: BTreeMap<State, u64>,
    /// Diagnoses that stand, by code.
    pub diagnoses: BTreeMap<Code, u64>,
    /// Clients that are no phones.
    pub others: u64,
}

impl Totals {
    fn count(&mut self, state: State) {
        let sum = match state {
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

/// Builds the report of what the registry holds.
pub(super) fn build(registry: &Registry, plan: &Plan, began: Timestamp) -> Report {
    // Beyond the years that a time of day can have, the beginning is as good as any.
    let time = |at: RunTime| began.checked_add(at).unwrap_or(began);
    let listed: Option<BTreeSet<MacAddress>> = plan
        .expected
        .as_ref()
        .map(|listed| listed.iter().copied().collect());
    let expected = plan.expected_macs().unwrap_or_default().iter();
    let missing = expected
        .filter(|mac| registry.of(**mac).is_none())
        .map(|mac| MissingPhone {
            mac: *mac,
            name: plan.names.get(mac).cloned(),
        })
        .collect();
    let mut totals = Totals::default();
    let phones = registry
        .phones
        .values()
        .map(|phone| {
            let whole = phone.whole();
            let state = whole.shown();
            totals.count(state);
            PhoneReport {
                mac: phone.mac,
                address: phone.address,
                model: phone.model().map(|model| model.plain_number().to_owned()),
                name: phone.mac.and_then(|mac| plan.names.get(&mac).cloned()),
                on_inventory: listed
                    .as_ref()
                    .map(|listed| phone.mac.is_some_and(|mac| listed.contains(&mac))),
                state,
                pass: whole.pass,
                files: whole.rows.iter().map(Row::report).collect(),
                diagnoses: whole
                    .standing
                    .iter()
                    .map(|standing| standing.diagnosis.clone())
                    .collect(),
                first_seen: time(whole.first),
                last_seen: time(whole.last),
                from: whole.from,
                to: whole.to,
                evidence: whole.evidence,
                withdrawn: whole.withdrawn,
            }
        })
        .collect();
    let others = registry
        .others
        .iter()
        .map(|(address, other)| OtherReport {
            address: *address,
            files: other.rows.iter().map(Row::report).collect(),
        })
        .collect();
    Report {
        phones,
        others,
        totals,
        missing,
    }
}
