//! Applies a change to one phone and updates everything that the fleet derives from it.

use super::{
    super::{
        change::Change,
        conversion::Context,
        event::{Event, PhoneId},
        identity::{Counted, Phone},
        observation::RunTime,
    },
    Fleet,
};

impl Fleet {
    /// Applies `change` to one phone and returns the events.
    pub(super) fn update(
        &mut self,
        at: RunTime,
        id: PhoneId,
        change: impl FnOnce(&mut Phone, Context<'_>, &mut Vec<Change>),
    ) -> Vec<Event> {
        let Some(phone) = self.registry.phones.get_mut(&id) else {
            return Vec::new();
        };
        let excluded = match (&self.only, phone.mac) {
            (Some(only), Some(mac)) => !only.contains(&mac),
            _ => false,
        };
        let cx = Context {
            at,
            catalog: &self.catalog,
            excluded,
            registers_here: phone
                .mac
                .is_some_and(|mac| self.register_here.contains(&mac)),
            registration: phone
                .mac
                .and_then(|mac| self.registration_targets.get(&mac)),
            requests_only: self.plan.requests_only,
            survey: self.plan.survey,
            network: self.plan.network,
            listed: phone
                .mac
                .and_then(|mac| self.plan.models.get(&mac).copied()),
        };
        let mut changes = Vec::new();
        let was_done = phone.conversion.is_done();
        let last_request = phone.conversion.activity.last_request;
        change(phone, cx, &mut changes);
        // An episode may be another phone's.
        if phone.before_episode.is_none() {
            phone.conversion.check_listed_model(cx, &mut changes);
        }
        // Announcements and registrations, which never end, do not delay the end of a run.
        let is_active = phone.conversion.activity.last_request != last_request;
        if phone.conversion.is_done() && (!was_done || is_active) {
            self.done_active = Some(at);
        }
        announce(phone, &mut changes);
        if phone.conversion.is_done() != was_done && !has_step(&changes) {
            changes.push(phone.conversion.snapshot());
        }
        let counted = Counted {
            as_done: phone.conversion.is_done(),
            as_failed: phone.conversion.is_failed(),
        };
        count(phone.counted.as_done, counted.as_done, &mut self.done);
        count(phone.counted.as_failed, counted.as_failed, &mut self.failed);
        phone.counted = counted;
        phone.done_since = counted.as_done.then(|| phone.done_since.unwrap_or(at));
        // Deadlines mostly move later; the check at the earlier time then finds nothing to do.
        let deadlines = [
            phone.conversion.deadline(self.plan.survey),
            phone.restarts.deadline(),
        ];
        if let Some(deadline) = deadlines.into_iter().flatten().min()
            && phone.scheduled.is_none_or(|scheduled| deadline < scheduled)
        {
            if let Some(scheduled) = phone.scheduled.replace(deadline) {
                self.schedule.remove(&(scheduled, id));
            }
            self.schedule.insert((deadline, id));
        }
        if changes.is_empty() {
            return Vec::new();
        }
        let (restarts, uplink) = (phone.restarts.status, phone.restarts.uplink.clone());
        let phone = phone.reference(id, &self.plan);
        changes
            .into_iter()
            .map(|change| change.into_event(phone.clone()).with(restarts, &uplink))
            .collect()
    }

    /// Applies `change` to the phone `id`; `None`: there was no room for another phone.
    pub(super) fn update_listed(
        &mut self,
        at: RunTime,
        id: Option<PhoneId>,
        change: impl FnOnce(&mut Phone, Context<'_>, &mut Vec<Change>),
    ) -> Vec<Event> {
        let mut events = self.forget_gone();
        if let Some(id) = id {
            events.extend(self.update(at, id, change));
        }
        events
    }

    /// Reports phones that were merged or are not phones, and diagnoses that moved with them.
    pub(super) fn forget_gone(&mut self) -> Vec<Event> {
        let gone = std::mem::take(&mut self.registry.gone);
        let mut events: Vec<Event> = gone
            .into_iter()
            .map(|(id, phone)| {
                self.done = self.done.saturating_sub(usize::from(phone.counted.as_done));
                self.failed = self
                    .failed
                    .saturating_sub(usize::from(phone.counted.as_failed));
                Event::Gone {
                    phone: phone.reference(id, &self.plan),
                }
            })
            .collect();
        for (id, diagnosis) in std::mem::take(&mut self.registry.misplaced) {
            // The phone has its earlier state again, so the update counts it again as done or
            // failed.
            events.extend(self.update(self.now, id, |_, _, out| {
                out.push(Change::Withdrawn(diagnosis));
            }));
        }
        for (id, diagnosis) in std::mem::take(&mut self.registry.brought) {
            events.extend(self.update(self.now, id, |_, _, out| {
                out.push(Change::Raised(diagnosis));
            }));
        }
        events
    }
}

/// Adds a step if the phone is new or its MAC became known, so that the record names it.
fn announce(phone: &mut Phone, changes: &mut Vec<Change>) {
    if phone.announced && phone.announced_mac == phone.mac {
        return;
    }
    let is_new = !std::mem::replace(&mut phone.announced, true);
    phone.announced_mac = phone.mac;
    if is_new {
        // The diagnoses that it already has: they were raised while it counted as another phone.
        let brought: Vec<Change> = phone
            .conversion
            .findings
            .diagnoses()
            .filter(|diagnosis| {
                !changes
                    .iter()
                    .any(|change| matches!(change, Change::Raised(raised) if raised == *diagnosis))
            })
            .map(|diagnosis| Change::Raised(diagnosis.clone()))
            .collect();
        changes.extend(brought);
    }
    if !has_step(changes) {
        changes.push(phone.conversion.snapshot());
    }
}

fn has_step(changes: &[Change]) -> bool {
    let mut changes = changes.iter();
    changes.any(|change| matches!(change, Change::Step { .. }))
}

fn count(before: bool, now: bool, sum: &mut usize) {
    match (before, now) {
        (false, true) => *sum += 1,
        (true, false) => *sum = sum.saturating_sub(1),
        _ => {}
    }
}
