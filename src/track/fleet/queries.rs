//! What the fleet knows, for displays, metrics and the report.

use std::{collections::BTreeSet, net::Ipv4Addr};

use jiff::Timestamp;

use super::{
    super::{
        change::Change,
        conversion::ExpectedActivity,
        event::{Event, PhoneId, PhoneRef, PollCandidate, State},
        identity::Phone,
        limiter::Sender,
        observation::{Observation, ObservationKind},
        report::{self, FleetCounts, MissingPhone, Report},
    },
    Fleet,
};
use crate::phone::MacAddress;

impl Fleet {
    /// Every phone in its present state with its active diagnoses, for a display that has not
    /// received the events so far.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Event> {
        let phones = self.registry.phones.iter();
        phones
            .flat_map(|(id, phone)| {
                let diagnoses = phone.conversion.findings.diagnoses();
                let raised = diagnoses.map(|diagnosis| Change::Raised(diagnosis.clone()));
                let reference = phone.reference(*id, &self.plan);
                std::iter::once(phone.conversion.snapshot())
                    .chain(raised)
                    .map(move |change| {
                        let event = change.into_event(reference.clone());
                        event.with(phone.restarts.status, &phone.restarts.uplink)
                    })
            })
            .collect()
    }

    /// How many phones are done, and how many there are.
    #[must_use]
    pub fn done_of_total(&self) -> (usize, usize) {
        (self.done, self.registry.phones.len())
    }

    /// What a silent phone is expected to do, and until when its silence is normal; `None` if
    /// nothing is expected. After `until` it counts as stalled, as refusing or as settled.
    #[must_use]
    pub fn expected(&self, id: PhoneId) -> Option<ExpectedActivity> {
        let phone = self.registry.phones.get(&id)?;
        phone.conversion.expected(self.now, self.plan.survey)
    }

    /// What each silent phone is expected to do, as [`Fleet::expected`].
    pub fn expected_activity(&self) -> impl Iterator<Item = (PhoneId, ExpectedActivity)> {
        let phones = self.registry.phones.iter();
        phones.filter_map(|(id, phone)| {
            let expected = phone.conversion.expected(self.now, self.plan.survey);
            Some((*id, expected?))
        })
    }

    /// Phones and clients that were not recorded because there are too many.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.registry.dropped
    }

    /// What is known of the sender of this observation.
    #[must_use]
    pub fn sender(&self, observation: &Observation) -> Sender {
        let phone = match &observation.kind {
            ObservationKind::AddressWanted { mac, .. }
            | ObservationKind::AddressAnswered { mac, .. } => self.registry.of(*mac),
            _ => self
                .registry
                .at(observation.address)
                .map(|(_, phone)| phone),
        };
        let is_idle = |phone: &Phone| {
            let state = phone.conversion.effective_state();
            matches!(state, State::Seen | State::Confirmed | State::Already)
        };
        Sender {
            is_known: phone.is_some_and(|phone| self.registry.is_kept(phone)),
            is_wanted: self.plan.expected_macs().is_none(),
            is_idle: phone.is_none_or(is_idle),
        }
    }

    /// The report of everything known. `began` is the time of day at which the run began; it
    /// converts run times to times of day.
    #[must_use]
    pub fn report(&self, began: Timestamp) -> Report {
        let mut report = report::build(&self.registry, &self.plan, began);
        report.registrations = self.registrations();
        for (reported, phone) in report.phones.iter_mut().zip(self.registry.phones.values()) {
            reported.lines = self.lines(phone);
        }
        report
    }

    /// Phones by state, active diagnoses by code, and clients that are not phones.
    #[must_use]
    pub fn counts(&self) -> FleetCounts {
        let mut counts = FleetCounts {
            others: self.registry.others.len() as u64,
            missing: self.missing(),
            done: self.done as u64,
            registrations: self.registrations(),
            ..FleetCounts::default()
        };
        for phone in self.registry.phones.values() {
            let conversion = &phone.conversion;
            let state = conversion.effective_state();
            *counts.states.entry(state).or_default() += 1;
            counts.up += u64::from(conversion.is_shown_up());
            for diagnosis in conversion.findings.diagnoses() {
                *counts.diagnoses.entry(diagnosis.code).or_default() += 1;
            }
        }
        counts
    }

    /// The converted phones that should still register here and are not overdue.
    #[must_use]
    pub fn awaiting_registration(&self) -> Vec<PhoneRef> {
        let phones = self.registry.phones.iter();
        phones
            .filter(|(_, phone)| phone.conversion.register_due().is_some())
            .map(|(id, phone)| phone.reference(*id, &self.plan))
            .collect()
    }

    /// The phones that must not be unplugged now.
    #[must_use]
    pub fn must_stay_powered(&self) -> Vec<PhoneRef> {
        let phones = self.registry.phones.iter();
        phones
            .filter(|(_, phone)| phone.must_stay_powered())
            .map(|(id, phone)| phone.reference(*id, &self.plan))
            .collect()
    }

    /// The phones that are expected by name and were not observed so far.
    #[must_use]
    pub fn missing(&self) -> Vec<MissingPhone> {
        report::missing(&self.registry, &self.plan).collect()
    }

    /// How many phones are done that are none of those expected by name, and how many of these
    /// came. A phone without a known MAC counts as expected.
    #[must_use]
    pub fn unexpected(&self) -> (usize, usize) {
        let Some(expected) = self.plan.expected_macs() else {
            return (0, 0);
        };
        let expected: BTreeSet<&MacAddress> = expected.iter().collect();
        let phones = self.registry.phones.values();
        let others = phones.filter(|phone| phone.mac.is_some_and(|mac| !expected.contains(&mac)));
        others.fold((0, 0), |(done, seen), phone| {
            (done + usize::from(phone.conversion.is_done()), seen + 1)
        })
    }

    /// How many expected phones were not observed yet; `None` if no number is expected. A
    /// phone without a known MAC counts as one of the expected phones.
    #[must_use]
    pub fn missing_count(&self) -> Option<usize> {
        let phones = || self.registry.phones.values();
        if let Some(expected) = self.plan.expected_macs() {
            let missing = expected
                .iter()
                .filter(|mac| self.registry.of(**mac).is_none());
            let unnamed = phones().filter(|phone| phone.mac.is_none());
            return Some(missing.count().saturating_sub(unnamed.count()));
        }
        Some(self.plan.expect?.saturating_sub(phones().count()))
    }

    /// The addresses of phones whose MAC is not known, or may have changed: those to look up in the
    /// neighbour table.
    #[must_use]
    pub fn unidentified_addresses(&self) -> Vec<Ipv4Addr> {
        let phones = self.registry.phones.values();
        phones
            .filter(|phone| phone.mac.is_none() || phone.before_episode.is_some())
            .map(|phone| phone.address)
            .collect()
    }

    /// Phones whose web page can be polled for their load: an application runs, and no source has
    /// reported the load. Phones in their boot loader, phones between images and phones that
    /// `--only` leaves out are not included. Empty while the run drains.
    #[must_use]
    pub fn poll_candidates(&self) -> Vec<PollCandidate> {
        let is_included = |mac: Option<MacAddress>| match &self.only {
            Some(only) => mac.is_some_and(|mac| only.contains(&mac)),
            None => true,
        };
        let phones = self.registry.phones.iter();
        phones
            .filter(|_| self.draining.is_none())
            .filter(|(_, phone)| phone.before_episode.is_none() && phone.conversion.is_unproven())
            .filter(|(_, phone)| is_included(phone.mac))
            .map(|(id, phone)| PollCandidate {
                id: *id,
                address: phone.address,
                mac: phone.mac,
                pass: phone.conversion.delivery.pass,
            })
            .collect()
    }
}
