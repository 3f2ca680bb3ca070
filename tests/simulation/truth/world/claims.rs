//! Compares the claims of a run with what its phones have.

use reflash::track::{Event, PhoneReport, Report, State};

use super::{super::slots, Played, PlayedPhone, World};

impl World<'_> {
    /// Compares every claim of success with what the phone has at that moment.
    pub(super) fn check_claims(&mut self) {
        let events = std::mem::take(&mut self.server.run().events);
        for event in events {
            let Event::Step(step) = event else { continue };
            let claims = matches!(
                step.state,
                State::Flashed | State::Confirmed | State::Already
            );
            let device = self.devices.iter().find(|device| match step.phone.mac {
                Some(mac) => device.member.mac == mac,
                None => device.address == step.phone.address,
            });
            if claims && !device.is_some_and(|device| device.is_converted(self.bundles)) {
                self.false_claims.push(format!(
                    "seed {}: {:?} at {:?}: {:?} holds {:?}",
                    self.scenario.seed,
                    step.state,
                    self.now,
                    device.map(|device| &device.member),
                    device.map(|device| device.phone.contents().load)
                ));
            }
        }
    }

    pub(super) fn result(self) -> Played {
        let report: Report = self.server.run().fleet.report(jiff::Timestamp::UNIX_EPOCH);
        let mut false_claims = self.false_claims;
        let report_of_journal = self.server.run().report_of_journal(&self.record, self.plan);
        if report_of_journal != report {
            false_claims.push(format!(
                "seed {}: the journal gives {report_of_journal:#?}, the run {report:#?}",
                self.scenario.seed
            ));
        }
        let phones: Vec<PlayedPhone> = self
            .devices
            .into_iter()
            .map(|device| {
                let own = |phone: &&PhoneReport| match phone.mac {
                    Some(mac) => mac == device.member.mac,
                    None => [device.home, device.address].contains(&phone.address),
                };
                let converted = device.is_converted(self.bundles);
                let reports: Vec<PhoneReport> = report.phones.iter().filter(own).cloned().collect();
                for phone in &reports {
                    let claims = matches!(
                        phone.state,
                        State::Flashed | State::Confirmed | State::Already
                    );
                    if claims && !converted {
                        false_claims.push(format!(
                            "seed {}: at the end {:?}: {:?} holds {:?}",
                            self.scenario.seed,
                            phone.state,
                            device.member,
                            device.phone.contents().load
                        ));
                    }
                }
                PlayedPhone {
                    contents: device.phone.contents(),
                    converted,
                    lacks_image: slots::has_slots(&self.scenario).then(|| {
                        let hashes = &self.bundles.of(device.member.model.family).hashes;
                        let missing = self.scenario.missing;
                        missing.is_some_and(|stem| hashes.keys().any(|name| name.starts_with(stem)))
                    }),
                    was_answered: device.was_answered,
                    last_ack_lost: device.last_ack_lost,
                    reports,
                    member: device.member,
                }
            })
            .collect();
        Played {
            scenario: self.scenario,
            phones,
            false_claims,
        }
    }
}

impl PlayedPhone {
    /// Whether it is one of a fleet of phones with two slots.
    pub(crate) fn has_slots(&self) -> bool {
        self.lacks_image.is_some()
    }
}
