//! Who may have what, who is expected, what ends a run and how it drains.

use std::net::Ipv4Addr;

use super::{
    super::{
        FleetCounts, PhoneRef, PollCandidate, RunTime, announce::reference, catalog::Leg,
        identity::Phone,
    },
    Admission, DRAIN_LIMIT, Fleet, QUIET_BEFORE_END, RunState,
};
use crate::{
    phone::{MacAddress, RequestedFile},
    track::View,
};

impl Fleet {
    /// What `address` may have now if it asks for `name`.
    ///
    /// A phone that took a manifest of the target gets its images whatever was asked for
    /// since: it must not be left between two loads.
    #[must_use]
    pub fn admit(&self, address: Ipv4Addr, name: &str) -> Admission {
        self.admit_at(self.now, address, name)
    }

    /// The same at this moment, where time was not let pass until then.
    #[must_use]
    pub fn admit_at(&self, at: RunTime, address: Ipv4Addr, name: &str) -> Admission {
        let here = self.registry.at(address).map(|(_, phone)| phone);
        let view = self.view(here, name);
        let is_owed = here.is_some_and(|phone| phone.conversion.is_owed_images());
        let request = RequestedFile::parse(name);
        if let Some(since) = self.draining
            && (!is_owed || at.saturating_sub(since) >= DRAIN_LIMIT)
        {
            return Admission::Draining;
        }
        if self.holds(at, here, &request) && !is_owed {
            return Admission::Serve(View::ConfigOnly);
        }
        let Some(only) = &self.only else {
            return Admission::Serve(view);
        };
        let mac = request.mac().or_else(|| here.and_then(|phone| phone.mac));
        let admitted = match mac {
            Some(mac) => only.contains(&mac) || is_owed && request.mac().is_none(),
            // A boot loader cannot say who it is.
            None => {
                matches!(request, RequestedFile::Recovery(_))
                    || here.is_some_and(|phone| phone.conversion.in_recovery)
                        && request == RequestedFile::Image
            }
        };
        Admission::Serve(if admitted { view } else { View::ConfigOnly })
    }

    /// What the phone `here` is shown if it asks for `name`.
    fn view(&self, here: Option<&Phone>, name: &str) -> View {
        let request = RequestedFile::parse(name);
        let named = request.mac().and_then(|mac| self.registry.of(mac));
        let Some(phone) = named.or(here) else {
            return View::Target;
        };
        let conversion = &phone.conversion;
        // A boot loader of another family is another phone.
        if let RequestedFile::Recovery(Some(model)) = request
            && conversion.family.is_some_and(|own| own != model.family)
        {
            return View::Target;
        }
        let leg = match request {
            // The manifest that was given decides, whatever was decided since.
            RequestedFile::Image => conversion.leg_of_image(&self.catalog, name),
            _ => conversion.leg,
        };
        match leg {
            Leg::Bridge => View::Bridge,
            Leg::Target if conversion.quiet || self.is_left_alone(phone) => View::NoLoad,
            Leg::Target => View::Target,
        }
    }

    /// Whether the run should end by itself.
    #[must_use]
    pub fn run_state(&self, at: RunTime) -> RunState {
        let is_quiet = self
            .done_heard
            .is_none_or(|heard| at.saturating_sub(heard) >= QUIET_BEFORE_END);
        let is_over = self.plan.timeout.is_some_and(|timeout| at >= timeout)
            || self
                .plan
                .max_failures
                .is_some_and(|most| self.failed >= most.max(1))
            || is_quiet
                && match (self.plan.expected_macs(), self.plan.expect) {
                    (Some(awaited), _) => awaited.iter().all(|mac| {
                        self.registry.of(*mac).is_some_and(|phone| {
                            phone.conversion.is_done() || phone.conversion.is_failed()
                        })
                    }),
                    (None, Some(expected)) => self.done + self.failed >= expected.max(1),
                    (None, None) => false,
                };
        if is_over {
            RunState::Ended
        } else {
            RunState::Running
        }
    }

    /// From now on no new phone is admitted; a phone that took a manifest gets the rest
    /// of its images.
    pub fn drain(&mut self, at: RunTime) {
        self.now = self.now.max(at);
        self.draining.get_or_insert(self.now);
    }

