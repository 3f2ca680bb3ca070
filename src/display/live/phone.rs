//! One phone as it is shown.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::pace::{Bytes, Pace, Place};
use crate::{
    diagnose::Diagnosis,
    display::format,
    text::escape,
    track::{PhoneId, PhoneRef, Progress, State, Step},
};

/// Places of a phone's way that are remembered. A conversion has about 20; a phone that
/// goes round for ever says nothing about others.
const MOST_PLACES: usize = 64;

/// One phone.
#[derive(Debug)]
pub(super) struct Phone {
    pub named: PhoneRef,
    pub state: State,
    /// When it came into its state.
    pub since: Timestamp,
    /// When it was first heard.
    first: Timestamp,
    pub pass: u32,
    pub file: Option<File>,
    pub wait: Option<Wait>,
    /// What stands in its way.
    pub standing: Vec<Diagnosis>,
    /// Why its state is believed.
    evidence: Option<String>,
    way: Vec<(Place, Timestamp)>,
}

/// The file that it fetches.
#[derive(Debug)]
pub(super) struct File {
    pub name: String,
    pub bytes: u64,
    pub size: u64,
    /// Which image of how many; (0, 0) for no image.
    pub place: (u32, u32),
}

/// What it is silent for, and for how long that is normal.
#[derive(Debug)]
pub(super) struct Wait {
    pub what: String,
    pub left: Duration,
}

impl Phone {
    /// The phone that an event names, as the event names it.
    pub(super) fn of<'a>(
        phones: &'a mut BTreeMap<PhoneId, Self>,
        at: Timestamp,
        named: &PhoneRef,
    ) -> &'a mut Self {
        let phone = phones.entry(named.id).or_insert_with(|| Self {
            named: named.clone(),
            state: State::Seen,
            since: at,
            first: at,
            pass: 0,
            file: None,
            wait: None,
            standing: Vec::new(),
            evidence: None,
            way: Vec::new(),
        });
        if phone.named != *named {
            phone.named.clone_from(named);
        }
        phone
    }

    /// Takes a step in. Returns the state before it.
    pub(super) fn step(&mut self, at: Timestamp, step: &Step, bytes: &mut Bytes) -> State {
        let before = self.state;
        self.wait = None;
        if let (Some(file), Some(all)) = (&step.details.file, step.details.bytes) {
            self.moved(file, all, all, bytes);
        }
        if before != step.state || self.pass != step.pass {
            self.pass = step.pass;
            if before != step.state {
                self.state = step.state;
                self.since = at;
                self.evidence = None;
            }
            if step.state != State::Images {
                self.file = None;
            }
            self.comes_to(at);
        }
        if let Some(evidence) = &step.details.evidence {
            // The first is the one that moved it.
            self.evidence
                .get_or_insert_with(|| escape(&format::evidence_of(evidence)));
        }
        before
    }

    pub(super) fn progress(&mut self, at: Timestamp, progress: &Progress, bytes: &mut Bytes) {
        let place = self.file.as_ref().map(|file| file.place);
        self.moved(&progress.file, progress.bytes, progress.size, bytes);
        if let Some(file) = &mut self.file {
            file.size = progress.size;
            file.place = progress.place;
        }
        self.wait = None;
        if self.state == State::Images && place != Some(progress.place) {
            self.comes_to(at);
        }
    }

    /// It has so many bytes of this file, which has `size` as far as is known.
    fn moved(&mut self, name: &str, now: u64, size: u64, bytes: &mut Bytes) {
        match &mut self.file {
            Some(file) if file.name == name => {
                // An attempt after another begins with less.
                bytes.add(now.saturating_sub(file.bytes));
                file.bytes = now;
            }
            file => {
                bytes.add(now);
                *file = Some(File {
                    name: name.to_owned(),
                    bytes: now,
                    size,
                    // Only progress knows it.
                    place: (0, 0),
                });
            }
        }
    }

    fn comes_to(&mut self, at: Timestamp) {
        let image = self.file.as_ref().map_or(0, |file| file.place.0);
        let place = (self.pass, self.state, image);
        if self.way.len() < MOST_PLACES {
            self.way.push((place, at));
        }
    }

    /// Where it is on its way, and since when.
    pub(super) fn place(&self) -> Option<(Place, Timestamp)> {
        self.way.last().copied()
    }

    /// It is done: others learn from its way.
    pub(super) fn pass_on(&mut self, at: Timestamp, pace: &mut Pace) {
        let way = std::mem::take(&mut self.way);
        if way.len() < MOST_PLACES {
            pace.learn(&way, at);
        }
    }

    pub(super) fn waits(&mut self, what: &str, left: Duration) {
        match &mut self.wait {
            Some(wait) if wait.what == what => wait.left = left,
            wait => {
                let what = what.to_owned();
                *wait = Some(Wait { what, left });
            }
        }
    }

    /// Whether it runs what it is to run.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Confirmed | State::Already)
    }

    /// Whether a person should do something, or at least know.
    pub(super) fn needs_a_hand(&self) -> bool {
        matches!(self.state, State::Stalled | State::Failed) || !self.standing.is_empty()
    }

    /// Whether time brings it on.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(
            self.state,
            State::Configuring | State::Manifest | State::Images | State::Writing | State::Rebooted
        )
    }

    /// How long it took from its first sign.
    pub(super) fn took(&self) -> Duration {
        Duration::try_from(self.since.duration_since(self.first)).unwrap_or_default()
    }

    /// Who it is and what became of it, for a line of its own.
    pub(super) fn outcome(&self) -> String {
        let (word, _) = format::state(self.state);
        // Short: the model is in its row.
        let named = PhoneRef {
            model: None,
            ..self.named.clone()
        };
        format!("{}: {word} – {}", format::name(&named), self.reason())
    }

    /// Why its state is believed, or what it means.
    pub(super) fn reason(&self) -> &str {
        let (_, meaning) = format::state(self.state);
        self.evidence.as_deref().unwrap_or(meaning)
    }
}
