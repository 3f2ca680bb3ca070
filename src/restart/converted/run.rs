//! The run: a pilot of one phone, then the others one after another, each until its proof.

use std::{collections::VecDeque, time::Duration};

use super::{
    Candidate, PhoneSignal, RestartSite, RestartStatus, RestartedPhone, Way, WhyNot,
    assess::assess, signal::CapturedRegisters,
};
use crate::{failure::Failure, restart::ami::AmiResult};

/// Time between two orders.
pub const SPACING: Duration = Duration::from_secs(2);

/// Maximum number of phones that restart at the same time.
pub const MAX_OUTSTANDING: usize = 20;

/// How often Asterisk is asked about a phone that was ordered.
pub const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// How long after a phone was in a call it is its turn again.
pub const RETRY_IN_CALL: Duration = Duration::from_secs(15);

/// How many phones may fail before no further one is ordered. The pilot is one too many.
pub const FAILURES: usize = 2;

/// A phone is ordered at most once in this time.
pub const ORDER_PAUSE: Duration = Duration::from_mins(5);

/// Time between two looks at everything.
const TICK: Duration = Duration::from_millis(500);

/// The restarts of some phones.
#[derive(Debug)]
pub struct RestartRun {
    phones: Vec<RestartedPhone>,
    captured: CapturedRegisters,
    /// How long the proof of a restart is awaited, and the end of a call.
    patience: Duration,
    queue: VecDeque<(usize, Duration)>,
    last_order: Option<Duration>,
    has_proof: bool,
    failures: usize,
}

impl RestartRun {
    /// The run for these phones, in this order. `recent`: how long ago a phone was ordered by
    /// another run, if that is known.
    #[must_use]
    pub fn new(
        candidates: Vec<Candidate>,
        patience: Duration,
        recent: impl Fn(&Candidate) -> Option<Duration>,
    ) -> Self {
        let phone = |candidate| {
            let mut phone = RestartedPhone::new(candidate);
            let ago = recent(&phone.candidate).filter(|ago| *ago < ORDER_PAUSE);
            if let Some(ago) = ago {
                phone.refuse(WhyNot::OrderedRecently(ago));
            }
            phone
        };
        Self {
            phones: candidates.into_iter().map(phone).collect(),
            captured: CapturedRegisters::default(),
            patience,
            queue: VecDeque::new(),
            last_order: None,
            has_proof: false,
            failures: 0,
        }
    }

    /// The phones with what is known of them.
    #[must_use]
    pub fn phones(&self) -> &[RestartedPhone] {
        &self.phones
    }

