//! Restarts that this program orders: what phones do after them, and what decides about the next.

use std::{net::Ipv4Addr, time::Duration};

use super::{
    super::{
        conversion::NO_START_WITHIN,
        event::{Event, PhoneId, State},
        identity::{
            Phone, RESET_BY_CALL_MANAGER, RESTART_BY_CALL_MANAGER, SccpRegistration, is_load_alarm,
        },
        observation::{EvidenceSource, ObservationKind, RunTime},
        restart::RestartState,
        restart_facts::{
            MemberOutcome, RestartFacts, RestartLoads, RestartMember, RestartProgress,
            RestartRegistration,
        },
    },
    Fleet,
};
use crate::{
    diagnose::Code,
    phone::{MacAddress, RequestedFile},
};

/// How long after its order a phone may take to be converted: a whole conversion takes 10 to 20
/// minutes. Then it no longer delays the next wave, and counts as failed.
const CONVERTED_WITHIN: Duration = Duration::from_mins(40);

impl Fleet {
    /// Applies an observation about restarts, of the phone `mac`.
    pub(super) fn apply_restart(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        fact: &ObservationKind,
    ) -> Vec<Event> {
        match fact {
            ObservationKind::SccpRegistered {
                mac,
                streams,
                sender,
            } => {
                let registration = SccpRegistration {
                    address,
                    sender: *sender,
                    streams: *streams,
                };
                let id = self.phone_from(address, *mac);
                self.restarts_of(at, id, |phone| {
                    let is_ignored = phone.restarts.on_registered(registration);
                    is_ignored.then(|| {
                        "it registered again without a restart: it ignored the order".to_owned()
                    })
                })
            }
            ObservationKind::SccpLeft { mac } => {
                let id = self.phone_from(address, *mac);
                self.restarts_of(at, id, |phone| {
                    let is_leaving = phone.restarts.on_left();
                    is_leaving
                        .then(|| "it ended its registration after the order to restart".to_owned())
                })
            }
            ObservationKind::RestartOrdered { mac, wave, again } => {
                let id = self.registry.id_of(*mac);
                self.restarts_of(at, id, |phone| {
                    phone.restarts.on_order(at, *wave, *again);
                    let number = phone.restarts.status.orders;
                    let what = if *again { "repeated" } else { "given" };
                    Some(format!(
                        "order {number} to restart {what} in wave {wave}, by SCCP Reset"
                    ))
                })
            }
            ObservationKind::RestartNotSent { mac } => {
                let id = self.registry.id_of(*mac);
                self.restarts_of(at, id, |phone| {
                    phone.restarts.on_not_sent();
                    Some("the connection ended before the order to restart was sent".to_owned())
                })
            }
            ObservationKind::RestartWithheld { mac, reason } => {
                let id = self.registry.id_of(*mac);
                self.update_listed(at, id, |phone, _, out| {
                    phone.restarts.status.withheld = Some(*reason);
                    out.push(phone.conversion.snapshot());
                })
            }
            ObservationKind::Alarm { reason, source } => {
                let (reason, source) = (*reason, *source);
                let id = self.id_at(address);
                self.update_listed(at, id, |phone, _, out| {
                    let restarts = &mut phone.restarts;
                    // A capture may report the alarm of the connection on which the order was given
                    // after the order.
                    let can_have_started = restarts
                        .since_order(at)
                        .is_some_and(|since| since >= NO_START_WITHIN);
                    if !can_have_started {
                        return;
                    }
                    if is_load_alarm(reason) {
                        restarts.load_alarm = Some(reason);
                    }
                    let is_reset =
                        matches!(reason, RESET_BY_CALL_MANAGER | RESTART_BY_CALL_MANAGER);
                    if is_reset && restarts.on_back(at) {
                        let detail = format!("alarm {reason}: it was reset by its call manager");
                        phone.conversion.note(source, detail, out);
                    }
                })
            }
            ObservationKind::SwitchPort { uplink, .. } => {
                let id = self.id_at(address);
                self.update_listed(at, id, |phone, _, out| {
                    if phone.restarts.uplink != *uplink {
                        phone.restarts.uplink.clone_from(uplink);
                        out.push(phone.conversion.snapshot());
                    }
                })
            }
            _ => Vec::new(),
        }
    }

    /// The phone `mac`, if it has this address.
    fn phone_from(&self, address: Ipv4Addr, mac: MacAddress) -> Option<PhoneId> {
        self.id_at(address)
            .filter(|id| Some(*id) == self.registry.id_of(mac))
    }

    /// Changes the restarts of a phone and notes what that says, if anything.
    fn restarts_of(
        &mut self,
        at: RunTime,
        id: Option<PhoneId>,
        change: impl FnOnce(&mut Phone) -> Option<String>,
    ) -> Vec<Event> {
        self.update_listed(at, id, |phone, _, out| {
            if let Some(detail) = change(phone) {
                let known = out.len();
                phone.conversion.note(EvidenceSource::Sccp, detail, out);
                // The same was noted before; the status changed all the same.
                if out.len() == known {
                    out.push(phone.conversion.snapshot());
                }
            }
        })
    }

