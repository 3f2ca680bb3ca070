//! The interface between a run and what shows or records it: [`Reporter`] and the values that
//! it receives. Displays, the web page and the wizard implement it.

use std::{net::SocketAddrV4, path::PathBuf, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    diagnose::Finding,
    phone::LoadName,
    track::{Event, PhoneId, Report, SurveyResult},
};

/// What a run says when it begins to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Started {
    /// Where TFTP is served.
    pub tftp: SocketAddrV4,
    /// Where HTTP is served; `None`: it is not.
    pub http: Option<SocketAddrV4>,
    /// Where the run is shown on a page; `None`: nowhere. In the JSON only where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<SocketAddrV4>,
    /// The folder that is served.
    pub root: PathBuf,
    /// Where the run is recorded; `None`: nowhere.
    pub journal: Option<PathBuf>,
    /// The bundles, in the order of the command line.
    pub stages: Vec<StartedStage>,
    /// What a person needs to know beside it, a sentence each. Not in the JSON.
    #[serde(skip)]
    pub words: Vec<String>,
}

/// One staged bundle as [`Started`] names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StartedStage {
    /// The file.
    pub bundle: PathBuf,
    /// The load that its phones will run.
    pub load: LoadName,
    /// The models that it is for, numbers without letters.
    pub models: Vec<String>,
    /// Whether it is a bridge (`--bridge`). In the JSON only where it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bridge: bool,
}

/// What a display that moves has to know of a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// The time of day.
    pub at: Timestamp,
    /// How many of the phones' seconds one of ours is: 1, but in a rehearsal.
    pub speed: f64,
    /// How many expected phones were not heard yet; `None`: nobody said how many come.
    pub awaited: Option<usize>,
}

/// Shows a run while it goes on.
pub trait Reporter: Send {
    /// The run serves from now on.
    fn started(&mut self, at: Timestamp, started: &Started);
    /// Something happened to a phone.
    fn event(&mut self, at: Timestamp, event: &Event);
    /// What a silent phone is waited for, and how long that is still normal. Told each
    /// second; a display that does not move leaves it out.
    fn waiting(&mut self, _phone: PhoneId, _what: &str, _left: Duration) {}
    /// Something is wrong with this machine or its network. People are told by notices.
    fn finding(&mut self, at: Timestamp, found: &Finding);
    /// A survey is over: what was found out of each phone. For programs; people are told by
    /// notices.
    fn survey_finished(&mut self, _at: Timestamp, _phones: &[SurveyResult]) {}
    /// Time passes: told five times a second. Who passes things on to another passes this on
    /// too: displays that move draw then.
    fn tick(&mut self, tick: Tick);
    /// Something happens to the run as a whole, or a person has something to do now. One
    /// sentence, or several lines.
    fn notice(&mut self, text: &str);
    /// The run is over. `afterwards` are the things to do now, a sentence each.
    fn finished(&mut self, at: Timestamp, report: &Report, afterwards: &[String]);
}
