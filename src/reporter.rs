//! The interface between a run and what shows it: [`Reporter`] and the values that it receives.
//! Displays, the web page and the wizard implement it.

use std::{net::SocketAddrV4, path::PathBuf, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    diagnose::Finding,
    phone::LoadName,
    run_view::RunView,
    track::{Event, MissingPhone, PhoneId, Report, SurveyResult},
};

/// The version of everything that the program writes as JSON (docs/json.md).
pub const JSON_VERSION: u32 = 1;

/// What a run serves, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Started {
    /// The TFTP address.
    pub tftp: SocketAddrV4,
    /// The HTTP address; `None`: HTTP is off.
    pub http: Option<SocketAddrV4>,
    /// The address of the web page; `None`: there is none. In the JSON only if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<SocketAddrV4>,
    /// The folder that is served.
    pub root: PathBuf,
    /// The journal; `None`: the run is not recorded.
    pub journal: Option<PathBuf>,
    /// The bundles, in the order of the command line.
    pub stages: Vec<StartedStage>,
    /// What else a person needs to know, a sentence each. Not in the JSON.
    #[serde(skip)]
    pub messages: Vec<String>,
}

/// One staged bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StartedStage {
    /// The file.
    pub bundle: PathBuf,
    /// The load that its phones will run.
    pub load: LoadName,
    /// The models that it is for, numbers without letters.
    pub models: Vec<String>,
    /// Whether it is a bridge (`--bridge`). In the JSON only if it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bridge: bool,
}

/// A moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The time of day.
    pub at: Timestamp,
    /// How many expected phones were not seen yet; `None`: no number is expected.
    pub awaited: Option<usize>,
    /// Phones that came and are none of those that the run expects by name.
    pub unexpected: UnexpectedPhones,
}

/// Phones that came and are none of those that the run expects by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnexpectedPhones {
    /// All of them.
    pub seen: usize,
    /// Those that are done.
    pub done: usize,
}

/// Shows a run while it goes on.
pub trait Reporter: Send {
    /// The run serves from now on.
    fn started(&mut self, at: Timestamp, started: &Started);
    /// The run continues one that was recorded, and this is what was known of it. The events
    /// that follow repeat the present state of each phone.
    fn resumed(&mut self, _view: &RunView) {}
    /// Something happened to a phone.
    fn event(&mut self, at: Timestamp, event: &Event);
    /// What a silent phone is expected to do, and how long its silence is still normal. Called
    /// every second for every such phone.
    fn waiting(&mut self, _phone: PhoneId, _what: &str, _left: Duration) {}
    /// These phones are expected by name and were not seen so far. Called when that changes.
    fn missing(&mut self, _phones: &[MissingPhone]) {}
    /// A check found a problem of this machine or its network.
    fn finding(&mut self, at: Timestamp, found: &Finding);
    /// A survey has ended with this plan for each phone. For programs; people get notices.
    fn survey_finished(&mut self, _at: Timestamp, _phones: &[SurveyResult]) {}
    /// Time passes: called five times a second. Displays that move draw now; implementations
    /// that wrap another reporter must pass it on.
    fn tick(&mut self, tick: Tick);
    /// Something about the run as a whole, or something that a person has to do now: a sentence
    /// or several lines.
    fn notice(&mut self, text: &str);
    /// The run is over. `next_steps` are the things to do now, a sentence each.
    fn finished(&mut self, at: Timestamp, report: &Report, next_steps: &[String]);
}

/// Two reporters as one.
pub struct TeeReporter {
    first: Box<dyn Reporter>,
    second: Box<dyn Reporter>,
}

impl std::fmt::Debug for TeeReporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TeeReporter")
    }
}

impl TeeReporter {
    /// Everything goes to `first`, then to `second`; the slower one should come second.
    #[must_use]
    pub fn new(first: Box<dyn Reporter>, second: Box<dyn Reporter>) -> Self {
        Self { first, second }
    }
}

impl Reporter for TeeReporter {
    fn started(&mut self, at: Timestamp, started: &Started) {
        self.first.started(at, started);
        self.second.started(at, started);
    }

    fn resumed(&mut self, view: &RunView) {
        self.first.resumed(view);
        self.second.resumed(view);
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        self.first.event(at, event);
        self.second.event(at, event);
    }

    fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        self.first.waiting(phone, what, left);
        self.second.waiting(phone, what, left);
    }

    fn missing(&mut self, phones: &[MissingPhone]) {
        self.first.missing(phones);
        self.second.missing(phones);
    }

    fn finding(&mut self, at: Timestamp, found: &Finding) {
        self.first.finding(at, found);
        self.second.finding(at, found);
    }

    fn survey_finished(&mut self, at: Timestamp, phones: &[SurveyResult]) {
        self.first.survey_finished(at, phones);
        self.second.survey_finished(at, phones);
    }

    fn tick(&mut self, tick: Tick) {
        self.first.tick(tick);
        self.second.tick(tick);
    }

    fn notice(&mut self, text: &str) {
        self.first.notice(text);
        self.second.notice(text);
    }

    fn finished(&mut self, at: Timestamp, report: &Report, next_steps: &[String]) {
        self.first.finished(at, report, next_steps);
        self.second.finished(at, report, next_steps);
    }
}