    /// A file was requested that only a start requests, by the phone `id`.
    pub(super) fn on_start_request(
        &mut self,
        at: RunTime,
        id: PhoneId,
        file: &RequestedFile,
        name: &str,
    ) -> Vec<Event> {
        let is_start = matches!(
            file,
            RequestedFile::TrustList(_)
                | RequestedFile::Config { .. }
                | RequestedFile::LegacyConfig(_)
                | RequestedFile::IdentityList(_)
                | RequestedFile::DefaultConfig
                | RequestedFile::LegacyDefault
                | RequestedFile::Recovery(_)
        );
        if !is_start {
            return Vec::new();
        }
        let name = super::super::diagnosis::text::printable(name);
        self.restarts_of(at, Some(id), |phone| {
            let is_new = phone.restarts.on_back(at);
            is_new.then(|| format!("it requested {name} after the order to restart"))
        })
    }

    /// What decides whether the phone `mac` may be ordered to restart; `None`: it was never observed.
    #[must_use]
    pub fn restart_facts(&self, mac: MacAddress) -> Option<RestartFacts> {
        let phone = self.registry.of(mac)?;
        let conversion = &phone.conversion;
        let restarts = &phone.restarts;
        let role = conversion.offered_stage();
        let family = conversion.device.known_family();
        let is_suppressed = conversion.routing.suppress_load || self.is_left_alone(phone);
        let offered = family
            .filter(|_| !is_suppressed)
            .and_then(|family| self.catalog.for_family(role, family));
        let lists = [self.plan.only.as_ref(), self.plan.expected.as_ref()];
        // A phone that --only leaves out is not listed, whatever the inventory says.
        let is_listed = lists
            .into_iter()
            .flatten()
            .next()
            .is_some_and(|macs| macs.contains(&mac));
        Some(RestartFacts {
            mac,
            address: phone.address,
            registration: RestartRegistration {
                is_listed,
                is_own_address: self.is_registered_at_own_address(mac, phone),
                is_in_call: restarts.registration.is_some_and(|it| it.streams > 0),
            },
            progress: RestartProgress {
                state: conversion.effective_state(),
                is_fetching: conversion.delivery.attempts.iter().any(|it| it.open),
                may_be_writing: phone.must_stay_powered()
                    || conversion.is_owed_images()
                    || phone.before_episode.is_some(),
                last_image: conversion.delivery.last_image,
            },
            loads: RestartLoads {
                running: conversion.loads.reported.clone(),
                offered: offered.map(|entry| entry.load.clone()),
                is_model_known: family.is_some(),
                has_trust_list: has(phone, Code::TrustList),
            },
            ordered: restarts.ordered_at.map(|at| (at, restarts.status.orders)),
            is_served: self.draining.is_none() && self.survey_ends().is_none(),
            now: self.now,
        })
    }

    /// Whether the phone registered by SCCP from its own address. On this network the ARP table must
    /// have its MAC there. Behind a router it has none: then the address must be that of the phone's
    /// other messages.
    fn is_registered_at_own_address(&self, mac: MacAddress, phone: &Phone) -> bool {
        let Some(registration) = phone.restarts.registration else {
            return false;
        };
        let address = registration.address;
        let is_routed = || {
            let mut routed = self.plan.routed.iter();
            address.is_loopback() || routed.any(|network| network.contains(address))
        };
        address == phone.address
            && match registration.sender {
                Some(sender) => sender == mac,
                None => is_routed(),
            }
    }

    /// The phones that were ordered, with what became of them.
    #[must_use]
    pub fn restart_members(&self) -> Vec<RestartMember> {
        let phones = self.registry.phones.values();
        phones
            .filter_map(|phone| {
                let restarts = &phone.restarts;
                Some(RestartMember {
                    mac: phone.mac?,
                    wave: restarts.status.wave?,
                    ordered_at: restarts.ordered_at?,
                    outcome: outcome(phone, self.now),
                })
            })
            .collect()
    }
}

fn has(phone: &Phone, code: Code) -> bool {
    let mut active = phone.conversion.findings.diagnoses();
    active.any(|diagnosis| diagnosis.code == code)
}

fn outcome(phone: &Phone, now: RunTime) -> MemberOutcome {
    let conversion = &phone.conversion;
    let refused = [
        Code::ManifestRefused,
        Code::ImagesRefused,
        Code::ImageRejected,
        Code::HardwareMismatch,
    ];
    let is_overdue = phone
        .restarts
        .since_order(now)
        .is_some_and(|since| since >= CONVERTED_WITHIN);
    if conversion.is_done() {
        MemberOutcome::Done
    } else if phone.restarts.load_alarm.is_some()
        || refused.into_iter().any(|code| has(phone, code))
    {
        MemberOutcome::LoadRefused
    } else if phone.restarts.status.restart == Some(RestartState::Ignored) {
        MemberOutcome::GivenUp
    } else if is_overdue || matches!(conversion.effective_state(), State::Failed | State::Stalled) {
        MemberOutcome::Failed
    } else {
        MemberOutcome::UnderWay
    }
}
