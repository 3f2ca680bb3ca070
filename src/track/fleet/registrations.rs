//! The lines of configured phones, and how long a run waits until they are registered.

use super::{
    super::{
        event::PhoneRef,
        identity::Phone,
        observation::RunTime,
        registrations::{LineReport, LineState, Registrations},
    },
    Fleet,
};

impl Fleet {
    /// The lines of the observed phones that were given a configuration of their own, by state;
    /// `None`: no phone was given one that names a line.
    #[must_use]
    pub fn registrations(&self) -> Option<Registrations> {
        let targets = self.registration_targets.values();
        if targets.map(|target| target.lines.len()).sum::<usize>() == 0 {
            return None;
        }
        let mut sums = Registrations::default();
        for phone in self.registry.phones.values() {
            for line in self.lines(phone) {
                sums.count(line.state);
            }
        }
        Some(sums)
    }

    /// The lines of a phone's own configuration.
    pub(super) fn lines(&self, phone: &Phone) -> Vec<LineReport> {
        let target = phone
            .mac
            .and_then(|mac| self.registration_targets.get(&mac));
        target.map_or_else(Vec::new, |target| phone.conversion.lines(self.now, target))
    }

    /// The done phones that the run waits for until their lines are registered or it is known why
    /// they are not.
    #[must_use]
    pub fn awaited_lines(&self, at: RunTime) -> Vec<(PhoneRef, Vec<String>)> {
        let phones = self.registry.phones.iter();
        let awaited = phones.filter(|(_, phone)| self.registers_by(at, phone).is_some());
        awaited
            .map(|(id, phone)| {
                let lines = self.lines(phone).into_iter();
                let lines = lines.filter(is_open).map(|line| line.user);
                (phone.reference(*id, &self.plan), lines.collect())
            })
            .collect()
    }

    /// Whether nothing but registrations keeps the run from its end.
    #[must_use]
    pub fn waits_for_lines(&self, at: RunTime) -> bool {
        self.all_expected_ended() && self.registers_until(at).is_some()
    }

    /// When the last wait for a registration ends; `None`: no phone is waited for.
    #[must_use]
    pub fn registers_until(&self, at: RunTime) -> Option<RunTime> {
        if self.registration_targets.is_empty() {
            return None;
        }
        let phones = self.registry.phones.values();
        phones
            .filter_map(|phone| self.registers_by(at, phone))
            .max()
    }

    /// When the wait for this phone ends, if it has one.
    fn registers_by(&self, at: RunTime, phone: &Phone) -> Option<RunTime> {
        let until = phone.done_since? + self.plan.registration_wait();
        (at < until && self.lines(phone).iter().any(is_open)).then_some(until)
    }
}

/// Whether the line is not registered and the cause is not known.
fn is_open(line: &LineReport) -> bool {
    line.state == LineState::NotRegistered && !line.is_diagnosed
}
