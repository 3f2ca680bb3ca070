//! Compares reports with the actual state of phones, and counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use reflash::{
    phone::{Family, Generation79x0, LoadName},
    simulator::StartState,
    track::State,
};

use super::{
    scenario::Cause,
    world::{Played, PlayedPhone},
};

/// What the observations of one phone can show.
enum Expected {
    /// This code.
    Code(&'static str),
    /// That nothing is wrong.
    Nothing,
    /// Several causes at once, or none that a server can observe.
    Open,
}

#[derive(Default)]
pub(crate) struct Table {
    cells: BTreeMap<String, BTreeMap<String, u64>>,
    states: BTreeMap<String, u64>,
    phones: u64,
    converted: u64,
    excused: u64,
    pub(crate) false_claims: Vec<String>,
    pub(crate) unreported: Vec<String>,
    pub(crate) alarms: Vec<String>,
    pub(crate) tellable: u64,
    pub(crate) named: u64,
    pub(crate) misnamed: Vec<String>,
}

fn codes(phone: &PlayedPhone) -> BTreeSet<String> {
    phone
        .reports
        .iter()
        .flat_map(|report| report.diagnoses.iter().chain(&report.withdrawn))
        .map(|diagnosis| diagnosis.code.to_string())
        .collect()
}

/// The same for a phone with two slots. `missing`: an image of its load.
fn expected_of_slots(phone: &PlayedPhone, missing: bool) -> Expected {
    let member = &phone.member;
    let alone = |code| {
        if missing {
            Expected::Open
        } else {
            Expected::Code(code)
        }
    };
    match &member.cause {
        Cause::Refuses | Cause::Hardware => Expected::Code("manifest-refused"),
        Cause::Firewall => Expected::Code("blocked-by-firewall"),
        Cause::WrongModel => Expected::Code("wrong-model-bundle"),
        Cause::ConfigRefused => Expected::Code("config-rejected"),
        Cause::PowerCut { .. } | Cause::WeakPower => alone("rebooted-mid-image"),
        Cause::RefusesImages => alone("images-refused"),
        Cause::TrustList => Expected::Code("trust-list"),
        Cause::Multiplatform => Expected::Code("multiplatform"),
        Cause::SccpLeft => Expected::Code("sccp-load-named"),
        Cause::Restart => Expected::Open,
        Cause::LostFinalAcks if missing => Expected::Open,
        Cause::Already | Cause::OtherSlot | Cause::PeerSharing => Expected::Nothing,
        _ if member.loss > 0 => Expected::Open,
        _ if missing => Expected::Code("missing-image"),
        _ => Expected::Nothing,
    }
}

fn expected_diagnosis(
    phone: &PlayedPhone,
    bridge: bool,
    missing: Option<&'static str>,
) -> Expected {
    let member = &phone.member;
    if let Some(missing) = phone.lacks_image {
        return expected_of_slots(phone, missing);
    }
    let missing = missing.is_some();
    let fetches = matches!(
        member.cause,
        Cause::Nothing | Cause::NoWitness | Cause::NoSecondPass | Cause::AddressChange
    );
    // A phone that never received its manifest shows nothing about the images.
    let has_manifest = member.loss == 0
        || phone
            .reports
            .iter()
            .flat_map(|report| &report.files)
            .any(|file| file.name.to_lowercase().contains(".sbn"));
    if missing && fetches && !has_manifest {
        return Expected::Open;
    }
    if missing && fetches {
        return Expected::Code("missing-image");
    }
    let alone = |code| {
        if missing {
            Expected::Open
        } else {
            Expected::Code(code)
        }
    };
    match &member.cause {
        Cause::Hardware if member.witness => Expected::Code("hardware-mismatch"),
        Cause::Bridge if bridge && missing => Expected::Open,
        Cause::Bridge if bridge => Expected::Nothing,
        Cause::Bridge if member.witness => Expected::Code("bridge-needed"),
        Cause::Refuses | Cause::Hardware | Cause::Bridge => Expected::Code("manifest-refused"),
        Cause::Firewall => Expected::Code("blocked-by-firewall"),
        Cause::WrongModel => Expected::Code("wrong-model-bundle"),
        Cause::ConfigRefused if member.start != StartState::Recovery => {
            Expected::Code("config-rejected")
        }
        Cause::ConfigRefused => alone("config-rejected"),
        Cause::PowerCut { .. } => alone("rebooted-mid-image"),
        Cause::BlackHole => alone("transfer-broken"),
        Cause::Restart => Expected::Open,
        // Two causes at once.
        Cause::LostFinalAcks if missing => Expected::Open,
        // Lost packets may look like a phone that gives up.
        _ if member.loss > 0 => Expected::Open,
        _ => Expected::Nothing,
    }
}

/// The same of a 7940 or 7960. `steps`: those to the loader are served.
fn expected_of_first_phone(phone: &PlayedPhone, steps: bool) -> Expected {
    let member = &phone.member;
    let StartState::Application(load) = &member.start else {
        return Expected::Open;
    };
    let generation = load.generation_79x0();
    let needs_steps = generation == Some(Generation79x0::Unsigned) && !steps;
    match &member.cause {
        _ if member.loss > 0 => Expected::Open,
        Cause::Firewall => Expected::Code("blocked-by-firewall"),
        Cause::Nothing | Cause::Refuses if needs_steps => Expected::Code("bridge-needed"),
        Cause::Nothing => Expected::Nothing,
        // The loader accepts what it gets.
        Cause::Refuses if generation == Some(Generation79x0::Loader) => Expected::Nothing,
        Cause::Refuses => Expected::Code("image-rejected"),
        // Near its end, an image may be complete. Older firmware keeps what it runs.
        Cause::PowerCut { percent, .. }
            if *percent < 95 && generation == Some(Generation79x0::Loader) =>
        {
            Expected::Code("rebooted-mid-image")
        }
        _ => Expected::Open,
    }
}

/// Whether the server could not know that this phone is converted.
fn excuse(phone: &PlayedPhone) -> bool {
    let member = &phone.member;
    let by_request = |part: &str| {
        phone
            .reports
            .iter()
            .flat_map(|report| &report.evidence)
            .any(|evidence| evidence.detail.contains(part))
    };
    // Only announcements show a neighbour's images and the load before this run.
    let is_silent = matches!(
        member.cause,
        Cause::PeerSharing | Cause::Already | Cause::OtherSlot
    );
    is_silent && !member.witness
        // Without an ACK of its configuration, nothing shows that the phone read it.
        || phone.has_slots() && (member.loss > 0 || member.cause == Cause::LostFinalAcks)
        // After three passes, its configuration names no load any more.
        || phone.has_slots() && codes(phone).contains("repeat-flash")
        // A start between the writing of an application and its first request voids the pass of a
        // loader, which reads its manifest again and fetches nothing.
        || member.model.family == Family::P3 && (member.cause == Cause::Restart || member.loss > 0)
        // The last image has no next one.
        || phone.last_ack_lost
        || by_request("only the final ACK")
        // A recovery without a MAC at a new address cannot be assigned to a phone.
        || member.cause == Cause::AddressChange
            && member.start == StartState::Recovery
            && (!member.witness || phone.contents.load.as_ref().is_some_and(LoadName::is_recovery))
}

impl Table {
    pub(crate) fn add(&mut self, seed: u64, played: &Played) {
        self.false_claims
            .extend(played.false_claims.iter().cloned());
        let scenario = &played.scenario;
        for phone in &played.phones {
            self.phones += 1;
            let codes = codes(phone);
            let diagnosed = codes.iter().cloned().collect::<Vec<_>>().join(" + ");
            let diagnosed = if diagnosed.is_empty() {
                "-".to_owned()
            } else {
                diagnosed
            };
            let expected = match scenario.steps {
                Some(steps) => expected_of_first_phone(phone, steps),
                None => expected_diagnosis(phone, scenario.bridge, scenario.missing),
            };
            let (cause, expected) = match expected {
                Expected::Code(code) => (code.to_owned(), Some(code)),
                Expected::Nothing => ("nothing".to_owned(), None),
                Expected::Open => ("open".to_owned(), None),
            };
            let kind = format!("{:?}", phone.member.cause);
            let kind = kind.split([' ', '{']).next().unwrap_or_default();
            let loss = if phone.member.loss > 0 { ", loss" } else { "" };
            let row = format!("{cause:20} {kind}{loss}");
            *self
                .cells
                .entry(row)
                .or_default()
                .entry(diagnosed.clone())
                .or_default() += 1;
            let line = || {
                let states: Vec<State> = phone.reports.iter().map(|r| r.state).collect();
                format!(
                    "seed {seed}: {diagnosed} {states:?} holds {:?}: {:?}, bridge {}, missing {:?}, icmp {}",
                    phone.contents.load,
                    phone.member,
                    scenario.bridge,
                    scenario.missing,
                    scenario.icmp
                )
            };
            if let Some(code) = expected {
                self.tellable += 1;
                if codes.contains(code) {
                    self.named += 1;
                } else {
                    self.misnamed.push(line());
                }
            } else if cause == "nothing" {
                // A phone without further requests and without announcements is silent.
                let silent = matches!(
                    phone.member.cause,
                    Cause::Already
                        | Cause::OtherSlot
                        | Cause::PeerSharing
                        | Cause::AddressChange
                        | Cause::LostFinalAcks
                );
                let is_alarm = |code: &String| !(silent && code == "stalled");
                let bridged = phone.member.cause == Cause::Bridge;
                if codes.iter().any(is_alarm) || bridged && !phone.converted {
                    self.alarms.push(line());
                }
            }
            for report in &phone.reports {
                *self
                    .states
                    .entry(format!("{:?}", report.state))
                    .or_default() += 1;
            }
            self.converted += u64::from(phone.converted);
            let is_reported = phone.reports.iter().any(|report| {
                matches!(
                    report.state,
                    State::Flashed
                        | State::Confirmed
                        | State::Already
                        // During another pass.
                        | State::Manifest
                        | State::Images
                        | State::Writing
                        | State::Rebooted
                )
            });
            if phone.converted && phone.was_answered && !is_reported {
                if excuse(phone) {
                    self.excused += 1;
                } else {
                    self.unreported.push(line());
                }
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "injected (expected, cause)            diagnosed")?;
        for (row, cells) in &self.cells {
            for (diagnosed, count) in cells {
                writeln!(f, "{row:36} {count:6}  {diagnosed}")?;
            }
        }
        writeln!(f, "states at the end: {:?}", self.states)?;
        writeln!(
            f,
            "{} phones, {} converted, {} of them beyond what a server can observe; {} of {} causes \
             named; {} false claims, {} unreported, {} false alarms",
            self.phones,
            self.converted,
            self.excused,
            self.named,
            self.tellable,
            self.false_claims.len(),
            self.unreported.len(),
            self.alarms.len()
        )
    }
}
