//! What each phone was when, collected while observations are folded.

use std::{collections::BTreeMap, net::Ipv4Addr};

use crate::{
    diagnose::Code,
    phone::MacAddress,
    track::{Event, Fleet, Observation, PhoneId, PhoneRef, PhoneReport, RunTime, State},
};

/// Spans and marks that are kept of one phone; one that goes on for ever keeps its newest.
pub const MAX_SPANS: usize = 512;

/// One state, as long as it lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The state.
    pub state: State,
    /// Since when.
    pub from: RunTime,
    /// Until when.
    pub to: RunTime,
}

/// A diagnosis that was raised or withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: RunTime,
    /// Which.
    pub code: Code,
    /// Whether it was refuted then.
    pub withdrawn: bool,
}

/// One phone over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// States, one after the other.
    pub spans: Vec<Span>,
    /// What was said of it.
    pub marks: Vec<Mark>,
}

/// All phones over time.
#[derive(Debug, Clone, Default)]
pub struct Timelines {
    phones: BTreeMap<PhoneId, (Option<MacAddress>, Ipv4Addr, Timeline)>,
}

impl Timelines {
    /// Takes what a fleet said at this moment.
    pub fn take(&mut self, at: RunTime, events: &[Event]) {
        for event in events {
            match event {
                Event::Step(step) => self.of(&step.phone).enter(at, step.state),
                Event::Diagnosis {
                    phone: Some(phone),
                    diagnosis,
                } => self.of(phone).mark(at, diagnosis.code, false),
                Event::Withdrawn {
                    phone: Some(phone),
                    diagnosis,
                } => self.of(phone).mark(at, diagnosis.code, true),
                Event::Gone { phone } => {
                    self.phones.remove(&phone.id);
                }
                Event::Diagnosis { phone: None, .. }
                | Event::Withdrawn { phone: None, .. }
                | Event::Progress(_) => {}
            }
        }
    }

    /// The record ends here.
    pub fn close(&mut self, at: RunTime) {
        for (.., timeline) in self.phones.values_mut() {
            if let Some(last) = timeline.spans.last_mut() {
                last.to = last.to.max(at);
            }
        }
    }

    /// The phone of a report.
    #[must_use]
    pub fn get(&self, phone: &PhoneReport) -> Option<&Timeline> {
        // Where several nameless phones were at one address, the newest is still there.
        self.phones
            .values()
            .rev()
            .find(|(mac, address, _)| {
                *mac == phone.mac && (mac.is_some() || *address == phone.address)
            })
            .map(|(.., timeline)| timeline)
    }

    /// The phone of this number.
    #[must_use]
    pub fn of_id(&self, phone: PhoneId) -> Option<&Timeline> {
        self.phones.get(&phone).map(|(.., timeline)| timeline)
    }

    fn of(&mut self, phone: &PhoneRef) -> &mut Timeline {
        let entry = self
            .phones
            .entry(phone.id)
            .or_insert_with(|| (phone.mac, phone.address, Timeline::default()));
        (entry.0, entry.1) = (phone.mac, phone.address);
        &mut entry.2
    }
}

impl Timeline {
    fn enter(&mut self, at: RunTime, state: State) {
        if let Some(last) = self.spans.last_mut() {
            last.to = at;
            if last.state == state {
                return;
            }
        }
        if self.spans.len() >= MAX_SPANS {
            self.spans.remove(0);
        }
        self.spans.push(Span {
            state,
            from: at,
            to: at,
        });
    }

    fn mark(&mut self, at: RunTime, code: Code, withdrawn: bool) {
        if self.marks.len() >= MAX_SPANS {
            self.marks.remove(0);
        }
        self.marks.push(Mark {
            at,
            code,
            withdrawn,
        });
    }
}

/// Folds observations into a fleet, with every tick that is due between them and until `last`.
pub fn fold(
    fleet: &mut Fleet,
    observations: &[(RunTime, Observation)],
    last: RunTime,
) -> Timelines {
    let mut timelines = Timelines::default();
    let mut now = RunTime::ZERO;
    let observations = observations
        .iter()
        .map(|(at, observation)| (*at, Some(observation)));
    for (at, observation) in observations.chain([(last, None)]) {
        let at = now.max(at);
        while let Some(due) = fleet.next_deadline().filter(|due| *due <= at) {
            let due = due.max(now);
            let events = fleet.tick(due);
            timelines.take(due, &events);
            now = due;
            // A deadline that stays where it is has nothing to do yet.
            if fleet.next_deadline().is_some_and(|next| next <= due) {
                break;
            }
        }
        now = at;
        let events = match observation {
            Some(observation) => fleet.observe(at, observation),
            None => fleet.tick(at),
        };
        timelines.take(at, &events);
    }
    timelines.close(now);
    timelines
}