    /// How many phones would be ordered. A phone in a call is one: its call may end.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.phones
            .iter()
            .filter(|phone| may_be_ordered(phone))
            .count()
    }

    /// Finds out which phones may be ordered. Before that it waits until every phone has registered,
    /// but not longer than `capture`. Nothing is sent to any phone. Returns false if the operator ends
    /// the run.
    ///
    /// # Errors
    /// AMI failed.
    pub fn survey(
        &mut self,
        site: &mut impl RestartSite,
        capture: Duration,
    ) -> Result<bool, Failure> {
        let end = site.now() + capture;
        while site.now() < end && !self.has_all_registers() {
            if !site.wait(TICK) {
                return Ok(false);
            }
            self.take_signals(site);
        }
        for index in 0..self.phones.len() {
            if self.phones[index].status == RestartStatus::Ready {
                self.assess(index, site)?;
            }
        }
        Ok(true)
    }

    fn has_all_registers(&self) -> bool {
        let mut awaited = self
            .phones
            .iter()
            .filter(|phone| phone.candidate.event.is_ok());
        awaited.all(|phone| self.captured.of(phone.candidate.mac).is_some())
    }

    /// Orders the phones that [`RestartRun::survey`] found ready. Returns false if the operator ends
    /// the run.
    ///
    /// # Errors
    /// AMI failed, an order could not be recorded, or a datagram could not be sent.
    pub fn restart(&mut self, site: &mut impl RestartSite) -> Result<bool, Failure> {
        let ready = self.phones.iter().enumerate();
        let ready = ready.filter(|(_, phone)| may_be_ordered(phone));
        self.queue = ready.map(|(index, _)| (index, Duration::ZERO)).collect();
        let result = self.order_all(site);
        if !matches!(result, Ok(true)) {
            let why = if result.is_ok() {
                "the operator ended the run"
            } else {
                "the run failed"
            };
            self.stop(site, why);
        }
        result
    }

    fn order_all(&mut self, site: &mut impl RestartSite) -> Result<bool, Failure> {
        let began = site.now();
        loop {
            self.take_signals(site);
            self.poll(site)?;
            self.give_up(site);
            let outstanding = self
                .phones
                .iter()
                .filter(|phone| phone.is_outstanding())
                .count();
            if self.failures >= if self.has_proof { FAILURES } else { 1 } {
                let why = if self.has_proof {
                    "two phones failed"
                } else {
                    "the first phone failed"
                };
                self.stop(site, why);
            }
            if self.queue.is_empty() && outstanding == 0 {
                return Ok(true);
            }
            let has_room = match (self.has_proof, outstanding) {
                (false, outstanding) => outstanding == 0,
                (true, outstanding) => outstanding < MAX_OUTSTANDING,
            };
            let is_spaced = self
                .last_order
                .is_none_or(|last| site.now() >= last + SPACING);
            if has_room && is_spaced {
                self.next(site, began)?;
            }
            if !site.wait(TICK) {
                return Ok(false);
            }
        }
    }

    /// Orders the next phone whose turn it is, if it may be ordered now.
    fn next(&mut self, site: &mut impl RestartSite, began: Duration) -> Result<(), Failure> {
        let now = site.now();
        let Some(place) = self.queue.iter().position(|(_, from)| now >= *from) else {
            return Ok(());
        };
        let Some((index, _)) = self.queue.remove(place) else {
            return Ok(());
        };
        // The state may have changed since the survey.
        self.assess(index, site)?;
        match &self.phones[index].status {
            RestartStatus::Ready => self.order(index, site),
            RestartStatus::NotOrdered(WhyNot::InCall(_)) if now < began + self.patience => {
                self.queue.push_back((index, now + RETRY_IN_CALL));
                Ok(())
            }
            _ => {
                site.changed(&self.phones[index]);
                Ok(())
            }
        }
    }

    fn order(&mut self, index: usize, site: &mut impl RestartSite) -> Result<(), Failure> {
        let Some(order) = self.phones[index].order.clone() else {
            return Ok(());
        };
        site.record(&order)?;
        let now = site.now();
        self.last_order = Some(now);
        let phone = &mut self.phones[index];
        phone.status = RestartStatus::Ordered;
        phone.ordered = Some(now);
        phone.next_poll = now + POLL_INTERVAL;
        phone.evidence = order.text();
        site.changed(phone);
        match &order.way {
            Way::Ami { .. } => {
                if let AmiResult::NotifyRefused(text) = site.notify_by_pbx(&order)? {
                    phone.refuse(WhyNot::NotSent(text));
                    phone.ordered = None;
                    self.failures += 1;
                    site.changed(&self.phones[index]);
                }
            }
            Way::Udp { .. } => {
                if let Some(answer) = site.notify_by_udp(&order)? {
                    phone.answered(answer);
                }
                self.note_change(index, &RestartStatus::Ordered, site);
            }
        }
        Ok(())
    }

    fn assess(&mut self, index: usize, site: &mut impl RestartSite) -> Result<(), Failure> {
        let phone = &mut self.phones[index];
        match assess(&phone.candidate, site, &self.captured)? {
            Ok(order) => {
                phone.status = RestartStatus::Ready;
                phone.evidence = order.text();
                phone.cure.clear();
                phone.order = Some(order);
            }
            Err(why) => phone.refuse(why),
        }
        Ok(())
    }

    fn take_signals(&mut self, site: &mut impl RestartSite) {
        for signal in site.signals() {
            for index in 0..self.phones.len() {
                if self.phones[index].is_outstanding() && is_of(&self.phones[index], &signal) {
                    let before = self.phones[index].status.clone();
                    self.phones[index].signal(&signal.kind);
                    self.note_change(index, &before, site);
                }
            }
            self.captured.add(&signal);
        }
    }

    fn poll(&mut self, site: &mut impl RestartSite) -> Result<(), Failure> {
        if !site.has_pbx() {
            return Ok(());
        }
        for index in 0..self.phones.len() {
            let now = site.now();
            let phone = &mut self.phones[index];
            if !phone.is_outstanding() || now < phone.next_poll {
                continue;
            }
            phone.next_poll = now + POLL_INTERVAL;
            let Some(first) = phone.candidate.lines.first().cloned() else {
                continue;
            };
            let before = phone.status.clone();
            let state = site.endpoint(&first)?;
            self.phones[index].polled(state.as_ref());
            self.note_change(index, &before, site);
        }
        Ok(())
    }

    fn give_up(&mut self, site: &mut impl RestartSite) {
        for phone in &mut self.phones {
            let waited = phone.ordered.map(|at| site.now().saturating_sub(at));
            if phone.is_outstanding() && waited >= Some(self.patience) {
                phone.give_up(self.patience);
                // A phone that is gone is failed, but not ignored: it obeyed.
                phone.ordered = None;
                self.failures += 1;
                site.changed(phone);
            }
        }
    }

    fn note_change(&mut self, index: usize, before: &RestartStatus, site: &mut impl RestartSite) {
        let phone = &self.phones[index];
        if phone.status == *before {
            return;
        }
        match phone.status {
            RestartStatus::Back => self.has_proof = true,
            RestartStatus::Ignored => self.failures += 1,
            _ => {}
        }
        site.changed(phone);
    }

    /// Orders no further phone.
    fn stop(&mut self, site: &mut impl RestartSite, why: &'static str) {
        for (index, _) in self.queue.drain(..) {
            self.phones[index].refuse(WhyNot::Stopped(why));
            site.changed(&self.phones[index]);
        }
    }
}

fn may_be_ordered(phone: &RestartedPhone) -> bool {
    matches!(
        phone.status,
        RestartStatus::Ready | RestartStatus::NotOrdered(WhyNot::InCall(_))
    )
}

/// Whether the phone sent this message: by its MAC, or by its address if the message names none.
fn is_of(phone: &RestartedPhone, signal: &PhoneSignal) -> bool {
    if let Some(mac) = signal.mac {
        return mac == phone.candidate.mac;
    }
    let address = phone.order.as_ref().and_then(|order| order.address);
    address == Some(signal.address)
}
