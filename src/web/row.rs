//! One phone as the page is told of it. What phones and files are called is escaped here.

use std::{net::Ipv4Addr, time::Duration};

use serde::Serialize;

use crate::{
    diagnose::{Code, Diagnosis},
    display::format,
    phone::MacAddress,
    report::{Timeline, colour, urgency},
    text::escape,
    track::{Evidence, PhoneRef, PhoneReport, Progress, RunTime, State, Step},
};

/// States and marks of one phone's time line that are told, the newest.
const MOST: usize = 64;

/// A phone, whole. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) id: u32,
    mac: Option<MacAddress>,
    address: Ipv4Addr,
    model: Option<String>,
    name: Option<String>,
    pub(super) state: State,
    /// Its colour: good, warn or bad.
    colour: &'static str,
    /// How much it needs a person: 0 most.
    rank: u8,
    /// What the state means.
    doing: &'static str,
    pass: u32,
    load: Option<String>,
    evidence: Vec<String>,
    diagnoses: Vec<Trouble>,
    /// State, since when, until when; the last one may go on.
    spans: Vec<(State, u64, u64)>,
    /// When, what was said, whether it was taken back then.
    marks: Vec<(u64, Code, bool)>,
    moving: Moving,
}

/// What changes often.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Moving {
    file: Option<File>,
    waiting: Option<Waiting>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct File {
    name: String,
    /// Its place in the manifest, from 1; 0 for a file that is no image.
    at: u32,
    of: u32,
    bytes: u64,
    size: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Waiting {
    what: String,
    /// Seconds for which silence is normal; the phones' in a rehearsal.
    left: u64,
}

/// A diagnosis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Trouble {
    code: Code,
    evidence: String,
    cure: String,
}

impl From<&Diagnosis> for Trouble {
    fn from(diagnosis: &Diagnosis) -> Self {
        Self {
            code: diagnosis.code,
            evidence: escape(&diagnosis.evidence),
            cure: escape(&diagnosis.cure),
        }
    }
}

/// A phone while the run goes on.
#[derive(Debug)]
pub(super) struct Phone {
    pub(super) who: PhoneRef,
    state: State,
    pass: u32,
    load: Option<String>,
    evidence: Option<Evidence>,
    diagnoses: Vec<Diagnosis>,
    pub(super) moving: Moving,
}

impl Phone {
    /// One of which only this is known.
    pub(super) fn new(phone: &PhoneRef) -> Self {
        Self {
            who: phone.clone(),
            state: State::Seen,
            pass: 0,
            load: None,
            evidence: None,
            diagnoses: Vec::new(),
            moving: Moving::default(),
        }
    }

    pub(super) fn step(&mut self, step: &Step) {
        if self.state != step.state {
            self.evidence = None;
        }
        self.state = step.state;
        self.pass = step.pass;
        if let Some(load) = &step.details.load {
            self.load = Some(escape(load.as_str()));
        }
        if step.details.evidence.is_some() {
            self.evidence.clone_from(&step.details.evidence);
        }
        self.moving.waiting = None;
        if step.state != State::Images {
            self.moving.file = None;
        }
        if let (Some(file), Some(name), Some(bytes)) = (
            &mut self.moving.file,
            &step.details.file,
            step.details.bytes,
        ) && file.name == escape(name)
        {
            file.bytes = bytes.min(file.size);
        }
    }

    pub(super) fn progress(&mut self, progress: &Progress) {
        let (at, of) = progress.place;
        self.moving = Moving {
            file: Some(File {
                name: escape(&progress.file),
                at,
                of,
                bytes: progress.bytes,
                size: progress.size,
            }),
            waiting: None,
        };
    }

    /// Whether there is news in it.
    pub(super) fn waiting(&mut self, what: &str, left: Duration) -> bool {
        let waiting = Some(Waiting {
            what: what.to_owned(),
            left: left.as_secs(),
        });
        let news = self.moving.waiting != waiting;
        self.moving.waiting = waiting;
        news
    }

    pub(super) fn raised(&mut self, diagnosis: &Diagnosis) {
        raise(&mut self.diagnoses, diagnosis);
    }

    pub(super) fn withdrawn(&mut self, diagnosis: &Diagnosis) {
        self.diagnoses.retain(|it| it.code != diagnosis.code);
    }

    pub(super) fn row(&self, timeline: Option<&Timeline>) -> Row {
        let diagnosed = !self.diagnoses.is_empty();
        Row {
            id: self.who.id.0,
            mac: self.who.mac,
            address: self.who.address,
            model: self.who.model.clone(),
            name: self.who.name.as_deref().map(escape),
            state: self.state,
            colour: colour(self.state, diagnosed),
            rank: urgency(self.state, diagnosed),
            doing: format::state(self.state).1,
            pass: self.pass,
            load: self.load.clone(),
            evidence: self.evidence.iter().map(because).collect(),
            diagnoses: self.diagnoses.iter().map(Trouble::from).collect(),
            spans: spans(timeline),
            marks: marks(timeline),
            moving: self.moving.clone(),
        }
    }
}

impl Row {
    /// What became of a phone.
    pub(super) fn of_report(id: usize, phone: &PhoneReport, timeline: Option<&Timeline>) -> Self {
        let diagnosed = !phone.diagnoses.is_empty();
        Self {
            id: u32::try_from(id).unwrap_or(u32::MAX),
            mac: phone.mac,
            address: phone.address,
            model: phone.model.clone(),
            name: phone.name.as_deref().map(escape),
            state: phone.state,
            colour: colour(phone.state, diagnosed),
            rank: urgency(phone.state, diagnosed),
            doing: format::state(phone.state).1,
            pass: phone.pass,
            load: phone.to.as_ref().map(|load| escape(load.as_str())),
            evidence: phone.evidence.iter().map(because).collect(),
            diagnoses: phone.diagnoses.iter().map(Trouble::from).collect(),
            spans: spans(timeline),
            marks: marks(timeline),
            moving: Moving::default(),
        }
    }
}

/// A diagnosis that is raised again has newer evidence.
pub(super) fn raise(standing: &mut Vec<Diagnosis>, diagnosis: &Diagnosis) {
    match standing.iter_mut().find(|it| it.code == diagnosis.code) {
        Some(same) => same.clone_from(diagnosis),
        None => standing.push(diagnosis.clone()),
    }
}

fn because(evidence: &Evidence) -> String {
    escape(&format::evidence_of(evidence))
}

fn spans(timeline: Option<&Timeline>) -> Vec<(State, u64, u64)> {
    let spans = timeline.map_or(&[][..], |timeline| &timeline.spans);
    let newest = &spans[spans.len().saturating_sub(MOST)..];
    let told = |span: &crate::report::Span| (span.state, ms(span.from), ms(span.to));
    newest.iter().map(told).collect()
}

fn marks(timeline: Option<&Timeline>) -> Vec<(u64, Code, bool)> {
    let marks = timeline.map_or(&[][..], |timeline| &timeline.marks);
    let newest = &marks[marks.len().saturating_sub(MOST)..];
    let told = |mark: &crate::report::Mark| (ms(mark.at), mark.code, mark.withdrawn);
    newest.iter().map(told).collect()
}

fn ms(moment: RunTime) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)
}
