//! What ends a run, and how it drains.

use std::time::Duration;

use super::{
    super::{
        event::{PhoneRef, State},
        identity::Phone,
        observation::RunTime,
    },
    Fleet,
};

/// How long the end of a run waits for phones that are between two images.
pub const DRAIN_LIMIT: Duration = Duration::from_mins(3);

/// How long a done phone must have been silent before a run ends by itself. The phone may still be
/// reading its configuration, and without a server it would wait a minute for each file.
pub const QUIET_BEFORE_END: Duration = Duration::from_secs(5);

/// Whether a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Phones are expected, or no end was set.
    Running,
    /// Every expected phone is done or has failed and none is waited for until its lines are
    /// registered, the time is up, or too many phones failed: the run drains next.
    Ended,
}

impl Fleet {
    /// Whether the run should end by itself.
    #[must_use]
    pub fn run_state(&self, at: RunTime) -> RunState {
        let is_quiet = self
            .done_active
            .is_none_or(|active| at.saturating_sub(active) >= QUIET_BEFORE_END);
        let is_timed_out = self.plan.timeout.is_some_and(|timeout| at >= timeout);
        let too_many_failed = self
            .plan
            .max_failures
            .is_some_and(|most| self.failed >= most.max(1));
        let is_over = || self.all_expected_ended() && self.registers_until(at).is_none();
        if is_timed_out || too_many_failed || is_quiet && is_over() {
            RunState::Ended
        } else {
            RunState::Running
        }
    }

    /// Whether every expected phone is done or has failed.
    pub(super) fn all_expected_ended(&self) -> bool {
        match (self.plan.expected_macs(), self.plan.expect) {
            (Some(expected), _) => expected.iter().all(|mac| {
                self.registry
                    .of(*mac)
                    .is_some_and(|phone| phone.conversion.is_done() || phone.conversion.is_failed())
            }),
            (None, Some(expected)) => self.done + self.failed >= expected.max(1),
            (None, None) => false,
        }
    }

    /// Whether every expected phone is done, at least one phone was observed, and every line that
    /// can be observed is registered.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        let registrations = self.registrations();
        self.all_done() && registrations.is_none_or(|lines| lines.not_registered == 0)
    }

    fn all_done(&self) -> bool {
        match (self.plan.expected_macs(), self.plan.expect) {
            (Some(expected), _) => {
                let is_done = |mac| {
                    let phone = self.registry.of(mac);
                    phone.is_some_and(|phone| phone.conversion.is_done())
                };
                !expected.is_empty() && expected.iter().all(|mac| is_done(*mac))
            }
            (None, Some(expected)) => self.done >= expected.max(1),
            (None, None) => self.done > 0 && self.done == self.registry.phones.len(),
        }
    }

    /// Begins to drain: no new phone is admitted, and a phone that accepted a manifest is
    /// served the rest of its images.
    pub fn drain(&mut self, at: RunTime) {
        self.now = self.now.max(at);
        self.draining.get_or_insert(self.now);
    }

    /// The phones that a draining run waits for: they are between two images.
    #[must_use]
    pub fn between_images(&self) -> Vec<PhoneRef> {
        let phones = self.registry.phones.iter();
        phones
            .filter(|(_, phone)| phone.conversion.is_between_images())
            .map(|(id, phone)| phone.reference(*id, &self.plan))
            .collect()
    }

    /// The phones that accepted a manifest and lack images, whether they are active or not.
    #[must_use]
    pub fn owed_images(&self) -> Vec<PhoneRef> {
        self.expected_phones(|phone| phone.conversion.is_owed_images())
    }

    /// The phones that a pause of the server interrupts: they lack images, or may be writing them.
    #[must_use]
    pub fn fetching_or_writing(&self) -> Vec<PhoneRef> {
        self.expected_phones(|phone| {
            phone.conversion.is_owed_images() || phone.conversion.is_converting()
        })
    }

    /// The phones that the run is to convert and that are neither done nor failed. A phone that is up
    /// and fetched nothing is not converted now.
    #[must_use]
    pub fn unfinished(&self) -> Vec<PhoneRef> {
        self.expected_phones(|phone| {
            let conversion = &phone.conversion;
            let is_up = conversion.is_up() && conversion.delivery.complete_passes == 0;
            let is_over = conversion.is_done() || conversion.is_failed() || is_up;
            !is_over && conversion.effective_state() != State::Seen
        })
    }

    /// The phones that the run is to convert and that failed.
    #[must_use]
    pub fn failed_phones(&self) -> Vec<PhoneRef> {
        self.expected_phones(|phone| phone.conversion.is_failed())
    }

    /// The phones that the run is to convert and for which this holds.
    fn expected_phones(&self, holds: impl Fn(&Phone) -> bool) -> Vec<PhoneRef> {
        let expected = self.plan.expected_macs();
        let is_expected = |phone: &Phone| match (expected, phone.mac) {
            (Some(expected), Some(mac)) => expected.contains(&mac),
            _ => true,
        };
        let phones = self.registry.phones.iter();
        phones
            .filter(|(_, phone)| is_expected(phone) && holds(phone))
            .map(|(id, phone)| phone.reference(*id, &self.plan))
            .collect()
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

    /// When [`Fleet::tick`] next has something to do, or [`Fleet::run_state`] or
    /// [`Fleet::drained`] change by time alone. May be early, never late.
    #[must_use]
    pub fn next_deadline(&self) -> Option<RunTime> {
        let later = |time: &RunTime| *time > self.now;
        let phone = self.schedule.first().map(|(due, _)| *due);
        let timeout = self.plan.timeout.filter(later);
        let drain = self.draining.map(|since| since + DRAIN_LIMIT);
        let quiet = self.done_active.map(|active| active + QUIET_BEFORE_END);
        let registered = self.registers_until(self.now);
        [
            phone,
            timeout,
            drain.filter(later),
            quiet.filter(later),
            registered,
            self.survey_ends(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