    /// Whether no phone is between two images any more, or [`DRAIN_LIMIT`] has passed.
    #[must_use]
    pub fn drained(&self, at: RunTime) -> bool {
        self.draining
            .is_some_and(|since| at.saturating_sub(since) >= DRAIN_LIMIT)
            || !self
                .registry
                .phones
                .values()
                .any(|phone| phone.conversion.is_between_images())
    }

    /// The converted phones that are still to register here, and are not late for it.
    #[must_use]
    pub fn awaiting_registration(&self) -> Vec<PhoneRef> {
        let phones = self.registry.phones.iter();
        phones
            .filter(|(_, phone)| phone.conversion.registers_until().is_some())
            .map(|(id, phone)| reference(*id, phone, &self.plan.names))
            .collect()
    }

    /// Phones by state, what stands against them by code, and clients that are no phones.
    #[must_use]
    pub fn counts(&self) -> FleetCounts {
        let mut sums = FleetCounts {
            others: self.registry.others.len() as u64,
            ..FleetCounts::default()
        };
        for phone in self.registry.phones.values() {
            let conversion = &phone.conversion;
            *sums.states.entry(conversion.shown()).or_default() += 1;
            for standing in &conversion.standing {
                *sums.diagnoses.entry(standing.diagnosis.code).or_default() += 1;
            }
        }
        sums
    }

    /// The phones that must not be unplugged now.
    #[must_use]
    pub fn must_stay_powered(&self) -> Vec<PhoneRef> {
        self.registry
            .phones
            .iter()
            .filter(|(_, phone)| phone.conversion.is_fragile())
            .map(|(id, phone)| reference(*id, phone, &self.plan.names))
            .collect()
    }

    /// How many expected phones were not heard yet; `None` where nobody said how many come.
    /// A phone that has no name yet counts as one of them that is here.
    #[must_use]
    pub fn missing_count(&self) -> Option<usize> {
        let phones = || self.registry.phones.values();
        if let Some(awaited) = self.plan.expected_macs() {
            let unheard = awaited
                .iter()
                .filter(|mac| self.registry.of(**mac).is_none());
            let unnamed = phones().filter(|phone| phone.mac.is_none());
            return Some(unheard.count().saturating_sub(unnamed.count()));
        }
        Some(self.plan.expect?.saturating_sub(phones().count()))
    }

    /// Where phones are that never named themselves, or that may have changed since: what
    /// a witness can be asked about.
    #[must_use]
    pub fn unidentified_addresses(&self) -> Vec<Ipv4Addr> {
        let phones = self.registry.phones.values();
        phones
            .filter(|phone| phone.mac.is_none() || phone.before.is_some())
            .map(|phone| phone.address)
            .collect()
    }

    /// Phones of the run that can be asked which load they run: an application of theirs runs, and
    /// nobody has said which. None in its boot loader or between images, none that `--only`
    /// leaves out, and nobody once the run drains.
    #[must_use]
    pub fn poll_candidates(&self) -> Vec<PollCandidate> {
        let is_wanted = |mac: Option<MacAddress>| match &self.only {
            Some(only) => mac.is_some_and(|mac| only.contains(&mac)),
            None => true,
        };
        let phones = self.registry.phones.iter();
        phones
            .filter(|_| self.draining.is_none())
            .filter(|(_, phone)| phone.before.is_none() && phone.conversion.is_unproven())
            .filter(|(_, phone)| is_wanted(phone.mac))
            .map(|(id, phone)| PollCandidate {
                id: *id,
                address: phone.address,
                mac: phone.mac,
                pass: phone.conversion.pass,
            })
            .collect()
    }

    /// Whether every expected phone is done, and at least one came.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        match (self.plan.expected_macs(), self.plan.expect) {
            (Some(awaited), _) => {
                !awaited.is_empty()
                    && awaited.iter().all(|mac| {
                        self.registry
                            .of(*mac)
                            .is_some_and(|phone| phone.conversion.is_done())
                    })
            }
            (None, Some(expected)) => self.done >= expected.max(1),
            (None, None) => self.done > 0 && self.done == self.registry.phones.len(),
        }
    }
}
